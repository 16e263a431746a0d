"""Orca Security: alerts on cloud accounts; JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    Suppression,
    csv_header,
    json_rows,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described

_DONE = {"closed", "resolved", "auto-closed"}
_SET_ASIDE = {"dismissed", "snoozed", "ignored"}


class Named(Struct, rename="pascal"):
    name: str | None = ""


class Row(Struct, rename="pascal"):
    title: str
    orca_score: float | str | None = None
    category: str | None = ""
    status: str | None = ""
    source: str | None = ""
    created_at: str | None = ""
    last_seen: str | None = ""
    labels: list[str] | str | None = None
    cloud_account: Named | str | None = None
    inventory: Named | str | None = None
    alert_id: str | None = ""
    risk_level: str | None = ""
    details: str | None = ""
    recommendation: str | None = ""


class TableRow(Struct, rename="pascal"):
    title: str
    orca_score: str = ""
    category: str = ""
    status: str = ""
    source: str = ""
    created_at: str = ""
    last_seen: str = ""
    labels: str = ""
    account: str = field(name="CloudAccount.Name", default="")
    inventory: str = field(name="Inventory.Name", default="")
    alert_id: str = ""
    risk_level: str = ""
    details: str = ""
    recommendation: str = ""

    def row(self) -> Row:
        return Row(
            title=self.title,
            orca_score=self.orca_score,
            category=self.category,
            status=self.status,
            source=self.source,
            created_at=self.created_at,
            last_seen=self.last_seen,
            labels=self.labels,
            cloud_account=self.account,
            inventory=self.inventory,
            alert_id=self.alert_id,
            risk_level=self.risk_level,
            details=self.details,
            recommendation=self.recommendation,
        )


@parser(
    "orca",
    title="Orca Security",
    kind=Kind.CLOUD,
    looks=json_rows("Title", "OrcaScore", "Status"),
    made_with="the export of alerts as JSON or CSV",
    url="https://docs.orcasecurity.io/",
    versions="as of 2025",
    lift=("[]",),
)
def read(rows: list[Row]) -> Iterator[Item]:
    yield from _items(rows)


@variant("orca", looks=csv_header("OrcaScore", "Title", "Status", "Category"))
def read_csv(rows: Csv[TableRow]) -> Iterator[Item]:
    yield from _items(row.row() for row in rows)


def _name(given: Named | str | None) -> str:
    return (given.name or "") if isinstance(given, Named) else given or ""


def _labels(given: list[str] | str | None) -> list[str]:
    if isinstance(given, str):
        try:
            return msgspec.json.decode(given, type=list[str]) if given.startswith("[") else given.split(",")
        except msgspec.MsgspecError:
            return [given]
    return given or []


def _grade(row: Row) -> tuple[Severity, str]:
    if row.risk_level:
        return severity(row.risk_level), row.risk_level
    try:
        return severity(float(row.orca_score or "")), str(row.orca_score)
    except ValueError:
        return Severity.MEDIUM, ""


def _items(rows: Iterable[Row]) -> Iterator[Item]:
    yield Run(tool="Orca Security")
    for row in rows:
        graded, given = _grade(row)
        state = (row.status or "").lower()
        resource = _name(row.inventory) or row.source or ""
        yield Finding(
            rule=row.title,
            title=row.title,
            severity=graded,
            severity_given=given,
            location=ResourceLocation(resource=resource, account=_name(row.cloud_account)) if resource else None,
            about=Rule(
                id=row.title,
                title=row.title,
                remedy=row.recommendation or "",
                tags=(row.category,) if row.category else (),
            ),
            description=described(("", row.details or ""), ("Source", row.source if row.source != resource else "")),
            vulnerabilities=vulnerability_ids(row.title, _labels(row.labels)),
            fingerprints=(("orca", row.alert_id),) if row.alert_id else (),
            suppression=Suppression(origin="tool", justification=state) if state in _SET_ASIDE else None,
            baseline="absent" if state in _DONE else "",
            tags=tuple(label.strip() for label in _labels(row.labels) if label.strip()),
            seen_at=moment(row.last_seen) or moment(row.created_at),
        )
