"""Red Hat Satellite (Foreman with Katello): errata that apply to hosts; answers of its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    json_object,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Cve(Struct):
    cve_id: str = ""
    href: str | None = ""


class Bug(Struct):
    bug_id: str | int = ""
    href: str | None = ""


class Erratum(Struct):
    errata_id: str
    title: str | None = ""
    name: str | None = ""
    severity: str | None = ""
    type: str | None = ""
    description: str | None = ""
    solution: str | None = ""
    summary: str | None = ""
    issued: str | None = ""
    updated: str | None = ""
    cves: list[Cve] | None = None
    bugs: list[Bug] | None = None
    packages: list[str] | None = None
    hosts_applicable_count: int | None = None
    hosts_available_count: int | None = None
    reboot_suggested: bool | None = None
    installable: bool | None = None


class Answer(Struct):
    results: list[Erratum]
    total: int | None = None
    subtotal: int | None = None
    error: Any = None


def _is_answer(probe: Probe) -> bool:
    row = probe.get("results.0")
    return isinstance(row, dict) and {"errata_id", "cves"} <= row.keys()


@parser(
    "satellite",
    title="Red Hat Satellite",
    kind=Kind.HOST,
    looks=json_object("results", where=_is_answer),
    made_with="GET /katello/api/errata?organization_id=1&errata_restrict_applicable=true",
    url="https://docs.redhat.com/en/documentation/red_hat_satellite/",
    versions="6",
)
def read(answer: Answer) -> Iterator[Item]:
    if answer.error:
        raise UnreadableReport(f"Satellite answered with an error: {answer.error}"[:300])
    left = (answer.subtotal if answer.subtotal is not None else answer.total or 0) - len(answer.results)
    yield Run(
        tool="Red Hat Satellite",
        complete=False if left > 0 else None,
        problems=(f"{left} errata are on other pages",) if left > 0 else (),
    )
    for one in answer.results:
        given = one.severity or ""
        yield Finding(
            rule=one.errata_id,
            title=one.title or one.name or one.errata_id,
            # What is no security erratum has no grade.
            severity=severity(given)
            if given and given.lower() != "none"
            else Severity.INFO
            if one.type != "security"
            else Severity.MEDIUM,
            severity_given=given,
            about=Rule(
                id=one.errata_id,
                title=one.title or "",
                description=described(("", one.summary or ""), ("", one.description or "")),
                remedy=one.solution or "",
                tags=(one.type,) if one.type else (),
                references=references(
                    [cve.href or "" for cve in one.cves or ()], [bug.href or "" for bug in one.bugs or ()]
                ),
            ),
            description=described(
                (
                    "Hosts to which it applies",
                    one.hosts_applicable_count if one.hosts_applicable_count is not None else "",
                ),
                (
                    "Hosts that can install it",
                    one.hosts_available_count if one.hosts_available_count is not None else "",
                ),
                ("Packages", ", ".join(one.packages or ())),
                ("", "A reboot is suggested" if one.reboot_suggested else ""),
            ),
            vulnerabilities=vulnerability_ids(one.errata_id, [cve.cve_id for cve in one.cves or ()]),
            fixed_versions=tuple(one.packages or ())[:20],
            seen_at=moment(one.updated) or moment(one.issued),
        )
