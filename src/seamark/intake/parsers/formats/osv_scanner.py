"""OSV-Scanner: known vulnerabilities and unwanted licences of the packages in lock files, SBOMs and images.

Each OSV record is a finding; records that OSV-Scanner groups as aliases of one flaw carry each other's ids.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.kit import (
    CodeLocation,
    Component,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reach,
    Reading,
    Rule,
    Run,
    Severity,
    cwe_ids,
    json_object,
    parser,
    references,
)
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_type, rating


class Origin(Struct):
    path: str = ""
    type: str = ""


class LayerPlace(Struct):
    index: int = 0


class Named(Struct):
    name: str = ""
    version: str = ""
    ecosystem: str = ""
    commit: str = ""
    os_package_name: str = ""
    image_origin_details: LayerPlace | None = None


class Weakness(Struct):
    cwe: str = field(default="", name="cweId")


class Extra(Struct):
    severity: str | float | list[object] | dict[str, object] | None = None
    cwe_ids: list[str] | None = None
    cwes: list[Weakness | str] | None = None


class Score(Struct):
    type: str = ""
    score: str = ""


class Event(Struct):
    fixed: str = ""


class Range(Struct):
    type: str = ""
    events: list[Event] | None = None


class Affected(Struct):
    package: Named | None = None
    ranges: list[Range] | None = None
    severity: list[Score] | None = None
    database_specific: Extra | None = None
    ecosystem_specific: Extra | None = None


class Reference(Struct):
    url: str = ""


class Record(Struct):
    id: str
    summary: str = ""
    details: str = ""
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    severity: list[Score] | None = None
    affected: list[Affected] | None = None
    references: list[Reference] | None = None
    database_specific: Extra | None = None
    withdrawn: str = ""


class Analysis(Struct):
    called: bool | None = None
    unimportant: bool = False


class Group(Struct):
    ids: list[str] | None = None
    aliases: list[str] | None = None
    max_severity: str = ""
    analysis: dict[str, Analysis] | None = field(default=None, name="experimentalAnalysis")
    analysis_2: dict[str, Analysis] | None = field(default=None, name="experimental_analysis")


class Entry(Struct):
    package: Named
    vulnerabilities: list[Record] | None = None
    groups: list[Group] | None = None
    dependency_groups: list[str] | None = None
    licenses: list[str] | None = None
    license_violations: list[str] | None = None


class Result(Struct):
    packages: Raw = field(default_factory=Raw)
    source: Origin | None = None


class Layer(Struct):
    diff_id: str = ""


class ImageMetadata(Struct):
    layer_metadata: list[Layer] | None = None


class Report(Struct):
    results: list[Result]
    image_metadata: ImageMetadata | None = None


_ONLY_HERE = {"experimental_config", "license_summary", "experimental_analysis_config", "image_metadata"}
_DEVELOPMENT = {"dev", "development", "test", "devDependencies", "dev-dependencies"}


def _is_osv(probe: Probe) -> bool:
    """Claim by the first package, or by what only this tool adds. Only small values are decoded."""
    if isinstance(probe.get("results.0.packages.0.package.name"), str) and isinstance(
        probe.get("results.0.source.path"), str
    ):
        return True
    return bool(probe.keys & _ONLY_HERE)


@parser(
    "osv-scanner",
    title="OSV-Scanner",
    kind=Kind.DEPENDENCY,
    looks=json_object("results", where=_is_osv),
    made_with="osv-scanner scan source --recursive --format json --output osv.json .",
    url="https://google.github.io/osv-scanner/output/",
    versions="1.0 to 2.2",
    lift=("results[].packages",),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    yield Run(tool="OSV-Scanner", configuration="image" if report.image_metadata else "")
    rules: dict[str, Rule] = {}
    for number, result in enumerate(report.results):
        for entry in reading.rows(result.packages, Entry, where=f"$.results[{number}].packages"):
            yield from _findings(entry, result.source or Origin(), report.image_metadata, rules)


def _findings(entry: Entry, origin: Origin, image: ImageMetadata | None, rules: dict[str, Rule]) -> Iterator[Finding]:
    component = _component(entry)
    location = _location(entry.package, origin, image)
    kind = Kind.CONTAINER if of_system(purl_type(entry.package.ecosystem)) else Kind.DEPENDENCY
    for record in entry.vulnerabilities or ():
        yield replace(_finding(record, entry, rules), kind=kind, component=component, location=location)
    for licence in entry.license_violations or ():
        yield Finding(
            rule=licence,
            title=f"Licence {licence} of {entry.package.name} is not allowed",
            severity=Severity.LOW,
            kind=Kind.LICENCE,
            component=component,
            location=location,
        )


def _finding(record: Record, entry: Entry, rules: dict[str, Rule]) -> Finding:
    group = next((one for one in entry.groups or () if record.id in (one.ids or ())), Group())
    affected = [one for one in record.affected or () if _same(one.package, entry.package)]
    ratings = _ratings(record, affected)
    word = _word(record, affected)
    highest = group.max_severity
    if not word and not ratings and highest and (score := rating("", highest)):
        ratings = (score,)
    if record.id not in rules:
        rules[record.id] = Rule(
            id=record.id,
            title=record.summary,
            description=record.details,
            references=references([one.url for one in record.references or ()]),
        )
    analysis = _analysis(group, record)
    return Finding(
        rule=record.id,
        title=record.summary or f"{record.id} in {entry.package.name}",
        severity=graded(word, ratings),
        severity_given=word or highest,
        about=rules[record.id],
        cwes=_cwes(record, affected),
        vulnerabilities=identifiers(record.id, record.aliases, record.upstream, group.ids, group.aliases),
        cvss=ratings,
        fixed_versions=_fixed(affected),
        reach=_reach(analysis),
        tags=tuple(
            tag
            for tag, applies in (("withdrawn", record.withdrawn), ("unimportant", analysis and analysis.unimportant))
            if applies
        ),
    )


def _component(entry: Entry) -> Component:
    named = entry.package
    name = named.os_package_name or named.name
    component = package(named.ecosystem, name, named.version or named.commit)
    groups = set(entry.dependency_groups or ())
    scope = "development" if groups and groups <= _DEVELOPMENT else "optional" if groups == {"optional"} else ""
    if scope or entry.licenses:
        return replace(component, scope=scope, licences=tuple(entry.licenses or ()))
    return component


def _location(named: Named, origin: Origin, image: ImageMetadata | None) -> Location | None:
    if image is not None:
        layers = image.layer_metadata or []
        place = named.image_origin_details
        layer = layers[place.index].diff_id if place and 0 <= place.index < len(layers) else ""
        return ImageLocation(image="", layer=layer, path=origin.path)
    return CodeLocation(path=origin.path) if origin.path else None


def _same(one: Named | None, other: Named) -> bool:
    """Tell whether a record's package is the one at hand; ecosystems may carry a release (`Debian:12`)."""
    if one is None:
        return False
    return one.name.lower() == other.name.lower() and one.ecosystem.split(":")[0] == other.ecosystem.split(":")[0]


