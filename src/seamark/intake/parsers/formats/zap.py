"""ZAP: alerts on web applications; the XML and JSON reports, with and without requests and answers."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Confidence,
    Exchange,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Verification,
    WebLocation,
    Xml,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
    severity,
    variant,
    xml_root,
)

RISKS = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH}
CONFIDENCES = {"1": Confidence.LOW, "2": Confidence.MEDIUM, "3": Confidence.HIGH, "4": Confidence.HIGH}
VERIFICATIONS = {"0": Verification.REFUTED, "4": Verification.VERIFIED}
CONFIDENCE_WORDS = {
    "false positive": "0",
    "low": "1",
    "medium": "2",
    "high": "3",
    "confirmed": "4",
    "user confirmed": "4",
}

_BREAK = re.compile(r"</p>\s*<p>|<br\s*/?>|</li>|</p>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|br|ul|ol|li|b|i|em|strong|a|code|pre|div|span)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_SITE = re.compile(r"[a-zA-Z][\w+.-]*://[^/?#]+")
_ATTRIBUTE = re.compile(r"""(programName|version|generated)\s*=\s*["']([^"']*)["']""")


class Instance(Struct):
    uri: str = ""
    method: str = ""
    param: str = ""
    attack: str = ""
    evidence: str = ""
    otherinfo: str = ""
    node_name: str = field(name="nodeName", default="")
    requestheader: str = ""
    requestbody: str = ""
    responseheader: str = ""
    responsebody: str = ""
    request_header: str = field(name="request-header", default="")
    request_body: str = field(name="request-body", default="")
    response_header: str = field(name="response-header", default="")
    response_body: str = field(name="response-body", default="")


class Instances(Struct):
    instance: list[Instance] | Instance | str | None = None


class Tag(Struct):
    tag: str = ""
    link: str = ""


class Tags(Struct):
    tag: Any = None


class Alert(Struct):
    pluginid: str | int
    alert_ref: str | int = field(name="alertRef", default="")
    alert: str = ""
    name: str = ""
    riskcode: str | int = ""
    confidence: str | int = ""
    reliability: str | int = ""
    riskdesc: str = ""
    desc: str = ""
    instances: list[Instance] | Instances | str | None = None
    solution: str = ""
    otherinfo: str = ""
    reference: str = ""
    cweid: str | int = ""
    wascid: str | int = ""
    systemic: bool | str = False
    tags: list[Tag] | Tags | str | None = None
    uri: str = ""
    method: str = ""
    param: str = ""
    attack: str = ""
    evidence: str = ""


@parser(
    "zap",
    title="ZAP",
    kind=Kind.WEB,
    looks=xml_root("OWASPZAPReport"),
    made_with="zap.sh -cmd -quickurl https://example.com -quickout /tmp/zap.xml",
    url="https://www.zaproxy.org/docs/desktop/addons/report-generation/",
    versions="2.3 to 2.16",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    said = dict(_ATTRIBUTE.findall(_root_tag(reading.source.head(8192))))
    yield Run(
        tool="ZAP",
        version=said.get("version", ""),
        scope=_scope(document.each("alertitem", row=Alert)),
        finished=moment(said.get("generated", "")),
    )
    for alert in document.each("alertitem", row=Alert):
        yield from _findings(alert, "")


def _scope(alerts: Iterable[Alert]) -> tuple[str, ...] | None:
    """Return the sites that were looked at as far as the report proves it: one without any alert may not have answered."""
    uris = (instance.uri for alert in alerts for instance in _instances(alert))
    sites = dict.fromkeys(found[0] for uri in uris if (found := _SITE.match(uri)))
    return tuple(entry for site in sites for entry in (site, f"{site}/")) or None


def _root_tag(head: bytes) -> str:
    text = head.decode("utf-8", "replace")
    start = text.find("<OWASPZAPReport")
    return text[start : text.find(">", start)]


class Site(Struct):
    alerts: list[Alert] | None = None
    name: str = field(name="@name", default="")


class Report(Struct):
    site: list[Site] | Site | None
    version: str = field(name="@version", default="")
    generated: str = field(name="@generated", default="")
    created: str = ""


def _is_json(probe: Probe) -> bool:
    if {"vulnerabilities", "scan"} & probe.keys:  # GitLab's DAST report keeps ZAP's own inside
        return False
    site = probe.get("site.0") or probe.get("site")
    if not site:
        return bool(probe.get("@programName") == "ZAP")
    return isinstance(site, dict) and "alerts" in site and "@name" in site


@variant("zap", looks=json_object("site", "@version", where=_is_json))
def read_json(report: Report) -> Iterator[Item]:
    sites = [report.site] if isinstance(report.site, Site) else report.site or []
    yield Run(
        tool="ZAP",
        version=report.version,
        scope=_scope(alert for site in sites for alert in site.alerts or ()),
        finished=moment(report.created) or moment(report.generated),
    )
    for site in sites:
        for alert in site.alerts or ():
            yield from _findings(alert, site.name)


def _findings(alert: Alert, site: str) -> Iterator[Finding]:
    instances = _instances(alert)
    about = _about(alert)
    for instance in instances or [Instance(uri=site)]:
        yield _finding(alert, instance, about)


def _instances(alert: Alert) -> list[Instance]:
    given = alert.instances
    if isinstance(given, Instances):
        nested = given.instance
        given = nested if isinstance(nested, list) else [nested] if isinstance(nested, Instance) else None
    if isinstance(given, list) and given:
        return given
    if alert.uri:  # until 2.4, an alert was one instance
        return [
            Instance(
                uri=alert.uri, method=alert.method, param=alert.param, attack=alert.attack, evidence=alert.evidence
            )
        ]
    return []


def _finding(alert: Alert, instance: Instance, about: Rule) -> Finding:
    confidence = str(alert.confidence) or str(alert.reliability)  # as it was called until 2.3
    confidence = CONFIDENCE_WORDS.get(confidence.lower(), confidence)
    request = _message(instance.requestheader or instance.request_header, instance.requestbody or instance.request_body)
    answer = _message(
        instance.responseheader or instance.response_header, instance.responsebody or instance.response_body
    )
    return Finding(
        rule=about.id,
        title=about.title,
        severity=RISKS.get(str(alert.riskcode)) or severity(_given(alert) or None),
        severity_given=_given(alert),
        location=WebLocation(url=instance.uri, method=instance.method.upper(), parameter=instance.param),
        about=about,
        description=_description(instance, alert.otherinfo),
        confidence=CONFIDENCES.get(confidence),
        cwes=about.cwes,
        verification=VERIFICATIONS.get(confidence),
        exchange=Exchange(request=request, response=answer) if request or answer else None,
        tags=("systemic",) if str(alert.systemic).lower() == "true" else (),
    )


def _given(alert: Alert) -> str:
    """Return the risk in words: it is written together with the confidence (`Medium (High)`)."""
    return alert.riskdesc.partition(" (")[0].strip() or str(alert.riskcode)


def _message(header: str, body: str) -> str:
    header = header.strip()
    return f"{header}\n\n{body}".strip() if header else body.strip()


def _description(instance: Instance, common: str) -> str:
    other = plain(instance.otherinfo or common)
    parts = (("Attack", instance.attack), ("Evidence", instance.evidence), ("Other information", other))
    return "\n".join(f"{name}: {text}" for name, text in parts if text)


def _about(alert: Alert) -> Rule:
    plugin, wasc = str(alert.pluginid), str(alert.wascid)
    tags, links = _tags(alert.tags)
    if wasc.isdigit() and wasc != "0":
        tags.append(f"WASC-{wasc}")
    title = alert.alert or alert.name or f"ZAP alert {plugin}"
    identifier = str(alert.alert_ref) or plugin
    return Rule(
        id=identifier,
        name=alert.name or alert.alert,
        title=title,
        description=plain(alert.desc),
        remedy=plain(alert.solution),
        cwes=cwe_ids(str(alert.cweid)),
        tags=tuple(tags),
        references=references(plain(alert.reference), links),
    )


def _tags(given: list[Tag] | Tags | str | None) -> tuple[list[str], list[str]]:
    """Return names and links. The XML nests `tag` in `tag`, which makes a text, an object or a list of them."""
    if isinstance(given, list):
        return [entry.tag for entry in given if entry.tag], [entry.link for entry in given if entry.link]
    if not isinstance(given, Tags):
        return [], []
    entries = given.tag if isinstance(given.tag, list) else [given.tag]
    names = [entry.get("tag") if isinstance(entry, dict) else entry for entry in entries]
    links = [entry.get("link") for entry in entries if isinstance(entry, dict)]
    return [name for name in names if isinstance(name, str) and name], [link for link in links if isinstance(link, str)]


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return a text without the paragraph marks in which ZAP writes its explanations."""
    if "<" not in text:
        return text.strip()
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).strip()


