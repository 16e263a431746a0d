"""What the XML and the tables have in common: one plug-in's answer on one port of one host."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.formats._hosts import said, service
from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Kind,
    Location,
    Rule,
    Severity,
    Suppression,
    WebLocation,
    cvss,
    cwe_ids,
    references,
    severity,
    vulnerability_ids,
)

_CPE = re.compile(r"cpe:(?:/|2\.3:)a:[^:\s]*:(?P<product>[^:\s]+)(?::(?P<version>[^:\s]+))?")
_INSTALLED = re.compile(r"^\s*Installed version\s*:\s*(\d\S*)", re.MULTILINE)
_FIXED = re.compile(r"^\s*Fixed version\s*:\s*(\d\S*)", re.MULTILINE)
_SHOULD_BE = re.compile(r"^\s*Should be\s*:\s*(\S+)", re.MULTILINE)
_URL = re.compile(r"https?://[^\s'\"<>]+")


class Answer(Struct):
    """One row of a table, or one `ReportItem`."""

    plugin: str
    name: str
    host: str
    severity: str = ""
    port: str = ""
    protocol: str = ""
    family: str = ""
    synopsis: str = ""
    description: str = ""
    solution: str = ""
    output: str = ""
    links: str = ""
    ids: tuple[str, ...] = ()
    cwes: tuple[str, ...] = ()
    crosses: tuple[str, ...] = ()
    cpe: str = ""
    ratings: tuple[tuple[str, str, str], ...] = ()
    """Vector, score and version."""
    epss: str = ""
    tags: tuple[str, ...] = ()
    accepted: str | None = None
    baseline: str = ""
    seen_at: str = ""
    web: bool = False


_NUMBERS = {
    "0": Severity.INFO,
    "1": Severity.LOW,
    "2": Severity.MEDIUM,
    "3": Severity.HIGH,
    "4": Severity.CRITICAL,
}


def _grade(word: str) -> Severity:
    return _NUMBERS[word] if word in _NUMBERS else severity(word or None, Severity.INFO)


def finding(item: Answer) -> Finding:
    """Return the finding for an item."""
    output = item.output
    return Finding(
        rule=item.plugin,
        title=item.name,
        severity=_grade(item.severity),
        severity_given=item.severity,
        kind=Kind.WEB if item.web else None,
        location=_place(item),
        component=_component(item.cpe, output),
        about=_about(
            item.plugin,
            item.name,
            item.family,
            item.synopsis,
            item.description,
            said(item.solution),
            item.cwes,
            item.crosses,
            item.links,
        ),
        description=output.strip(),
        cwes=cwe_ids(item.cwes, [cross for cross in item.crosses if cross.startswith("CWE:")]),
        vulnerabilities=vulnerability_ids(item.ids),
        cvss=tuple(
            rating for vector, score, version in item.ratings if (rating := _rating(vector, score, version)) is not None
        ),
        epss=_share(item.epss),
        fixed_versions=_fixed(output),
        suppression=None if item.accepted is None else Suppression(origin="tool", justification=item.accepted),
        baseline=item.baseline,
        tags=item.tags,
        seen_at=item.seen_at,
    )


def _place(item: Answer) -> Location:
    if item.web or item.host.startswith(("http://", "https://")):
        shown = _URL.search(item.output)
        return WebLocation(url=shown[0].rstrip(".,;") if shown else item.host)
    return service(item.host, item.port, item.protocol)


@lru_cache(maxsize=16384)
def _about(
    plugin: str,
    name: str,
    family: str,
    synopsis: str,
    description: str,
    solution: str,
    cwes: tuple[str, ...],
    crosses: tuple[str, ...],
    links: str,
) -> Rule:
    texts = [text.strip() for text in (synopsis, description) if text.strip()]
    return Rule(
        id=plugin,
        title=name,
        description="\n\n".join(dict.fromkeys(texts)),
        remedy=solution,
        cwes=cwe_ids(cwes, [cross for cross in crosses if cross.startswith("CWE:")]),
        tags=tuple(tag for tag in (family, *crosses) if tag),
        references=references(links),
    )


@lru_cache(maxsize=16384)
def _rating(vector: str, score: str, version: str) -> Cvss | None:
    """Return a rating whose vector may lack its prefix, as in Tenable's tables."""
    text = vector.strip()
    if text.startswith("AV:") and version in {"3", "4"}:
        text = ("CVSS:4.0/" if version == "4" else "CVSS:3.0/") + text
    found = cvss(text, score)
    if found is None or found.version:
        return found
    return Cvss(score=found.score, version={"2": "2.0", "3": "3.0", "4": "4.0"}.get(version, ""))


def _component(cpe: str, output: str) -> Component | None:
    """Return the product, where the plug-in is about exactly one."""
    found = _CPE.findall(cpe)
    if len(found) != 1:
        return None
    product, version = found[0]
    installed = _INSTALLED.search(output) if "Installed" in output else None
    return Component(name=product, version=installed[1] if installed else version.strip("*-"))


def _fixed(output: str) -> tuple[str, ...]:
    if "Fixed" in output and (found := _FIXED.findall(output)):
        return tuple(dict.fromkeys(found))[:20]
    if "Should be" in output:
        return tuple(dict.fromkeys(_SHOULD_BE.findall(output)))[:20]
    return ()


@lru_cache(maxsize=4096)
def _share(text: str) -> float | None:
    """Return an EPSS probability from 0 to 1, which some exports write in percent."""
    try:
        number = float(text.rstrip("% "))
    except ValueError:
        return None
    if text.strip().endswith("%"):
        number /= 100
    return number if 0 <= number <= 1 else None
