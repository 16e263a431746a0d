"""GitLab: the vulnerability report of a project, group or security centre, exported as CSV with its decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Csv,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Rule,
    Run,
    Suppression,
    WebLocation,
    csv_header,
    cvss,
    cwe_ids,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import package
from seamark.intake.parsers.kit.texts import described

_KINDS = {
    "sast": Kind.CODE, "dependency_scanning": Kind.DEPENDENCY, "container_scanning": Kind.CONTAINER,
    "secret_detection": Kind.SECRET, "dast": Kind.WEB, "coverage_fuzzing": Kind.CODE, "api_fuzzing": Kind.WEB,
    "cluster_image_scanning": Kind.CONTAINER, "generic": Kind.PENTEST,
}  # fmt: skip
_PAIR = re.compile(r'"(\w+)"\s*(?:=>|:)\s*(?:"((?:[^"\\]|\\.)*)"|(\d{1,9})|\{)')
_VECTOR = re.compile(r"CVSS:[\d.]+/[A-Za-z:/]+")


class Row(Struct):
    tool: str = field(name="Tool")
    status: str = field(name="Status")
    title: str = field(name="Vulnerability")
    severity: str = field(name="Severity")
    scanner: str = field(name="Scanner Name", default="")
    details: str = field(name="Details", default="")
    more: str = field(name="Additional Info", default="")
    cve: str = field(name="CVE", default="")
    cwe: str = field(name="CWE", default="")
    others: str = field(name="Other Identifiers", default="")
    detected: str = field(name="Detected At", default="")
    location: str = field(name="Location", default="")
    activity: str = field(name="Activity", default="")
    comments: str = field(name="Comments", default="")
    project: str = field(name="Full Path", default="")
    vectors: str = field(name="CVSS Vectors", default="")
    reason: str = field(name="Dismissal Reason", default="")
    id: str = field(name="Vulnerability ID", default="")


@parser(
    "gitlab-export",
    title="GitLab vulnerability report",
    kind=Kind.CODE,
    looks=csv_header("Tool", "Scanner Name", "Status", "Vulnerability", "Details", "Severity", "CVE", "CWE"),
    made_with="GitLab: Secure > Vulnerability report > Export as CSV",
    url="https://docs.gitlab.com/user/application_security/vulnerability_report/#exporting",
    versions="13 to 18",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="GitLab")
    for row in rows:
        yield _finding(row)


def _finding(row: Row) -> Finding:
    facts = {name: text or number for name, text, number in _PAIR.findall(row.location) if text or number}
    state = row.status.strip().lower()
    why = ": ".join(text for text in (row.reason.replace("_", " "), row.comments) if text)
    rule = row.cve.split(";")[0] or row.others.split(";")[0].strip() or row.title
    kind = _KINDS.get(row.tool.strip().lower().replace(" ", "_"))
    return Finding(
        rule=rule,
        title=row.title,
        severity=severity(row.severity or None),
        severity_given=row.severity,
        kind=kind,
        location=_place(facts, row.location),
        component=package("", facts["name"], facts.get("version", ""))
        if "name" in facts and '"package"' in row.location
        else None,
        about=Rule(id=rule, description=row.details),
        description=described(("", row.more), ("Project", row.project)),
        cwes=cwe_ids(row.cwe),
        vulnerabilities=vulnerability_ids(row.cve, row.others),
        cvss=_ratings(row.vectors),
        fingerprints=(("gitlab", row.id),) if row.id else (),
        suppression=Suppression(origin="tool", justification=why) if state == "dismissed" else None,
        # What the last pipeline no longer found (`Activity`) is resolved only once a person says so.
        baseline="absent" if state == "resolved" else "",
        tags=tuple(
            text
            for text in (row.scanner, state, "no longer detected" if row.activity.strip().lower() == "true" else "")
            if text
        ),
        seen_at=moment(row.detected.removesuffix(" UTC")),
    )


def _ratings(text: str) -> tuple[Cvss, ...]:
    found = [cvss(vector) for vector in _VECTOR.findall(text)]
    return tuple(one for one in found if one)


def _place(facts: dict[str, str], given: str) -> Location | None:
    if path := facts.get("file"):
        return CodeLocation(
            path=path,
            line=_number(facts.get("start_line")),
            end_line=_number(facts.get("end_line")),
            scope=facts.get("method") or facts.get("class") or "",
        )
    if image := facts.get("image"):
        return ImageLocation(image=image)
    if (host := facts.get("hostname")) or facts.get("path"):
        return WebLocation(
            url=f"{host or ''}{facts.get('path', '')}",
            method=facts.get("method", "").upper(),
            parameter=facts.get("param", ""),
        )
    plain = given.strip()
    if plain.startswith(("http://", "https://")):
        return WebLocation(url=plain)
    # Before version 15.6 and in exports of groups it is the path itself, with its line.
    path, _, line = plain.rpartition(":")
    if path and line.isdecimal() and not plain.startswith("{"):
        return CodeLocation(path=path, line=_number(line))
    return CodeLocation(path=plain) if plain and not plain.startswith("{") and " " not in plain else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None
