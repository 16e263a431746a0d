"""Texts as runs of plain words with their style: for far sides whose messages are trees, so that no words are mark-up. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from markdown_it.tree import SyntaxTreeNode
from msgspec import Struct

from seamark.response.actions.rendering.document import link, parsed, plain_words


class Run(Struct, frozen=True):
    """Words of one style."""

    words: str
    bold: bool = False
    italic: bool = False
    struck: bool = False
    code: bool = False
    address: str = ""


class Piece(NamedTuple):
    """A block of runs: `text`, `heading`, `code`, `quote`, `rule`, `bullet` or `number` of a list, which is `depth` lists deep."""

    kind: str
    runs: tuple[Run, ...]
    depth: int = 0


def pieces(text: str, longest: int, more: str = "") -> list[Piece]:
    """Return a text as pieces of at most `longest` characters of words, then `more` where some are left out."""
    found: list[Piece] = []
    left = longest
    for node in parsed(text).children:
        for piece in _pieces(node, "text", 0):
            size = sum(len(run.words) + len(run.address) for run in piece.runs) + 1
            if size > left:
                if not found:
                    words = "".join(run.words for run in piece.runs)[: max(left - 1, 0)]
                    found.append(Piece("text", (Run(words + "…"),)))
                return [*found, Piece("text", (Run(more or "There is more in Seamark.", italic=True),))]
            left -= size
            found.append(piece)
    return found


def _pieces(node: SyntaxTreeNode, kind: str, depth: int) -> Iterator[Piece]:
    if node.type in {"fence", "code_block"}:
        yield Piece("code", (Run(node.content.rstrip("\n") or " ", code=True),), depth)
    elif node.type in {"bullet_list", "ordered_list"}:
        inner = "bullet" if node.type == "bullet_list" else "number"
        for item in node.children:
            for place, child in enumerate(item.children):
                yield from _pieces(child, inner if not place else "text", depth + 1)
    elif node.type == "blockquote":
        for child in node.children:
            yield from _pieces(child, "quote", depth)
    elif node.type == "table":
        for part in node.children:
            for row in part.children:
                cells = [_runs(cell, Run("", bold=part.type == "thead")) for cell in row.children]
                yield Piece(
                    "text",
                    tuple(
                        run for number, cell in enumerate(cells) for run in ((Run(" | "), *cell) if number else cell)
                    ),
                )
    elif node.type == "hr":
        yield Piece("rule", ())
    elif runs := _runs(node, Run("", bold=node.type == "heading")):
        yield Piece("heading" if node.type == "heading" else kind, runs, depth)


def _runs(node: SyntaxTreeNode, style: Run) -> tuple[Run, ...]:
    found: list[Run] = []
    for one in node.children:
        if one.type in {"inline", "strong", "em", "s", "link"}:
            inner = Run(
                "", bold=style.bold or one.type == "strong", italic=style.italic or one.type == "em", struck=style.struck or one.type == "s",
                address=link(one.attrs.get("href", "")) if one.type == "link" else style.address,
            )  # fmt: skip
            found += _runs(one, inner)
        elif words := "\n" if one.type == "hardbreak" else plain_words(one):
            found.append(Run(words, style.bold, style.italic, style.struck, one.type == "code_inline", style.address))
    return tuple(found)
