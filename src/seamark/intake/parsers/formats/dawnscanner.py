"""Dawnscanner: known flaws and risky settings of Ruby applications."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    cvss,
    first_line,
    json_object,
    make_purl,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)

_ZONE = re.compile(r" (?=[+-]\d{4}$)")
_GEM = re.compile(r"upgrade (?:the )?([a-z][\w-]{1,60}) (?:gem )?(?:up )?to")


class Vulnerability(Struct):
    name: str
    message: str = ""
    severity: str | None = ""
    cve_link: str | None = ""
    cvss_score: float | str | None = None
    cvss_vector: str | None = ""
    remediation: str | None = ""
    title: str | None = ""


class Report(Struct):
    status: str
    dawn_version: str
    vulnerabilities: list[Vulnerability] | None = None
    message: str | None = ""
    scan_started: str = ""
    target: str | None = ""
    mvc: str | None = ""
    skipped_checks_count: int | None = None


@parser(
    "dawnscanner",
    title="Dawnscanner",
    kind=Kind.CODE,
    looks=json_object("dawn_version", "status"),
    made_with="dawn --json --file dawn.json .",
    url="https://github.com/thesp0nge/dawnscanner",
    versions="1.2 to 2.2",
)
def read(report: Report) -> Iterator[Item]:
    failed = report.status.upper() != "OK"
    if not failed and report.vulnerabilities is None:
        raise UnreadableReport("The report does not list what was found", where="$.vulnerabilities")
    skipped = report.skipped_checks_count or 0
    problems = [report.message or f"status {report.status}"] if failed else []
    if skipped:
        problems.append(f"{skipped} checks were skipped")
    yield Run(
        tool="Dawnscanner",
        version=report.dawn_version,
        successful=not failed,
        complete=not failed and not skipped,
        problems=tuple(problems),
        started=moment(_ZONE.sub("", report.scan_started)),
    )
    # What the report lists as mitigated is not there any more.
    for one in report.vulnerabilities or ():
        yield _finding(one)


def _finding(one: Vulnerability) -> Finding:
    ids = vulnerability_ids(one.name)
    title = first_line(one.title or "") or (f"{one.name}: {first_line(one.message, 120)}" if ids else one.name)
    remedy = one.remediation or ""
    word = (one.severity or "").strip()
    gem = _GEM.search(remedy) if ids else None
    rating = _rating(one)
    return Finding(
        rule=one.name,
        title=title,
        severity=severity(word or None, Severity.MEDIUM),
        severity_given=word,
        kind=Kind.DEPENDENCY if ids else None,
        component=Component(purl=make_purl("gem", gem[1]), name=gem[1]) if gem else None,
        about=Rule(id=one.name, description=one.message, remedy=remedy, references=references(one.cve_link)),
        vulnerabilities=ids,
        cvss=(rating,) if rating else (),
    )


def _rating(one: Vulnerability) -> Cvss | None:
    score = one.cvss_score
    # Checks without a rating say "n.a." or 0.
    return cvss(one.cvss_vector or "", score) if one.cvss_vector or score not in {None, "", "n.a.", 0} else None
