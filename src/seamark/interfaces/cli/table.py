"""Tables that fit the terminal: columns shrink to their least width, and no column ever vanishes."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Literal, NamedTuple

SAMPLE = 500
"""Rows that decide how wide columns are; what follows is printed as it comes, so that long lists need no memory."""
GAP = "  "
DOTS = "…"


class Words(NamedTuple):
    """Text with its style, a name of `output.STYLES` or empty."""

    text: str
    style: str = ""


class Column(NamedTuple):
    """A column. `fit` says what happens to text that is too long: which end is cut off, or that it is wrapped."""

    title: str
    least: int = 4
    most: int = 200
    fit: Literal["cut end", "cut start", "wrap"] = "cut end"
    right: bool = False


Cell = Words | Sequence[Words]
"""One text, or several that stand below each other."""
Line = list[Words]


def lay_out(columns: Sequence[Column], rows: Iterable[Sequence[Cell]], width: int) -> Iterator[Line]:
    """Yield the table's lines: the titles, a rule, and one or more lines a row."""
    following = iter(rows)
    sample = list(islice(following, SAMPLE))
    widths = _widths(columns, sample, width)
    yield from _row(columns, [Words(column.title) for column in columns], widths)
    yield [Words("─" * (sum(widths) + len(GAP) * (len(widths) - 1)), "dim")]
    for row in chain(sample, following):
        yield from _row(columns, row, widths)


def _widths(columns: Sequence[Column], sample: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """Return each column's width: what its texts need, and where that is too much, the widest give way first."""
    widths = [
        min(column.most, max([cells(column.title), *(_needs(row[at]) for row in sample)]))
        for at, column in enumerate(columns)
    ]
    floors = [min(wide, max(column.least, cells(column.title))) for wide, column in zip(widths, columns, strict=True)]
    over = sum(widths) + len(GAP) * (len(widths) - 1) - width
    while over > 0:
        spare = [(wide, at) for at, (wide, floor) in enumerate(zip(widths, floors, strict=True)) if wide > floor]
        if not spare:
            break
        widths[max(spare)[1]] -= 1
        over -= 1
    return widths


def _needs(cell: Cell) -> int:
    return max((cells(one_line(part.text)) for part in _parts(cell)), default=0)


def _parts(cell: Cell) -> Sequence[Words]:
    return (cell,) if isinstance(cell, Words) else cell


def _row(columns: Sequence[Column], row: Sequence[Cell], widths: Sequence[int]) -> Iterator[Line]:
    stacks = [list(_fitted(cell, column, wide)) for cell, column, wide in zip(row, columns, widths, strict=True)]
    for number in range(max(len(stack) for stack in stacks)):
        line: Line = []
        for at, (stack, column, wide) in enumerate(zip(stacks, columns, widths, strict=True)):
            text, style = stack[number] if number < len(stack) else Words("")
            padding = " " * (wide - cells(text))
            last = at == len(stacks) - 1
            line += [Words(GAP if at else ""), Words(padding if column.right else ""), Words(text, style)]
            line.append(Words("" if column.right or last else padding))
        yield line


def _fitted(cell: Cell, column: Column, wide: int) -> Iterator[Words]:
    for part in _parts(cell):
        text = one_line(part.text)
        if column.fit == "wrap":
            yield from (Words(piece, part.style) for piece in wrapped(text, wide))
        else:
            yield Words(shortened(text, wide, start=column.fit == "cut start"), part.style)


def one_line(text: str) -> str:
    """Return text without line breaks and control characters, which would move the cursor or worse."""
    return " ".join((text if text.isprintable() else printable(text)).split())


def printable(text: str, keep: str = "") -> str:
    """Return text with a blank for everything that does not print, but what is to be kept."""
    return "".join(sign if sign.isprintable() or sign in keep else " " for sign in text)


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_cell(sign) for sign in text)


def _cell(sign: str) -> int:
    if unicodedata.combining(sign):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def shortened(text: str, width: int, *, start: bool = False) -> str:
    """Return text that is no wider than `width`, with dots for what was cut off at its end or start."""
    if cells(text) <= width:
        return text
    kept, used = [], 1
    for sign in reversed(text) if start else text:
        used += _cell(sign)
        if used > width:
            break
        kept.append(sign)
    return DOTS + "".join(reversed(kept)) if start else "".join(kept).rstrip() + DOTS


def wrapped(text: str, width: int) -> list[str]:
    """Return text in lines no wider than `width`, broken between words where that is possible."""
    lines, line = [], ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        line = word
        while cells(line) > width:
            head = _head(line, width)
            lines.append(head)
            line = line[len(head) :]
    return [*lines, line]


def _head(text: str, width: int) -> str:
    used = 0
    for at, sign in enumerate(text):
        used += _cell(sign)
        if used > width and at:
            return text[:at]
    return text
