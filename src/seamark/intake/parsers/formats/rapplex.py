"""Rapplex: issues of web applications, as its JSON report."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import plain
from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Verification,
    WebLocation,
    cvss,
    cwe_ids,
    json_object,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.texts import described


class Note(Struct, rename="pascal"):
    title: str | None = ""
    text: str | None = ""


class Notes(Struct, rename="pascal"):
    name: str | None = ""
    items: list[Note] | None = None


class Point(Struct, rename="pascal"):
    name: str | None = ""
    type: str | None = ""


class Issue(Struct, rename="pascal"):
    title: str
    severity: str
    url: str
    http_request: str | None = ""
    http_response: str | None = ""
    exploitable: bool | None = None
    payload: str | None = ""
    injection_point: Point | None = None
    comment_groups: list[Notes] | None = None
    comment: str | None = ""


class Source(Struct, rename="pascal"):
    title: str | None = ""
    link: str | None = ""


class Class(Struct, rename="pascal"):
    foundation: str | None = ""
    value: str | None = ""
    formatted: str | None = ""


class Definition(Struct, rename="pascal"):
    title: str | None = ""
    sections: dict[str, Any] | None = None
    references: list[Source] | None = None
    classifications: list[Class] | None = None


class Group(Struct, rename="pascal"):
    group: str
    issues: list[Issue] | None = None
    definition: Definition | None = None


class Level(Struct, rename="pascal"):
    issue_groups: list[Group] | None = None
    total: int | None = None


class Report(Struct, rename="pascal"):
    scan_id: str
    severities: dict[str, Level]
    target: str | None = ""
    scan_policy: Any = field(name="ScanPolicy", default=None)


@parser(
    "rapplex",
    title="Rapplex",
    kind=Kind.WEB,
    looks=json_object("ScanId", "Severities", "Target", "ScanPolicy"),
    made_with="Rapplex: Scan > Export report as JSON",
    url="https://docs.rapplex.com/",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Rapplex")
    for level in report.severities.values():
        for group in level.issue_groups or ():
            about, vector = _about(group)
            for issue in group.issues or ():
                yield _finding(issue, about, vector)


def _about(group: Group) -> tuple[Rule, str]:
    """Return the rule and, where one of its links names one, the CVSS vector."""
    known = group.definition or Definition()
    sections = {name: plain(text) for name, text in (known.sections or {}).items() if isinstance(text, str)}
    classes = [each.formatted or f"{each.foundation} {each.value}" for each in known.classifications or ()]
    vector = next((each.title for each in known.references or () if (each.title or "").startswith("CVSS:")), "") or ""
    rule = Rule(
        id=group.group,
        name=group.group,
        title=known.title or group.group,
        description=described(*(("", sections.get(name)) for name in ("Summary", "Impact"))),
        remedy=sections.get("Remediation", ""),
        cwes=cwe_ids(*classes),
        tags=tuple(name for name in classes if not name.upper().startswith("CWE")),
        references=references([each.link for each in known.references or () if each.link]),
    )
    return rule, vector


def _finding(issue: Issue, about: Rule, vector: str) -> Finding:
    rating = cvss(vector) if vector else None
    request = issue.http_request or ""
    method = request.partition(" ")[0]
    notes = [
        (f"{group.name} {note.title}", note.text)
        for group in issue.comment_groups or ()
        if group.name != "WAF"
        for note in group.items or ()
    ]
    return Finding(
        rule=about.id,
        title=issue.title,
        severity=severity(issue.severity),
        severity_given=issue.severity,
        location=WebLocation(
            url=issue.url,
            method=method.upper() if method.isalpha() else "",
            parameter=(issue.injection_point.name if issue.injection_point else "") or "",
        ),
        about=about,
        description=described(("Payload", issue.payload), *notes, ("", issue.comment)),
        cwes=about.cwes,
        cvss=(rating,) if rating else (),
        verification=Verification.VERIFIED if issue.exploitable else None,
        exchange=Exchange(request=request, response=issue.http_response or "")
        if request or issue.http_response
        else None,
    )
