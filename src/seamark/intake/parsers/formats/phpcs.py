"""PHP_CodeSniffer, most of all with the rules of phpcs-security-audit."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Xml,
    csv_header,
    first_line,
    json_object,
    parser,
    variant,
    xml_root,
)

UNREAD = "Internal."
"""Start of the sources under which PHP_CodeSniffer speaks of its own work."""


class Message(Struct):
    message: str
    source: str
    type: str = ""
    severity: int | str = 5
    line: int | None = None
    column: int | None = None


class File(Struct):
    messages: list[Message]


class Totals(Struct):
    errors: int
    warnings: int


class Report(Struct):
    totals: Totals
    # An empty array of PHP has no keys, and is written as a list.
    files: dict[str, File] | list[File]


def _is_report(probe: Probe) -> bool:
    files = probe.get("files")
    if isinstance(files, list):
        return not files and probe.has("totals.warnings")
    first = next(iter(files.values()), None) if isinstance(files, dict) else None
    return isinstance(first, dict) and {"messages", "errors", "warnings"} <= first.keys()


@parser(
    "phpcs",
    title="PHP_CodeSniffer",
    kind=Kind.CODE,
    looks=json_object("totals.errors", "totals.warnings", "files", where=_is_report),
    made_with="phpcs --standard=Security --report=json --report-file=phpcs.json .",
    url="https://github.com/FloeDesignTechnologies/phpcs-security-audit",
    versions="PHP_CodeSniffer 2 to 4",
)
def read(report: Report) -> Iterator[Item]:
    files = report.files if isinstance(report.files, dict) else {}
    yield from _read([(path, message) for path, file in files.items() for message in file.messages])


def _read(rows: list[tuple[str, Message]]) -> Iterator[Item]:
    unread = [f"{path}: {message.message}" for path, message in rows if _is_unread(message)]
    yield Run(tool="PHP_CodeSniffer", complete=False if unread else None, problems=tuple(unread[:50]))
    for path, message in rows:
        if not _is_unread(message):
            yield _finding(path, message)


def _is_unread(message: Message) -> bool:
    """Tell whether a message is about a file that could not be checked."""
    return message.source.startswith(UNREAD) and message.type.upper() == "ERROR"


def _finding(path: str, message: Message) -> Finding:
    title = first_line(message.message)
    word = message.type.upper()
    return Finding(
        rule=message.source,
        title=title or message.source,
        severity=_severity(str(message.severity)),
        severity_given=f"{word} {message.severity}".strip(),
        location=CodeLocation(path=path, line=message.line, column=message.column),
        about=_about(message.source),
        description="" if title == message.message else message.message,
    )


def _severity(weight: str) -> Severity:
    """Return the severity for a message of normal weight; rule sets may give weights from 1 to 10."""
    if not weight.isdigit() or len(weight) > 2:
        return Severity.MEDIUM
    number = int(weight)
    if number > 5:
        return Severity.HIGH
    return Severity.MEDIUM if number == 5 else Severity.LOW


@lru_cache(maxsize=1024)
def _about(source: str) -> Rule:
    return Rule(id=source, name=source.rpartition(".")[2], tags=(source.partition(".")[0],))


class XmlMessage(Struct):
    source: str = field(name="@source")
    text: str = field(name="#text", default="")
    severity: str = field(name="@severity", default="5")
    line: int | None = field(name="@line", default=None)
    column: int | None = field(name="@column", default=None)


class XmlFile(Struct):
    name: str = field(name="@name")
    error: list[XmlMessage] | XmlMessage | None = None
    warning: list[XmlMessage] | XmlMessage | None = None


@variant("phpcs", looks=xml_root("phpcs"))
def read_xml(document: Xml) -> Iterator[Item]:
    rows = [
        (file.name, Message(one.text, one.source, word, one.severity, one.line, one.column))
        for file in document.each("file", row=XmlFile)
        for word, found in (("ERROR", file.error), ("WARNING", file.warning))
        for one in (found if isinstance(found, list) else [found] if found else ())
    ]
    yield from _read(rows)


class Row(Struct):
    file: str = field(name="File")
    line: int = field(name="Line")
    column: int = field(name="Column")
    type: str = field(name="Type")
    message: str = field(name="Message")
    source: str = field(name="Source")
    severity: str = field(name="Severity", default="5")


@variant("phpcs", looks=csv_header("File", "Line", "Column", "Type", "Message", "Source", "Severity", "Fixable"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield from _read(
        [(row.file, Message(row.message, row.source, row.type, row.severity, row.line, row.column)) for row in rows]
    )
