"""Makes findings of what Xray says, and components of its ids for them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.formats._sca import ecosystem, first_versions, shared_rule
from seamark.intake.parsers.kit import (
    Component,
    Cvss,
    Finding,
    Kind,
    Location,
    Reach,
    Suppression,
    cwe_ids,
    first_line,
    moment,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_kind, rating

_TYPES = {"gav": "maven", "go": "golang", "alpine": "apk", "rubygems": "gem", "crate": "cargo"}


class Cve(Struct):
    """A CVE of an issue; its ratings are `score/vector` in some answers, and two fields in others."""

    cve: str | None = ""
    cwe: list[str] | None = None
    cvss_v2: str | None = ""
    cvss_v3: str | None = ""
    cvss_v2_score: float | str | None = None
    cvss_v2_vector: str | None = ""
    cvss_v3_score: float | str | None = None
    cvss_v3_vector: str | None = ""


@lru_cache(maxsize=16384)
def component_of(text: str, package_type: str = "") -> Component:
    """Return the component for Xray's id of it: `npm://ip:2.0.0`, `gav://group:artifact:1.0`, `rpm://7:expat:17:2.1.0-10`."""
    scheme, mark, rest = text.partition("://")
    if not mark:
        scheme, rest = package_type.lower(), text
    kind = _TYPES.get(scheme) or ecosystem(scheme)
    parts = rest.split(":")
    if kind == "deb" and len(parts) > 3:
        return package(parts[0], parts[2], ":".join(parts[3:]))
    if kind == "apk" and len(parts) > 2:
        return package("alpine", parts[1], ":".join(parts[2:]))
    if kind == "rpm" and len(parts) > 2:
        return package("rpm", parts[1], ":".join(parts[2:]).removeprefix("0:"))
    if kind == "maven" and len(parts) == 2:
        return package(kind, rest)
    if scheme == "generic":
        return Component(name=rest.rpartition("/")[2])
    name, colon, version = rest.rpartition(":")
    return package(kind, name, version) if colon else package(kind, rest)


@lru_cache(maxsize=16384)
def of_tail(tail: str) -> Component:
    """Return the component for the last segment of an impact path: a file, or a system's package with its release."""
    parts = tail.split(":")
    if len(parts) > 3 and parts[0] in {"debian", "ubuntu"}:
        return component_of(f"deb://{tail}")
    if len(parts) > 2 and parts[0][:1].isdigit():
        return component_of(f"alpine://{tail}" if "." in parts[0] and "-r" in parts[-1] else f"rpm://{tail}")
    if len(parts) == 3:
        return component_of(f"gav://{tail}")
    return Component(name=tail)


def finding(
    issue: str,
    summary: str,
    text: str,
    given: str,
    cves: list[Cve] | None,
    component: Component | None,
    *,
    kind: Kind | None = None,
    place: Location | None = None,
    fixed: list[str] | None = None,
    affected: list[str] | None = None,
    created: str | None = "",
    links: Iterable[str] | None = None,
    paths: tuple[tuple[str, ...], ...] = (),
    reach: Reach | None = None,
    suppression: Suppression | None = None,
) -> Finding:
    """Return the finding for an issue of Xray in a component."""
    ratings = _ratings(cves)
    ids = identifiers(*(one.cve for one in cves or ()), issue if issue.startswith("XRAY-") else None)
    name = component.name if component else "an artifact"
    rule = issue or (ids[0] if ids else first_line(summary))
    system = component is not None and of_system(purl_kind(component.purl))
    return Finding(
        rule=rule,
        title=first_line(summary) or f"{rule} in {name}",
        severity=graded(given, ratings),
        severity_given=given,
        kind=kind or (Kind.CONTAINER if system else Kind.DEPENDENCY),
        location=place,
        component=component,
        about=shared_rule(
            id=rule,
            title=first_line(summary),
            description=text or summary,
            cwes=cwe_ids(*(one.cwe for one in cves or ())),
            references=references(links),
        ),
        description=f"Affected versions: {', '.join(affected)}" if affected else "",
        vulnerabilities=ids,
        cvss=ratings,
        fixed_versions=_fixed(tuple(fixed or ())),
        dependency_paths=paths,
        reach=reach,
        suppression=suppression,
        seen_at=moment(created),
    )


@lru_cache(maxsize=16384)
def _fixed(given: tuple[str, ...]) -> tuple[str, ...]:
    """Return versions without Xray's marks for ranges: `≥ 1.2`, `[1.26]`, `[1.2,2.0)`."""
    return first_versions(*(text.split(",")[0].strip("[]() ") for text in given))


def _ratings(cves: list[Cve] | None) -> tuple[Cvss, ...]:
    found: dict[Cvss, None] = {}
    for one in cves or ():
        for joined, vector, score, version in (
            (one.cvss_v3, one.cvss_v3_vector, one.cvss_v3_score, "3"),
            (one.cvss_v2, one.cvss_v2_vector, one.cvss_v2_score, "2"),
        ):
            if joined:
                number, _, rest = joined.partition("/")
                kept = rating(_plain(rest), number, version)
            else:
                kept = rating(_plain(vector or ""), score, version)
            if kept is not None:
                found[kept] = None
    return tuple(found)


def _plain(vector: str) -> str:
    return vector.removeprefix("CVSS:2.0/")
