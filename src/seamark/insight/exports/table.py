"""A list as a file, written while it is read: CSV, XLSX, JSON. Nothing here holds more than a few rows."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from seamark.insight.exports.markup import for_xml

Row = dict[str, Any]
"""Text, numbers, true and false, or nothing, by the name of the column."""
MOST_ROWS: Final = 100_000
"""Rows of one file: what is longer is to be narrowed, or asked of the API page by page."""
LONGEST: Final = 32_767
"""Characters that a spreadsheet takes in one cell."""
_FORMULA: Final = re.compile(r"[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_A4: Final = 9
_PIECE: Final = 64 * 1024
TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
"""What each form is called on the wire."""
TEXTS_AS_TEXTS: Final = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Keeps workbooks from reading something into a text."""


def as_csv(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write rows as CSV with a line of names. What a spreadsheet would take for a formula gets an apostrophe in front."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_harmless(row.get(name)) for name in columns])
        if text.tell() > _PIECE:
            yield _taken(text)
    yield _taken(text)


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return piece


def _harmless(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return value
    text = value[:LONGEST].replace("\0", "")
    return f"'{text}" if _FORMULA.match(text) else text


def as_json(name: str, rows: Iterable[Row], *, complete: bool = True) -> Iterator[bytes]:
    """Write rows as one JSON object: the rows under their name, and whether they are all."""
    yield b'{"complete":%b,%b:[' % (msgspec.json.encode(complete), msgspec.json.encode(name))
    between = b"\n"
    for row in rows:
        yield between + msgspec.json.encode(row)
        between = b",\n"
    yield b"\n]}\n"


def as_xlsx(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Write rows as the one sheet of a workbook; texts are texts, whatever they begin with.

    It is written to a file first: a workbook begins with what is known at its end.
    """
    with tempfile.TemporaryFile(prefix="seamark-") as file:
        book = Workbook(file, {"constant_memory": True, **TEXTS_AS_TEXTS})
        sheet = book.add_worksheet("Seamark")
        sheet.freeze_panes(1, 0)
        print_across(sheet)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            for column, name in enumerate(columns):
                write_cell(sheet, number, column, row.get(name))
        book.close()
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def print_across(sheet: Worksheet) -> None:
    """Let a sheet be printed with all its columns side by side, and their names on each page."""
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def write_cell(sheet: Worksheet, row: int, column: int, value: Any, form: Format | None = None) -> str:
    """Write a value into a cell: numbers as such, true and false as words, nothing for nothing. Return the text, empty for a number."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, int | float):
        sheet.write_number(row, column, value, form)
        return ""
    text = for_xml(str(value)[:LONGEST]) if value else ""
    if text:
        sheet.write_string(row, column, text, form)
    return text
