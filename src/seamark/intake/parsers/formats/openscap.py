"""OpenSCAP and other XCCDF scanners: hosts measured against a benchmark; XCCDF 1.1 and 1.2 results, and ARF."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    Xml,
    cwe_ids,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_RESULT = re.compile(rb"<(?:[\w.-]+:)?TestResult\s[^>]*>")
_ATTRIBUTE = re.compile(rb"""\b(start-time|end-time|test-system)\s*=\s*["']([^"']*)["']""")
_OUTCOME = re.compile(rb"<(?:[\w.-]+:)?result>\s*(\w+)\s*</")
_SCAP = re.compile(rb"xccdf|asset-reporting-format", re.IGNORECASE)


def _is_scap(probe: Probe) -> bool:
    return bool(_SCAP.search(probe.source.head(65536)))


@parser(
    "openscap",
    title="OpenSCAP",
    kind=Kind.MISCONFIGURATION,
    looks=xml_root("Benchmark", "TestResult", "asset-report-collection", where=_is_scap),
    made_with="oscap xccdf eval --profile cis --results-arf arf.xml ssg-rhel9-ds.xml",
    url="https://csrc.nist.gov/projects/security-content-automation-protocol/specifications/xccdf",
    versions="XCCDF 1.1 and 1.2, ARF 1.1",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    data = reading.source.data
    heads = _RESULT.findall(data)
    if not heads:
        raise UnreadableReport(
            "The benchmark holds no results", hint="run oscap xccdf eval with --results or --results-arf"
        )
    facts = dict(_ATTRIBUTE.findall(heads[0]))
    outcomes = [found.decode() for found in _OUTCOME.findall(data)]
    unknown = [word for word in outcomes if word in {"error", "unknown"}]
    ran = [word for word in outcomes if word not in {"notselected", "notapplicable", "notchecked"}]
    yield Run(
        tool="OpenSCAP",
        successful=False if outcomes and not ran else None,
        complete=False if unknown else None,
        problems=(f"{len(unknown)} rules ended in an error or without an answer",) if unknown else (),
        started=moment(facts.get(b"start-time", b"").decode("utf-8", "replace")),
        finished=moment(facts.get(b"end-time", b"").decode("utf-8", "replace")),
    )
    rules = {element.get("id", ""): _rule(element) for element in document.each("Rule")}
    host = ""
    for element in document.each("target", "rule-result"):
        above = element.getparent()
        if above is None or _local(above.tag) != "TestResult":
            continue
        if _local(element.tag) == "target":
            host = host if element.getprevious() is not None and _is_target(element.getprevious()) else _words(element)
        elif (found := _finding(element, host, rules)) is not None:
            yield found


@lru_cache(maxsize=1024)
def _local(tag: object) -> str:
    """Return an element's name without its namespace."""
    return str(tag).rpartition("}")[2]


def _is_target(element: etree._Element | None) -> bool:
    return element is not None and _local(element.tag) == "target"


def _words(element: etree._Element | None) -> str:
    if element is None:
        return ""
    return " ".join("".join(str(text) for text in element.itertext()).split())


def _children(element: etree._Element, *names: str) -> list[etree._Element]:
    return [child for child in element if isinstance(child.tag, str) and _local(child.tag) in names]


def _first(element: etree._Element, *names: str) -> str:
    found = _children(element, *names)
    return _words(found[0]) if found else ""


def _rule(element: etree._Element) -> tuple[Rule, str, str]:
    """Return what a benchmark says of a rule, its severity, and its identifiers."""
    idents = [_words(one) for one in _children(element, "ident")]
    links = [one.get("href", "") for one in _children(element, "reference")]
    texts = [_words(one) for one in _children(element, "reference")]
    rule = Rule(
        id=element.get("id", ""),
        title=_first(element, "title"),
        description=described(("", _first(element, "description")), ("Rationale", _first(element, "rationale"))),
        remedy=_first(element, "fixtext"),
        cwes=cwe_ids(*idents, *texts),
        tags=tuple(dict.fromkeys(text for text in (*idents, *texts) if text and len(text) < 60))[:50],
        references=references(links),
    )
    return rule, element.get("severity", ""), "\n".join(idents)


def _finding(element: etree._Element, host: str, rules: dict[str, tuple[Rule, str, str]]) -> Finding | None:
    result = _first(element, "result").lower()
    for override in _children(element, "override"):
        result = (
            _first(override, "new-result").lower() or result
            if result == _first(override, "old-result").lower()
            else result
        )
    if result not in {"fail", "fixed"}:
        return None
    identifier = element.get("idref", "")
    about, usual, idents = rules.get(identifier, (Rule(id=identifier), "", ""))
    own = "\n".join(_words(one) for one in _children(element, "ident"))
    given = element.get("severity", "") or usual
    instances = [f"{one.get('context', '')} {_words(one)}".strip() for one in _children(element, "instance")]
    ids = vulnerability_ids(own, idents)
    return Finding(
        rule=identifier,
        title=about.title or identifier,
        severity=Severity.MEDIUM if given.lower() in {"", "unknown"} else severity(given),
        severity_given=given,
        kind=Kind.HOST if ids else None,
        location=HostLocation(host=host) if host else None,
        about=about,
        description=described(
            ("Instance", ", ".join(instances)),
            ("Message", "\n".join(_words(one) for one in _children(element, "message"))),
        ),
        remedy="" if about.remedy else _first(element, "fix"),
        cwes=about.cwes,
        vulnerabilities=ids,
        baseline="absent" if result == "fixed" else "",
        seen_at=moment(element.get("time", "")),
    )
