"""How much room a text takes on a slide, and how it is made to take no more: in a smaller size first, cut in the end.

Office programs break lines by the fonts that they find. This measures with one that is wider than those which they use by default, so
that a text which fits here fits there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from PIL import ImageFont

LEAST: Final = 8
"""The smallest size that is used, in points."""
_LINE: Final = 1.2
"""Height of a line, by the size."""
_POINTS: Final = 72
"""In an inch."""
_SCALE: Final = 100
_SQUARE: Final = frozenset("WF")
"""Widths of letters that take a square each, and that the font does not have."""


def fitted(text: str, width: float, height: float, size: float, least: float = LEAST) -> tuple[str, float]:
    """Return a text and the size in which it fits into a place of so many inches: what does not even fit in the `least` size is cut."""
    while size > least and tall(text, size, width) > height:
        size = max(least, size - 1)
    return (text if tall(text, size, width) <= height else _cut(text, width, height, size)), size


def tall(text: str, size: float, width: float) -> float:
    """Return how many inches down a text takes, broken between words, and within words that are wider than a line."""
    return sum(_lines(part.split(" "), size, width) for part in text.split("\n")) * size * _LINE / _POINTS


def _lines(words: Sequence[str], size: float, width: float) -> int:
    lines, at, gap = 1, 0.0, _wide(" ", size)
    for word in words:
        needed = _wide(word, size)
        if at and at + needed > width:
            lines, at = lines + 1, 0.0
        if needed <= width:
            at += needed + gap
            continue
        for sign in word:
            step = _wide(sign, size)
            if at and at + step > width:
                lines, at = lines + 1, 0.0
            at += step
        at += gap
    return lines


def _wide(text: str, size: float) -> float:
    return sum(map(_letter, text)) * size / _POINTS


@cache
def _letter(sign: str) -> float:
    """Return how wide a letter is, by the size."""
    if unicodedata.east_asian_width(sign) in _SQUARE:
        return 1.0
    return float(_font().getlength(sign)) / _SCALE


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_SCALE)


def _cut(text: str, width: float, height: float, size: float) -> str:
    """Return as much of a text as fits, with a sign that there is more."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if tall(f"{text[:middle].rstrip()}…", size, width) <= height:
            low = middle
        else:
            high = middle - 1
    return f"{text[:low].rstrip()}…"
