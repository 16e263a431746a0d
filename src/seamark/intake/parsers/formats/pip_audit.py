"""pip-audit: known vulnerabilities of Python packages.

A package that could not be looked up was not audited: such a run is not complete, and one that audited nothing failed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    json_object,
    json_rows,
    parser,
    variant,
)
from seamark.intake.parsers.kit.packages import identifiers, package


class Vulnerability(Struct):
    id: str
    fix_versions: list[str] | None = None
    aliases: list[str] | None = None
    description: str | None = None


class Dependency(Struct):
    name: str
    version: str | None = None
    vulns: list[Vulnerability] | None = None
    skip_reason: str | None = None


class Fix(Struct):
    name: str
    new_version: str | None = None
    skip_reason: str | None = None


class Report(Struct):
    dependencies: list[Dependency]
    fixes: list[Fix] | None = None


def _is_row(keys: frozenset[str]) -> bool:
    return "name" in keys and bool(keys & {"vulns", "skip_reason"})


def _is_report(probe: Probe) -> bool:
    if isinstance(probe.get("dependencies.0.name"), str):
        return isinstance(probe.get("dependencies.0.vulns"), list) or isinstance(
            probe.get("dependencies.0.skip_reason"), str
        )
    return probe.keys <= {"dependencies", "fixes"} and probe.get("dependencies") == []


@parser(
    "pip-audit",
    title="pip-audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("dependencies", where=_is_report),
    made_with="pip-audit --format json --output pip-audit.json",
    url="https://github.com/pypa/pip-audit",
    versions="1.0 to 2.9",
)
def read(report: Report) -> Iterator[Item]:
    yield from _items(report.dependencies, report.fixes or [])


@variant("pip-audit", looks=json_rows("name", where=lambda probe: _is_row(probe.first)))
def read_list(dependencies: list[Dependency]) -> Iterator[Item]:
    yield from _items(dependencies, [])


def _items(dependencies: list[Dependency], fixes: list[Fix]) -> Iterator[Item]:
    skipped = [f"{row.name}: {row.skip_reason}" for row in dependencies if row.skip_reason]
    failed = [f"{fix.name} was not upgraded: {fix.skip_reason}" for fix in fixes if fix.skip_reason]
    yield Run(
        tool="pip-audit",
        successful=False if skipped and len(skipped) == len(dependencies) else None,
        complete=False if skipped else None,
        problems=(*skipped, *failed)[:50],
    )
    upgraded = {fix.name: fix.new_version for fix in fixes if fix.new_version and not fix.skip_reason}
    rules: dict[str, Rule] = {}
    for row in dependencies:
        for vulnerability in row.vulns or ():
            yield _finding(row, vulnerability, rules, upgraded.get(row.name, ""))


def _finding(row: Dependency, vulnerability: Vulnerability, rules: dict[str, Rule], upgraded: str) -> Finding:
    name = vulnerability.id
    if name not in rules:
        rules[name] = Rule(id=name, description=vulnerability.description or "")
    return Finding(
        rule=name,
        title=f"{name} in {row.name}",
        severity=Severity.MEDIUM,
        component=package("pypi", row.name, row.version or ""),
        about=rules[name],
        remedy=f"Upgraded to {upgraded} by pip-audit" if upgraded else "",
        vulnerabilities=identifiers(name, vulnerability.aliases),
        fixed_versions=tuple(vulnerability.fix_versions or ()),
    )
