"""AppScan on Cloud (ASoC): the XML report of an application or scan, with what its static and other engines found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Location,
    Probe,
    Rule,
    Run,
    Severity,
    Suppression,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    parser,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.shapes import local_name

_LEVELS = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "4": Severity.CRITICAL}
_SET_ASIDE = {"noise", "passed"}
_PLACE = re.compile(r"^(.*):(\d{1,9})$")


def _is_cloud(probe: Probe) -> bool:
    head = probe.source.head(4096).replace(b"'", b'"')
    return b"AsocXmlExportVersion" in head and b'technology="DAST"' not in head


@parser(
    "appscan-cloud",
    title="AppScan on Cloud",
    kind=Kind.CODE,
    looks=xml_root("xml-report", where=_is_cloud),
    made_with="AppScan on Cloud: Application > Reports > Security report, as XML",
    url="https://help.hcl-software.com/appscan/ASoC/",
    versions="export version 1.7",
)
def read(document: Xml) -> Iterator[Item]:
    names: dict[str, str] = {}
    for item in document.each("item"):
        if _parent(item) == "issue-type-group":
            names[item.get("id") or ""] = item.findtext("name") or ""
    yield Run(tool="AppScan on Cloud")
    seen: list[tuple[str, str]] = []
    remedy = ""
    for item in document.each("item"):
        parent = _parent(item)
        if parent == "variant-group":
            signature = item.findtext("issue-information/method-signature") or ""
            seen.append((signature, _snippet(item)))
        elif parent == "fix":
            remedy = item.findtext("remediation") or ""
        elif parent == "issue-group":
            if (item.findtext("status") or "").lower() != "fixed":
                yield _finding(item, names, seen, remedy)
            seen, remedy = [], ""


def _parent(item: etree._Element) -> str:
    parent = item.getparent()
    return local_name(parent) if parent is not None else ""


def _snippet(variant: etree._Element) -> str:
    found = variant.find(".//context/highlight")
    return (found.text or "") if found is not None else ""


def _finding(item: etree._Element, names: dict[str, str], seen: list[tuple[str, str]], remedy: str) -> Finding:
    text = item.findtext
    kind = text("issue-type/ref") or text("issue-type-name") or ""
    title = text("issue-type-name") or names.get(kind) or kind
    word, number = text("severity") or "", text("severity-id") or ""
    cwes = cwe_ids(tuple(each.text or "" for each in item.iterfind("cwe/ref")), text("cwe"))
    signature, snippet = seen[0] if seen else ("", "")
    about = _about(kind, title, remedy, cwes)
    cves = vulnerability_ids(item.get("cve"), text("cve"))
    status = text("status") or ""
    rating = (
        cvss(text("cvss-vector/vector"), text("cvss-score"))
        if text("cvss-score") or text("cvss-vector/vector")
        else None
    )
    identifier = text("asoc-issue-id") or item.get("id") or ""
    technology = (text("technology") or "").upper()
    return Finding(
        rule=about.id,
        title=title,
        severity=_LEVELS.get(number) or severity(word or None) if word.lower() != "critical" else Severity.CRITICAL,
        severity_given=word or number,
        kind=_kind(technology),
        location=_location(item, snippet or item.get("context") or ""),
        about=about,
        description=_description(signature, item),
        cwes=cwes,
        vulnerabilities=cves,
        cvss=(rating,) if rating else (),
        fingerprints=(("appscan-cloud", identifier),) if identifier else (),
        suppression=Suppression(origin="tool", justification=status) if status.lower() in _SET_ASIDE else None,
        tags=tuple(tag for tag in (technology, item.get("language") or "") if tag),
    )


def _kind(technology: str) -> Kind:
    return {"DAST": Kind.WEB, "IAST": Kind.WEB, "SCA": Kind.DEPENDENCY, "CONTAINER": Kind.CONTAINER}.get(
        technology, Kind.CODE
    )


@lru_cache(maxsize=4096)
def _about(kind: str, title: str, remedy: str, cwes: tuple[int, ...]) -> Rule:
    return Rule(id=kind or title, title=title, remedy=remedy, cwes=cwes)


def _location(item: etree._Element, snippet: str) -> Location | None:
    place = item.findtext("location") or ""
    if place.startswith(("http://", "https://")):
        return WebLocation(url=place, parameter=item.findtext("element") or "")
    path = item.findtext("source-file") or item.get("filename") or ""
    number = item.findtext("line") or ""
    if not path and (found := _PLACE.match(place)):
        path, number = found[1], number or found[2]
    path = path or place
    if not path:
        return None
    line = int(number) if number.isdecimal() and len(number) < 10 else None
    return CodeLocation(path=path, line=line or None, snippet=snippet, scope=item.get("caller") or "")


def _description(signature: str, item: etree._Element) -> str:
    parts = (("", signature), ("Source", item.get("source") or ""), ("Sink", item.get("sink") or ""))
    return "\n".join(f"{name}: {text}" if name else text for name, text in parts if text)
