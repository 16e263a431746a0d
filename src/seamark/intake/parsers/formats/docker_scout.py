"""Docker Scout's own JSON: the packages of an image, with the vulnerabilities and secrets that were found in it.

`docker scout sbom` lists packages only: an inventory, whose ruleset is empty. `docker scout cves --format sbom` adds
vulnerabilities by package URL. Its SARIF, GitLab and SPDX are read as what they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._sca import shared_rule
from seamark.intake.parsers.kit import (
    Component,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Reading,
    Run,
    cwe_ids,
    json_object,
    parser,
    references,
    severity,
)
from seamark.intake.parsers.kit.images import layers, origins, revision
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_kind, rating, stable_name

TOOL = "Docker Scout"


class Location(Struct, gc=False):
    path: str | None = ""
    digest: str | None = ""
    diff_id: str | None = ""


class Package(Struct, gc=False):
    name: str
    type: str | None = ""
    namespace: str | None = ""
    version: str | None = ""
    purl: str | None = ""
    author: str | None = ""
    licenses: list[str] | None = None
    locations: list[Location] | None = None


class Rating(Struct, gc=False):
    score: float | str | None = None
    severity: str | None = ""
    vector: str | None = ""
    version: str | None = ""


class Weakness(Struct, gc=False):
    cwe_id: str | None = ""


class Vulnerability(Struct, gc=False):
    source_id: str
    source: str | None = ""
    description: str | None = ""
    vulnerable_range: str | None = ""
    fixed_by: str | None = ""
    url: str | None = ""
    cvss: Rating | None = None
    cwes: list[Weakness] | None = None


class OfPackage(Struct):
    purl: str
    vulnerabilities: list[Vulnerability] | None = None


class Leak(Struct):
    rule_id: str
    title: str | None = ""
    category: str | None = ""
    severity: str | None = ""
    match: str | None = ""
    start_line: int | None = None


class SecretSource(Struct):
    type: str | None = ""
    location: Location | None = None


class Secrets(Struct):
    source: SecretSource | None = None
    findings: list[Leak] | None = None


class RootFs(Struct):
    diff_ids: list[str] | None = None


class Settings(Struct):
    labels: dict[str, str] | None = field(name="Labels", default=None)


class Config(Struct):
    config: Settings | None = None
    rootfs: RootFs | None = None


class Image(Struct):
    name: str | None = ""
    digest: str | None = ""
    tags: list[str] | None = None
    config: Config | None = None


class Origin(Struct):
    type: str | None = ""
    image: Image | None = None


class Descriptor(Struct):
    version: str | None = ""


class Report(Struct):
    source: Origin
    artifacts: Raw
    descriptor: Descriptor | None = None
    vulnerabilities: Raw = field(default_factory=Raw)
    secrets: list[Secrets] | None = None


def _is_scout(probe: Probe) -> bool:
    return probe.has("descriptor.sbom_version") or "scout" in str(probe.get("descriptor.name"))


@parser(
    "docker-scout",
    title=TOOL,
    kind=Kind.DEPENDENCY,
    looks=json_object("artifacts", "source", "descriptor", where=_is_scout),
    made_with="docker scout cves --format sbom --output scout.json IMAGE, or docker scout sbom IMAGE",
    url="https://docs.docker.com/reference/cli/docker/scout/cves/",
    lift=("artifacts", "vulnerabilities"),
)
def read(report: Report, reading: Reading) -> Iterator[Item]:
    image = report.source.image or Image()
    name, config = _reference(image), image.config or Config()
    labels = (config.config.labels if config.config else None) or {}
    checked = len(report.vulnerabilities) > 0 and bytes(report.vulnerabilities) != b"null"
    yield Run(
        tool=TOOL,
        version=(report.descriptor.version or "").removeprefix("v") if report.descriptor else "",
        configuration=f"{report.source.type or ''} {stable_name(name)}".strip(),
        # Go leaves an empty list of vulnerabilities out: the inventory alone then proves nothing.
        ruleset=None if checked or report.secrets else frozenset(),
        commit=revision(labels),
        image=name,
        image_digest=image.digest or "",
        layers=layers(config.rootfs.diff_ids if config.rootfs else None),
    )
    yield from origins(name, labels)
    place = ImageLocation(image=name, digest=image.digest or "")
    known: dict[str, tuple[Component, ImageLocation]] = {}
    for row in reading.rows(report.artifacts, Package, where="$.artifacts"):
        component = _component(row)
        known[row.purl or component.purl] = component, _place(place, row.locations)
        yield component
    for of_one in reading.rows(report.vulnerabilities, OfPackage, where="$.vulnerabilities"):
        component, location = known.get(of_one.purl) or (_named(of_one.purl), place)
        for vulnerability in of_one.vulnerabilities or ():
            yield _finding(vulnerability, component, location)
    for secrets in report.secrets or ():
        yield from _secrets(secrets, place)


def _reference(image: Image) -> str:
    """Return the image as people name it; Scout writes the tag into a list of its own."""
    name = image.name or ""
    tagged = ":" in name.rpartition("/")[2] or "@" in name
    return f"{name}:{image.tags[0]}" if name and image.tags and not tagged else name


def _component(row: Package) -> Component:
    name = f"{row.namespace}/{row.name}" if row.namespace and not of_system(purl_kind(row.purl or "")) else row.name
    known = package(row.type or "", name, row.version or "", row.purl or "")
    return Component(
        name=known.name,
        version=known.version,
        purl=known.purl,
        licences=tuple(row.licenses or ()),
        ref=row.purl or "",
        supplier=row.author or "",
    )


def _named(purl: str) -> Component:
    """Return the component for a package URL that the list of packages does not hold."""
    head, _, version = purl.partition("?")[0].rpartition("@")
    return package("", (head or purl).rpartition("/")[2], version, purl)


def _place(image: ImageLocation, given: list[Location] | None) -> ImageLocation:
    if not given:
        return image
    layer = given[0].diff_id or given[0].digest or ""
    return ImageLocation(image=image.image, digest=image.digest, layer=layer, path=given[0].path or "")


def _finding(row: Vulnerability, component: Component, location: ImageLocation) -> Finding:
    given = row.cvss or Rating()
    rated = rating(given.vector, given.score or None, given.version or "")
    ratings = (rated,) if rated else ()
    fixed = row.fixed_by or ""
    return Finding(
        rule=row.source_id,
        title=f"{row.source_id} in {component.name}",
        severity=graded(given.severity, ratings),
        severity_given=given.severity or "",
        kind=Kind.CONTAINER if of_system(purl_kind(component.purl)) else Kind.DEPENDENCY,
        location=location,
        component=component,
        about=shared_rule(
            id=row.source_id,
            description=row.description or "",
            references=references(row.url),
            tags=(row.source,) if row.source else (),
        ),
        description=f"Affected versions: {row.vulnerable_range}" if row.vulnerable_range else "",
        cwes=cwe_ids([one.cwe_id for one in row.cwes or () if one.cwe_id]),
        vulnerabilities=identifiers(row.source_id),
        cvss=ratings,
        fixed_versions=() if fixed.lower() in {"", "not fixed"} else (fixed,),
    )


def _secrets(given: Secrets, image: ImageLocation) -> Iterator[Finding]:
    place = given.source.location if given.source else None
    for leak in given.findings or ():
        yield Finding(
            rule=leak.rule_id,
            title=leak.title or leak.rule_id,
            severity=severity(leak.severity),
            severity_given=leak.severity or "",
            kind=Kind.SECRET,
            location=_place(image, [place] if place else None),
            description=f"Line {leak.start_line}" if leak.start_line else "",
            secret=leak.match or "",
            tags=(leak.category,) if leak.category else (),
        )
