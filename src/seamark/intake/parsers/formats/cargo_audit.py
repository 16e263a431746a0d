"""cargo-audit: known vulnerabilities of Rust crates, and crates that are unmaintained, unsound or yanked."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats._sca import first_versions
from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package, rating

_WARNINGS = {"unsound": Severity.MEDIUM, "vulnerability": Severity.MEDIUM}
"""Severities of warnings; those about a crate's upkeep (unmaintained, yanked, notice) name no flaw."""


class Advisory(Struct):
    id: str
    package: str = ""
    title: str | None = ""
    description: str | None = ""
    aliases: list[str] | None = None
    categories: list[str] | None = None
    keywords: list[str] | None = None
    cvss: str | None = None
    url: str | None = ""
    references: list[str] | None = None


class Versions(Struct):
    patched: list[str] | None = None


class Crate(Struct):
    name: str
    version: str
    checksum: str | None = None


class Affected(Struct):
    functions: dict[str, list[str]] | None = None


class Entry(Struct):
    package: Crate
    advisory: Advisory | None = None
    versions: Versions | None = None
    affected: Affected | None = None
    kind: str = ""


class Found(Struct):
    entries: list[Entry] = field(name="list")


class Settings(Struct):
    target_arch: list[str] | str | None = None
    target_os: list[str] | str | None = None
    severity: str | None = None
    ignore: list[str] | None = None


class Report(Struct):
    vulnerabilities: Found
    warnings: dict[str, list[Entry]] | list[Entry] = field(default_factory=dict)
    settings: Settings | None = None


@parser(
    "cargo-audit",
    title="cargo-audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("database", "lockfile", "vulnerabilities.list"),
    made_with="cargo audit --json > cargo-audit.json",
    url="https://github.com/rustsec/rustsec/tree/main/cargo-audit",
    versions="0.11 to 0.22",
)
def read(report: Report) -> Iterator[Item]:
    settings = report.settings or Settings()
    left_out = [f"advisory {name} is ignored" for name in settings.ignore or ()]
    if settings.severity:
        left_out.append(f"advisories below {settings.severity} are left out")
    left_out.extend(
        f"only advisories for {only if isinstance(only, str) else ', '.join(only)} are listed"
        for only in (settings.target_arch, settings.target_os)
        if only
    )
    yield Run(tool="cargo-audit", complete=False if left_out else None, problems=tuple(left_out))
    for entry in report.vulnerabilities.entries:
        yield _finding(entry, "")
    if isinstance(report.warnings, dict):
        for kind, entries in report.warnings.items():
            for entry in entries:
                yield _finding(entry, entry.kind or kind)
        return
    for entry in report.warnings:
        yield _finding(entry, entry.kind or "notice")


def _finding(entry: Entry, warning: str) -> Finding:
    crate, advisory = entry.package, entry.advisory
    component = package("cargo", crate.name, crate.version)
    if crate.checksum:
        component = Component(
            name=component.name, version=component.version, purl=component.purl, hashes=(("sha256", crate.checksum),)
        )
    lock = CodeLocation(path="Cargo.lock")
    if advisory is None:
        return Finding(
            rule=warning or "notice",
            title=f"Crate {crate.name} {crate.version} is {warning or 'noted'}",
            severity=Severity.INFO,
            severity_given=warning,
            location=lock,
            component=component,
            tags=(warning,) if warning else (),
        )
    found = rating(advisory.cvss)
    ratings = (found,) if found else ()
    functions = sorted((entry.affected.functions if entry.affected else None) or ())
    return Finding(
        rule=advisory.id,
        title=advisory.title or f"{advisory.id} in {crate.name}",
        severity=_WARNINGS.get(warning, Severity.INFO) if warning and not found else graded(None, ratings),
        severity_given=warning,
        location=lock,
        component=component,
        about=Rule(
            id=advisory.id,
            title=advisory.title or "",
            description=advisory.description or "",
            tags=tuple(advisory.categories or ()),
            references=references(advisory.url, advisory.references),
        ),
        description=f"Affected functions: {', '.join(functions)}" if functions else "",
        vulnerabilities=identifiers(advisory.id, advisory.aliases),
        cvss=ratings,
        fixed_versions=first_versions(*((entry.versions.patched if entry.versions else None) or ())),
        tags=(warning,) if warning else tuple(advisory.keywords or ()),
    )
