"""Vulners: flaws of the packages on audited hosts; answers of its API's report of scans."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Cvss,
    Finding,
    HostLocation,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    cvss,
    json_object,
    parser,
    references,
    severity,
    vulnerability_ids,
)


class Row(Struct, rename="camel"):
    vuln_id: str = ""
    title: str | None = ""
    family: str | None = ""
    severity: float | None = None
    severity_text: str | None = ""
    agentip: str | None = ""
    agentfqdn: str | None = ""
    cumulative_fix: str | None = ""


class Score(Struct, rename="camel"):
    score: float | str | None = None
    base_score: float | str | None = None
    vector: str | None = ""
    vector_string: str | None = ""


class Score3(Struct, rename="camel"):
    cvss_v3: Score | None = None


class Flaw(Struct):
    id: str = ""
    description: str | None = ""
    href: str | None = ""
    references: list[str] | None = None
    cvelist: list[str] | None = None
    cvss: Score | None = None
    cvss3: Score3 | None = None


class Data(Struct, rename="camel"):
    report: list[Row]
    vulns: dict[str, Flaw] | None = None
    total_count: int | None = None


class Answer(Struct):
    data: Data
    result: str = ""


_WORDS = {"critical": Severity.CRITICAL, "high": Severity.HIGH, "medium": Severity.MEDIUM, "low": Severity.LOW}


@parser(
    "vulners",
    title="Vulners",
    kind=Kind.HOST,
    looks=json_object("result", "data.report", "data.vulns"),
    made_with="POST https://vulners.com/api/v3/reports/vulnsreport",
    url="https://docs.vulners.com/",
    versions="API 3",
)
def read(answer: Answer) -> Iterator[Item]:
    if answer.result.upper() != "OK":
        raise UnreadableReport(f"Vulners answered with {answer.result or 'an error'}")
    left = (answer.data.total_count or 0) - len(answer.data.report)
    yield Run(
        tool="Vulners",
        complete=False if left > 0 else None,
        problems=(f"{left} rows are on other pages",) if left > 0 else (),
    )
    known = answer.data.vulns or {}
    for row in answer.data.report:
        flaw = known.get(row.vuln_id, Flaw())
        host = row.agentip or row.agentfqdn or ""
        word = (row.severity_text or "").strip().lower()
        ratings = _ratings(flaw)
        yield Finding(
            rule=row.vuln_id or row.title or "vulners",
            title=row.title or row.vuln_id,
            severity=_WORDS.get(word) or (severity(word) if word else Severity.MEDIUM),
            severity_given=row.severity_text or "",
            location=HostLocation(host=host) if host else None,
            about=Rule(
                id=row.vuln_id,
                title=row.title or "",
                description=flaw.description or "",
                tags=(row.family,) if row.family else (),
                references=references(flaw.href, flaw.references),
            ),
            description=f"Host name: {row.agentfqdn}" if row.agentfqdn and row.agentfqdn != host else "",
            remedy=row.cumulative_fix or "",
            vulnerabilities=vulnerability_ids(row.vuln_id, flaw.cvelist),
            cvss=ratings,
        )


def _ratings(flaw: Flaw) -> tuple[Cvss, ...]:
    three = flaw.cvss3.cvss_v3 if flaw.cvss3 else None
    made = [
        cvss(one.vector_string or one.vector, one.base_score if one.base_score is not None else one.score)
        for one in (three, flaw.cvss)
        if one
    ]
    return tuple(dict.fromkeys(one for one in made if one))
