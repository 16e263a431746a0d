"""Cyberwatch: flaws and security issues of hosts; the JSON that Galeax collects from its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Component,
    Finding,
    HostLocation,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    cvss,
    cwe_ids,
    json_object,
    moment,
    parser,
    severity,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import probability
from seamark.intake.parsers.kit.texts import described


class Weaknesses(Struct):
    cwe_id: list[str | int] | None = None
    capecs: list[str] | None = None
    attacks: list[str] | None = None


class Version(Struct):
    product: str | None = ""
    version: str | None = ""
    type: str | None = ""


class Update(Struct):
    current: Version | None = None
    target: Version | None = None


class Server(Struct):
    computer_name: str | None = ""
    computer_id: int | str | None = None
    computer_os_name: str | None = ""
    active: bool | str | None = None
    ignored: bool | None = None
    fixed_at: str | None = ""
    detected_at: str | None = ""
    comment: str | None = ""
    updates: list[Update] | None = None


class Cve(Struct):
    cve_code: str
    cve_score: float | str | None = None
    cve_level: str | None = ""
    cve_epss: float | str | None = None
    cvss_v3: str | None = ""
    content: str | None = ""
    cwes: Weaknesses | None = None
    servers: list[Server] | None = None
    exploit_code_maturity: str | None = ""
    updated_at: str | None = ""


class Issue(Struct):
    id: int | str
    security_issue_id: str | None = ""
    security_issue_title: str | None = ""
    security_issue_description: str | None = ""
    level: str | None = ""
    servers: list[Server] | None = None
    cve_announcements: list[Any] | None = None


class Report(Struct):
    cves: list[Cve]
    security_issues: list[Issue]


@parser(
    "cyberwatch",
    title="Cyberwatch",
    kind=Kind.HOST,
    looks=json_object("cves", "security_issues"),
    made_with="the export of assets' flaws with Galeax's tool",
    url="https://docs.cyberwatch.com/api/",
    versions="as of 2025",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="Cyberwatch")
    for cve in report.cves:
        yield from _cve(cve)
    for issue in report.security_issues:
        yield from _issue(issue)


def _level(word: str | None) -> str:
    return (word or "").removeprefix("level_")


def _gone(server: Server) -> str:
    inactive = server.active is False or str(server.active).lower() in {"inactive", "false"}
    return "absent" if server.fixed_at or inactive else ""


def _cve(cve: Cve) -> Iterator[Finding]:
    weak = cve.cwes or Weaknesses()
    rating = cvss(cve.cvss_v3, cve.cve_score)
    about = Rule(
        id=cve.cve_code,
        description=cve.content or "",
        tags=(*(weak.capecs or ()), *(weak.attacks or ()))[:50],
    )
    word = _level(cve.cve_level)
    for server in cve.servers or ():
        for update in server.updates or [Update()]:
            now, then = update.current or Version(), update.target or Version()
            yield Finding(
                rule=cve.cve_code,
                title=f"{cve.cve_code} in {now.product}" if now.product else cve.cve_code,
                severity=severity(word) if word else severity(rating.score if rating else None),
                severity_given=word,
                location=HostLocation(host=server.computer_name) if server.computer_name else None,
                component=Component(name=now.product, version=now.version or "") if now.product else None,
                about=about,
                description=described(
                    ("System", server.computer_os_name or ""), ("Exploit", cve.exploit_code_maturity or "")
                ),
                cwes=cwe_ids([str(number) for number in weak.cwe_id or ()]),
                vulnerabilities=vulnerability_ids(cve.cve_code),
                cvss=(rating,) if rating else (),
                epss=probability(cve.cve_epss),
                fixed_versions=(then.version,) if then.version else (),
                suppression=Suppression(origin="tool", justification=server.comment or "") if server.ignored else None,
                baseline=_gone(server),
                seen_at=moment(server.detected_at) or moment(cve.updated_at),
            )


def _issue(issue: Issue) -> Iterator[Finding]:
    rule = issue.security_issue_id or str(issue.id)
    about = Rule(id=rule, title=issue.security_issue_title or rule, description=issue.security_issue_description or "")
    word = _level(issue.level)
    for server in issue.servers or [Server()]:
        yield Finding(
            rule=rule,
            title=about.title,
            severity=severity(word or None),
            severity_given=word,
            kind=Kind.MISCONFIGURATION,
            location=HostLocation(host=server.computer_name) if server.computer_name else None,
            about=about,
            suppression=Suppression(origin="tool", justification=server.comment or "") if server.ignored else None,
            baseline=_gone(server) if server.active is not None else "",
            seen_at=moment(server.detected_at),
        )
