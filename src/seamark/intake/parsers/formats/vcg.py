"""VisualCodeGrepper: risky code in C, C#, Java, PHP, VB and PL/SQL."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    Xml,
    parser,
    xml_root,
)

PRIORITIES = {
    "1": Severity.CRITICAL,
    "2": Severity.HIGH,
    "3": Severity.MEDIUM,
    "4": Severity.LOW,
    "5": Severity.LOW,
    "6": Severity.INFO,
    "7": Severity.INFO,
}
"""Critical, high, medium, standard, low, suspicious comment, potential issue."""


class Issue(Struct):
    priority: str = field(name="Priority")
    title: str = field(name="Title")
    file: str = field(name="FileName")
    severity: str = field(name="Severity", default="")
    description: str = field(name="Description", default="")
    line: str = field(name="Line", default="")
    code: str = field(name="CodeLine", default="")


@parser(
    "vcg",
    title="VisualCodeGrepper",
    kind=Kind.CODE,
    looks=xml_root("CodeIssueCollection"),
    made_with="VisualCodeGrepper.exe -c -l CS -t C:\\src -x results.xml",
    url="https://github.com/nccgroup/VCG",
    versions="2",
)
def read(document: Xml) -> Iterator[Item]:
    yield Run(tool="VisualCodeGrepper")
    for issue in document.each("CodeIssue", row=Issue):
        line = issue.line
        title = " ".join(issue.title.split())
        yield Finding(
            rule=title,
            title=title,
            severity=PRIORITIES.get(issue.priority.strip(), Severity.MEDIUM),
            severity_given=issue.severity or issue.priority,
            location=CodeLocation(
                path=issue.file,
                line=int(line) if line.isascii() and line.isdigit() and len(line) < 10 else None,
                snippet=issue.code,
            ),
            about=_about(title),
            description=issue.description,
        )


@lru_cache(maxsize=512)
def _about(title: str) -> Rule:
    return Rule(id=title)
