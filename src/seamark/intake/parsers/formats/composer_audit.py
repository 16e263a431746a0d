"""Composer audit: known vulnerabilities of PHP packages, and packages that their authors gave up."""

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
    Severity,
    Suppression,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, package

_OURS = frozenset({"advisories", "abandoned", "filter", "ignored-advisories", "unreachable-repositories"})


class Source(Struct, rename="camel"):
    name: str = ""
    remote_id: str | None = ""


class Advisory(Struct, rename="camel"):
    advisory_id: str
    package_name: str
    affected_versions: str | None = ""
    title: str | None = ""
    cve: str | None = None
    link: str | None = ""
    sources: list[Source] | None = None
    severity: str | None = None
    ignore_reason: str | None = None


Listed = dict[str, list[Advisory] | dict[str, Advisory]] | list[Advisory]
"""PHP writes an empty table as a list, and a list with holes (what was ignored) as a table."""


class Report(Struct, rename="kebab"):
    advisories: Listed
    abandoned: dict[str, str | None] | list[str] | None = None
    ignored_advisories: Listed | None = None
    unreachable_repositories: list[str] | None = None


def _is_report(probe: Probe) -> bool:
    if not isinstance(probe.get("advisories"), dict | list):
        return False
    # Composer 2.4 wrote no list of abandoned packages; only PHP writes an empty table as a list.
    ours = probe.keys <= _OURS and ("abandoned" in probe.keys or probe.get("advisories") == [])
    return ours or _has_advisory(probe)


def _has_advisory(probe: Probe) -> bool:
    advisories = probe.get("advisories")
    rows = next(iter(advisories.values()), None) if isinstance(advisories, dict) else None
    row = next(iter(rows.values() if isinstance(rows, dict) else rows), None) if isinstance(rows, dict | list) else None
    return isinstance(row, dict) and {"advisoryId", "packageName"} <= row.keys()


@parser(
    "composer-audit",
    title="Composer audit",
    kind=Kind.DEPENDENCY,
    looks=json_object("advisories", where=_is_report),
    made_with="composer audit --locked --format=json > composer-audit.json",
    url="https://getcomposer.org/doc/03-cli.md#audit",
    versions="2.4 to 2.9",
)
def read(report: Report) -> Iterator[Item]:
    unreachable = [f"{address} could not be reached" for address in report.unreachable_repositories or ()]
    yield Run(tool="Composer audit", complete=False if unreachable else None, problems=tuple(unreachable[:50]))
    for advisory in _rows(report.advisories):
        yield _finding(advisory, None)
    for advisory in _rows(report.ignored_advisories or []):
        yield _finding(advisory, Suppression(origin="tool", justification=advisory.ignore_reason or ""))
    abandoned = report.abandoned or {}
    given = abandoned.items() if isinstance(abandoned, dict) else ((name, None) for name in abandoned)
    for name, replacement in given:
        yield Finding(
            rule="abandoned",
            title=f"Package {name} is abandoned",
            severity=Severity.INFO,
            location=CodeLocation(path="composer.lock"),
            component=package("composer", name),
            remedy=f"Use {replacement} instead" if replacement else "",
            tags=("abandoned",),
        )


def _rows(listed: Listed) -> Iterator[Advisory]:
    if isinstance(listed, list):
        yield from listed
        return
    for rows in listed.values():
        yield from rows.values() if isinstance(rows, dict) else rows


def _finding(advisory: Advisory, suppression: Suppression | None) -> Finding:
    remote = [source.remote_id or "" for source in advisory.sources or ()]
    # A remote id may be a path of an advisory file, which is no id.
    ids = identifiers(advisory.cve, (text for text in remote if "/" not in text), advisory.advisory_id)
    title = advisory.title or f"{advisory.advisory_id} in {advisory.package_name}"
    return Finding(
        rule=advisory.advisory_id,
        title=title,
        severity=graded(advisory.severity),
        severity_given=advisory.severity or "",
        location=CodeLocation(path="composer.lock"),
        component=package("composer", advisory.package_name),
        about=Rule(id=advisory.advisory_id, title=title, references=references(advisory.link)),
        description=f"Affected versions: {advisory.affected_versions}" if advisory.affected_versions else "",
        vulnerabilities=ids,
        suppression=suppression,
    )