class ApiAlert(Struct):
    alert: str
    url: str
    risk: str
    plugin_id: str | int = field(name="pluginId", default="")
    alert_ref: str | int = field(name="alertRef", default="")
    confidence: str = ""
    method: str = ""
    param: str = ""
    attack: str = ""
    evidence: str = ""
    other: str = ""
    description: str = ""
    solution: str = ""
    reference: str = ""
    cweid: str | int = ""
    wascid: str | int = ""
    name: str = ""
    tags: dict[str, str] | list[Any] | None = None


class ApiAlerts(Struct):
    alerts: list[ApiAlert] | None = None
    vulnerabilities: list[ApiAlert] | None = None


def _is_api(probe: Probe) -> bool:
    row = probe.get("alerts.0") or probe.get("vulnerabilities.0")
    return isinstance(row, dict) and {"pluginId", "wascid", "cweid", "url", "risk"} <= row.keys()


@variant("zap", looks=json_object(where=_is_api))
def read_api(answer: ApiAlerts) -> Iterator[Item]:
    yield Run(tool="ZAP")
    for row in answer.alerts or answer.vulnerabilities or ():
        tags = row.tags if isinstance(row.tags, dict) else {}
        yield from _findings(
            Alert(
                pluginid=row.plugin_id,
                alert_ref=row.alert_ref,
                alert=row.alert,
                name=row.name,
                confidence=row.confidence,
                riskdesc=row.risk,
                desc=row.description,
                solution=row.solution,
                otherinfo=row.other,
                reference=row.reference,
                cweid=row.cweid,
                wascid=row.wascid,
                tags=[Tag(tag=name, link=link) for name, link in tags.items()],
                uri=row.url,
                method=row.method,
                param=row.param,
                attack=row.attack,
                evidence=row.evidence,
            ),
            "",
        )
