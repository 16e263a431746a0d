"""What several reports say together, as plain values: the shape of `seamark correlate --json`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from seamark.analysis.correlation.evidence import Reason

Pointer = tuple[str, int]
"""A finding: the report's name and its number in it, from 0."""


class Listed(Struct, frozen=True, kw_only=True):
    """A report that was read."""

    path: str
    format: str
    tools: tuple[str, ...]
    findings: int


class Item(Struct, frozen=True, kw_only=True):
    """A finding of an issue."""

    report: str
    index: int
    tool: str
    format: str
    rule: str
    title: str
    severity: str
    location: dict[str, Any]
    suppressed: bool
    """Set aside in the source or in the tool, not affected by its VEX statement, or refuted."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two findings of one issue, how sure it is that they are of one, and why: (words, weight)."""

    left: Pointer
    right: Pointer
    confidence: float
    reasons: tuple[Reason, ...]


class Suggestion(Struct, frozen=True, kw_only=True):
    """Two issues that may be one: for people to decide. The findings that are most alike stand for them."""

    issues: tuple[str, str]
    left: Pointer
    right: Pointer
    confidence: float
    reasons: tuple[Reason, ...]


class Corroborated(Struct, frozen=True, kw_only=True):
    """An issue in code or package that another one confirms from outside."""

    issue: str
    confirmed_by: str
    how: str
    """`dast`, `pentest` or `runtime`."""
    confidence: float
    reasons: tuple[Reason, ...]


class Package(Struct, frozen=True, kw_only=True):
    """The package at fault, in all versions that were found."""

    name: str
    purl: str | None
    versions: tuple[str, ...]
    fixed_versions: tuple[str, ...]


class Issue(Struct, frozen=True, kw_only=True):
    """One problem with all that was found of it. Texts are those of its worst finding."""

    id: str
    kind: str
    title: str
    severity: str
    place: str
    asset: str
    """The image or repository, where the reports tell several apart; else empty."""
    component: Package | None
    cwes: tuple[int, ...]
    vulnerabilities: tuple[str, ...]
    tools: tuple[str, ...]
    suppressed: bool
    """All of its findings are."""
    confidence: float
    """1 for a single finding, else that of the weakest of the pairs that hold it together."""
    findings: tuple[Item, ...]
    reasons: tuple[Pair, ...]


class Fix(Struct, frozen=True, kw_only=True):
    """A change with the issues that it clears, the worst first."""

    kind: str
    title: str
    target: str
    partial: bool
    asset: str
    issues: tuple[str, ...]
    severity: str


class Correlation(Struct, frozen=True, kw_only=True):
    """What several reports say together; the worst first. As JSON it is what `seamark correlate --json` prints."""

    reports: tuple[Listed, ...]
    issues: tuple[Issue, ...]
    suggestions: tuple[Suggestion, ...]
    corroborations: tuple[Corroborated, ...]
    fixes: tuple[Fix, ...]
