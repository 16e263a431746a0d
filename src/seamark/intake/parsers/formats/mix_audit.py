"""MixAudit: known vulnerabilities of Elixir and Erlang packages."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package


class Advisory(Struct):
    id: str
    package: str = ""
    title: str | None = ""
    description: str | None = ""
    severity: str | None = ""
    cve: str | None = None
    url: str | None = ""
    vulnerable_version_ranges: list[str] | None = None
    first_patched_versions: list[str | None] | None = None


class Dependency(Struct):
    package: str
    version: str = ""
    lockfile: str | None = ""


class Vulnerability(Struct):
    advisory: Advisory
    dependency: Dependency


class Report(Struct):
    vulnerabilities: list[Vulnerability]


def _is_report(probe: Probe) -> bool:
    if not isinstance(probe.get("pass"), bool):
        return False
    return probe.has("vulnerabilities.0.advisory.id") or (
        probe.get("vulnerabilities") == [] and probe.keys == {"pass", "vulnerabilities"}
    )


@parser(
    "mix-audit",
    title="MixAudit",
    kind=Kind.DEPENDENCY,
    looks=json_object("pass", "vulnerabilities", where=_is_report),
    made_with="mix deps.audit --format json > mix-audit.json",
    url="https://github.com/mirego/mix_audit",
    versions="0.1 to 2.1",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="MixAudit")
    for row in report.vulnerabilities:
        advisory, dependency = row.advisory, row.dependency
        title = advisory.title or f"{advisory.id} in {dependency.package}"
        ranges = ", ".join(advisory.vulnerable_version_ranges or ())
        yield Finding(
            rule=advisory.id,
            title=title,
            severity=graded(advisory.severity),
            severity_given=advisory.severity or "",
            location=CodeLocation(path=dependency.lockfile or "mix.lock"),
            component=package("hex", dependency.package, dependency.version),
            about=Rule(
                id=advisory.id,
                title=title,
                description=advisory.description or "",
                references=references(advisory.url),
            ),
            description=f"Affected versions: {ranges}" if ranges else "",
            vulnerabilities=identifiers(advisory.id, advisory.cve),
            fixed_versions=tuple(version for version in advisory.first_patched_versions or () if version),
        )
