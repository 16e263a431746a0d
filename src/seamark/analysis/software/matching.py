"""Which advisories concern which components."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from seamark.analysis.software.ranges import fixed_versions, is_affected
from seamark.core.advisory import Advisory, Affected, advisory_key
from seamark.core.component import Component, parse_purl
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.sbom import Entry

_SYSTEMS: Final = frozenset({"apk", "deb", "rpm", "alpm"})
_RELEASES: Final = {
    "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "trusty": "14.04", "xenial": "16.04",
    "bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04",
}  # fmt: skip
_NUMBER = re.compile(r"\d+(?:\.\d+)*")
_SOURCE_RPM = re.compile(r"(.+)-([^-]+-[^-]+)\.(?:no)?src\.rpm")


class Named(Struct, frozen=True):
    """A name under which a component may be looked up, with the version that goes with it."""

    key: str
    kind: str
    version: str
    release: str = ""
    """Release of the distribution, empty where it is not known."""
    own: bool = True
    """Whether it is the component's own name."""
    source: bool = False
    """Whether it is the name of the source package that the component was built from."""


class Unplaced(Struct, frozen=True):
    """A component of which nothing can be said, and why."""

    component: Component
    why: str


class Matching(Struct, frozen=True):
    """What advisories say about components."""

    findings: tuple[Finding, ...]
    unplaced: tuple[Unplaced, ...]


def names(component: Component, source: str = "") -> Iterator[Named]:
    """Yield under what a component is looked up: itself, and the source package that it was built from. None without a package URL.

    `source` is that source package, as `name@version`, where the package URL does not say it.
    """
    parsed = parse_purl(component.purl) if component.purl else None
    if parsed is None:
        return
    qualifiers = parsed.qualifiers if isinstance(parsed.qualifiers, dict) else {}
    version = parsed.version or component.version
    namespace = parsed.namespace or ""
    if parsed.type not in _SYSTEMS:
        yield Named(advisory_key(parsed.type, namespace, parsed.name), parsed.type, version)
        return
    if parsed.type == "rpm" and qualifiers.get("epoch") and ":" not in version:
        version = f"{qualifiers['epoch']}:{version}"
    release = _release(qualifiers.get("distro", ""))
    upstream, source_version = _upstream(qualifiers.get("upstream", "") or source, version)
    same = upstream in {"", parsed.name}
    yield Named(advisory_key(parsed.type, namespace, parsed.name), parsed.type, version, release, source=same)
    if not same:
        key = advisory_key(parsed.type, namespace, upstream)
        yield Named(key, parsed.type, source_version, release, own=False, source=True)


def _release(distro: str) -> str:
    """Return the number in `debian-12`, `alpine-3.18.4`, `ubuntu-jammy`."""
    word = distro.rpartition("-")[2].lower()
    found = _NUMBER.search(distro)
    return _RELEASES.get(word) or (found[0] if found else "")


def _upstream(text: str, version: str) -> tuple[str, str]:
    """Return name and version of the source package in `openssl`, `openssl@3.0.1`, `openssl-3.0.7-1.el9.src.rpm`."""
    if found := _SOURCE_RPM.fullmatch(text):
        return found[1], found[2]
    name, _, own = text.partition("@")
    return name.partition(" ")[0], own or version


def wanted(components: Iterable[Component | Entry]) -> frozenset[str]:
    """Return the keys of the advisories that can concern these components."""
    return frozenset(one.key for component in components for one in names(*_parts(component)))


def _parts(one: Component | Entry) -> tuple[Component, str]:
    return (one.component, one.source) if isinstance(one, Entry) else (one, "")


def match(components: Iterable[Component | Entry], advisories: Iterable[Advisory]) -> Matching:
    """Return a finding for each component and advisory that affects it, in the order of the components.

    What cannot be said is said: components without a package URL, a version, or a release of their distribution that an advisory
    asks for.
    """
    index: dict[str, list[tuple[Advisory, Affected]]] = {}
    for advisory in advisories:
        for affected in advisory.affected:
            index.setdefault(affected.package, []).append((advisory, affected))
    findings: list[Finding] = []
    unplaced: list[Unplaced] = []
    for each in components:
        component, source = _parts(each)
        looked_up = tuple(names(component, source))
        if not looked_up:
            unplaced.append(Unplaced(component, "it has no package URL"))
            continue
        doubts: dict[str, None] = {}
        findings += _of(component, looked_up, index, doubts)
        unplaced += [Unplaced(component, why) for why in doubts]
    return Matching(tuple(findings), tuple(unplaced))


def _of(
    component: Component,
    looked_up: tuple[Named, ...],
    index: dict[str, list[tuple[Advisory, Affected]]],
    doubts: dict[str, None],
) -> Iterator[Finding]:
    hits: dict[str, tuple[Advisory, dict[str, None]]] = {}
    for one in looked_up:
        for advisory, affected in index.get(one.key, ()):
            if not (one.source if affected.source else one.own):
                continue
            if affected.release and not one.release:
                doubts["it does not say which release of its distribution it is of"] = None
                continue
            if affected.release and not _same_release(affected.release, one.release):
                continue
            if not one.version:
                doubts["it has no version"] = None
                continue
            answer = is_affected(one.kind, one.version, affected)
            if answer is None:
                doubts[f"its version {one.version[:60]!r} cannot be placed in its ecosystem's order"] = None
            elif answer:
                fixes = hits.setdefault(advisory.id, (advisory, {}))[1]
                fixes.update(dict.fromkeys(fixed_versions(one.kind, one.version, affected)))
    for advisory, fixes in hits.values():
        yield _finding(component, looked_up[0].kind, advisory, tuple(fixes))


def _same_release(asked: str, given: str) -> bool:
    """Tell whether release 12.4 is of 12; 22.04 is not of 22.04.1's future."""
    return given == asked or given.startswith(f"{asked}.")


def _finding(component: Component, kind: str, advisory: Advisory, fixes: tuple[str, ...]) -> Finding:
    names_of_it = sorted({advisory.id, *advisory.aliases}, key=lambda one: (not one.startswith("CVE-"), one))
    return Finding(
        rule=advisory.id,
        title=(advisory.title or f"{advisory.id} in {component.name}")[:500],
        severity=advisory.severity,
        severity_given=advisory.severity_given,
        kind=Kind.CONTAINER if kind in _SYSTEMS else Kind.DEPENDENCY,
        component=component,
        about=Rule(id=advisory.id, title=advisory.title[:500], cwes=advisory.cwes, references=advisory.references),
        cwes=advisory.cwes,
        vulnerabilities=tuple(names_of_it),
        cvss=advisory.cvss,
        fixed_versions=fixes,
    )
