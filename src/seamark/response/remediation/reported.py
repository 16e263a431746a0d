"""What reports of scanners say of packages, in the terms of advisories: for plans that have no database of advisories at hand."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from itertools import pairwise

from seamark.analysis.software.order import compare, in_order, order_key
from seamark.core.advisory import Advisory, Affected, Span
from seamark.core.finding import Finding
from seamark.response.remediation.project import package_of_purl

_NUMBERS = re.compile(r"\d+")


def advisories(findings: Iterable[Finding]) -> tuple[Advisory, ...]:
    """Return an advisory for each vulnerability of a package that findings name.

    Those without a package URL say nothing, nor do those with neither a version nor a fixed one.
    A version is taken for fixed at or above a fixed one of its own line of releases, or above them all; without a fixed version all
    are taken for affected. No more is known: what another version brings is not.
    """
    found: dict[tuple[str, str], tuple[Finding, set[str], set[str]]] = {}
    for one in findings:
        component = one.component
        package = package_of_purl(component.purl) if component is not None else ""
        if component is None or not package or not (component.version or one.fixed_versions):
            continue
        name = one.vulnerabilities[0] if one.vulnerabilities else one.rule
        _, versions, fixed = found.setdefault((package, name), (one, set(), set()))
        versions.update(filter(None, (component.version,)))
        fixed.update(text.strip() for each in one.fixed_versions for text in each.split(",") if text.strip())
    return tuple(
        _advisory(package, name, *told) for (package, name), told in sorted(found.items(), key=lambda one: one[0])
    )


def _advisory(package: str, name: str, one: Finding, versions: set[str], fixed: set[str]) -> Advisory:
    kind = package.partition("/")[0]
    known = [text for text in fixed if order_key(kind, text) is not None]
    # Some tools name the flawed ranges alone: then each fixed version counts.
    above = [text for text in known if not versions or any(compare(kind, version, text) == -1 for version in versions)]
    return Advisory(
        id=name, aliases=tuple(each for each in one.vulnerabilities if each != name), title=one.title, severity=one.severity,
        severity_given=one.severity_given, cvss=one.cvss, cwes=one.cwes,
        affected=(Affected(package=package, spans=(Span(events=events(kind, above)),), versions=tuple(sorted(versions))),),
    )  # fmt: skip


def events(kind: str, fixed: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return the events of a range that is fixed in each of these versions for its own line of releases, in the last one for all."""
    ordered = in_order(kind, fixed)
    told = [("introduced", "0")]
    for lower, upper in pairwise(ordered):
        told.append(("fixed", lower))
        if beyond := _next_line(kind, lower, upper):
            told.append(("introduced", beyond))
    if ordered:
        told.append(("fixed", ordered[-1]))
    return tuple(told)


def _next_line(kind: str, lower: str, upper: str) -> str:
    """Return where the line of releases after that of `lower` starts: 4.2 for 4.1.3 and 4.2.1, 2 for 1.9.5 and 2.0.3."""
    low, high = [int(one) for one in _NUMBERS.findall(lower)], [int(one) for one in _NUMBERS.findall(upper)]
    at = next((at for at, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), None)
    if at is None or kind in {"deb", "rpm", "apk", "alpm"}:
        return ""
    text = ".".join(map(str, [*low[:at], low[at] + 1] + [0] * (2 - at)))
    return text if compare(kind, lower, text) == -1 and compare(kind, text, upper) in {-1, 0} else ""


def joined(known: Iterable[Advisory], said: Iterable[Advisory], packages: Collection[str]) -> tuple[Advisory, ...]:
    """Return what a database knows of packages, and what reports say of flaws that it does not know there."""
    kept = tuple(known)
    told = {(one.package, name) for each in kept for name in (each.id, *each.aliases) for one in each.affected}
    rest = (
        one for one in said if one.affected[0].package in packages and told.isdisjoint((one.affected[0].package, name) for name in (one.id, *one.aliases))
    )  # fmt: skip
    return (*kept, *rest)
