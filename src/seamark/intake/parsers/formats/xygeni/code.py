"""Xygeni's static analysis of code."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.formats.xygeni.common import Failure, Metadata, Place, is_report, location, run
from seamark.intake.parsers.kit import Finding, Item, Kind, Rule, confidence, cwe_ids, parser, severity


class Flaw(Struct, rename="camel"):
    detector: str
    kind: str | None = ""
    severity: str | None = ""
    location: Place | None = None
    language: str | None = ""
    confidence: str | None = ""
    cwes: list[str | int] | None = None
    cwe: str | int | None = None
    tags: list[str] | None = None
    unique_hash: str | None = ""
    explanation: str | None = ""
    description: str | None = ""


class Report(Struct, rename="camel"):
    metadata: Metadata
    vulnerabilities: list[Flaw]
    errors: list[Failure] | None = None
    current_branch: str | None = ""


@parser(
    "xygeni",
    title="Xygeni",
    kind=Kind.CODE,
    looks=is_report("sast-xygeni", "vulnerabilities"),
    made_with="xygeni scan --run=sast,deps,secrets --format=json",
    url="https://docs.xygeni.io",
    versions="6",
)
def read(report: Report) -> Iterator[Item]:
    yield run(report.metadata, report.errors or (), report.current_branch or "")
    for flaw in report.vulnerabilities:
        yield _finding(flaw)


def _finding(flaw: Flaw) -> Finding:
    cwes = cwe_ids(flaw.cwes, flaw.cwe)
    about = _about(flaw.detector, flaw.kind or "", cwes)
    said = flaw.explanation or flaw.description or ""
    return Finding(
        rule=flaw.detector,
        title=flaw.detector,
        severity=severity(flaw.severity),
        severity_given=flaw.severity or "",
        location=location(flaw.location),
        about=about,
        description=said,
        confidence=confidence(flaw.confidence),
        cwes=cwes,
        fingerprints=(("xygeni", flaw.unique_hash),) if flaw.unique_hash else (),
        tags=tuple(tag for tag in (flaw.language, *(flaw.tags or ())) if tag and not tag.startswith("CWE:")),
    )


@lru_cache(maxsize=4096)
def _about(detector: str, kind: str, cwes: tuple[int, ...]) -> Rule:
    return Rule(id=detector, cwes=cwes, tags=(kind,) if kind else ())
