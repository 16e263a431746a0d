"""Grype: vulnerabilities of the packages in an image, a directory or an SBOM.

A package's several locations (package database, licence text, checksums) are evidence for one package: the finding is
at the one that Grype calls primary. Ignored matches are findings that are suppressed.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.kit import (
    CodeLocation,
    Cvss,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Location,
    Probe,
    Reading,
    Rule,
    Run,
    Suppression,
    Vex,
    VexState,
    cwe_ids,
    json_object,
    moment,
    parser,
    references,
)
from seamark.intake.parsers.kit.images import layers, origins, revision
from seamark.intake.parsers.kit.packages import (
    graded,
    identifiers,
    of_system,
    package,
    probability,
    purl_kind,
    rating,
    stable_name,
)
from seamark.intake.parsers.kit.recent import Recent


class Metrics(Struct, gc=False, rename="camel"):
    base_score: float | None = None


class Score(Struct, gc=False):
    vector: str = ""
    version: str = ""
    source: str = ""
    metrics: Metrics | None = None


class Epss(Struct, gc=False):
    epss: float | None = None


class Weakness(Struct, gc=False):
    cwe: str = ""


class Exploited(Struct, gc=False):
    cve: str = ""


class Fix(Struct, gc=False):
    versions: list[str] | None = None
    state: str = ""


class Advisory(Struct, gc=False):
    id: str = ""
    link: str = ""


class Vulnerability(Struct, gc=False, rename="camel"):
    id: str
    data_source: str = ""
    namespace: str = ""
    severity: str = ""
    urls: list[str] | None = None
    description: str = ""
    cvss: list[Score] | None = None
    epss: list[Epss] | None = None
    cwes: list[Weakness] | None = None
    known_exploited: list[Exploited] | None = None
    fix: Fix | None = None
    advisories: list[Advisory] | None = None


class Annotations(Struct, gc=False):
    evidence: str = ""


class Place(Struct, gc=False):
    path: str = ""
    layer_id: str = field(default="", name="layerID")
    annotations: Annotations | None = None


class Artifact(Struct, gc=False):
    name: str
    version: str = ""
    type: str = ""
    locations: list[Place] | None = None
    licenses: list[str] | None = None
    purl: str = ""


class MatchDetail(Struct, gc=False):
    type: str = ""
    matcher: str = ""


class IgnoreRule(Struct, gc=False):
    vulnerability: str = ""
    reason: str = ""
    namespace: str = ""
    fix_state: str = field(default="", name="fix-state")
    vex_status: str = field(default="", name="vex-status")
    vex_justification: str = field(default="", name="vex-justification")


class Match(Struct, gc=False, rename="camel"):
    vulnerability: Vulnerability
    artifact: Artifact
    related_vulnerabilities: list[Vulnerability] | None = None
    match_details: list[MatchDetail] | MatchDetail | None = None
    applied_ignore_rules: list[IgnoreRule] | None = None


class Layer(Struct):
    digest: str = ""


class Image(Struct, rename="camel"):
    user_input: str = ""
    manifest_digest: str = ""
    repo_digests: list[str] | None = None
    layers: list[Layer] | None = None
    labels: dict[str, str] | None = None


class Origin(Struct):
    type: str = ""
    target: Image | str | None = None


class Descriptor(Struct):
    version: str = ""
    timestamp: str = ""


class Distribution(Struct):
    name: str = ""
    version: str = ""


class Report(Struct, rename="camel"):
    matches: Raw
    ignored_matches: Raw = field(default_factory=Raw)
    source: Origin | None = None
    distro: Distribution | None = None
    descriptor: Descriptor | None = None


_EXACT = frozenset({"", "exact-direct-match"})
_NOWHERE = Place()
_USUAL = frozenset({"", "fixed", "unknown"})
_STATES = {"not_affected": VexState.NOT_AFFECTED, "fixed": VexState.FIXED, "affected": VexState.AFFECTED}


def _is_grype(probe: Probe) -> bool:
    if probe.get("descriptor.name") == "grype":
        return True
    return isinstance(probe.get("matches.0.artifact"), dict) and isinstance(probe.get("matches.0.vulnerability"), dict)


@parser(
    "grype",
    title="Grype",
    kind=Kind.DEPENDENCY,
    looks=json_object("matches", where=_is_grype),
    made_with="grype IMAGE -o json --file grype.json",
    url="https://github.com/anchore/grype",
    versions="0.1 to 0.100",
    lift=("matches", "ignoredMatches"),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    origin = report.source or Origin()
    image = origin.target if isinstance(origin.target, Image) else None
    name = image.user_input if image else str(origin.target or "")
    labels = (image.labels if image else None) or {}
    yield Run(
        tool="Grype",
        version=report.descriptor.version if report.descriptor else "",
        configuration=f"{origin.type} {stable_name(name)}".strip(),
        commit=revision(labels),
        image=name if image else "",
        image_digest=_digest(image) if image else "",
        layers=layers([layer.digest for layer in image.layers or ()]) if image else (),
        finished=moment(report.descriptor.timestamp) if report.descriptor else "",
    )
    if image:
        yield from origins(name, labels)
    findings = _Findings(image, report.distro)
    for match in reading.rows(report.matches, Match, where="$.matches"):
        yield findings.of(match)
    for match in reading.rows(report.ignored_matches, Match, where="$.ignoredMatches"):
        yield _ignored(findings.of(match), match)


def _digest(image: Image) -> str:
    published = next((text.partition("@")[2] for text in image.repo_digests or () if "@" in text), "")
    return published or image.manifest_digest


def _ignored(finding: Finding, match: Match) -> Finding:
    rules = match.applied_ignore_rules or ()
    reasons = [rule.reason or rule.vex_justification or _condition(rule) for rule in rules]
    stated = next((rule for rule in rules if rule.vex_status in _STATES), None)
    return replace(
        finding,
        suppression=Suppression(origin="tool", justification="; ".join(dict.fromkeys(filter(None, reasons)))),
        vex=Vex(state=_STATES[stated.vex_status], justification=stated.vex_justification) if stated else None,
    )


def _condition(rule: IgnoreRule) -> str:
    return f"fix state is {rule.fix_state}" if rule.fix_state else ""


class _Known(Struct, frozen=True, gc=False):
    """What a vulnerability says of itself, for all packages that have it."""

    rule: Rule
    ratings: tuple[Cvss, ...]
    cwes: tuple[int, ...]
    ids: tuple[str, ...]
    epss: float | None
    tags: tuple[str, ...]


class _Findings:
    def __init__(self, image: Image | None, distro: Distribution | None) -> None:
        self._image = image
        self._digest = _digest(image) if image else ""
        self._distro = distro.name if distro else ""
        self._known: Recent[tuple[str, ...], _Known] = Recent()

    def of(self, match: Match) -> Finding:
        own, artifact = match.vulnerability, match.artifact
        related = match.related_vulnerabilities or ()
        key = (own.id, own.namespace, *[one.id for one in related])
        known = self._known.get(key) or self._known.keep(key, _known(own, related))
        system = of_system(artifact.type) or of_system(purl_kind(artifact.purl))
        component = package(
            self._distro if system and self._distro else artifact.type, artifact.name, artifact.version, artifact.purl
        )
        if artifact.licenses:
            component = replace(component, licences=tuple(artifact.licenses))
        return Finding(
            rule=own.id,
            title=f"{own.id} in {artifact.name}",
            severity=graded(own.severity, known.ratings),
            severity_given=own.severity,
            kind=Kind.CONTAINER if system else Kind.DEPENDENCY,
            location=self._place(artifact),
            component=component,
            about=known.rule,
            description=_matched(match.match_details),
            cwes=known.cwes,
            vulnerabilities=known.ids,
            cvss=known.ratings,
            epss=known.epss,
            fixed_versions=tuple((own.fix.versions if own.fix else None) or ()),
            tags=known.tags if own.fix is None or own.fix.state in _USUAL else (f"fix:{own.fix.state}", *known.tags),
        )

    def _place(self, artifact: Artifact) -> Location | None:
        places = artifact.locations or ()
        place = places[0] if places else _NOWHERE
        for one in places:
            if one.annotations and one.annotations.evidence == "primary":
                place = one
                break
        if self._image is not None:
            return ImageLocation(
                image=self._image.user_input, digest=self._digest, layer=place.layer_id, path=place.path
            )
        return CodeLocation(path=place.path) if place.path else None


def _known(own: Vulnerability, related: list[Vulnerability] | tuple[Vulnerability, ...]) -> _Known:
    every = (own, *related)
    links = [own.data_source, *(own.urls or ()), *[advisory.link for advisory in own.advisories or ()]]
    text, weaknesses, exploited, epss = "", list[str](), False, 0.0
    ratings: dict[Cvss, None] = {}
    for one in every:
        text = text or one.description
        exploited = exploited or bool(one.known_exploited)
        if one is not own and one.urls:
            links += one.urls
        if one.cwes:
            weaknesses += [weakness.cwe for weakness in one.cwes]
        for score in one.cvss or ():
            if found := _rating(score, one):
                ratings[found] = None
        for entry in one.epss or ():
            epss = max(epss, probability(entry.epss) or 0.0)
    return _Known(
        rule=Rule(
            id=own.id,
            description=text,
            references=references(links),
            tags=(own.namespace,) if own.namespace else (),
        ),
        ratings=tuple(ratings),
        cwes=cwe_ids(*weaknesses) if weaknesses else (),
        ids=identifiers(own.id, [one.id for one in related]),
        epss=epss or None,
        tags=("known-exploited",) if exploited else (),
    )


def _matched(details: list[MatchDetail] | MatchDetail | None) -> str:
    """Say how the package was matched where that is not exact: by CPE, or through its source package."""
    rows = (details,) if isinstance(details, MatchDetail) else details or ()
    for one in rows:
        if one.type not in _EXACT:
            break
    else:
        return ""
    loose = dict.fromkeys(f"{one.type} by {one.matcher}" for one in rows if one.type not in _EXACT)
    return f"Matched as {', '.join(loose)}."


def _rating(score: Score, vulnerability: Vulnerability) -> Cvss | None:
    number = score.metrics.base_score if score.metrics else None
    return rating(score.vector, number, score.version, score.source or vulnerability.namespace)
