"""Texts read as CommonMark, and written block by block into what a far side takes. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from seamark.response.actions.contract import MARKER

LARGEST: Final = 200_000
"""Characters of a text that are read."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_MENTION: Final = re.compile(r"(?<![\w.])@(?=\w)")
_SCHEME: Final = re.compile(r"(?i)\b(https?|ftp|mailto|file)(?=:)")
_PARSER: Final = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])

NOTHING: Final = "\u200b"
"""A character of no width: what stands before and after it is no longer one word."""


def parsed(text: str) -> SyntaxTreeNode:
    """Return a text's tree. HTML in it is text."""
    return SyntaxTreeNode(_PARSER.parse(clean(text[:LARGEST])))


def clean(text: str) -> str:
    """Return a text without characters that are not seen or that turn the direction of what is, and without our marks."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace(MARKER, MARKER.replace("-", " "))


def line(text: str, longest: int) -> str:
    """Return a text as one line of at most `longest` characters."""
    short = " ".join(clean(text).split())
    return short if len(short) <= longest else short[: longest - 1].rstrip() + "…"


def unmention(text: str) -> str:
    """Return a text in which nobody is mentioned, and no bare address becomes a link."""
    return _SCHEME.sub(rf"\1{NOTHING}", _MENTION.sub(f"@{NOTHING}", text))


def link(address: Any) -> str:
    """Return an address that may be followed; empty for anything but the web and mail."""
    text = clean(str(address)).strip()
    try:
        parts = urlsplit(text)
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https", "mailto"} or any(
        one.isspace() or one in "<>\"'`|\\" for one in text
    ):
        return ""
    return text if parts.scheme.lower() == "mailto" or parts.netloc else ""


def plain_words(node: SyntaxTreeNode) -> str:
    """Return what an inline says, without its mark-up."""
    if node.type in {"text", "code_inline"}:
        return node.content
    if node.type in {"softbreak", "hardbreak"}:
        return " "
    if node.type == "image":
        return f"[image: {node.content or 'without words'}]"
    return "".join(plain_words(one) for one in node.children)


class Writer:
    """Writes a text for one far side. A kind of it says how words are escaped and blocks are marked."""

    gap = "\n\n"
    """Between blocks."""

    def write(self, text: str, longest: int, more: str = "") -> str:
        """Return a text in the far side's form, of at most `longest` characters: whole blocks, then `more` where some are left out."""
        tail = self.escape(clean(more or "There is more in Seamark."))
        found: list[str] = []
        size = 0
        for block in parsed(text).children:
            written = self.block(block)
            size += len(written) + len(self.gap)
            if size > longest - len(tail) - len(self.gap):
                if not found:
                    found.append(self.cut(block, longest - len(tail) - 2 * len(self.gap)))
                found.append(self.paragraph(tail))
                break
            if written:
                found.append(written)
        return self.gap.join(found)[:longest]

    def cut(self, block: SyntaxTreeNode, longest: int) -> str:
        """Return the beginning of a block that is too long by itself, as plain words."""
        words = " ".join(_all_words(block).split())[: max(longest, 0)]
        while words and len(self.paragraph(self.escape(words))) > longest:
            words = words[: len(words) * 9 // 10]
        return self.paragraph(self.escape(words))

    def block(self, node: SyntaxTreeNode) -> str:
        """Return a block in the far side's form."""
        kind = node.type
        if kind == "paragraph":
            return self.paragraph(self.inlines(node))
        if kind == "heading":
            return self.heading(self.inlines(node), int(node.tag[1:]))
        if kind in {"fence", "code_block"}:
            return self.code_block(node.content.rstrip("\n"))
        if kind == "blockquote":
            return self.quote(self.blocks(node))
        if kind in {"bullet_list", "ordered_list"}:
            return self.listing([self.blocks(one) for one in node.children], ordered=kind == "ordered_list")
        if kind == "table":
            return self.table(
                [[self.inlines(cell) for cell in row.children] for part in node.children for row in part.children]
            )
        return self.rule() if kind == "hr" else self.paragraph(self.escape(_all_words(node)))

    def blocks(self, node: SyntaxTreeNode) -> str:
        """Return the blocks in a block."""
        return self.gap.join(one for one in map(self.block, node.children) if one)

    def inlines(self, node: SyntaxTreeNode) -> str:
        """Return what a block says, in the far side's form."""
        return "".join(map(self.inline, node.children))

    def inline(self, node: SyntaxTreeNode) -> str:
        """Return an inline in the far side's form."""
        marks: dict[str, Callable[[str], str]] = {"strong": self.strong, "em": self.emphasis, "s": self.struck}
        if node.type == "text":
            return self.escape(node.content)
        if node.type == "code_inline":
            return self.code(node.content)
        if node.type in marks:
            inner = self.inlines(node)
            return marks[node.type](inner) if inner.strip() else inner
        if node.type == "link":
            address = link(node.attrs.get("href", ""))
            return self.anchor(self.inlines(node), address) if address else self.inlines(node)
        if node.type == "image":
            return self.escape(plain_words(node))
        if node.type in {"softbreak", "hardbreak"}:
            return self.newline(hard=node.type == "hardbreak")
        return self.inlines(node)

    def escape(self, words: str) -> str:
        """Return words that show as they are."""
        return unmention(words)

    def paragraph(self, words: str) -> str:
        """Return a paragraph of written words."""
        return words

    def heading(self, words: str, level: int) -> str:  # noqa: ARG002 - kinds of it show the level
        """Return a heading."""
        return words

    def code_block(self, text: str) -> str:
        """Return code in lines of its own."""
        return "\n".join(f"    {one}" for one in text.split("\n"))

    def quote(self, written: str) -> str:
        """Return a quotation."""
        return "\n".join(f"> {one}" for one in written.split("\n"))

    def listing(self, items: list[str], *, ordered: bool) -> str:
        """Return a list."""
        marks = [f"{number}. " if ordered else "- " for number in range(1, len(items) + 1)]
        return "\n".join(
            before + re.sub(r"\n+", "\n" + " " * len(before), item) for before, item in zip(marks, items, strict=True)
        )

    def table(self, rows: list[list[str]]) -> str:
        """Return a table; the first row is its head."""
        return "\n".join("  ".join(cells) for cells in rows)

    def rule(self) -> str:
        """Return a line across."""
        return "----"

    def code(self, text: str) -> str:
        """Return code within words."""
        return self.escape(text)

    def strong(self, words: str) -> str:
        """Return words that stand out."""
        return words

    def emphasis(self, words: str) -> str:
        """Return words that are stressed."""
        return words

    def struck(self, words: str) -> str:
        """Return words that hold no longer."""
        return words

    def anchor(self, words: str, address: str) -> str:
        """Return a link."""
        return f"{words} ({address})" if words.replace(NOTHING, "") != address else address

    def newline(self, *, hard: bool) -> str:  # noqa: ARG002 - kinds of it tell the two apart
        """Return the end of a line within a paragraph."""
        return "\n"


def _all_words(node: SyntaxTreeNode) -> str:
    if node.is_nested or node.type in {"root", "inline"}:
        return " ".join(
            filter(None, (_all_words(one) if one.type != "inline" else plain_words(one) for one in node.children))
        )
    return node.content
