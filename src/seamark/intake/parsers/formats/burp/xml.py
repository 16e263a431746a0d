"""Burp Suite: the XML in which issues are exported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.formats._web import decoded, joined, listed, plain
from seamark.intake.parsers.formats.burp.common import confidence_of, entry_point, graded, method_of, rule, web
from seamark.intake.parsers.kit import Exchange, Finding, Item, Kind, Reading, Run, Xml, parser, xml_root
from seamark.intake.parsers.kit.texts import described

_ATTRIBUTE = re.compile(r"""(burpVersion|exportTime)\s*=\s*["']([^"']*)["']""")


class Host(Struct):
    url: str = field(name="#text", default="")
    ip: str = field(name="@ip", default="")


class Message(Struct):
    text: str = field(name="#text", default="")
    method: str = field(name="@method", default="")
    base64: str = field(name="@base64", default="")


class Traffic(Struct):
    request: Message | str | None = None
    response: Message | str | None = None
    response_redirected: str = field(name="responseRedirected", default="")


class Items(Struct):
    item: list[str] | str | None = field(name="issueDetailItem", default=None)


class Issue(Struct, rename="camel"):
    name: str
    host: Host | str
    type: str = ""
    serial_number: str = ""
    path: str = ""
    location: str = ""
    severity: str = ""
    confidence: str = ""
    issue_background: str = ""
    remediation_background: str = ""
    references: str = ""
    vulnerability_classifications: str = ""
    issue_detail: str = ""
    issue_detail_items: Items | str | None = None
    remediation_detail: str = ""
    requestresponse: list[Traffic] | Traffic | str | None = None
    collaborator_event: Any = None
    static_analysis: Any = None
    dynamic_analysis: Any = None


@parser(
    "burp",
    title="Burp",
    kind=Kind.WEB,
    looks=xml_root("issues", where=lambda probe: b"burpVersion" in probe.source.head(16384)),
    made_with="Burp Suite: Target > Issues > Report issues for this host, as XML",
    url="https://portswigger.net/burp/documentation/desktop/automated-scanning/reporting-results",
    versions="1.6 to 2024",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    said = dict(_ATTRIBUTE.findall(reading.source.head(16384).decode("utf-8", "replace")))
    yield Run(tool="Burp", version=said.get("burpVersion", ""))
    for issue in document.each("issue", row=Issue):
        yield _finding(issue)


def _finding(issue: Issue) -> Finding:
    host = issue.host if isinstance(issue.host, str) else issue.host.url
    path, parameter = entry_point(issue.location or issue.path)
    request, response, method = _exchange(issue.requestresponse)
    severity, suppression, verification = graded(issue.severity)
    about = rule(
        issue.type,
        issue.name,
        issue.issue_background,
        issue.remediation_background,
        issue.references,
        issue.vulnerability_classifications,
    )
    return Finding(
        rule=about.id,
        title=issue.name,
        severity=severity,
        severity_given=issue.severity,
        location=web(joined(host, issue.path or path), method, parameter),
        about=about,
        description=described(("", plain(issue.issue_detail)), *_details(issue)),
        remedy=plain(issue.remediation_detail),
        confidence=confidence_of(issue.confidence),
        cwes=about.cwes,
        suppression=suppression,
        verification=verification,
        exchange=Exchange(request=request, response=response) if request or response else None,
        fingerprints=(("serialNumber", issue.serial_number),) if issue.serial_number else (),
    )


def _details(issue: Issue) -> list[tuple[str, str | None]]:
    items = issue.issue_detail_items
    return [("", plain(text)) for text in listed(items.item if isinstance(items, Items) else items)]


def _exchange(given: list[Traffic] | Traffic | str | None) -> tuple[str, str, str]:
    """Return the first request, its answer and its method."""
    for traffic in listed(given):
        if isinstance(traffic, Traffic):
            request, method = _message(traffic.request)
            response, _ = _message(traffic.response)
            return request, response, method or method_of(request)
    return "", "", ""


def _message(message: Message | str | None) -> tuple[str, str]:
    if message is None or isinstance(message, str):
        return message or "", ""
    text = decoded(message.text) if message.base64.lower() == "true" else message.text
    return text, message.method
