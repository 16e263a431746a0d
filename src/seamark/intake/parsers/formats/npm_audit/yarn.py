"""Yarn's lines: those of Yarn 1 hold the registry's advisories, those of Yarn 4 a tree of texts."""

from __future__ import annotations

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats.npm_audit.advisories import Advisory, Installed, finding_of, fixed_by
from seamark.intake.parsers.kit import Finding, Rule, references
from seamark.intake.parsers.kit.packages import graded, identifiers, package


class Line(Struct):
    type: str
    data: Raw = field(default_factory=Raw)


class Resolution(Struct):
    path: str = ""
    dev: bool = False
    optional: bool = False


class Audited(Struct):
    advisory: Advisory
    resolution: Resolution | None = None


class Notice(Struct):
    id: int | str = field(default="", name="ID")
    issue: str = field(default="", name="Issue")
    url: str | None = field(default="", name="URL")
    severity: str = field(default="", name="Severity")
    vulnerable: str = field(default="", name="Vulnerable Versions")
    versions: list[str] | None = field(default=None, name="Tree Versions")
    dependents: list[str] | None = field(default=None, name="Dependents")


class Entry(Struct):
    value: str
    children: Notice


def of_line(row: Audited, rule: Rule) -> Finding:
    """Return the finding of a Yarn 1 line, which is about one way to one installed version."""
    way = row.resolution or Resolution()
    listed = row.advisory.findings or []
    found = next((one for one in listed if way.path in (one.paths or ())), listed[0] if listed else Installed())
    paths = [way.path] if way.path else found.paths
    return finding_of(row.advisory, rule, Installed(found.version, paths, way.dev or found.dev, way.optional))


def of_entry(entry: Entry, version: str) -> Finding:
    """Return the finding of a Yarn 4 line for one installed version. A deprecated package is one, too."""
    notice = entry.children
    deprecated = str(notice.id).endswith("(deprecation)")
    ids = identifiers((notice.url or "").rpartition("/")[2] if "GHSA-" in (notice.url or "") else None)
    name = "deprecation" if deprecated else ids[0] if ids else str(notice.id) or "advisory"
    dependents = ", ".join(_shown(text) for text in notice.dependents or ())
    return Finding(
        rule=name,
        title=f"{entry.value} is deprecated" if deprecated else notice.issue or f"{name} in {entry.value}",
        severity=graded(notice.severity),
        severity_given=notice.severity,
        component=package("npm", entry.value, version),
        description="\n\n".join(
            text
            for text in (
                notice.issue if deprecated else "",
                f"Affected versions: {notice.vulnerable}" if notice.vulnerable and not deprecated else "",
                f"Needed by: {dependents}" if dependents else "",
            )
            if text
        ),
        vulnerabilities=ids,
        fixed_versions=() if deprecated else fixed_by(notice.vulnerable),
        fingerprints=(("npm-advisory", str(notice.id)),) if isinstance(notice.id, int) else (),
        references=references(notice.url),
        tags=("deprecated",) if deprecated else (),
    )


def _shown(locator: str) -> str:
    """Return a locator without the hash of its virtual instance (`a@virtual:9598…#npm:1.0` gives `a@npm:1.0`)."""
    name, mark, rest = locator.partition("@virtual:")
    return f"{name}@{rest.partition('#')[2]}" if mark else locator
