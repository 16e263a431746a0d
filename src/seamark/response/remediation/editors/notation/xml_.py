"""XML with the place of every element."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit

DEEPEST: Final = 200
MOST: Final = 200_000
_ATTRIBUTE: Final = re.compile(r"""([^\s=<>/"']+)\s*=\s*("[^"]*"|'[^']*')""")


@dataclass
class Element:
    """An element: `<name …>` from `start` to `opened`, then its content up to `closing`, then its end tag up to `end`. In characters."""

    name: str
    start: int
    attributes: dict[str, str]
    above: Element | None
    opened: int = 0
    closing: int = 0
    end: int = 0
    children: list[Element] = field(default_factory=list)
    text: str = ""
    """What stands in it directly."""

    def child(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next((each for each in self.children if each.name == name), None)

    def said(self, name: str) -> str:
        """Return the text of a child, trimmed; empty where there is none."""
        child = self.child(name)
        return child.text.strip() if child else ""

    def walk(self) -> Iterator[Element]:
        """Yield this element and all below it, in the order of the text."""
        yield self
        for each in self.children:
            yield from each.walk()

    @property
    def way(self) -> tuple[str, ...]:
        """The names from the root down to this element."""
        return (*(self.above.way if self.above else ()), self.name)


class _Reader:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Element | None = None
        self.open: list[Element] = []
        self.count = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def read(self) -> Element:
        self.parser.Parse(self.source.utf8, True)
        if self.root is None:
            raise UnsafeEdit(f"{self.source.path} has no element.")
        return self.root

    def _doctype(self, *_: object) -> None:
        raise UnsafeEdit(f"{self.source.path} declares a document type; such XML is not edited.")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.count += 1
        if len(self.open) > DEEPEST or self.count > MOST:
            raise UnsafeEdit(f"{self.source.path} is nested too deeply, or too large.")
        at = self.parser.CurrentByteIndex
        node = Element(
            name.rpartition(":")[2],
            at,
            attributes,
            self.open[-1] if self.open else None,
            _tag_end(self.source.utf8, at),
        )
        if self.open:
            self.open[-1].children.append(node)
        elif self.root is None:
            self.root = node
        self.open.append(node)

    def _end(self, _: str) -> None:
        node = self.open.pop()
        alone = self.source.utf8[node.opened - 2 : node.opened] == b"/>"
        closing = node.opened if alone else self.parser.CurrentByteIndex
        end = node.opened if alone else self.source.utf8.index(b">", closing) + 1
        node.start, node.opened = self.source.at(node.start), self.source.at(node.opened)
        node.closing, node.end = self.source.at(closing), self.source.at(end)

    def _text(self, data: str) -> None:
        self.open[-1].text += data


def _tag_end(data: bytes, at: int) -> int:
    quote = 0
    while at < len(data):
        each = data[at]
        if quote:
            quote = 0 if each == quote else quote
        elif each in b"\"'":
            quote = each
        elif each == 0x3E:
            return at + 1
        at += 1
    return at


def read_xml(source: Source) -> Element:
    """Return the root of a file. Raises `UnsafeEdit` for what is no XML, or declares entities."""
    try:
        return _Reader(source).read()
    except (expat.ExpatError, ValueError, RecursionError):
        raise UnsafeEdit(f"{source.path} is no XML that can be read.") from None


def set_text(source: Source, node: Element, value: str) -> Splice:
    """Return the piece that makes an element say something else; white space and comments around its text stay."""
    inside = source.text[node.opened : node.closing]
    old = node.text.strip()
    if not old or inside.count(old) != 1 or node.children:
        raise UnsafeEdit(
            f"{source.path} writes <{node.name}> on line {source.line(node.start)} in a way that cannot be edited."
        )
    at = node.opened + inside.index(old)
    return source.splice(at, at + len(old), escape(value))


def set_attribute(source: Source, node: Element, name: str, value: str) -> Splice:
    """Return the piece that gives an attribute another value, between the quotes it has."""
    for match in _ATTRIBUTE.finditer(source.text, node.start, node.opened):
        if match[1] == name:
            return source.splice(match.start(2) + 1, match.end(2) - 1, escape(value, {'"': "&quot;"}))
    raise UnsafeEdit(f"{source.path} writes {name} on line {source.line(node.start)} in a way that cannot be edited.")


def add_child(source: Source, node: Element, lines: list[str], leaves: int) -> Splice:
    """Return the piece that adds a child, given as lines without outer indentation, as the last one of an element."""
    unit = indent_unit(source)
    outer = source.indent(node.start)
    inner = (
        source.indent(node.children[-1].start)
        if node.children and "\n" in source.text[node.opened : node.children[-1].start]
        else outer + unit
    )
    written = source.newline.join(inner + each.replace("\t", unit) for each in lines)
    if node.children:
        at = node.children[-1].end
        return source.splice(at, at, source.newline + written, leaves)
    if node.opened == node.closing or source.text[node.opened : node.closing].strip():
        raise UnsafeEdit(
            f"{source.path} writes <{node.name}> on line {source.line(node.start)} in a way that cannot be edited."
        )
    return source.splice(node.opened, node.closing, f"{source.newline}{written}{source.newline}{outer}", leaves)


def indent_unit(source: Source) -> str:
    """Return what one level is indented by, four spaces where the file does not show it."""
    found = re.search(r">[ \t]*\r?\n([ \t]+)<[^!/]", source.text)
    return found[1] if found else "    "


def plain(text: str) -> object:
    """Return the plain values of a text: names, attributes, texts. Raises `ValueError` where it cannot be read."""
    try:
        return _plain(read_xml(Source("", text)))
    except UnsafeEdit as error:
        raise ValueError(str(error)) from None


def _plain(node: Element) -> list[object]:
    return [node.name, node.attributes, " ".join(node.text.split()), [_plain(each) for each in node.children]]
