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
from seamark.intake.parsers.kit.recent import Recent


class Origin(Struct, gc=False):
    path: str = ""
    type: str = ""


class LayerPlace(Struct, gc=False):
    index: int = 0


class Named(Struct, gc=False):
    name: str = ""
    version: str = ""
    ecosystem: str = ""
    commit: str = ""
    os_package_name: str = ""
    image_origin_details: LayerPlace | None = None


class Weakness(Struct, gc=False):
    cwe: str = field(default="", name="cweId")


class Extra(Struct, gc=False):
    severity: str | float | list[object] | dict[str, object] | None = None
    cwe_ids: list[str] | None = None
    cwes: list[Weakness | str] | None = None


class Score(Struct, gc=False):
    type: str = ""
    score: str = ""


class Event(Struct, gc=False):
    fixed: str = ""


class Range(Struct, gc=False):
    type: str = ""
    events: list[Event] | None = None


class Affected(Struct, gc=False):
    package: Named | None = None
    ranges: list[Range] | None = None
    severity: list[Score] | None = None
    database_specific: Extra | None = None
    ecosystem_specific: Extra | None = None


class Reference(Struct, gc=False):
    url: str = ""


class Record(Struct, gc=False):
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


class Analysis(Struct, gc=False):
    called: bool | None = None
    unimportant: bool = False


class Group(Struct, gc=False):
    ids: list[str] | None = None
    aliases: list[str] | None = None
    max_severity: str = ""
    analysis: dict[str, Analysis] | None = field(default=None, name="experimentalAnalysis")
    analysis_2: dict[str, Analysis] | None = field(default=None, name="experimental_analysis")


class Entry(Struct, gc=False):
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


_NO_GROUP = Group()
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
    rules: Recent[str, Rule] = Recent()
    for number, result in enumerate(report.results):
        for entry in reading.rows(result.packages, Entry, where=f"$.results[{number}].packages"):
            yield from _findings(entry, result.source or Origin(), report.image_metadata, rules)


def _findings(entry: Entry, origin: Origin, image: ImageMetadata | None, rules: Recent[str, Rule]) -> Iterator[Finding]:
    component = _component(entry)
    location = _location(entry.package, origin, image)
    kind = Kind.CONTAINER if of_system(purl_type(entry.package.ecosystem)) else Kind.DEPENDENCY
    for record in entry.vulnerabilities or ():
        yield _finding(record, entry, rules, kind, component, location)
    for licence in entry.license_violations or ():
        yield Finding(
            rule=licence,
            title=f"Licence {licence} of {entry.package.name} is not allowed",
            severity=Severity.LOW,
            kind=Kind.LICENCE,
            component=component,
            location=location,
        )


def _finding(
    record: Record, entry: Entry, rules: Recent[str, Rule], kind: Kind, component: Component, location: Location | None
) -> Finding:
    group = _NO_GROUP
    for one in entry.groups or ():
        if one.ids and record.id in one.ids:
            group = one
            break
    affected = [one for one in record.affected or () if _same(one.package, entry.package)]
    ratings = _ratings(record, affected)
    word = _word(record, affected)
    highest = group.max_severity
    if not word and not ratings and highest and (score := rating("", highest)):
        ratings = (score,)
    rule = rules.get(record.id)
    if rule is None:
        rule = Rule(
            id=record.id,
            title=record.summary,
            description=record.details,
            references=references([one.url for one in record.references or ()]),
        )
        rules.keep(record.id, rule)
    analysis = _analysis(group, record)
    return Finding(
        rule=record.id,
        title=record.summary or f"{record.id} in {entry.package.name}",
        severity=graded(word, ratings),
        severity_given=word or highest,
        kind=kind,
        location=location,
        component=component,
        about=rule,
        cwes=_cwes(record, affected),
        vulnerabilities=identifiers(record.id, record.aliases, record.upstream, group.ids, group.aliases),
        cvss=ratings,
        fixed_versions=_fixed(affected),
        reach=_reach(analysis),
        tags=_tags(record, analysis),
    )


def _tags(record: Record, analysis: Analysis | None) -> tuple[str, ...]:
    found = ("withdrawn",) if record.withdrawn else ()
    return (*found, "unimportant") if analysis is not None and analysis.unimportant else found


def _component(entry: Entry) -> Component:
    named = entry.package
    name = named.os_package_name or named.name
    component = package(named.ecosystem, name, named.version or named.commit)
    scope = ""
    if entry.dependency_groups:
        groups = set(entry.dependency_groups)
        scope = "development" if groups <= _DEVELOPMENT else "optional" if groups == {"optional"} else ""
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
    if one.name == other.name and one.ecosystem == other.ecosystem:
        return True
    return one.name.lower() == other.name.lower() and one.ecosystem.split(":")[0] == other.ecosystem.split(":")[0]


def _ratings(record: Record, affected: list[Affected]) -> tuple[Cvss, ...]:
    found: dict[Cvss, None] = {}
    for score in _scores(record, affected):
        if score.type.startswith("CVSS") and (one := rating(score.score, None)):
            found[one] = None
    return tuple(found)


def _scores(record: Record, affected: list[Affected]) -> list[Score]:
    scores = record.severity or []
    for one in affected:
        if one.severity:
            scores = [*scores, *one.severity]
    return scores


def _word(record: Record, affected: list[Affected]) -> str:
    """Return the severity that the database itself gives as a word."""
    extras = [record.database_specific]
    for one in affected:
        extras += (one.database_specific, one.ecosystem_specific)
    for extra in extras:
        if extra and isinstance(extra.severity, str) and not extra.severity.startswith("CVSS"):
            return extra.severity
    for score in _scores(record, affected):
        if not score.type.startswith("CVSS"):
            return score.score
    return ""


def _cwes(record: Record, affected: list[Affected]) -> tuple[int, ...]:
    texts: list[str] = []
    for extra in (record.database_specific, *[one.database_specific for one in affected]):
        if extra:
            texts += extra.cwe_ids or ()
            if extra.cwes:
                texts += [one if isinstance(one, str) else one.cwe for one in extra.cwes]
    return cwe_ids(*texts) if texts else ()


def _fixed(affected: list[Affected]) -> tuple[str, ...]:
    """Return the versions with a fix; commits only where no versions are named."""
    versions: dict[str, None] = {}
    commits: dict[str, None] = {}
    for row in affected:
        for one in row.ranges or ():
            found = commits if one.type == "GIT" else versions
            for event in one.events or ():
                if event.fixed:
                    found[event.fixed] = None
    return tuple(versions or commits)


def _analysis(group: Group, record: Record) -> Analysis | None:
    """Return the call analysis: that of the record, else that of an alias, which is the same flaw."""
    found = group.analysis or group.analysis_2
    if not found:
        return None
    return found.get(record.id) or next(iter(found.values()), None)


def _reach(analysis: Analysis | None) -> Reach | None:
    if analysis is None or analysis.called is None:
        return None
    return Reach.STATIC if analysis.called else Reach.UNREACHABLE
