"""The .nessus file, version 2, of Nessus, Tenable.io, Tenable.sc and Tenable's web application scanner."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from lxml import etree

from seamark.intake.parsers.formats._hosts import said, scanned, service
from seamark.intake.parsers.formats.nessus.common import Answer, finding
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    Xml,
    moment,
    parser,
    references,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_VERSION = re.compile(rb"Nessus version\s*:\s*(\d[\w.]*)")
_HOST = re.compile(rb"""<ReportHost\s[^>]*?name\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_REPORT = re.compile(rb"<Report[\s>/]")
_COMPLIANCE = "{http://www.nessus.org/cm}compliance-"
_RESULTS = {"FAILED": Severity.HIGH, "WARNING": Severity.MEDIUM, "ERROR": Severity.INFO}
_RATINGS = (
    ("cvss4_vector", "cvss4_base_score", "4"),
    ("cvss3_vector", "cvss3_base_score", "3"),
    ("cvss_vector", "cvss_base_score", "2"),
    ("", "cvssv3", "3"),
    ("", "cvss", "2"),
)
_FLAGS = (
    ("exploit_available", "exploit available"),
    ("exploited_by_malware", "exploited by malware"),
    ("exploit_framework_metasploit", "metasploit"),
    ("in_the_news", "in the news"),
    ("unsupported_by_vendor", "unsupported by vendor"),
)


@parser(
    "nessus",
    title="Nessus",
    kind=Kind.HOST,
    looks=xml_root("NessusClientData_v2"),
    made_with="the export of a scan as Nessus file or CSV",
    url="https://docs.tenable.com/nessus/Content/NessusFileFormat.htm",
    versions="5 to 10, Tenable.io, Tenable.sc and Tenable Web App Scanning",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    data = reading.source.data
    if _REPORT.search(data) is None:
        raise UnreadableReport("The file holds a policy and no report", hint="export a scan that has run")
    version = _VERSION.search(data)
    hosts = [html.unescape((one or other).decode("utf-8", "replace")) for one, other in _HOST.findall(data)]
    yield Run(tool="Nessus", version=version[1].decode() if version else "", scope=scanned(hosts))
    host, web, ended = "", False, ""
    for element in document.each("HostProperties", "ReportItem"):
        if element.tag == "HostProperties":
            above = element.getparent()
            host = str(above.get("name", "")) if above is not None else ""
            report = above.getparent() if above is not None else None
            web = report is not None and report.get("type") == "was"
            ended = next((moment(tag.text or "") for tag in element if tag.get("name") == "HOST_END"), "")
            continue
        if not host or element.getprevious() is None:
            above = element.getparent()
            host = str(above.get("name", host)) if above is not None else host
        facts = _facts(element)
        if f"{_COMPLIANCE}result" in facts:
            if (found := _compliance(element, facts, host, ended)) is not None:
                yield found
        else:
            yield finding(_answer(element, facts, host, ended, web=web))


def _facts(element: etree._Element) -> dict[str, list[str]]:
    """Return the texts of an item by the names of its children."""
    facts: dict[str, list[str]] = {}
    for child in element:
        if isinstance(child.tag, str) and child.text:
            facts.setdefault(child.tag, []).append(child.text)
    return facts


def _first(facts: dict[str, list[str]], name: str) -> str:
    found = facts.get(name)
    return found[0] if found else ""


def _answer(element: etree._Element, facts: dict[str, list[str]], host: str, ended: str, *, web: bool) -> Answer:
    plugin = element.get("pluginID", "")
    if not plugin:
        raise UnreadableReport("An item does not say which plug-in wrote it", where=f"line {element.sourceline}")
    return Answer(
        plugin=plugin,
        name=element.get("pluginName") or _first(facts, "plugin_name") or f"Plug-in {plugin}",
        host=host,
        severity=element.get("severity") or _first(facts, "risk_factor"),
        port=element.get("port", ""),
        protocol=element.get("protocol", ""),
        family=element.get("pluginFamily", ""),
        synopsis=_first(facts, "synopsis"),
        description=_first(facts, "description"),
        solution=_first(facts, "solution"),
        output=_first(facts, "plugin_output"),
        links="\n".join(facts.get("see_also", ())),
        ids=tuple(facts.get("cve", ())),
        cwes=tuple(f"CWE-{text}" for text in facts.get("cwe", ())),
        crosses=(*facts.get("xref", ()), *(f"BID:{text}" for text in facts.get("bid", ()))),
        cpe="\n".join(facts.get("cpe", ())),
        ratings=tuple(
            (_first(facts, vector) if vector else "", _first(facts, score), version)
            for vector, score, version in _RATINGS
            if (vector and vector in facts) or score in facts
        ),
        epss=_first(facts, "epss_score"),
        tags=tuple(label for name, label in _FLAGS if _first(facts, name) == "true"),
        seen_at=ended,
        web=web,
    )


def _compliance(element: etree._Element, facts: dict[str, list[str]], host: str, ended: str) -> Finding | None:
    """Return the finding for a check of a policy, None where it was passed."""

    def told(name: str) -> str:
        return _first(facts, _COMPLIANCE + name).strip()

    result = told("result").upper()
    if result not in _RESULTS:
        return None
    rule = told("check-id") or element.get("pluginID", "")
    name = told("check-name") or element.get("pluginName", "") or rule
    return Finding(
        rule=rule,
        title=name,
        severity=_RESULTS[result],
        severity_given=result,
        kind=Kind.MISCONFIGURATION,
        location=service(host, element.get("port"), element.get("protocol")),
        about=Rule(
            id=rule,
            title=name,
            description=told("info"),
            remedy=said(told("solution")),
            tags=tuple(tag.strip() for tag in told("reference").split(",") if tag.strip())[:50],
            references=references(told("see-also")),
        ),
        description=described(
            ("Found", told("actual-value")), ("Wanted", told("policy-value")), ("Benchmark", told("benchmark-name")),
            ("Error", told("error")),
        ),
        seen_at=ended,
    )  # fmt: skip
