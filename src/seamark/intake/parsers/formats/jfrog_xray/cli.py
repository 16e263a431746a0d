"""What the JFrog CLI writes as `simple-json`: rows for people and scripts, of all its scanners."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.jfrog_xray.findings import Cve, component_of, finding
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    FlowStep,
    Kind,
    Reach,
    first_line,
)
from seamark.intake.parsers.kit.packages import graded

_REACH = {"applicable": Reach.STATIC, "not applicable": Reach.UNREACHABLE, "undetermined": Reach.POTENTIAL}


class Place(Struct, rename="camel"):
    file: str = ""
    start_line: int | None = None
    start_column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    snippet: str | None = ""

    def code(self) -> CodeLocation:
        """Return the place as a location."""
        return CodeLocation(
            path=self.file,
            line=self.start_line or None,
            column=self.start_column or None,
            end_line=self.end_line or None,
            end_column=self.end_column or None,
            snippet=self.snippet or "",
        )


class Part(Struct):
    name: str
    version: str | None = ""
    location: Place | None = None


class CveRow(Struct, rename="camel"):
    id: str | None = ""
    cvss_v2: str | None = ""
    cvss_v3: str | None = ""


class Research(Struct):
    details: str | None = ""
    remediation: str | None = ""


class PackageRow(Struct, rename="camel"):
    severity: str
    name: str = field(name="impactedPackageName")
    version: str | None = field(default="", name="impactedPackageVersion")
    type: str | None = field(default="", name="impactedPackageType")
    components: list[Part] | None = None
    issue_id: str | None = ""
    summary: str | None = ""
    applicable: str | None = ""
    fixed_versions: list[str] | None = None
    cves: list[CveRow] | None = None
    references: list[str] | None = None
    impact_paths: list[list[Part]] | None = None
    jfrog_research_information: Research | None = None
    license_key: str | None = ""


class CodeRow(Place, rename="camel"):
    severity: str | None = ""
    finding: str | None = ""
    fingerprint: str | None = ""
    scanner_description: str | None = ""
    code_flow: list[list[Place]] | None = None


class Failure(Struct, rename="camel"):
    file_path: str | None = ""
    error_message: str | None = ""


class SimpleReport(Struct, rename="camel"):
    vulnerabilities: list[PackageRow] | None
    security_violations: list[PackageRow] | None = None
    licenses_violations: list[PackageRow] | None = None
    secrets: list[CodeRow] | None = None
    iac: list[CodeRow] | None = None
    iac_violations: list[CodeRow] | None = None
    sast: list[CodeRow] | None = None
    sast_violations: list[CodeRow] | None = None
    errors: list[Failure] | None = None

    def problems(self) -> tuple[str, ...]:
        """Return what failed, as the CLI says it."""
        failures = (f"{one.file_path}: {one.error_message}".removeprefix(": ") for one in self.errors or ())
        return tuple(failures)[:50]

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of all scanners; a violation of what is listed as a vulnerability too is the same one."""
        known = set()
        for row in self.vulnerabilities or ():
            known.add((row.issue_id, row.name, row.version))
            yield _package(row, None)
        for row in self.security_violations or ():
            if (row.issue_id, row.name, row.version) not in known:
                yield _package(row, None)
        for row in self.licenses_violations or ():
            yield _package(row, Kind.LICENCE)
        for rows, kind in (
            (self.secrets, Kind.SECRET),
            (self.iac, Kind.MISCONFIGURATION),
            (self.iac_violations, Kind.MISCONFIGURATION),
            (self.sast, Kind.CODE),
            (self.sast_violations, Kind.CODE),
        ):
            for one in rows or ():
                yield _code(one, kind)


def _package(row: PackageRow, kind: Kind | None) -> Finding:
    research = row.jfrog_research_information or Research()
    place = next((part.location for part in row.components or () if part.location and part.location.file), None)
    cves = [
        Cve(cve=one.id, cvss_v2_score=one.cvss_v2 or None, cvss_v3_score=one.cvss_v3 or None) for one in row.cves or ()
    ]
    ways = tuple(
        tuple(f"{part.name}@{part.version}" if part.version else part.name for part in path)
        for path in (row.impact_paths or [])[:20]
        if len(path) > 1
    )
    licence = f"Licence {row.license_key}" if row.license_key else ""
    return finding(
        row.issue_id or (row.license_key or ""),
        row.summary or licence,
        research.details or "",
        row.severity,
        cves,
        component_of(f"{row.name}:{row.version}" if row.version else row.name, _scheme(row.type or "")),
        kind=kind,
        place=place.code() if place else None,
        fixed=row.fixed_versions,
        links=row.references,
        paths=ways,
        reach=_REACH.get((row.applicable or "").lower()),
    )


def _scheme(word: str) -> str:
    return {"maven": "gav", "gradle": "gav", "docker": "generic"}.get(word.lower(), word.lower())


def _code(row: CodeRow, kind: Kind) -> Finding:
    text = row.finding or row.scanner_description or "Finding without a text"
    flow = (row.code_flow or [[]])[0]
    # The name of the rule is not in this format; its text is the same for all that the rule finds.
    rule = (
        "secret" if kind is Kind.SECRET else first_line(row.finding or row.scanner_description or "", 80) or kind.value
    )
    return Finding(
        rule=rule,
        title=first_line(text),
        severity=graded(row.severity),
        severity_given=row.severity or "",
        kind=kind,
        # What is shown of a secret is the secret itself.
        location=CodeLocation(path=row.file, line=row.start_line or None, column=row.start_column or None)
        if kind is Kind.SECRET
        else row.code(),
        description="" if text == row.scanner_description else row.scanner_description or "",
        flow=tuple(FlowStep(step.code()) for step in flow[:100]),
        fingerprints=(("jfrog", row.fingerprint),) if row.fingerprint else (),
        secret=(row.snippet or "") if kind is Kind.SECRET else "",
    )
