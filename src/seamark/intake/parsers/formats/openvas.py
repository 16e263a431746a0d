"""OpenVAS and Greenbone: flaws of hosts; the XML report of GMP 7 to 22, and the CSV of the report formats of the same name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree
from msgspec import Struct, field

from seamark.intake.parsers.formats._hosts import said, scanned, service
from seamark.intake.parsers.kit import (
    Confidence,
    Csv,
    Cvss,
    Finding,
    Item,
    Kind,
    Probe,
    Reading,
    Rule,
    Run,
    Severity,
    Suppression,
    UnreadableReport,
    Xml,
    csv_header,
    cvss,
    moment,
    parser,
    references,
    severity,
    variant,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_STATUS = re.compile(rb"<scan_run_status>\s*([^<]*?)\s*<")
_START = re.compile(rb"<scan_start>\s*([^<]*?)\s*<")
_END = re.compile(rb"<scan_end>\s*([^<]*?)\s*<")
_HOST = re.compile(rb"<host>\s*<ip>\s*([^<\s]{1,100})\s*<")
_THREATS = {
    "critical": Severity.CRITICAL,
    "high": Severity.HIGH,
    "medium": Severity.MEDIUM,
    "low": Severity.LOW,
    "log": Severity.INFO,
    "none": Severity.INFO,
    "debug": Severity.INFO,
    "alarm": Severity.HIGH,
}
_BROKEN = {"stopped", "interrupted", "stop requested", "running", "requested", "queued", "new", "processing"}


def _is_report(probe: Probe) -> bool:
    head = probe.source.head(65536)
    return any(mark in head for mark in (b"<gmp", b"<omp", b"<scan_run_status", b"<results", b"<report_format"))


@parser(
    "openvas",
    title="OpenVAS",
    kind=Kind.HOST,
    looks=xml_root("report", "get_reports_response", where=_is_report),
    made_with='gvm-cli socket --xml \'<get_reports report_id="…" details="1" ignore_pagination="1"/>\'',
    url="https://docs.greenbone.net/API/GMP/gmp-22.4.html#element_report",
    versions="GMP 7 to 22.6",
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    data = reading.source.data
    if re.search(rb"<(?:results|result|scan_run_status)[\s>/]", data) is None:
        raise UnreadableReport("The file holds a report's heading without its results", hint="ask for details=1")
    problems = tuple(_problems(document)) if re.search(rb"<error>", data) else ()
    status = _text(_STATUS, data)
    yield Run(
        tool="OpenVAS",
        successful=None if not status else status.lower() == "done",
        problems=(*((f"The scan's state is {status}",) if status.lower() in _BROKEN else ()), *problems),
        complete=False if problems else None,
        scope=scanned(found.decode("utf-8", "replace") for found in _HOST.findall(data)),
        started=moment(_text(_START, data)),
        finished=moment(_text(_END, data)),
    )
    known: dict[str, Told] = {}
    for element in document.each("result"):
        above = element.getparent()
        if element.find("nvt") is None or (above is not None and above.tag == "detection"):
            continue
        if (found := _finding(element, known)) is not None:
            yield found


def _text(pattern: re.Pattern[bytes], data: object) -> str:
    found = pattern.search(data)  # type: ignore[call-overload]
    return found[1].decode("utf-8", "replace") if found else ""


def _problems(document: Xml) -> Iterator[str]:
    for number, element in enumerate(document.each("error")):
        if number < 50:
            yield described(("", " ".join(part for part in (_first(element, "host"), _first(element, "nvt/name")) if part)),
                            ("Error", _first(element, "description"))).replace("\n", ": ")  # fmt: skip


def _first(element: etree._Element, path: str) -> str:
    return (element.findtext(path) or "").strip()


Told = tuple[Rule, tuple[str, ...], tuple[Cvss, ...], str]
"""What is said of a test, its ids, its ratings and its base score."""


def _finding(element: etree._Element, known: dict[str, Told]) -> Finding | None:
    threat, score = _first(element, "threat"), _first(element, "severity")
    if threat.lower() == "error" or score in {"-3.0", "-3"}:
        return None
    nvt = element.find("nvt")
    if nvt is None:
        return None
    oid = nvt.get("oid", "")
    if not oid or oid not in known:
        # A report repeats all texts of a test with each of its results.
        known[oid] = _about(nvt)
    about, ids, ratings, fallback = known[oid]
    port, _, protocol = _first(element, "port").partition("/")
    wrong = threat.lower() == "false positive" or score in {"-1.0", "-1"}
    title = _first(nvt, "name") or _first(element, "name") or about.id
    return Finding(
        rule=about.id,
        title=title,
        severity=_graded("" if wrong else threat, fallback if wrong else score),
        severity_given=threat or score,
        location=service(_first(element, "host"), port.rpartition("(")[2] or port, protocol.rstrip(")")),
        about=about,
        description=described(
            ("", _first(element, "description")),
            ("Host name", _first(element, "host/hostname")),
            ("Notes", "\n".join(_texts(element, "notes/note/text"))),
        ),
        confidence=_confidence(_first(element, "qod/value")),
        vulnerabilities=ids,
        cvss=ratings,
        epss=_share(_first(nvt, "epss/max_severity/score") or _first(nvt, "epss/max_epss/score")),
        suppression=Suppression(origin="tool", justification="\n".join(_texts(element, "overrides/override/text")))
        if wrong
        else None,
        tags=tuple(tag for tag in _texts(element, "user_tags/tag/name") if tag),
        seen_at=moment(_first(element, "creation_time")),
    )


def _texts(element: etree._Element, path: str) -> list[str]:
    return [(found.text or "").strip() for found in element.iterfind(path)]


def _graded(threat: str, score: str) -> Severity:
    if threat.lower() in _THREATS:
        return _THREATS[threat.lower()]
    rating = cvss("", score)
    return severity(rating.score) if rating else severity(threat or None)


@lru_cache(maxsize=256)
def _confidence(quality: str) -> Confidence | None:
    """Return how sure a check is, for Greenbone's "quality of detection" in per cent."""
    digits = quality.rstrip("% ")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 4):
        return None
    number = int(digits)
    return Confidence.HIGH if number >= 95 else Confidence.MEDIUM if number >= 70 else Confidence.LOW


