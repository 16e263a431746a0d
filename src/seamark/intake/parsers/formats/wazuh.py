"""Wazuh: flaws of the packages on monitored hosts, as the API (3 to 4.7) and the indexer (from 4.8) give them, and alerts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    HostLocation,
    Item,
    JsonLines,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    cvss,
    json_lines,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.packages import graded, package
from seamark.intake.parsers.kit.texts import described


class Old(Struct):
    """A row of the API, until 4.7."""

    cve: str
    name: str = ""
    version: str | None = ""
    title: str | None = ""
    severity: str | None = ""
    cvss2_score: float | str | None = None
    cvss3_score: float | str | None = None
    external_references: list[str] | None = None
    condition: str | None = ""
    status: str | None = ""
    detection_time: str | None = ""
    architecture: str | None = ""
    type: str | None = ""
    agent_id: str | None = ""
    agent_ip: str | None = ""
    agent_name: str | None = ""


class Data(Struct):
    affected_items: list[Old] | None = None
    items: list[Old] | None = None
    failed_items: list[Any] | None = None
    total_affected_items: int | None = None


class Answer(Struct):
    data: Data
    error: int = 0
    message: str | None = ""


def _is_answer(probe: Probe) -> bool:
    for key in ("data.affected_items", "data.items"):
        row = probe.get(f"{key}.0")
        if isinstance(row, dict):
            return "cve" in row and ("cvss3_score" in row or "detection_time" in row or "condition" in row)
    return probe.get("data.affected_items") == [] and isinstance(probe.get("data.total_affected_items"), int)


@parser(
    "wazuh",
    title="Wazuh",
    kind=Kind.HOST,
    looks=json_object("data", where=_is_answer),
    made_with="curl -k -X GET 'https://wazuh:55000/vulnerability/001' -H \"Authorization: Bearer $TOKEN\"",
    url="https://documentation.wazuh.com/current/user-manual/capabilities/vulnerability-detection/",
    versions="3.11 to 4.14",
)
def read(answer: Answer) -> Iterator[Item]:
    if answer.error == 1 or (answer.error and not answer.data.affected_items):
        raise UnreadableReport(f"Wazuh answered with an error: {answer.message or answer.error}")
    rows = answer.data.affected_items or answer.data.items or []
    failed = answer.data.failed_items or []
    total = answer.data.total_affected_items or 0
    left = total - len(rows)
    problems = [f"{len(failed)} agents could not be asked"] if failed else []
    if left > 0:
        problems.append(f"{left} of {total} rows are on other pages")
    yield Run(tool="Wazuh", complete=False if problems else None, problems=tuple(problems))
    for row in rows:
        ratings = tuple(
            made
            for score, version in ((row.cvss3_score, "3"), (row.cvss2_score, "2.0"))
            if (made := _score(score, version)) is not None
        )
        host = row.agent_name or row.agent_ip or row.agent_id or ""
        yield Finding(
            rule=row.cve,
            title=row.title or f"{row.cve} affects {row.name}",
            severity=graded(row.severity, ratings),
            severity_given=row.severity or "",
            location=HostLocation(host=host) if host else None,
            component=Component(name=row.name, version=row.version or "") if row.name else None,
            description=described(("Condition", row.condition or ""), ("Architecture", row.architecture or "")),
            vulnerabilities=vulnerability_ids(row.cve) or (row.cve,),
            cvss=ratings,
            baseline="absent" if (row.status or "").upper() in {"SOLVED", "FIXED"} else "",
            references=references(row.external_references),
            seen_at=moment(row.detection_time),
        )


def _score(score: float | str | None, version: str) -> Cvss | None:
    """Return a rating without a vector; 0 stands for none."""
    made = cvss("", score)
    if made is None or not made.score:
        return None
    return Cvss(score=made.score, version=version if version == "2.0" else "")


class Agent(Struct):
    id: str | None = ""
    name: str | None = ""
    ip: str | None = ""


class System(Struct):
    full: str | None = ""
    platform: str | None = ""
    name: str | None = ""


class Host(Struct):
    os: System | None = None


class Package(Struct):
    name: str | None = ""
    version: str | None = ""
    type: str | None = ""
    path: str | None = ""
    architecture: str | None = ""


class Score(Struct):
    base: float | str | None = None
    version: str | float | None = ""


class Scanner(Struct):
    condition: str | None = ""
    reference: str | None = ""
    source: str | None = ""


class Flaw(Struct):
    id: str
    severity: str | None = ""
    description: str | None = ""
    detected_at: str | None = ""
    reference: str | list[str] | None = ""
    score: Score | None = None
    scanner: Scanner | None = None
    under_evaluation: bool | None = None


class State(Struct):
    vulnerability: Flaw
    agent: Agent | None = None
    host: Host | None = None
    package: Package | None = None


class Hit(Struct):
    state: State = field(name="_source")
    id: str = field(name="_id", default="")


class Total(Struct):
    value: int = 0


class Hits(Struct):
    hits: Raw
    total: Total | int | None = None


class Shards(Struct):
    failed: int = 0


class Search(Struct):
    hits: Hits
    timed_out: bool = False
    shards: Shards | None = field(name="_shards", default=None)


def _is_search(probe: Probe) -> bool:
    row = probe.get("hits.hits.0")
    if isinstance(row, dict):
        found = row.get("_source")
        return isinstance(found, dict) and "vulnerability" in found and "agent" in found
    return probe.named and probe.get("hits.hits") == []


@variant("wazuh", looks=json_object("hits", where=_is_search), lift=("hits.hits",))
def read_search(answer: Search, reading: Reading) -> Iterator[Item]:
    listed = sum(1 for _ in reading.rows(answer.hits.hits, Hit, "$.hits.hits"))
    total = answer.hits.total.value if isinstance(answer.hits.total, Total) else answer.hits.total or 0
    problems = []
    if total > listed:
        problems.append(f"{total - listed} of {total} rows are on other pages")
    if answer.timed_out or (answer.shards and answer.shards.failed):
        problems.append("The search timed out or failed in part")
    yield Run(tool="Wazuh", complete=False if problems else None, problems=tuple(problems))
    for hit in reading.rows(answer.hits.hits, Hit, "$.hits.hits"):
        yield _state(hit.state, hit.id)


@variant("wazuh", looks=json_rows("agent", "vulnerability", "package"), lift=("[]",))
def read_states(report: Raw, reading: Reading) -> Iterator[Item]:
    yield Run(tool="Wazuh")
    for state in reading.rows(report, State):
        yield _state(state, "")


def _state(state: State, identifier: str) -> Finding:
    flaw, agent, found = state.vulnerability, state.agent or Agent(), state.package or Package()
    system = (state.host.os if state.host else None) or System()
    word = (found.type or "").lower()
    ecosystem = (system.platform or word) if word in {"deb", "rpm", "apk"} else word
    score = flaw.score or Score()
    rating = _score(score.base, str(score.version or ""))
    scanner = flaw.scanner or Scanner()
    host = agent.name or agent.ip or agent.id or ""
    return Finding(
        rule=flaw.id,
        title=f"{flaw.id} affects {found.name}" if found.name else flaw.id,
        severity=graded("" if flaw.severity == "-" else flaw.severity, (rating,) if rating else ()),
        severity_given=flaw.severity or "",
        location=HostLocation(host=host) if host else None,
        component=package(ecosystem, found.name, found.version or "") if found.name else None,
        about=Rule(id=flaw.id, description=flaw.description or ""),
        description=described(
            ("Condition", scanner.condition or ""),
            ("Path", (found.path or "").strip()),
            ("System", system.full or ""),
            ("", "Still under evaluation" if flaw.under_evaluation else ""),
        ),
        vulnerabilities=vulnerability_ids(flaw.id) or (flaw.id,),
        cvss=(rating,) if rating else (),
        fingerprints=(("wazuh", identifier),) if identifier else (),
        references=references((flaw.reference or "").replace(",", " "))
        if isinstance(flaw.reference, str)
        else references(flaw.reference),
        seen_at=moment(flaw.detected_at),
    )


class Event(Struct):
    level: int
    id: str | int
    description: str = ""
    groups: list[str] | None = None


class Alert(Struct):
    rule: Event
    timestamp: str = ""
    agent: Agent | None = None
    full_log: str | None = ""
    location: str | None = ""
    id: str | None = ""


@variant("wazuh", looks=json_lines("rule.level", "rule.id", "agent", "manager"))
def read_alerts(alerts: JsonLines[Alert]) -> Iterator[Item]:
    # Events are no inventory: that an alert is not repeated does not mean that anything was put right.
    yield Run(tool="Wazuh", complete=False)
    for alert in alerts:
        agent = alert.agent or Agent()
        host = agent.name or agent.ip or agent.id or ""
        yield Finding(
            rule=str(alert.rule.id),
            title=alert.rule.description or f"Rule {alert.rule.id}",
            severity=_level(alert.rule.level),
            severity_given=str(alert.rule.level),
            kind=Kind.RUNTIME,
            location=HostLocation(host=host) if host else None,
            about=Rule(id=str(alert.rule.id), title=alert.rule.description, tags=tuple(alert.rule.groups or ())),
            description=described(("", alert.full_log or ""), ("Source", alert.location or "")),
            fingerprints=(("wazuh", alert.id),) if alert.id else (),
            seen_at=moment(alert.timestamp),
        )


def _level(level: int) -> Severity:
    """Return the severity for a rule's level, in the bands of Wazuh's own dashboard."""
    word = "critical" if level >= 15 else "high" if level >= 12 else "medium" if level >= 7 else "low"
    return severity(word)
