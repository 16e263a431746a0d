"""The tree of npm 7 and later: packages, the advisories about them, and whom they affect."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from seamark.intake.parsers.formats.npm_audit.advisories import Score, fixed_by
from seamark.intake.parsers.kit import CodeLocation, Finding, Rule, cwe_ids, references
from seamark.intake.parsers.kit.packages import DependencyGraph, graded, identifiers, package, rating
from seamark.intake.parsers.kit.recent import Recent


class Cause(Struct, gc=False):
    """An advisory. The first releases of npm 7 called its number and range otherwise."""

    source: int | str = ""
    id: int | str = ""
    vulnerable_versions: str = ""
    name: str = ""
    dependency: str = ""
    title: str = ""
    url: str = ""
    severity: str = ""
    cwe: list[str] | str | None = None
    cvss: Score | None = None
    range: str = ""


class Upgrade(Struct, gc=False, rename="camel"):
    name: str = ""
    version: str = ""
    is_sem_ver_major: bool = False


class Affected(Struct, gc=False, rename="camel"):
    via: list[str | Cause]
    name: str = ""
    severity: str = ""
    is_direct: bool = False
    effects: list[str] | None = None
    range: str = ""
    nodes: list[str] | None = None
    fix_available: Upgrade | bool | None = None


class Tree(Struct, rename="camel"):
    vulnerabilities: dict[str, Affected]
    audit_report_version: int = 2


class TreeFindings:
    """Yields a finding for each advisory at each place where its package is installed.

    A package that is only affected because of another (`via` holds names) has no flaw of its own: it is a step of that
    other one's dependency paths, and a finding only where the report does not hold the other one.
    """

    def __init__(self, tree: Tree) -> None:
        self._packages = tree.vulnerabilities
        self._rules: Recent[str, Rule] = Recent()
        self._graph = DependencyGraph()
        for name, affected in tree.vulnerabilities.items():
            if affected.is_direct:
                self._graph.direct(name)
            for parent in affected.effects or ():
                self._graph.add(parent, name)

    def __iter__(self) -> Iterator[Finding]:
        """Yield all findings."""
        for name, affected in self._packages.items():
            causes = [cause for cause in affected.via if isinstance(cause, Cause)]
            missing = [cause for cause in affected.via if isinstance(cause, str) and cause not in self._packages]
            if not causes and missing:
                causes = [
                    Cause(
                        name=name,
                        title=f"{name} depends on vulnerable versions of {', '.join(missing)}",
                        severity=affected.severity,
                    )
                ]
            for cause in causes:
                for node in affected.nodes or [""]:
                    yield self._finding(name, affected, cause, node)

    def _finding(self, name: str, affected: Affected, cause: Cause, node: str) -> Finding:
        spread = cause.range or cause.vulnerable_versions or affected.range
        number = cause.source or cause.id
        ids = identifiers(cause.url.rpartition("/")[2] if "GHSA-" in cause.url else None)
        rule = self._rule(cause, ids)
        score = rating(cause.cvss.vector_string, cause.cvss.score or None) if cause.cvss else None
        ratings = (score,) if score else ()
        called = cause.dependency or cause.name or name
        upgrade = affected.fix_available
        fixed = fixed_by(cause.range or cause.vulnerable_versions)
        own = upgrade.version if isinstance(upgrade, Upgrade) and upgrade.name == called else ""
        return Finding(
            rule=rule.id,
            title=rule.title or f"{rule.id} in {called}",
            severity=graded(cause.severity or affected.severity, ratings),
            severity_given=cause.severity or affected.severity,
            location=CodeLocation(path=node) if node else None,
            component=replace(package("npm", called), direct=affected.is_direct),
            about=rule,
            description=f"Affected versions: {spread}" if spread else "",
            remedy=_remedy(upgrade),
            cwes=cwe_ids(cause.cwe),
            vulnerabilities=ids,
            cvss=ratings,
            fixed_versions=tuple(dict.fromkeys((*fixed, own))) if own else fixed,
            dependency_paths=self._graph.ways(name),
            fingerprints=(("npm-advisory", str(number)),) if number else (),
        )

    def _rule(self, cause: Cause, ids: tuple[str, ...]) -> Rule:
        key = ids[0] if ids else str(cause.source or cause.id) or "vulnerable-dependency"
        rule = self._rules.get(key)
        if rule is None:
            rule = Rule(id=key, title=cause.title, references=references(cause.url))
            self._rules.keep(key, rule)
        return rule if rule.title == cause.title else replace(rule, title=cause.title)


def _remedy(upgrade: Upgrade | bool | None) -> str:
    if isinstance(upgrade, Upgrade):
        breaking = " (a breaking change)" if upgrade.is_sem_ver_major else ""
        return f"Upgrade {upgrade.name} to {upgrade.version}{breaking}"
    return "npm audit fix" if upgrade else ""
