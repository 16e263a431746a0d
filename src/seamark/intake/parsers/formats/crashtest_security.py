"""Crashtest Security: findings of web applications, as the JSON of its interface."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Severity,
    WebLocation,
    cvss,
    first_line,
    json_object,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)

_URL = re.compile(r"https?://[^\s\"',]+|(?<=on site )[\w.-]+/[^\s\"',]*")
_PARAMETER = re.compile(r"parameter [\"']?([^\s\"']+)")
_METHOD = re.compile(r"method \"(\w+)\"|\(([A-Z]{3,7})\)|using a ([A-Z]{3,7}) request")


class Known(Struct):
    cve_id: str
    cvss: float | None = None
    information: str | None = ""
    product: str | None = ""
    version: str | None = ""


class Row(Struct):
    information: str
    finding_description_slug: str = ""
    service_type: str = ""
    cve_findings: list[Known] | None = None
    product: str | None = ""
    version: str | None = ""
    created_at: str | None = ""
    details: Any = None


class Texts(Struct):
    slug: str
    title: str = ""
    score: float | None = field(name="baseScore", default=None)
    description: str | None = ""
    how_to_fix: str | None = ""
    reference_owasp: str | None = ""
    reference_resolution: str | None = ""


class Findings(Struct):
    findings: dict[str, list[Row]]
    descriptions: list[Texts] | None = None


class Report(Struct):
    findings: dict[str, list[Row]] | None = None
    descriptions: list[Texts] | None = None
    data: Findings | None = None
    message: str | None = ""


def _is_report(probe: Probe) -> bool:
    base = "data." if probe.has("data.findings") else ""
    found = probe.get(f"{base}findings")
    return (
        isinstance(found, dict)
        and {"portscan", "sqlinjection", "ssl", "xss"} <= found.keys()
        and probe.has(f"{base}descriptions")
    )


@parser(
    "crashtest-security",
    title="Crashtest Security",
    kind=Kind.WEB,
    looks=json_object(where=_is_report),
    made_with="Crashtest Security: Scan > Export > JSON",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Crashtest Security")
    found = report.data or Findings(findings=report.findings or {}, descriptions=report.descriptions)
    texts = {each.slug: each for each in found.descriptions or ()}
    rules = {slug: _about(each) for slug, each in texts.items()}
    for service, rows in found.findings.items():
        for row in rows:
            slug = row.finding_description_slug
            score = texts[slug].score if slug in texts else None
            yield _finding(row, service, rules.get(slug) or Rule(id=slug or service), score)
            for known in row.cve_findings or ():
                yield _known(known, row)


def _about(each: Texts) -> Rule:
    return Rule(
        id=each.slug,
        name=each.title,
        title=each.title,
        description=each.description or "",
        remedy=each.how_to_fix or "",
        references=references(each.reference_owasp, each.reference_resolution),
    )


def _finding(row: Row, service: str, about: Rule, score: float | None) -> Finding:
    rating = cvss("", score) if score is not None else None
    return Finding(
        rule=about.id,
        title=about.title or first_line(row.information),
        severity=_step(rating),
        severity_given="" if score is None else str(score),
        location=_place(row.information),
        about=about,
        description=row.information,
        cvss=(rating,) if rating else (),
        tags=(service,),
        seen_at=moment(row.created_at),
    )


def _step(rating: Cvss | None) -> Severity:
    return severity(rating.score) if rating else Severity.MEDIUM


def _known(known: Known, row: Row) -> Finding:
    rating = cvss("", known.cvss) if known.cvss is not None else None
    name = known.product or row.product or ""
    return Finding(
        rule=known.cve_id,
        title=f"{known.cve_id} in {name} {known.version or row.version or ''}".strip(),
        severity=_step(rating),
        severity_given="" if known.cvss is None else str(known.cvss),
        kind=Kind.DEPENDENCY,
        component=Component(name=name, version=known.version or row.version or "") if name else None,
        description=known.information or "",
        vulnerabilities=vulnerability_ids(known.cve_id),
        cvss=(rating,) if rating else (),
        seen_at=moment(row.created_at),
    )


@lru_cache(maxsize=4096)
def _place(text: str) -> Location | None:
    """Return the address that a sentence names, with its parameter and method."""
    url = _URL.search(text)
    if url is None:
        return None
    parameter, method = _PARAMETER.search(text), _METHOD.search(text)
    return WebLocation(
        url=url[0].rstrip("."),
        method=next((word for word in method.groups() if word), "").upper() if method else "",
        parameter=parameter[1] if parameter else "",
    )