@lru_cache(maxsize=4096)
def _share(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 1 else None


def _about(nvt: etree._Element) -> Told:
    facts = _tags(_first(nvt, "tags"))
    refs = [(ref.get("type", ""), ref.get("id", "")) for ref in nvt.iterfind("refs/ref")]
    old = [text for name in ("cve", "cert") for text in _texts(nvt, name)]
    ids = vulnerability_ids(*(identifier for kind, identifier in refs if kind == "cve"), old)
    links = [identifier for kind, identifier in refs if kind == "url"]
    links += [part.strip().removeprefix("URL:") for part in _first(nvt, "xref").split(",")]
    base = _first(nvt, "cvss_base")
    given = [
        (_first(one, "value"), _first(one, "score"), _first(one, "origin"))
        for one in nvt.iterfind("severities/severity")
    ] or [(facts.get("cvss_base_vector", ""), base, "")]
    ratings = tuple(
        rating
        for vector, score, origin in given
        if (rating := cvss(vector, _tenth(score) if vector else score, origin))
    )
    solution = nvt.find("solution")
    rule = Rule(
        id=nvt.get("oid", "") or _first(nvt, "name"),
        title=_first(nvt, "name"),
        description=described(
            ("", facts.get("summary", "")),
            ("Insight", facts.get("insight", "")),
            ("Impact", facts.get("impact", "")),
            ("Affected", facts.get("affected", "")),
            ("Detection", facts.get("vuldetect", "")),
        ),
        remedy=(solution.text or "").strip() if solution is not None and solution.text else facts.get("solution", ""),
        tags=tuple(
            dict.fromkeys(
                tag
                for tag in (
                    _first(nvt, "family"),
                    solution.get("type", "") if solution is not None else facts.get("solution_type", ""),
                    *(f"{kind}:{identifier}" for kind, identifier in refs if kind not in {"url", "cve"}),
                )
                if tag
            )
        )[:50],
        references=references(links),
    )
    return rule, ids, ratings, base


def _tenth(score: str) -> str:
    """Return a score from 0 to 10, which GMP 20 wrote times ten."""
    try:
        number = float(score)
    except ValueError:
        return ""
    return str(number / 10) if number > 10 else score


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split("|"))
    return {name.strip(): value.strip() for name, _, value in pairs if value.strip()}


