"""IntSights, now Rapid7 Threat Command: alerts on what can be seen of an organisation from outside; JSON and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._web import place
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Run,
    csv_header,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.texts import described


class Source(Struct):
    url: str | None = field(name="URL", default="")
    type: str | None = field(name="Type", default="")
    network: str | None = field(name="NetworkType", default="")


class Details(Struct, rename="pascal"):
    title: str
    description: str | None = ""
    severity: str | None = ""
    type: str | None = ""
    sub_type: str | None = ""
    source: Source | None = None
    tags: list[Any] | None = None


class Asset(Struct, rename="pascal"):
    value: str | None = ""
    type: str | None = ""


class Closed(Struct, rename="pascal"):
    is_closed: bool | None = None
    close_reason: str | None = ""


class Alert(Struct):
    id: str = field(name="_id")
    details: Details = field(name="Details")
    assets: list[Asset] | None = field(name="Assets", default=None)
    found: str | None = field(name="FoundDate", default="")
    closed: Closed | None = field(name="Closed", default=None)


class Report(Struct):
    alerts: Raw = field(name="Alerts")


def _is_report(probe: Probe) -> bool:
    rows = probe.get("Alerts")
    if rows == []:
        return probe.keys == {"Alerts"}
    return isinstance(rows, list) and isinstance(rows[0], dict) and {"_id", "Details"} <= rows[0].keys()


@parser(
    "intsights",
    title="IntSights",
    kind=Kind.HOST,
    looks=json_object("Alerts", where=_is_report),
    made_with="Threat Command: Alerts > Export, or the alerts of its interface under the name Alerts",
    url="https://docs.rapid7.com/threat-command/",
    lift=("Alerts",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="IntSights")
    for alert in reading.rows(report.alerts, Alert, where="$.Alerts"):
        details, source = alert.details, alert.details.source or Source()
        closed = alert.closed or Closed()
        for asset in alert.assets or [Asset()]:
            yield _finding(
                Row(
                    id=alert.id,
                    title=details.title,
                    severity=details.severity or "",
                    description=details.description or "",
                    type=details.type or "",
                    sort=details.sub_type or "",
                    network=source.network or "",
                    source=source.url or "",
                    assets=asset.value or "",
                    status="closed" if closed.is_closed else "open",
                ),
                asset.value or "",
                moment(alert.found),
            )


class Row(Struct):
    id: str = field(name="Alert ID")
    title: str = field(name="Title")
    severity: str = field(name="Severity")
    description: str = field(name="Description", default="")
    type: str = field(name="Type", default="")
    sort: str = field(name="Sub Type", default="")
    found: str = field(name="Report Date (UTC)", default="")
    network: str = field(name="Network Type", default="")
    source: str = field(name="Source URL", default="")
    source_name: str = field(name="Source Name", default="")
    assets: str = field(name="Assets", default="")
    tags: str = field(name="Tags", default="")
    status: str = field(name="Status", default="")
    closed_reason: str = field(name="Closed Reason", default="")
    more: str = field(name="Additional Info", default="")
    link: str = field(name="Alert Link", default="")


@variant("intsights", looks=csv_header("Alert ID", "Title", "Network Type", "Source URL"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="IntSights")
    for row in rows:
        for asset in row.assets.replace(";", ",").split(","):
            yield _finding(row, asset.strip(), _moment(row.found))


@lru_cache(maxsize=4096)
def _place(asset: str) -> Location | None:
    return place(asset) if "." in asset and " " not in asset else None


def _finding(row: Row, asset: str, seen: str) -> Finding:
    return Finding(
        rule=row.sort or row.type or "alert",
        title=row.title,
        severity=severity(row.severity),
        severity_given=row.severity,
        location=_place(asset),
        description=described(
            ("", row.description), ("Asset", row.assets), ("Source", row.source), ("Additional info", row.more)
        ),
        vulnerabilities=vulnerability_ids(row.title, row.description),
        references=references(row.link, row.source),
        fingerprints=(("id", f"{row.id} {asset}".strip()),),
        tags=tuple(word for word in (row.type, row.sort, row.network) if word),
        baseline="absent" if row.status.lower() == "closed" else "",
        seen_at=seen,
    )


@lru_cache(maxsize=1024)
def _moment(text: str) -> str:
    """Return a time of the table, which writes the month first (`1/21/19 15:55`)."""
    try:
        return datetime.strptime(text.strip(), "%m/%d/%y %H:%M").strftime("%Y-%m-%dT%H:%M:00Z")  # noqa: DTZ007
    except ValueError:
        return moment(text)
