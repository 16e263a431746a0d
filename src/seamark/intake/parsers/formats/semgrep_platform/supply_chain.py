"""Supply chain findings of the older interface, which lists them as `vulns`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Finding,
    FlowStep,
    Item,
    Kind,
    Reach,
    Rule,
    Run,
    Severity,
    Suppression,
    cwe_ids,
    json_object,
    make_purl,
    moment,
    references,
    severity,
    variant,
    vulnerability_ids,
)

PURL_TYPES = {"gomod": "golang", "go": "golang", "mix": "hex", "swiftpm": "swift"}


class References(Struct):
    cve_ids: list[str] = field(name="cveIds", default_factory=list)
    cwe_ids: list[str] = field(name="cweIds", default_factory=list)
    owasp_ids: list[str] = field(name="owaspIds", default_factory=list)
    urls: list[str] = field(default_factory=list)


class Package(Struct):
    name: str = ""
    version: str = field(name="versionSpecifier", default="")


class Advisory(Struct):
    rule: str = field(name="ruleId")
    title: str = ""
    description: str = ""
    ecosystem: str = ""
    severity: str = ""
    references: References = field(default_factory=References)
    safe: list[Package] = field(name="safeDependencies", default_factory=list)


class Place(Struct):
    path: str = ""
    line: int | None = field(name="startLine", default=None)
    column: int | None = field(name="startCol", default=None)
    end_line: int | None = field(name="endLine", default=None)
    end_column: int | None = field(name="endCol", default=None)
    url: str = ""

    def location(self) -> CodeLocation:
        return CodeLocation(
            path=self.path,
            line=self.line or None,
            column=self.column or None,
            end_line=self.end_line or None,
            end_column=self.end_column or None,
        )


class Usage(Struct):
    location: Place | None = None


class Triage(Struct):
    status: str = ""
    reason: str = field(name="dismissReason", default="")


class Vulnerability(Struct):
    advisory: Advisory
    dependency: Package = field(name="matchedDependency")
    place: Place = field(name="dependencyFileLocation", default_factory=Place)
    title: str = ""
    exposure: str = field(name="exposureType", default="")
    triage: Triage | None = None
    group: str = field(name="groupKey", default="")
    opened: str = field(name="openedAt", default="")
    transitivity: str = ""
    usages: list[Usage] = field(default_factory=list)


class Page(Struct):
    vulns: list[Vulnerability]
    more: bool | UnsetType = field(name="hasMore", default=UNSET)


EXPOSURES = {"REACHABLE": Reach.STATIC, "UNREACHABLE": Reach.UNREACHABLE, "UNDETERMINED": Reach.POTENTIAL}


@variant(
    "semgrep-platform",
    looks=json_object("vulns", where=lambda probe: bool(probe.get("vulns.0.advisory.ruleId"))),
)
def read(page: Page) -> Iterator[Item]:
    problems = ("The report is one page of several",) if page.more is True else ()
    yield Run(tool="Semgrep AppSec Platform", complete=False, problems=problems)
    for entry in page.vulns:
        if entry.triage is None or entry.triage.status.upper() not in {"FIXED", "REMOVED"}:
            yield _finding(entry)


def _finding(entry: Vulnerability) -> Finding:
    advisory, package = entry.advisory, entry.dependency
    dismissed = entry.triage is not None and entry.triage.status.upper() in {"DISMISSED", "IGNORED"}
    ecosystem = advisory.ecosystem.lower()
    identifiers = vulnerability_ids(advisory.references.cve_ids, advisory.references.urls)
    return Finding(
        rule=advisory.rule,
        title=entry.title or advisory.title or f"{advisory.rule} in {package.name}",
        severity=severity(advisory.severity, Severity.MEDIUM),
        severity_given=advisory.severity,
        kind=Kind.DEPENDENCY,
        location=entry.place.location(),
        component=Component(
            name=package.name,
            version=package.version,
            purl=make_purl(PURL_TYPES.get(ecosystem, ecosystem), package.name, package.version),
            direct={"DIRECT": True, "TRANSITIVE": False}.get(entry.transitivity),
        ),
        about=Rule(
            id=advisory.rule,
            title=advisory.title,
            description=advisory.description,
            cwes=cwe_ids(advisory.references.cwe_ids),
            tags=tuple(advisory.references.owasp_ids),
            references=references(advisory.references.urls),
        ),
        cwes=cwe_ids(advisory.references.cwe_ids),
        vulnerabilities=identifiers,
        fixed_versions=tuple(dict.fromkeys(safe.version for safe in advisory.safe if safe.name == package.name)),
        reach=EXPOSURES.get(entry.exposure.upper()),
        flow=tuple(
            FlowStep(location=usage.location.location(), message="the vulnerable code is used here")
            for usage in entry.usages
            if usage.location is not None
        ),
        fingerprints=(("groupKey", entry.group),) if entry.group else (),
        suppression=Suppression(origin="tool", justification=entry.triage.reason if entry.triage else "")
        if dismissed
        else None,
        references=references(entry.place.url),
        seen_at=moment(entry.opened),
    )
