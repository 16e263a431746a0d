"""From findings to rows: issues, evidence and findings of one batch, ready for the writer. No queries in here."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import force_setattr

from seamark.analysis.correlation.signals import (
    block_of,
    hash64,
    hash_content,
    place_text,
)
from seamark.core.component import Component
from seamark.core.finding import Finding, Rule
from seamark.core.kind import KIND_CODES, Confidence, Kind, Reach, Verification, VexState
from seamark.core.location import CodeLocation, WebLocation
from seamark.store.models.findings import FindingFlag

_encode = msgspec.msgpack.Encoder().encode

FINDING_COLUMNS = (
    "id", "stream", "issue", "rule", "opened_in", "closed_in", "kind", "severity", "cvss", "flags", "path", "line", "component",
    "fixed_version", "report_index", "evidence", "evidence_index", "content", "block",
)  # fmt: skip


class Read(NamedTuple):
    """A finding as read: its number in the report, itself without its rule's texts, those, its bytes and their hash."""

    number: int
    finding: Finding
    about: Rule | None
    encoded: bytes
    content: int


def take(index: int, finding: Finding) -> Read:
    """Return a finding with its content hash: that of its row, where the kit tells it, else of all that it says.

    The rule's texts are set apart: they are stored once.
    """
    about, row = finding.about, finding.row
    if about is not None:
        force_setattr(finding, "about", None)
    if row:
        force_setattr(finding, "row", 0)
    encoded = _encode(finding)
    return Read(index, finding, about, encoded, row or hash_content(encoded))


_FLAGS_BY_REACH = {
    Reach.RUNTIME: FindingFlag.REACHABLE.value | FindingFlag.RUNTIME.value,
    Reach.STATIC: FindingFlag.REACHABLE.value,
    Reach.POTENTIAL: FindingFlag.POTENTIAL.value,
    Reach.UNREACHABLE: FindingFlag.UNREACHABLE.value,
}
_FLAGS_BY_VERIFICATION = {
    Verification.VERIFIED: FindingFlag.VERIFIED.value,
    Verification.REFUTED: FindingFlag.REFUTED.value,
}
_FLAGS_BY_CONFIDENCE = {Confidence.HIGH: FindingFlag.CONFIDENT.value, Confidence.LOW: FindingFlag.UNSURE.value}
_FLAGS_BY_SCOPE = {"development": FindingFlag.DEVELOPMENT.value, "test": FindingFlag.TEST.value}
_SETTLED = frozenset({VexState.NOT_AFFECTED, VexState.FIXED, VexState.FALSE_POSITIVE})


def flags_of(finding: Finding) -> int:
    """Return the bits of `FindingFlag` for a finding."""
    flags = 0
    if finding.fixed_versions or finding.patches:
        flags |= FindingFlag.FIXABLE.value
    if finding.verification is not None:
        flags |= _FLAGS_BY_VERIFICATION.get(finding.verification, 0)
    if finding.reach is not None:
        flags |= _FLAGS_BY_REACH.get(finding.reach, 0)
    if finding.confidence is not None:
        flags |= _FLAGS_BY_CONFIDENCE.get(finding.confidence, 0)
    if finding.suppression is not None and finding.suppression.accepted:
        flags |= FindingFlag.SUPPRESSED.value
    if finding.vex is not None and finding.vex.state in _SETTLED:
        flags |= FindingFlag.NOT_AFFECTED.value
    if finding.component is not None and finding.component.scope:
        flags |= _FLAGS_BY_SCOPE.get(finding.component.scope, 0)
    return flags


def cvss_of(finding: Finding) -> int | None:
    """Return the highest base score in tenths."""
    scores = [rating.score for rating in finding.cvss if rating.score is not None]
    return round(max(scores) * 10) if scores else None


def component_text(component: Component | None) -> str:
    """Return a package with its version, for lists."""
    if component is None:
        return ""
    return f"{component.name} {component.version}".strip()[:500]


def issue_place(finding: Finding) -> str:
    """Return where an issue is, for lists: `path:line`, the address, the resource or the package's file."""
    location = finding.location
    if type(location) is CodeLocation:
        return f"{location.path}:{location.line}" if location.line else location.path
    if type(location) is WebLocation:
        return f"{location.method} {location.url}".strip()
    return place_text(finding)


class Prepared(NamedTuple):
    """A finding with what a row needs and the database does not decide."""

    read: Read
    root: int
    """The asset that owns the fix."""
    block: int
    flags: int
    cvss: int | None


def block_hash(application: int, asset: int, finding: Finding, group: int, ref: str) -> int:
    """Return the block of a finding as rows keep it. `asset` owns the fix; `group` is its vulnerability group, 0 for none."""
    return hashed(application, asset, block_of(finding, group, ref).text)


@lru_cache(maxsize=65536)
def hashed(application: int, asset: int, text: str) -> int:
    """Return the number of a block of an asset."""
    return hash64(f"{application}\0{asset}\0{text}")


def prepare(read: Read, root: int, block: int) -> Prepared:
    """Return a finding's bits beside its root asset and its block."""
    finding = read.finding
    return Prepared(read, root, block, flags_of(finding), cvss_of(finding) if finding.cvss else None)


def finding_row(
    prepared: Prepared,
    *,
    number: int,
    stream: int,
    issue: int,
    rule: int,
    scan: int,
    evidence: tuple[int, int],
) -> tuple[Any, ...]:
    """Return the row of a new finding, in the order of `FINDING_COLUMNS`."""
    read = prepared.read
    finding = read.finding
    return (
        number, stream, issue, rule, scan, None, KIND_CODES[finding.kind or Kind.CODE], int(finding.severity), prepared.cvss,
        prepared.flags, place_text(finding), line_of(finding), component_text(finding.component),
        " ".join(finding.fixed_versions)[:200] if finding.fixed_versions else "", read.number, *evidence, read.content,
        prepared.block,
    )  # fmt: skip


def line_of(finding: Finding) -> int | None:
    """Return the line of a finding in code."""
    location = finding.location
    return location.line if type(location) is CodeLocation else None
