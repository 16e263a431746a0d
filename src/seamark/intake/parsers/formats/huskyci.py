"""huskyCI: one report of many tools, each with the outcome of its container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Run,
    Severity,
    Suppression,
    confidence,
    json_object,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import package

_TITLES = {
    "bandit": "Bandit", "brakeman": "Brakeman", "gosec": "gosec", "gitleaks": "Gitleaks", "npmaudit": "npm audit",
    "safety": "Safety", "securitycodescan": "Security Code Scan", "spotbugs": "SpotBugs", "tfsec": "tfsec",
    "trivy": "Trivy", "yarnaudit": "yarn audit",
}  # fmt: skip
_KINDS = {
    "gitleaks": Kind.SECRET, "npmaudit": Kind.DEPENDENCY, "safety": Kind.DEPENDENCY, "yarnaudit": Kind.DEPENDENCY,
    "tfsec": Kind.MISCONFIGURATION, "trivy": Kind.DEPENDENCY,
}  # fmt: skip
_NO_SCANNERS = {"enry", "gitauthors"}
"""They tell languages and authors."""
_ECOSYSTEMS = {"npmaudit": "npm", "yarnaudit": "npm", "safety": "pypi"}
_NAME = re.compile(r"^Vulnerable Dependency: (\S+)")


class Row(Struct):
    title: str | None = ""
    details: str | None = ""
    severity: str | None = ""
    confidence: str | None = ""
    file: str | None = ""
    line: str | int | None = ""
    code: str | None = ""
    type: str | None = ""
    version: str | None = ""
    commit: str | None = field(name="commitHash", default="")
    below: str | None = field(name="vulnerablebelow", default="")


class Output(Struct):
    nosec: list[Row] | None = field(name="nosecvulns", default=None)
    low: list[Row] | None = field(name="lowvulns", default=None)
    medium: list[Row] | None = field(name="mediumvulns", default=None)
    high: list[Row] | None = field(name="highvulns", default=None)


class Test(Struct):
    name: str | None = ""
    image: str | None = ""


class Container(Struct):
    test: Test | None = field(name="securityTest", default=None)
    status: str | None = field(name="cStatus", default="")
    result: str | None = field(name="cResult", default="")
    info: str | None = field(name="cInfo", default="")
    started: str | None = field(name="startedAt", default="")
    finished: str | None = field(name="finishedAt", default="")


class Report(Struct):
    results: dict[str, dict[str, Output | None] | None] = field(name="huskyciresults")
    containers: list[Container] | None = None
    repository: str | None = field(name="repositoryURL", default="")
    branch: str | None = field(name="repositoryBranch", default="")
    status: str | None = ""
    error: str | None = field(name="errorFound", default="")


@parser(
    "huskyci",
    title="huskyCI",
    kind=Kind.CODE,
    looks=json_object("huskyciresults", "RID"),
    made_with="huskyci-client JSON",
    url="https://github.com/globocom/huskyCI",
)
def read(report: Report) -> Iterator[Item]:
    outputs = {
        name.removesuffix("output"): output
        for group in report.results.values()
        for name, output in (group or {}).items()
        if output is not None
    }
    failed = (report.status or "").lower() not in {"", "finished"} or bool(report.error)
    for container in report.containers or ():
        name = (container.test.name or "").lower() if container.test else ""
        if name in _NO_SCANNERS:
            continue
        yield _run(report, name, container, failed)
        yield from _findings(name, outputs.pop(name, None))
    for name, output in outputs.items():
        if rows := list(_findings(name, output)):
            yield _run(report, name, Container(), failed)
            yield from rows
    if failed and not report.containers:
        yield Run(tool="huskyCI", successful=False, problems=(report.error or report.status or "",))


def _run(report: Report, name: str, container: Container, failed: bool) -> Run:
    broken = (container.status or "finished").lower() != "finished" or (container.result or "").lower() == "error"
    said = (report.error or "", (container.info or "") if broken else "")
    return Run(
        tool=_TITLES.get(name, name or "huskyCI"),
        configuration="huskyCI",
        successful=False if failed or broken else None if not container.status else True,
        problems=tuple(text for text in said if text),
        repository=report.repository or "",
        ref=report.branch or "",
        started=moment(container.started),
        finished=moment(container.finished),
    )


def _findings(name: str, output: Output | None) -> Iterator[Finding]:
    if output is None:
        return
    for row in output.nosec or ():
        yield _finding(name, row, Severity.INFO, Suppression(origin="source", justification="a comment in the code"))
    for rows, level in ((output.low, Severity.LOW), (output.medium, Severity.MEDIUM), (output.high, Severity.HIGH)):
        for row in rows or ():
            yield _finding(name, row, severity(row.severity or None, level), None)


def _finding(name: str, row: Row, level: Severity, suppression: Suppression | None) -> Finding:
    kind = _KINDS.get(name, Kind.CODE)
    title = row.title or row.details or "huskyCI finding"
    if kind is Kind.SECRET:
        title = title.partition(" in: ")[0]
    component = _component(name, row, title) if kind is Kind.DEPENDENCY else None
    line = str(row.line or "").strip()
    details = "\n".join(
        part
        for part in (
            row.details or "",
            f"Vulnerable: {row.below}" if row.below else "",
            f"Commit: {row.commit}" if row.commit else "",
        )
        if part
    )
    return Finding(
        rule=row.type or title,
        title=title,
        severity=level,
        severity_given=row.severity or "",
        kind=kind,
        location=CodeLocation(
            path=row.file,
            line=int(line) if line.isdecimal() and len(line) < 10 else None,
            snippet=row.code or "" if kind is not Kind.SECRET else "",
        )
        if row.file
        else None,
        component=component,
        description=details,
        confidence=confidence(row.confidence),
        cwes=(798,) if kind is Kind.SECRET else (),
        vulnerabilities=vulnerability_ids(row.details, row.title) if component else (),
        suppression=suppression,
        secret=(row.code or "") if kind is Kind.SECRET else "",
    )


def _component(name: str, row: Row, title: str) -> Component | None:
    """Return the package that a title names (`Vulnerable Dependency: django (<1.11.27)`)."""
    found = _NAME.match(title)
    words = (row.code or "").split()
    known = found[1] if found else words[0] if words else ""
    version = row.version or (words[1] if len(words) > 1 and words[0] == known else "")
    return package(_ECOSYSTEMS.get(name, ""), known, version) if known else None
