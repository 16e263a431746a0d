"""Nexpose and InsightVM: flaws of hosts; the XML export 2.0 (and Nexpose Simple's predecessor of it)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from msgspec import Struct

from seamark.intake.parsers.formats._hosts import scanned, service
from seamark.intake.parsers.kit import (
    Confidence,
    Cvss,
    Finding,
    HostLocation,
    Item,
    Kind,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    Verification,
    Xml,
    cvss,
    moment,
    parser,
    references,
    severity,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_SCAN = re.compile(rb"<scan\s[^>]*>")
_NODE = re.compile(rb"""<node\s[^>]*?address\s*=\s*["']([^"']{1,200})["']""")
_STATUS = re.compile(rb"""status\s*=\s*["']([^"']*)["']""")
_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})")
_STATES = {"vulnerable-exploited", "vulnerable-version", "vulnerable-potential", "potential", "vulnerable"}


class Definition(Struct):
    about: Rule
    score: str
    ids: tuple[str, ...]
    ratings: tuple[Cvss, ...]


@parser(
    "nexpose",
    title="Nexpose",
    kind=Kind.HOST,
    looks=xml_root("NexposeReport"),
    made_with="a report of the format XML Export 2.0",
    url="https://docs.rapid7.com/nexpose/understanding-report-content/",
    versions="XML Export 1.0 and 2.0",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    data = reading.source.data
    states = [found[1].decode() for tag in _SCAN.findall(data) if (found := _STATUS.search(tag))]
    broken = [state for state in states if state not in {"finished", "completed", "success"}]
    yield Run(
        tool="Nexpose",
        successful=False if states and len(broken) == len(states) else True if states else None,
        complete=False if broken else None,
        problems=tuple(f"A scan's state is {state}" for state in broken[:50]),
        scope=scanned(found.decode("utf-8", "replace") for found in _NODE.findall(data)),
    )
    known = {
        element.get("id", "").lower(): _definition(element)
        for element in document.each("vulnerability")
        if element.get("id")
    }
    for element in document.each("test"):
        status = element.get("status", "")
        accepted = status.startswith("exception-")
        if status.removeprefix("exception-") in _STATES:
            yield _finding(element, status, known, accepted=accepted)


def _definition(element: etree._Element) -> Definition:
    refs = [(ref.get("source", ""), (ref.text or "").strip()) for ref in element.iterfind(".//reference")]
    rule = Rule(
        id=element.get("id", ""),
        title=element.get("title", ""),
        description=_words(element.find("description")),
        remedy=_words(element.find("solution")),
        tags=tuple(
            dict.fromkeys(
                [
                    *(tag.text for tag in element.iterfind("tags/tag") if tag.text),
                    *(f"{source}:{text}" for source, text in refs if source not in {"CVE", "URL"}),
                ]
            )
        )[:50],
        references=references([text for source, text in refs if source == "URL"]),
    )
    ratings = (
        cvss(element.get("cvssV3Vector") or element.get("cvssVectorV3"), element.get("cvssV3Score")),
        cvss(element.get("cvssVector"), element.get("cvssScore")),
    )
    return Definition(
        about=rule,
        score=element.get("severity", ""),
        ids=vulnerability_ids([text for source, text in refs if source == "CVE"]),
        ratings=tuple(rating for rating in ratings if rating),
    )


def _words(element: etree._Element | None) -> str:
    """Return the text of Nexpose's own mark-up, a block a line."""
    if element is None:
        return ""
    texts = (" ".join(str(part).split()) for part in element.itertext())
    return "\n".join(text for text in texts if text)


def _grade(score: str) -> Severity:
    """Return the severity for Nexpose's own score from 1 to 10, which is graded as CVSS is."""
    rating = cvss("", score)
    return severity(rating.score) if rating else Severity.MEDIUM


def _finding(element: etree._Element, status: str, known: dict[str, Definition], *, accepted: bool) -> Finding:
    rule = element.get("id", "")
    found = known.get(rule.lower())
    key = element.get("key", "")
    return Finding(
        rule=rule,
        title=(found.about.title if found else "") or rule,
        severity=_grade(found.score) if found else Severity.MEDIUM,
        severity_given=found.score if found else "",
        location=_place(element),
        about=found.about if found else None,
        description=described(("", _words(element)), ("Key", key)),
        confidence=Confidence.LOW if "potential" in status else None,
        vulnerabilities=found.ids if found else (),
        cvss=found.ratings if found else (),
        verification=Verification.VERIFIED if status.endswith("exploited") else None,
        suppression=Suppression(origin="tool", justification="vulnerability exception") if accepted else None,
        tags=(status,),
        seen_at=_moment(element.get("vulnerable-since", "")),
    )


def _moment(text: str) -> str:
    found = _TIME.match(text)
    return moment("{}-{}-{}T{}:{}:{}+00:00".format(*found.groups())) if found else ""


def _place(element: etree._Element) -> HostLocation:
    port = protocol = host = ""
    for above in element.iterancestors("endpoint", "node"):
        if above.tag == "endpoint":
            port, protocol = above.get("port", ""), above.get("protocol", "")
        else:
            host = above.get("address", "")
            break
    return service(host, port, protocol)