class Row(Struct):
    address: str = field(name="IP")
    name: str = field(name="NVT Name")
    oid: str = field(name="NVT OID")
    severity: str = field(name="Severity")
    hostname: str = field(name="Hostname", default="")
    port: str = field(name="Port", default="")
    protocol: str = field(name="Port Protocol", default="")
    score: str = field(name="CVSS", default="")
    quality: str = field(name="QoD", default="")
    sort: str = field(name="Solution Type", default="")
    summary: str = field(name="Summary", default="")
    result: str = field(name="Specific Result", default="")
    cves: str = field(name="CVEs", default="")
    time: str = field(name="Timestamp", default="")
    result_id: str = field(name="Result ID", default="")
    impact: str = field(name="Impact", default="")
    solution: str = field(name="Solution", default="")
    affected: str = field(name="Affected Software/OS", default="")
    insight: str = field(name="Vulnerability Insight", default="")
    detection: str = field(name="Vulnerability Detection Method", default="")
    product: str = field(name="Product Detection Result", default="")
    bids: str = field(name="BIDs", default="")
    certs: str = field(name="CERTs", default="")
    others: str = field(name="Other References", default="")
    epss: str = field(name="Max Severity EPSS score", default="")


@variant("openvas", looks=csv_header("IP", "NVT Name", "NVT OID", "Severity"))
def read_csv(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="OpenVAS")
    for row in rows:
        wrong = row.severity.strip().lower() == "false positive"
        if row.severity.strip().lower() == "error":
            continue
        rating = cvss("", row.score)
        yield Finding(
            rule=row.oid or row.name,
            title=row.name,
            severity=_graded("" if wrong else row.severity, row.score),
            severity_given=row.severity,
            location=service(row.address or row.hostname, row.port, row.protocol),
            about=_told(row.oid or row.name, row.name, row.sort, row.summary, row.insight, row.impact, row.affected,
                        row.detection, row.solution, f"{row.bids}\n{row.certs}\n{row.others}"),
            description=described(
                ("", row.result.strip()),
                ("Host name", row.hostname if row.address else ""),
                ("Product", row.product.strip()),
            ),
            confidence=_confidence(row.quality),
            vulnerabilities=vulnerability_ids(row.cves),
            cvss=(rating,) if rating else (),
            epss=_share(row.epss),
            suppression=Suppression(origin="tool") if wrong else None,
            seen_at=moment(row.time),
        )  # fmt: skip


@lru_cache(maxsize=16384)
def _told(
    oid: str,
    name: str,
    sort: str,
    summary: str,
    insight: str,
    impact: str,
    affected: str,
    detection: str,
    solution: str,
    others: str,
) -> Rule:
    words = [word.strip().removeprefix("URL:") for line in others.splitlines() for word in line.split(",")]
    return Rule(
        id=oid,
        title=name,
        description=described(
            ("", summary),
            ("Insight", insight),
            ("Impact", impact),
            ("Affected", affected),
            ("Detection", detection.strip()),
        ),
        remedy=said(solution),
        tags=tuple(dict.fromkeys(tag for tag in (sort, *words) if tag and "://" not in tag))[:50],
        references=references(words),
    )
