"""A text as lines that diffs are about: only line feeds end them, and every other sign stays where it is."""

from __future__ import annotations


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, each with its line feed; the last one has none where the text ends without."""
    *whole, rest = text.split("\n")
    return [f"{line}\n" for line in whole] + ([rest] if rest else [])
