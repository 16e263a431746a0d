"""ggshield of GitGuardian: secrets in commits, files and images."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    json_object,
    moment,
    parser,
    references,
)

VALIDITIES = {
    "valid": Verification.VERIFIED,
    "invalid": Verification.REFUTED,
    "failed_to_check": Verification.UNVERIFIED,
    "no_checker": Verification.UNVERIFIED,
    "not_checked": Verification.UNVERIFIED,
    "unknown": Verification.UNVERIFIED,
}


class Match(Struct):
    match: str = ""
    type: str = ""
    line_start: int | None = None
    line_end: int | None = None
    pre_line_start: int | None = None
    pre_line_end: int | None = None
    post_line_start: int | None = None
    post_line_end: int | None = None
    index_start: int | None = None
    index_end: int | None = None


class Incident(Struct):
    type: str
    occurrences: list[Match]
    policy: str = ""
    validity: str | None = ""
    ignore_sha: str = ""
    total_occurrences: int = 0
    incident_url: str | None = ""
    known_secret: bool | None = None
    ignore_reason: dict[str, str | None] | str | None = None


class Entity(Struct):
    filename: str
    incidents: list[Incident]
    mode: str = ""


class Unread(Struct):
    filename: str = ""


class Failure(Struct):
    description: str = ""
    files: list[Unread] | None = None


class Scan(Struct):
    id: str | None = ""
    type: str | None = ""
    entities: list[Entity] | None = field(name="entities_with_incidents", default=None)
    errors: list[Failure] | None = None
    scans: list[Scan] | None = None
    extra_info: dict[str, str | None] | None = None
    secrets_engine_version: str | None = ""


def _is_report(probe: Probe) -> bool:
    return isinstance(probe.get("type"), str) and "iac_engine_version" not in probe.keys


@parser(
    "ggshield",
    title="GitGuardian ggshield",
    kind=Kind.SECRET,
    looks=json_object("id", "type", "total_incidents", "total_occurrences", where=_is_report),
    made_with="ggshield secret scan repo . --json --output ggshield.json",
    url="https://docs.gitguardian.com/ggshield-docs/",
    versions="1.10 to 1.40",
)
def read(scan: Scan) -> Iterator[Item]:
    problems = list(_problems(scan))
    yield Run(
        tool="GitGuardian ggshield",
        version=scan.secrets_engine_version or "",
        complete=not problems,
        problems=tuple(problems[:50]),
    )
    yield from _findings(scan)


def _problems(scan: Scan) -> Iterator[str]:
    for failure in scan.errors or ():
        yield ", ".join(file.filename for file in failure.files or ()) + f": {failure.description}"
    for inner in scan.scans or ():
        yield from _problems(inner)


def _findings(scan: Scan) -> Iterator[Finding]:
    history = _history(scan)
    for entity in scan.entities or ():
        for incident in entity.incidents:
            for matches in _occurrences(incident):
                yield _finding(entity, incident, matches, history)
    for inner in scan.scans or ():
        yield from _findings(inner)


def _occurrences(incident: Incident) -> Iterator[list[Match]]:
    """Yield the matches of each occurrence: secrets in several parts have several matches each time."""
    found = incident.occurrences
    times = incident.total_occurrences
    size = len(found) // times if times > 0 and len(found) % times == 0 else 1
    for start in range(0, len(found), max(size, 1)):
        yield found[start : start + size]


def _finding(entity: Entity, incident: Incident, matches: list[Match], history: str) -> Finding:
    first = matches[0]
    line = first.line_start or first.post_line_start or first.pre_line_start
    end_line = first.line_end or first.post_line_end or first.pre_line_end
    return Finding(
        rule=incident.type,
        title=incident.type,
        severity=Severity.HIGH,
        location=CodeLocation(path=entity.filename, line=line, end_line=end_line),
        about=_about(incident.type, incident.policy),
        description=history,
        cwes=(798,),
        verification=VALIDITIES.get((incident.validity or "").lower()),
        suppression=_suppression(incident.ignore_reason),
        secret="\n".join(match.match for match in matches if match.match),
        secret_digest=incident.ignore_sha,
        references=references(incident.incident_url),
        tags=("known",) if incident.known_secret else (),
    )


@lru_cache(maxsize=1024)
def _about(rule: str, policy: str) -> Rule:
    return Rule(id=rule, name=rule, cwes=(798,), tags=(policy,) if policy else ())


def _suppression(reason: dict[str, str | None] | str | None) -> Suppression | None:
    if not reason:
        return None
    text = reason if isinstance(reason, str) else ": ".join(part for part in reason.values() if part)
    return Suppression(origin="tool", justification=text)


def _history(scan: Scan) -> str:
    """Return the commit that the secret is in, where the scan is one of a commit."""
    if scan.type != "commit":
        return ""
    said = scan.extra_info or {}
    who = " ".join(part for part in (said.get("author"), f"<{said['email']}>" if said.get("email") else "") if part)
    lines = (("Commit", scan.id), ("Author", who), ("Date", moment(said.get("date")) or said.get("date")))
    return "\n".join(f"{name}: {text}" for name, text in lines if text)
