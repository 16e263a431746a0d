"""StackHawk: findings of a HawkScan, as the message that its webhook sends."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import joined
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Suppression,
    WebLocation,
    json_object,
    moment,
    parser,
    references,
    severity,
)

SET_ASIDE = {"FALSE_POSITIVE": "false positive", "RISK_ACCEPTED": "risk accepted"}


class Path(Struct):
    path: str
    method: str | None = ""
    status: str | None = ""
    path_url: str | None = field(name="pathURL", default="")


class Alert(Struct, rename="camel"):
    plugin_id: str | int
    plugin_name: str
    severity: str
    host: str = ""
    category: str | None = ""
    finding_url: str | None = field(name="findingURL", default="")
    paths: list[Path] | None = None


class Scan(Struct, rename="camel"):
    id: str = ""
    hawkscan_version: str | None = ""
    env: str | None = ""
    application: str | None = ""
    status: str | None = ""
    started_timestamp: str | None = ""


class Completed(Struct):
    scan: Scan
    findings: list[Alert] | None


class Report(Struct, rename="camel"):
    scan_completed: Completed
    service: str = ""


@parser(
    "stackhawk",
    title="StackHawk",
    kind=Kind.WEB,
    looks=json_object("service", "scanCompleted.scan", "scanCompleted.findings"),
    made_with="StackHawk: Integrations > Webhook, the message of a completed scan",
    url="https://docs.stackhawk.com/workflow-integrations/webhook.html",
    versions="HawkScan 2",
)
def read(report: Report) -> Iterator[Item]:
    scan = report.scan_completed.scan
    status = (scan.status or "").upper()
    yield Run(
        tool="StackHawk",
        version=scan.hawkscan_version or "",
        configuration=" ".join(word for word in (scan.application, scan.env) if word),
        successful=None if not status else status == "COMPLETED",
        started=moment(scan.started_timestamp),
    )
    seen: set[str] = set()  # some messages tell every finding twice
    for alert in report.scan_completed.findings or ():
        about = Rule(
            id=str(alert.plugin_id),
            name=alert.plugin_name,
            title=alert.plugin_name,
            tags=(alert.category,) if alert.category else (),
            references=references(alert.finding_url),
        )
        for path in alert.paths or [Path(path="")]:
            if not path.path_url or path.path_url not in seen:
                yield _finding(alert, path, about)
            seen.add(path.path_url or "")


def _finding(alert: Alert, path: Path, about: Rule) -> Finding:
    aside = SET_ASIDE.get((path.status or "").upper(), "")
    return Finding(
        rule=about.id,
        title=alert.plugin_name,
        severity=severity(alert.severity),
        severity_given=alert.severity,
        location=WebLocation(url=joined(alert.host, path.path), method=(path.method or "").upper()),
        about=about,
        suppression=Suppression(origin="tool", justification=aside) if aside else None,
        references=references(path.path_url),
    )
