"""The JSON of sysdig-cli-scanner: packages with their vulnerabilities inside, or by reference in later versions."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.sysdig.reports import TOOL, Row, items
from seamark.intake.parsers.kit import Item, Run, UnreadableReport, json_object, moment, variant
from seamark.intake.parsers.kit.packages import stable_name


class Value(Struct):
    value: str = ""


class Score(Struct):
    version: str = ""
    score: float | None = None
    vector: str = ""


class ScoreValue(Struct):
    value: Score | None = None


class Inside(Struct, rename="camel"):
    """A vulnerability inside its package, where severity and score are wrapped together with their source."""

    name: str
    severity: Value = field(default_factory=Value)
    cvss_score: ScoreValue | None = None
    fixed_in_version: str | None = ""
    exploitable: bool | None = False
    accepted_risks: list[dict[str, str | int | bool | None]] | None = None


class ByReference(Struct, rename="camel"):
    name: str
    severity: str = ""
    cvss_score: Score | None = None
    fix_version: str | None = ""
    exploitable: bool | None = False
    risk_accept_refs: list[str] | None = None


class Package(Struct, rename="camel"):
    name: str
    version: str = ""
    type: str = ""
    path: str | None = ""
    suggested_fix: str | None = ""
    is_running: bool | None = None
    vulns: list[Inside] | None = None
    vulnerabilities_refs: list[str] | None = None


class Metadata(Struct, rename="camel"):
    pull_string: str = ""
    digest: str = ""
    image_id: str = ""
    base_os: str = ""


class Result(Struct, rename="camel"):
    packages: list[Package] | dict[str, Package] | None
    metadata: Metadata = field(default_factory=Metadata)
    vulnerabilities: dict[str, ByReference] | None = None


class Info(Struct, rename="camel"):
    scan_time: str = ""


class Scanner(Struct):
    version: str = ""


class Report(Struct):
    result: Result
    info: Info | None = None
    scanner: Scanner | None = None


@variant("sysdig", looks=json_object("info", "result.packages", where=lambda probe: probe.has("result.metadata")))
def read(report: Report) -> Iterator[Item]:
    result = report.result
    if result.packages is None:
        raise UnreadableReport("The scan lists no packages: run it with --full-vulns-table or another output")
    run = Run(
        tool=TOOL,
        version=report.scanner.version if report.scanner else "",
        configuration=f"image {stable_name(result.metadata.pull_string)}",
        image=result.metadata.pull_string,
        image_digest=_digest(result.metadata),
        finished=moment(report.info.scan_time) if report.info else "",
    )
    yield from items(_rows(result), run)


def _digest(metadata: Metadata) -> str:
    return metadata.digest.rpartition("@")[2]


def _rows(result: Result) -> Iterator[Row]:
    packages = result.packages or []
    for package in packages.values() if isinstance(packages, dict) else packages:
        for inside in package.vulns or ():
            score = (inside.cvss_score.value if inside.cvss_score else None) or Score()
            yield _row(
                package, result.metadata, inside.name, inside.severity.value, score, inside.fixed_in_version or "",
                exploit=bool(inside.exploitable), accepted=bool(inside.accepted_risks),
            )  # fmt: skip
        for name in package.vulnerabilities_refs or ():
            if row := (result.vulnerabilities or {}).get(name):
                yield _row(
                    package, result.metadata, row.name, row.severity, row.cvss_score or Score(), row.fix_version or "",
                    exploit=bool(row.exploitable), accepted=bool(row.risk_accept_refs),
                )  # fmt: skip


def _row(
    package: Package,
    metadata: Metadata,
    name: str,
    severity: str,
    score: Score,
    fixed: str,
    *,
    exploit: bool,
    accepted: bool,
) -> Row:
    return Row(
        id=name,
        severity=severity,
        name=package.name,
        version=package.version,
        type=package.type,
        path=package.path or "",
        image=metadata.pull_string,
        digest=_digest(metadata),
        system=metadata.base_os,
        cvss_version=score.version,
        score="" if score.score is None else score.score,
        vector=score.vector,
        fixed=fixed,
        suggested=package.suggested_fix or "",
        in_use=package.is_running,
        accepted=accepted,
        exploit=exploit,
    )
