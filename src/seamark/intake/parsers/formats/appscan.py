"""AppScan of HCL, IBM before that: issues of dynamic scans, as the XML of AppScan Standard and Enterprise."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from msgspec import Struct

from seamark.intake.parsers.kit import (
    Cvss,
    Exchange,
    Finding,
    Item,
    Kind,
    Location,
    Rule,
    Run,
    Severity,
    WebLocation,
    Xml,
    cvss,
    cwe_ids,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

LEVELS = {"0": Severity.INFO, "1": Severity.LOW, "2": Severity.MEDIUM, "3": Severity.HIGH, "6": Severity.CRITICAL}
PARTS = {"parameter", "cookie", "header"}
_MARKS = re.compile(r"--(?:begin|end)_(?:highlight|mark)_tag--")
_SHARED = {
    "issue-type-group",
    "url-group",
    "entity-group",
    "cause-group",
    "security-risk-group",
    "remediation-group",
    "threat-class-group",
    "fix-recommendation-group",
    "advisory-group",
}


class Shared(Struct):
    """What the report says once, by the names of its groups and items."""

    rules: dict[str, Rule]
    cves: dict[str, tuple[str, ...]]
    urls: dict[str, str]
    entities: dict[str, tuple[str, str, str]]
    texts: dict[str, dict[str, str]]
    said: dict[str, str]


@parser(
    "appscan",
    title="AppScan",
    kind=Kind.WEB,
    looks=xml_root(
        "xml-report", where=lambda probe: b'technology="DAST"' in probe.source.head(4096).replace(b"'", b'"')
    ),
    made_with="AppScan: Report > Security report, as XML",
    url="https://help.hcl-software.com/appscan/Standard/index.html",
    versions="9.0 to 10.4",
)
def read(document: Xml) -> Iterator[Item]:
    shared = _collect(document)
    said = shared.said
    yield Run(
        tool=said.get("product-name", "") if "AppScan" in said.get("product-name", "") else "AppScan",
        version=said.get("product-version", ""),
        configuration=said.get("scan-name", ""),
        started=moment(said.get("scan-date-and-time-iso", "")),
    )
    version = said.get("cvss-version", "")
    traffic: list[tuple[str, str, str]] = []
    for item in document.each("item"):
        parent = _name_of(item.getparent())
        if parent == "variant-group":
            traffic.append((_of(item, "test-http-traffic"), _of(item, "reasoning"), _difference(item)))
        elif parent == "issue-group":
            yield _finding(item, shared, traffic, version)
            traffic = []


def _collect(document: Xml) -> Shared:
    shared = Shared({}, {}, {}, {}, {}, {})
    raw: dict[str, dict[str, Any]] = {}
    names = ("product-name", "product-version", "scan-date-and-time-iso", "cvss-version", "scan-name", "item")
    for element in document.each(*names):
        name = _name_of(element)
        if name != "item":
            shared.said.setdefault(name, (element.text or "").strip())
            continue
        group, key = _name_of(element.getparent()), str(element.get("id") or "")
        if group not in _SHARED:
            continue
        if group == "url-group":
            shared.urls[key] = _of(element, "name")
        elif group == "entity-group":
            shared.entities[key] = (_of(element, "name"), _of(element, "entity-type"), _of(element, "url-name"))
        elif group == "issue-type-group":
            raw[key] = _issue_type(element)
            shared.cves[key] = vulnerability_ids(*_all(element, "cve"))
        else:
            text = _of(element, "name") if group == "remediation-group" else _texts(_told(element))
            shared.texts.setdefault(group, {})[key] = text
    for key, kind in raw.items():
        shared.rules[key] = _rule(key, kind, shared.texts)
    return shared


def _issue_type(element: etree._Element) -> dict[str, Any]:
    return {
        "name": _of(element, "name"),
        "cwe": _all(element, "cwe"),
        **{
            name: _ref(element, name)
            for name in ("advisory", "fix-recommendation", "threat-class", "remediation", "causes", "security-risks")
        },
    }


def _rule(key: str, kind: dict[str, Any], texts: dict[str, dict[str, str]]) -> Rule:
    def text(group: str, name: str) -> str:
        return texts.get(group, {}).get(kind[name], "")

    advisory = text("advisory-group", "advisory")
    fix = text("fix-recommendation-group", "fix-recommendation")
    threat = text("threat-class-group", "threat-class")
    return Rule(
        id=key,
        name=kind["name"] or key,
        title=kind["name"] or key,
        description=described(
            ("", advisory),
            ("Risk", text("security-risk-group", "security-risks")),
            ("Cause", text("cause-group", "causes")),
        ),
        remedy=described(("", text("remediation-group", "remediation")), ("", fix)),
        cwes=cwe_ids(*kind["cwe"]),
        tags=(threat,) if threat else (),
        references=references(fix, advisory),
    )


def _finding(item: etree._Element, shared: Shared, traffic: list[tuple[str, str, str]], version: str) -> Finding:
    key = _ref(item, "issue-type") or _of(item, "issue-type")
    about = shared.rules.get(key) or Rule(id=key, title=key)
    word, level = _of(item, "severity"), _of(item, "severity-id")
    given = word or level
    sent, why, changed = traffic[0] if traffic else ("", "", "")
    request, response = _exchange(sent)
    rating = _rating(item, version)
    cause = shared.texts.get("cause-group", {}).get(_ref(item, "cause-id"), "")
    number = str(item.get("id") or "")
    return Finding(
        rule=about.id,
        title=about.title,
        severity=LEVELS.get(level) or severity(word or None),
        severity_given=given,
        location=_place(item, shared, request),
        about=about,
        description=described(("", why), ("Changed", changed), ("Cause", cause)),
        cwes=cwe_ids(*_all(item, "cwe")) or about.cwes,
        vulnerabilities=shared.cves.get(key, ()),
        cvss=(rating,) if rating else (),
        exchange=Exchange(request=request, response=response) if request or response else None,
        fingerprints=(("issue", number),) if number else (),
    )


def _place(item: etree._Element, shared: Shared, request: str) -> Location | None:
    url = shared.urls.get(_ref(item, "url"), "")
    name, sort, home = shared.entities.get(_ref(item, "entity"), ("", "", ""))
    url = url or home
    if not url:
        return None
    node = _child(item, "url")
    method = str(node.get("original_request_method") or "") if node is not None else ""
    line = request.partition(" ")[0]
    method = method or (line if line.isalpha() and line.isupper() else "")
    part = any(word in sort.lower() for word in PARTS)
    return WebLocation(url=url, method=method.upper(), parameter=name if part else "")


def _rating(item: etree._Element, version: str) -> Cvss | None:
    score = _of(item, "cvss-score") or None
    node = _child(item, "cvss-vector")
    if node is None:
        return cvss("", score)
    vector = _of(node, "vector") or _of(node, "base-vector")
    if vector and not vector.startswith("CVSS:") and "PR:" in vector:
        # Written without its prefix, whose version stands at the head of the report.
        vector = f"CVSS:{'3.0' if version.startswith('3.0') else '3.1'}/{vector}"
    return cvss(vector, score)


def _exchange(text: str) -> tuple[str, str]:
    """Return request and answer, which the report writes one after the other."""
    clean = _MARKS.sub("", text[:200_000]).strip()
    head, mark, rest = clean.partition("\nHTTP/")
    return (head.strip(), f"HTTP/{rest}".strip()) if mark else (clean, "")


def _difference(item: etree._Element) -> str:
    node = _child(item, "differences")
    parts = [] if node is None else [each for each in node if isinstance(each.tag, str)]
    return "; ".join(
        f"{each.get('name')}: {each.get('original') or ''} -> {each.get('altered') or ''}"
        for each in parts[:5]
        if each.get("name")
    )


def _name_of(element: etree._Element | None) -> str:
    return str(element.tag).rpartition("}")[2] if element is not None else ""


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return next((each for each in element if isinstance(each.tag, str) and _name_of(each) == name), None)


def _of(element: etree._Element, name: str) -> str:
    found = _child(element, name)
    return (found.text or "").strip() if found is not None else ""


def _all(element: etree._Element, name: str) -> list[str]:
    return [(each.text or "").strip() for each in element if isinstance(each.tag, str) and _name_of(each) == name]


def _ref(element: etree._Element, name: str) -> str:
    """Return what a child refers to: `<url><ref>12</ref></url>`."""
    found = _child(element, name)
    return _of(found, "ref") if found is not None else ""


def _told(element: etree._Element) -> etree._Element:
    """Return the part of an advisory that explains, or the very element where there is none."""
    advisory = _child(element, "advisory")
    told = _child(advisory, "testTechnicalDescription") if advisory is not None else None
    return told if told is not None and "".join(str(text) for text in told.itertext()).strip() else element


def _texts(element: etree._Element) -> str:
    """Return the texts of an item, a paragraph a line; of several languages and platforms the general ones."""
    general = _child(element, "general")
    parts = [str(text).strip() for text in (element if general is None else general).itertext()]
    return "\n".join(text for text in parts if text)[:16_000]
