"""Reads the sheets of an Office Open XML workbook (.xlsx) as tables, within the kit's bounds."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import islice

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit import Probe, Xml
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.unpack import BLOCK, ZIP_FAILURES, Unpacked

Row = dict[str, str]

_WORKBOOK, _RELATIONS, _TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
_LETTERS = re.compile(r"[A-Z]{1,3}")
_GLANCE = 4_000
"""Shared texts that a look at the header reads: writers number them in the order of the cells."""


def start(probe: Probe) -> bytes:
    """Return the beginning of the list of sheets; nothing where the report is no workbook."""
    if probe.form != "zip":
        return b""
    try:
        with zipfile.ZipFile(io.BytesIO(probe.source.data)) as archive, archive.open(_WORKBOOK) as member:
            return member.read(65536)
    except ZIP_FAILURES:
        return b""


def header(probe: Probe) -> tuple[str, ...]:
    """Return the columns of the first sheet; none where the report is no workbook, or one that cannot be read."""
    if not start(probe):
        return ()
    try:
        workbook = Workbook(probe.source, most=_GLANCE)
        name = next(iter(workbook.sheets), "")
        return workbook.columns(name) if name else ()
    except UnreadableReport:
        return ()


class Workbook:
    """A workbook, of which each part is unpacked as a whole. Raises `UnreadableReport` wherever it is damaged."""

    def __init__(self, source: Source, most: int | None = None) -> None:
        """Read the names of the sheets and, of the texts that cells share, all or at `most` the first so many."""
        self._source = source
        try:
            self._archive = zipfile.ZipFile(io.BytesIO(source.data))
        except ZIP_FAILURES as error:
            raise _damaged(error) from None
        texts = self._part(_TEXTS).each("si") if _TEXTS in self._archive.namelist() else iter(())
        self._texts = ["".join(str(part) for part in item.itertext()) for item in islice(texts, most)]
        self.sheets = self._listed()

    def rows(self, sheet: str) -> Iterator[Row]:
        """Yield the rows of a sheet, by the names in its first row. Empty cells are left out."""
        named: Row = {}
        for cells in self._cells(sheet):
            if not named:
                named = {column: text.strip() for column, text in cells.items()}
            elif cells:
                yield {named[column]: text for column, text in cells.items() if column in named}

    def columns(self, sheet: str) -> tuple[str, ...]:
        """Return the names in a sheet's first row."""
        return tuple(text.strip() for text in next(self._cells(sheet), {}).values())

    def _cells(self, sheet: str) -> Iterator[Row]:
        for element in self._part(self.sheets[sheet]).each("row"):
            cells = {}
            for cell in element:
                column = _LETTERS.match(str(cell.get("r") or ""))
                if column and (text := self._text(cell)):
                    cells[column[0]] = text
            yield cells

    def _text(self, cell: object) -> str:
        value = "".join(str(part) for part in cell.itertext())  # type: ignore[attr-defined]
        if cell.get("t") != "s":  # type: ignore[attr-defined]
            return value.strip()
        number = int(value[:9]) if value.isascii() and value.isdigit() else -1
        return self._texts[number].strip() if 0 <= number < len(self._texts) else ""

    def _part(self, name: str) -> Xml:
        try:
            with Unpacked(len(self._source)) as unpacked:
                with self._archive.open(name) as member:
                    while block := member.read(BLOCK):
                        unpacked.write(block)
                data = unpacked.finish()
        except UnreadableReport:
            raise
        except ZIP_FAILURES as error:
            raise _damaged(error) from None
        return Xml(Source(name=name, data=data, size=len(data)))

    def _listed(self) -> dict[str, str]:
        """Return the parts that hold the sheets, by the sheets' names."""
        targets = {
            element.get("Id"): str(element.get("Target") or "").removeprefix("/xl/")
            for element in self._part(_RELATIONS).each("Relationship")
        }
        found = {}
        for sheet in self._part(_WORKBOOK).each("sheet"):
            reference = next((value for name, value in sheet.attrib.items() if str(name).endswith("}id")), "")
            if target := targets.get(reference):
                found[str(sheet.get("name"))] = f"xl/{target}"
        return found


def _damaged(error: Exception) -> UnreadableReport:
    return UnreadableReport(f"The workbook is damaged: {error}", hint="download it again")
