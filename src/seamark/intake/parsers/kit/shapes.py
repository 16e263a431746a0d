"""The shapes a parser can ask for besides plain JSON: lines of JSON, XML, CSV, text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec
from lxml import etree

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.tolerant import forgiving

T = TypeVar("T")


class JsonLines(Generic[T]):
    """One JSON value a line, read one at a time. Iterate over it; empty lines are passed over."""

    def __init__(self, source: Source, row: type[T]) -> None:
        self._source = source
        self._decoder = msgspec.json.Decoder(row, strict=False)

    def __iter__(self) -> Iterator[T]:
        """Yield each line's value."""
        decode = self._decoder.decode
        for number, line in enumerate(_lines(self._source), start=1):
            if not line.strip():
                continue
            try:
                value = forgiving(decode, line)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                raise UnreadableReport(str(error), where=f"line {number}") from None
            yield value


def _lines(source: Source) -> Iterator[bytes]:
    stream = source.stream()
    while line := stream.readline():
        yield line


class Text:
    """Plain text. Iterate over its lines, decoded, without their ends."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def __iter__(self) -> Iterator[str]:
        """Yield each line."""
        for line in _lines(self._source):
            yield line.decode("utf-8", "replace").rstrip("\r\n")

    def read(self) -> str:
        """Return the whole text."""
        return bytes(self._source.data).decode("utf-8", "replace")


class Csv(Generic[T]):
    """Rows of a CSV file, each converted to `T` by the header's names. Separator and quoting are found out."""

    def __init__(self, source: Source, row: type[T]) -> None:
        self._source = source
        self._row = row

    def __iter__(self) -> Iterator[T]:
        """Yield each row that holds anything."""
        reader = csv.DictReader(_decoded(self._source), delimiter=separator(self._source.head(8192)))
        try:
            header = [(name or "").strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            for cells in reader:
                values = {name: cell for name, cell in cells.items() if name and isinstance(cell, str)}
                if any(values.values()):
                    yield msgspec.convert(values, self._row, strict=False)
        except csv.Error as error:
            raise UnreadableReport(f"Not a CSV table: {error}", where=f"line {reader.line_num}") from None
        except msgspec.ValidationError as error:
            raise UnreadableReport(str(error), where=f"line {reader.line_num}") from None


def _decoded(source: Source) -> Iterator[str]:
    csv.field_size_limit(16 * 1024 * 1024)
    raw: Any = source.stream()
    return io.TextIOWrapper(io.BufferedReader(raw), encoding="utf-8", errors="replace", newline="")


def separator(head: bytes) -> str:
    """Return the likely separator of a table from its first line: the one of `, ; tab |` seen most often."""
    line = head.split(b"\n", 1)[0].decode("utf-8", "replace")
    return max(",;\t|", key=lambda mark: (line.count(mark), mark == ","))


class Xml:
    """An XML document, read element by element in bounded memory. Entities are never expanded.

    Elements become plain values: attributes under `@name`, children under their local name (a list where the
    name repeats), own text under `#text`; an element with text only becomes that text.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def root(self) -> etree._Element:
        """Return the whole document as a tree, for formats that need several passes over small files."""
        self._refuse_entities()
        try:
            root = etree.parse(self._source.stream(), _parser(self._encoding)).getroot()
            _no_entities(root)
            return root
        except etree.XMLSyntaxError as error:
            raise _broken(error) from None

    def each(self, *names: str, row: type[T] | None = None) -> Iterator[Any]:
        """Yield every element of these local names, in order: converted to `row`, or as lxml elements.

        An element is gone from memory once the next is asked for. Nested elements of the same names come
        before their parents.
        """
        self._refuse_entities()
        tags = [f"{{*}}{name}" for name in names]
        try:
            parsed = etree.iterparse(
                self._source.stream(),
                events=("end",),
                tag=tags,
                resolve_entities=False,
                no_network=True,
                load_dtd=False,
                huge_tree=False,
                remove_comments=True,
                remove_pis=True,
                encoding=self._encoding,
            )
            for number, (_, element) in enumerate(parsed):
                if not number:
                    _no_entities(element)
                yield element if row is None else convert(element, row)
                element.clear(keep_tail=False)
                while element.getprevious() is not None and element.getparent() is not None:
                    del element.getparent()[0]
        except etree.XMLSyntaxError as error:
            raise _broken(error) from None

    @property
    def _encoding(self) -> str | None:
        return transcoded(self._source.head(200))

    def _refuse_entities(self) -> None:
        if b"<!ENTITY" in self._source.head(1024 * 1024):
            raise _entities()


def _parser(encoding: str | None) -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding=encoding,
    )


def _no_entities(element: etree._Element) -> None:
    """Refuse entities that the first look did not see, because of the file's encoding or a very long prologue."""
    table = element.getroottree().docinfo.internalDTD
    if table is not None and any(True for _ in table.iterentities()):  # type: ignore[attr-defined]
        raise _entities()


def _entities() -> UnreadableReport:
    return UnreadableReport("The XML declares entities, which no scanner's report needs", hint="remove them")


_WIDE = re.compile(
    rb"""^\s*<\?xml[^>]*encoding\s*=\s*["'](?:utf-?(?:16|32)|ucs-?[24]|iso-10646-ucs-[24])""", re.IGNORECASE
)


def transcoded(head: bytes) -> str | None:
    """Return the encoding to read XML with, where its declaration names one that its bytes are not in (any more).

    Text of two or four bytes a character was turned into UTF-8 before; some tools also just claim it.
    """
    return "utf-8" if _WIDE.match(head) else None


def _broken(error: etree.XMLSyntaxError) -> UnreadableReport:
    return UnreadableReport(
        f"The XML is damaged or cut off: {error.msg}", where=f"line {error.lineno}", hint="write the report again"
    )


def local_name(element: etree._Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def to_value(element: etree._Element) -> Any:
    """Return an element as a plain value, by the rule of `Xml`."""
    text = (element.text or "").strip()
    value: dict[str, Any] = {}
    if attributes := element.attrib:
        value = {"@" + str(name).rpartition("}")[2]: content for name, content in attributes.items()}
    for child in element:
        tag = child.tag
        if type(tag) is not str:  # an entity that was not expanded
            continue
        name = tag.rpartition("}")[2]
        # Most elements hold a text and nothing else: no call for them.
        content = to_value(child) if len(child) or child.attrib else (child.text or "").strip()
        if name not in value:
            value[name] = content
        elif isinstance(value[name], list):
            value[name].append(content)
        else:
            value[name] = [value[name], content]
    if not value:
        return text
    if text:
        value["#text"] = text
    return value


def convert(element: etree._Element, row: type[T]) -> T:
    """Return an element converted to a struct; numbers and booleans may be written as text.

    Raises `UnreadableReport` naming the line and the wrong field.
    """
    try:
        return msgspec.convert(to_value(element), row, strict=False)
    except msgspec.ValidationError as error:
        raise UnreadableReport(f"{error} in <{local_name(element)}>", where=f"line {element.sourceline}") from None
    except RecursionError:
        raise UnreadableReport("The XML is nested too deeply", where=f"line {element.sourceline}") from None
