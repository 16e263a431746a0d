"""What advisories say of any version of a project's packages, and what each flaw weighs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from seamark.analysis.software.matching import match
from seamark.analysis.software.ranges import is_affected
from seamark.core.advisory import Advisory, Affected
from seamark.core.component import Component, make_purl, parse_purl
from seamark.core.finding import Finding
from seamark.core.severity import Severity
from seamark.response.remediation.project import SYSTEMS, Node, Project

WEIGHTS: Final = {Severity.CRITICAL: 95.0, Severity.HIGH: 75.0, Severity.MEDIUM: 50.0, Severity.LOW: 20.0, Severity.INFO: 5.0}  # fmt: skip


class Flaw(Struct, frozen=True, order=True):
    """A vulnerability of a package, whichever of its versions are installed. It is gone when none of them has it."""

    package: str
    name: str
    """CVE where it has one, else the advisory's id."""


Risks = Mapping[tuple[str, str], float]
"""Risk from 0 to 100 by package and any name of the vulnerability; what is not in there weighs ten times its CVSS score."""


class Book:
    """Looks versions up among advisories. Matching is that of inventories, so that a scan says the same afterwards."""

    def __init__(self, project: Project, advisories: Iterable[Advisory], risks: Risks | None = None) -> None:
        self._ecosystem = project.ecosystem
        self._purls = {part.package: part.purl for part in project.parts if part.purl}
        self._names = {part.package: part.name for part in project.parts}
        self._risks = risks or {}
        self._by_package: dict[str, list[Advisory]] = {}
        for advisory in advisories:
            for package in {one.package for one in advisory.affected}:
                self._by_package.setdefault(package, []).append(advisory)
        self._found: dict[Node, dict[Flaw, Finding]] = {}
        self._weights: dict[Flaw, float] = {}

    def of(self, node: Node, name: str = "") -> dict[Flaw, Finding]:
        """Return the flaws of a version. `name` is the package's, where the project did not install it before."""
        if node not in self._found:
            found: dict[Flaw, Finding] = {}
            for finding in match([self._component(node, name)], self._advisories(node[0])).findings:
                flaw = Flaw(node[0], finding.vulnerabilities[0])
                found.setdefault(flaw, finding)
                self._weights[flaw] = max(self._weights.get(flaw, 0.0), self._weight(node[0], finding))
            self._found[node] = found
        return self._found[node]

    def risk(self, flaw: Flaw) -> float:
        """Return what a flaw weighs."""
        return self._weights[flaw]

    def named(self, package: str, version: str) -> list[str]:
        """Return all versions that advisories about a package name as fixed."""
        return sorted({text for _, affected in self._about(package) for span in affected.spans for name, text in span.events if name == "fixed"} - {version})  # fmt: skip

    def is_known(self, package: str) -> bool:
        """Tell whether any advisory is about a package."""
        return package in self._by_package

    def fixed_in(self, flaw: Flaw) -> list[str]:
        """Return the versions in which a flaw is said to be fixed."""
        return sorted({
            text for advisory, affected in self._about(flaw.package) if flaw.name in {advisory.id, *advisory.aliases}
            for span in affected.spans for name, text in span.events if name == "fixed"
        })  # fmt: skip

    def affects(self, flaw: Flaw, version: str) -> bool | None:
        """Tell whether a flaw is in a version by its advisories; None where the version cannot be placed."""
        answers = [
            is_affected(self._ecosystem, version, affected) for advisory, affected in self._about(flaw.package) if flaw.name in {advisory.id, *advisory.aliases}
        ]  # fmt: skip
        return True if True in answers else None if None in answers else False

    def _about(self, package: str) -> list[tuple[Advisory, Affected]]:
        return [(advisory, one) for advisory in self._advisories(package) for one in advisory.affected if one.package == package]  # fmt: skip

    def _advisories(self, package: str) -> list[Advisory]:
        return self._by_package.get(package, [])

    def _component(self, node: Node, name: str) -> Component:
        package, version = node
        given = parse_purl(self._purls.get(package, ""))
        named = self._names.get(package) or name or package.partition("/")[2]
        if given is None:
            return Component(name=named, version=version, purl=make_purl(self._ecosystem, named, version))
        if self._ecosystem in SYSTEMS:
            qualifiers = {key: value for key, value in dict(given.qualifiers or {}).items() if key not in {"epoch", "upstream"}}  # fmt: skip
            return Component(name=named, version=version, purl=given._replace(version=version, qualifiers=qualifiers).to_string())  # fmt: skip
        return Component(name=named, version=version, purl=given._replace(version=version).to_string())

    def _weight(self, package: str, finding: Finding) -> float:
        for name in finding.vulnerabilities:
            if (package, name) in self._risks:
                return self._risks[package, name]
        scores = [one.score for one in finding.cvss if one.score is not None]
        return max(scores) * 10 if scores else WEIGHTS[finding.severity]
