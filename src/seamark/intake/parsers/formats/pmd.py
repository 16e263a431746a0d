"""PMD: mistakes in Java, Apex, JavaScript and more; XML, JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Xml,
    csv_header,
    first_line,
    json_object,
    moment,
    parser,
    references,
    variant,
    xml_root,
)

PRIORITIES = {
    "1": Severity.CRITICAL,
    "2": Severity.HIGH,
    "3": Severity.MEDIUM,
    "4": Severity.LOW,
    "5": Severity.INFO,
}
"""From "change absolutely required" to "change highly optional"."""


class Violation(Struct):
    rule: str = field(name="@rule")
    priority: str = field(name="@priority")
    line: int | None = field(name="@beginline", default=None)
    end_line: int | None = field(name="@endline", default=None)
    column: int | None = field(name="@begincolumn", default=None)
    end_column: int | None = field(name="@endcolumn", default=None)
    ruleset: str = field(name="@ruleset", default="")
    package: str = field(name="@package", default="")
    class_: str = field(name="@class", default="")
    method: str = field(name="@method", default="")
    variable: str = field(name="@variable", default="")
    link: str = field(name="@externalInfoUrl", default="")
    message: str = field(name="#text", default="")


class File(Struct):
    name: str = field(name="@name")
    violation: list[Violation] | Violation | None = None


class Failure(Struct):
    filename: str = field(name="@filename", default="")
    rule: str = field(name="@rule", default="")
    message: str = field(name="@msg", default="")


class Waived(Struct):
    filename: str = field(name="@filename")
    type: str = field(name="@suppressiontype", default="")
    message: str = field(name="@msg", default="")
    reason: str = field(name="@usermsg", default="")


@parser(
    "pmd",
    title="PMD",
    kind=Kind.CODE,
    looks=xml_root("pmd"),
    made_with="pmd check -d src -R rulesets/java/quickstart.xml -f xml -r pmd.xml",
    url="https://docs.pmd-code.org/latest/pmd_userdocs_report_formats.html",
    versions="4 to 7",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    failures = list(document.each("error", "configerror", row=Failure))
    version, time = _root(reading.source.head(2048))
    yield Run(
        tool="PMD",
        version=version,
        complete=False if failures else None,
        problems=tuple(f"{failure.filename or failure.rule}: {failure.message}" for failure in failures[:50]),
        finished=moment(time),
    )
    for file in document.each("file", row=File):
        found = file.violation
        for violation in found if isinstance(found, list) else [found] if found else ():
            yield _finding(file.name, violation)
    for waived in document.each("suppressedviolation", row=Waived):
        yield _waived(waived)


def _root(head: bytes) -> tuple[str, str]:
    """Return version and time from the root element's attributes."""
    found = {}
    tag = head.decode("utf-8", "replace").partition("<pmd")[2].partition(">")[0]
    for name in ("version", "timestamp"):
        _, mark, rest = tag.partition(f" {name}=")
        rest = rest.lstrip()
        found[name] = rest[1:].partition(rest[0])[0] if mark and rest else ""
    return found["version"], found["timestamp"]


def _finding(path: str, violation: Violation) -> Finding:
    text = violation.message.strip()
    title = first_line(text) or violation.rule
    return Finding(
        rule=violation.rule,
        title=title,
        severity=PRIORITIES.get(violation.priority.strip(), Severity.MEDIUM),
        severity_given=violation.priority,
        location=CodeLocation(
            path=path,
            line=violation.line,
            column=violation.column,
            end_line=violation.end_line,
            end_column=violation.end_column,
            scope=_scope(violation),
        ),
        about=_about(violation.rule, violation.ruleset, violation.link),
        description="" if text == title else text,
    )


def _scope(violation: Violation) -> str:
    return ".".join(part for part in (violation.package, violation.class_, violation.method) if part)


@lru_cache(maxsize=2048)
def _about(rule: str, ruleset: str, link: str) -> Rule:
    return Rule(id=rule, name=rule, tags=(ruleset,) if ruleset else (), references=references(link))


def _waived(waived: Waived) -> Finding:
    """Return a suppressed violation, of which PMD keeps neither rule nor line."""
    origin = "source" if waived.type.lower() in {"annotation", "nopmd", "//nopmd", ""} else "tool"
    return Finding(
        rule="suppressed",
        title=first_line(waived.message) or "Suppressed violation",
        severity=Severity.INFO,
        location=CodeLocation(path=waived.filename),
        suppression=Suppression(origin=origin, justification=waived.reason if waived.reason != "null" else ""),
    )


class JsonViolation(Struct):
    rule: str
    priority: str | int
    description: str = ""
    beginline: int | None = None
    begincolumn: int | None = None
    endline: int | None = None
    endcolumn: int | None = None
    ruleset: str = ""
    link: str | None = field(name="externalInfoUrl", default=None)


class JsonFile(Struct):
    filename: str
    violations: list[JsonViolation] = []


class JsonFailure(Struct):
    filename: str = ""
    rule: str = ""
    message: str | None = None


class JsonWaived(Struct):
    filename: str
    type: str = field(name="suppressiontype", default="")
    message: str | None = field(name="msg", default=None)
    reason: str | None = field(name="usermsg", default=None)


class Report(Struct):
    files: Raw
    version: str = field(name="pmdVersion")
    timestamp: str = ""
    waived: list[JsonWaived] | None = field(name="suppressedViolations", default=None)
    failures: list[JsonFailure] | None = field(name="processingErrors", default=None)
    misconfigured: list[JsonFailure] | None = field(name="configurationErrors", default=None)


@variant("pmd", looks=json_object("pmdVersion", "files"), lift=("files",))
def read_json(report: Report, reading: Reading) -> Iterator[Item]:
    failures = [*(report.failures or ()), *(report.misconfigured or ())]
    yield Run(
        tool="PMD",
        version=report.version,
        complete=not failures,
        problems=tuple(f"{failure.filename or failure.rule}: {failure.message or ''}" for failure in failures[:50]),
        finished=moment(report.timestamp),
    )
    for file in reading.rows(report.files, JsonFile, where="$.files"):
        for one in file.violations:
            yield _finding(
                file.filename,
                Violation(
                    rule=one.rule,
                    priority=str(one.priority),
                    line=one.beginline,
                    end_line=one.endline,
                    column=one.begincolumn,
                    end_column=one.endcolumn,
                    ruleset=one.ruleset,
                    link=one.link or "",
                    message=one.description,
                ),
            )
    for waived in report.waived or ():
        yield _waived(Waived(waived.filename, waived.type, waived.message or "", waived.reason or ""))


class Row(Struct):
    file: str = field(name="File")
    priority: str = field(name="Priority")
    description: str = field(name="Description")
    rule: str = field(name="Rule")
    line: str = field(name="Line", default="")
    package: str = field(name="Package", default="")
    ruleset: str = field(name="Rule set", default="")


@variant("pmd", looks=csv_header("Problem", "Package", "File", "Priority", "Line", "Description", "Rule set", "Rule"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="PMD")
    for row in rows:
        yield _finding(
            row.file,
            Violation(
                rule=row.rule,
                priority=row.priority,
                line=int(row.line) if row.line.isascii() and row.line.isdigit() and len(row.line) < 10 else None,
                ruleset=row.ruleset,
                package=row.package,
                message=row.description,
            ),
        )