def _ratings(record: Record, affected: list[Affected]) -> tuple[Cvss, ...]:
    scores = [*(record.severity or ()), *(score for one in affected for score in one.severity or ())]
    found = (rating(score.score, None) for score in scores if score.type.startswith("CVSS"))
    return tuple(dict.fromkeys(one for one in found if one))


def _word(record: Record, affected: list[Affected]) -> str:
    """Return the severity that the database itself gives as a word."""
    extras = [record.database_specific]
    for one in affected:
        extras += [one.database_specific, one.ecosystem_specific]
    for extra in extras:
        if extra and isinstance(extra.severity, str) and not extra.severity.startswith("CVSS"):
            return extra.severity
    scores = [*(record.severity or ()), *(score for one in affected for score in one.severity or ())]
    return next((score.score for score in scores if not score.type.startswith("CVSS")), "")


def _cwes(record: Record, affected: list[Affected]) -> tuple[int, ...]:
    extras = [record.database_specific, *(one.database_specific for one in affected)]
    texts: list[str] = []
    for extra in extras:
        if extra:
            texts += extra.cwe_ids or ()
            texts += [one if isinstance(one, str) else one.cwe for one in extra.cwes or ()]
    return cwe_ids(*texts)


def _fixed(affected: list[Affected]) -> tuple[str, ...]:
    """Return the versions with a fix; commits only where no versions are named."""
    ranges = [one for row in affected for one in row.ranges or ()]
    for commits in (False, True):
        found = [
            event.fixed for one in ranges if (one.type == "GIT") is commits for event in one.events or () if event.fixed
        ]
        if found:
            return tuple(dict.fromkeys(found))
    return ()


def _analysis(group: Group, record: Record) -> Analysis | None:
    """Return the call analysis: that of the record, else that of an alias, which is the same flaw."""
    found = group.analysis or group.analysis_2 or {}
    return found.get(record.id) or next(iter(found.values()), None)


def _reach(analysis: Analysis | None) -> Reach | None:
    if analysis is None or analysis.called is None:
        return None
    return Reach.STATIC if analysis.called else Reach.UNREACHABLE
