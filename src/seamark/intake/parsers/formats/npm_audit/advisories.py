"""The registry's advisories, which npm 6, pnpm, Yarn 1 and early Yarn 2 print as they get them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.kit import Finding, Rule, cwe_ids, references
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating


class Installed(Struct):
    version: str = ""
    paths: list[str] | None = None
    dev: bool = False
    optional: bool = False


class Score(Struct, gc=False, rename="camel"):
    score: float | None = None
    vector_string: str | None = None


class Advisory(Struct):
    module_name: str
    id: int | str = ""
    findings: list[Installed] | None = None
    title: str | None = None
    severity: str | None = None
    cves: list[str] | None = None
    github_advisory_id: str | None = None
    cwe: str | list[str] | None = None
    cvss: Score | None = None
    vulnerable_versions: str | None = None
    patched_versions: str | None = None
    overview: str | None = None
    recommendation: str | None = None
    references: str | list[str] | None = None
    url: str | None = None


class AdvisoryReport(Struct, rename="camel"):
    advisories: dict[str, Advisory]
    run_id: str = ""


class Metadata(Struct):
    vulnerabilities: dict[str, int] | None = field(default=None)


_BOUND = re.compile(r"(?<![<>=])([<>]=?)\s*v?(\d[\w.+-]*)")
_LINK = re.compile(r"https?://[^\s)\]>\"]+")


def fixed_by(vulnerable: str | None, patched: str | None = None) -> tuple[str, ...]:
    """Return the first versions without the flaw: where a patched range begins, else where a vulnerable one ends."""
    if patched and patched not in {"<0.0.0", "No fix available"}:
        found = [version for mark, version in _BOUND.findall(patched) if mark == ">="]
        if found:
            return tuple(dict.fromkeys(found))
    return tuple(dict.fromkeys([version for mark, version in _BOUND.findall(vulnerable or "") if mark == "<"]))


def rule_of(advisory: Advisory) -> Rule:
    """Return the advisory's texts. Its id is the GHSA: the registry's own number changes with every edit."""
    ids = identifiers_of(advisory)
    github = next((name for name in ids if name.startswith("GHSA-")), "")
    links = _LINK.findall(advisory.references) if isinstance(advisory.references, str) else advisory.references
    return Rule(
        id=github or str(advisory.id),
        title=(advisory.title or "").strip(),
        description=advisory.overview or "",
        remedy=advisory.recommendation or "",
        references=references(advisory.url, links),
    )


def identifiers_of(advisory: Advisory) -> tuple[str, ...]:
    """Return the CVEs and the GHSA of an advisory, the latter from its address in older reports."""
    github = advisory.github_advisory_id or (advisory.url or "").rpartition("/")[2]
    return identifiers(advisory.cves, github if github.startswith("GHSA-") else None)


def findings_of(advisory: Advisory, rule: Rule) -> Iterator[Finding]:
    """Yield one finding for each installed version that the advisory lists."""
    for installed in advisory.findings or [Installed()]:
        yield finding_of(advisory, rule, installed)


def finding_of(advisory: Advisory, rule: Rule, installed: Installed) -> Finding:
    """Return the finding for one installed version."""
    score = rating(advisory.cvss.vector_string, advisory.cvss.score or None) if advisory.cvss else None
    ratings = (score,) if score else ()
    component = package("npm", advisory.module_name, installed.version)
    ways = tuple(_steps(path) for path in (installed.paths or ())[:20])
    scope = "development" if installed.dev else "optional" if installed.optional else ""
    if scope or ways:
        component = replace(component, scope=scope, direct=any(len(way) == 1 for way in ways) if ways else None)
    return Finding(
        rule=rule.id,
        title=rule.title or f"{rule.id} in {advisory.module_name}",
        severity=graded(advisory.severity, ratings),
        severity_given=advisory.severity or "",
        component=component,
        about=rule,
        description=f"Affected versions: {advisory.vulnerable_versions}" if advisory.vulnerable_versions else "",
        cwes=cwe_ids(advisory.cwe),
        vulnerabilities=identifiers_of(advisory),
        cvss=ratings,
        fixed_versions=fixed_by(advisory.vulnerable_versions, advisory.patched_versions),
        dependency_paths=ways,
        fingerprints=(("npm-advisory", str(advisory.id)),) if advisory.id else (),
    )


def _steps(path: str) -> tuple[str, ...]:
    """Return the steps of `express>accepts>negotiator`; pnpm puts the workspace in front (`.>minimist`)."""
    steps = [step.strip() for step in path.split(">") if step.strip()]
    return tuple(steps[1:] if steps and steps[0].startswith(".") and len(steps) > 1 else steps)
