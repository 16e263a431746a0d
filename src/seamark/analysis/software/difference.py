"""What changed between two inventories of one thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from seamark.analysis.software.order import compare, in_order
from seamark.core.component import Component
from seamark.core.finding import Finding
from seamark.core.sbom import Entry, Sbom

ROOT: Final = ""
"""Stands for the subject itself in edges, whatever it is called in either document."""


class Change(Struct, frozen=True):
    """A package whose version changed, or whose licences did."""

    package: str
    before: Component
    after: Component


class Difference(Struct, frozen=True, kw_only=True):
    """All that changed. Order: by package."""

    added: tuple[Component, ...] = ()
    removed: tuple[Component, ...] = ()
    upgraded: tuple[Change, ...] = ()
    downgraded: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    """Versions that cannot be compared."""
    relicensed: tuple[Change, ...] = ()
    unchanged: int = 0
    edges_added: tuple[tuple[str, str], ...] = ()
    """Pairs of packages, of which the first depends on the second or holds it; `""` is the subject."""
    edges_removed: tuple[tuple[str, str], ...] = ()


class Risk(Struct, frozen=True):
    """What advisories say of the change, by vulnerability and package."""

    introduced: tuple[Finding, ...]
    resolved: tuple[Finding, ...]
    remaining: int


def difference(before: Sbom, after: Sbom) -> Difference:
    """Return what changed. Versions of one package that are in both are left alone; the others are paired in their order."""
    old, new = _by_package(before.entries), _by_package(after.entries)
    added: list[Component] = []
    removed: list[Component] = []
    moved: dict[int | None, list[Change]] = {}
    relicensed: list[Change] = []
    unchanged = 0
    for package in sorted(old.keys() | new.keys()):
        was, now = old.get(package, {}), new.get(package, {})
        for version in was.keys() & now.keys():
            unchanged += 1
            if _licences(was[version]) != _licences(now[version]):
                relicensed.append(Change(package, was[version], now[version]))
        kind = package.partition("/")[0]
        gone = [was[one] for one in in_order(kind, was.keys() - now.keys())]
        come = [now[one] for one in in_order(kind, now.keys() - was.keys())]
        # The newest of both sides belong together where one side has more.
        pairs = min(len(gone), len(come))
        for one, other in zip(gone[len(gone) - pairs :], come[len(come) - pairs :], strict=True):
            change = Change(package, one, other)
            moved.setdefault(compare(kind, one.version, other.version), []).append(change)
            if _licences(one) != _licences(other):
                relicensed.append(change)
        removed += gone[: len(gone) - pairs]
        added += come[: len(come) - pairs]
    drawn, drawing = _edges(before), _edges(after)
    return Difference(
        added=tuple(added),
        removed=tuple(removed),
        upgraded=tuple(moved.get(-1, ())),
        downgraded=tuple(moved.get(1, ())),
        changed=(*moved.get(None, ()), *moved.get(0, ())),
        relicensed=tuple(relicensed),
        unchanged=unchanged,
        edges_added=tuple(sorted(drawing - drawn)),
        edges_removed=tuple(sorted(drawn - drawing)),
    )


def risk(before: Iterable[Finding], after: Iterable[Finding]) -> Risk:
    """Return which vulnerabilities came and went. One that stays in another version of its package remains."""
    old = {_flaw(one): one for one in before}
    new = {_flaw(one): one for one in after}
    return Risk(
        introduced=tuple(_worst(one for key, one in new.items() if key not in old)),
        resolved=tuple(_worst(one for key, one in old.items() if key not in new)),
        remaining=len(old.keys() & new.keys()),
    )


def by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each severity, worst first."""
    counted = Counter(one.severity for one in findings)
    return {severity.word: counted[severity] for severity in sorted(counted, reverse=True)}


def _worst(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda one: (-one.severity, one.component.name if one.component else "", one.rule))


def _flaw(one: Finding) -> tuple[str, str]:
    component = one.component or Component(name="")
    return one.rule, Entry(component=component).package


def _by_package(entries: Iterable[Entry]) -> dict[str, dict[str, Component]]:
    found: dict[str, dict[str, Component]] = {}
    for one in entries:
        if one.type != "file":
            found.setdefault(one.package, {}).setdefault(one.component.version, one.component)
    return found


def _licences(one: Component) -> frozenset[str]:
    return frozenset(one.licences)


def _edges(sbom: Sbom) -> set[tuple[str, str]]:
    """Return the edges between packages, so that an upgrade draws no new ones."""
    named = {one.component.ref: one.package for one in sbom.entries}
    named.update(dict.fromkeys(sbom.roots, ROOT))
    return {
        (named[edge.ref], named[target])
        for edge in sbom.edges
        if edge.ref in named
        for target in edge.targets
        if target in named
    }
