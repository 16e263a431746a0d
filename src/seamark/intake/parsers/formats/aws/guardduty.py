"""Amazon GuardDuty: threats against an account; answers of its API, and the lines it exports to storage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats.aws.common import place
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    JsonLines,
    Kind,
    Probe,
    Rule,
    Run,
    json_lines,
    json_object,
    moment,
    parser,
    severity,
    variant,
)
from seamark.intake.parsers.kit.texts import described


class Service(Struct, rename="pascal"):
    archived: bool | None = None
    count: int | None = None
    event_first_seen: str | None = ""
    event_last_seen: str | None = ""
    resource_role: str | None = ""
    user_feedback: str | None = ""
    action: dict[str, Any] | None = None


class Row(Struct, rename="pascal"):
    id: str
    type: str
    severity: float
    title: str = ""
    description: str | None = ""
    account_id: str | int = ""
    arn: str = ""
    region: str | None = ""
    resource: dict[str, Any] | None = None
    service: Service | None = None
    updated_at: str | None = ""


class Answer(Struct, rename="pascal"):
    findings: list[Row]


class ExportedService(Struct, rename="camel"):
    archived: bool | None = None
    count: int | None = None
    event_first_seen: str | None = ""
    event_last_seen: str | None = ""
    resource_role: str | None = ""
    user_feedback: str | None = ""
    action: dict[str, Any] | None = None


class Exported(Struct, rename="camel"):
    id: str
    type: str
    severity: float
    title: str = ""
    description: str | None = ""
    account_id: str | int = ""
    arn: str = ""
    region: str | None = ""
    resource: dict[str, Any] | None = None
    service: ExportedService | None = None
    updated_at: str | None = ""


def _is_answer(probe: Probe) -> bool:
    row = probe.get("Findings.0")
    return isinstance(row, dict) and {"Type", "Severity", "Service", "Resource"} <= row.keys()


@parser(
    "guardduty",
    title="Amazon GuardDuty",
    kind=Kind.RUNTIME,
    looks=json_object("Findings", where=_is_answer),
    made_with="aws guardduty get-findings --detector-id … --finding-ids … > findings.json",
    url="https://docs.aws.amazon.com/guardduty/latest/APIReference/API_Finding.html",
    versions="schema 2.0",
)
def read(answer: Answer) -> Iterator[Item]:
    yield from _items(answer.findings)


@variant("guardduty", looks=json_lines("schemaVersion", "accountId", "type", "severity", "service.detectorId"))
def read_lines(rows: JsonLines[Exported]) -> Iterator[Item]:
    yield from _items(rows)


def _items(rows: list[Row] | JsonLines[Exported]) -> Iterator[Item]:
    # Events are no inventory: that a threat is not seen again does not mean that anything was put right.
    yield Run(tool="Amazon GuardDuty", complete=False)
    for row in rows:
        service = row.service
        action = (service.action if service else None) or {}
        yield Finding(
            rule=row.type,
            title=row.title or row.type,
            severity=severity(row.severity),
            severity_given=f"{row.severity:g}",
            location=place(*_resource(row), row.region or "", str(row.account_id)),
            about=Rule(id=row.type, tags=(row.type.partition(":")[0],)),
            description=described(
                ("", row.description or ""),
                ("Action", action.get("ActionType") or action.get("actionType") or ""),
                ("Role", (service.resource_role or "") if service else ""),
                ("Count", service.count if service and service.count is not None else ""),
                ("First seen", (service.event_first_seen or "") if service else ""),
            ),
            fingerprints=(("guardduty", row.arn or row.id),),
            baseline="absent" if service and service.archived else "",
            seen_at=moment(service.event_last_seen if service else "") or moment(row.updated_at),
        )


_NAMES = {
    "instanceDetails": "instanceId",
    "accessKeyDetails": "userName",
    "eksClusterDetails": "arn",
    "ecsClusterDetails": "arn",
    "lambdaDetails": "functionArn",
    "rdsDbInstanceDetails": "dbInstanceArn",
}


def _resource(row: Row | Exported) -> tuple[str, str]:
    """Return a resource's id and type; the API writes its keys with a capital, the export without."""
    given = {key[:1].lower() + key[1:]: value for key, value in (row.resource or {}).items()}
    kind = str(given.get("resourceType") or "")
    for group, name in _NAMES.items():
        inner = given.get(group)
        if isinstance(inner, dict):
            found = inner.get(name) or inner.get(name[:1].upper() + name[1:])
            if found:
                return str(found), kind
    buckets = given.get("s3BucketDetails")
    if isinstance(buckets, list) and buckets and isinstance(buckets[0], dict):
        found = buckets[0].get("arn") or buckets[0].get("Arn") or buckets[0].get("name") or buckets[0].get("Name")
        if found:
            return str(found), kind
    return str(row.account_id), kind
