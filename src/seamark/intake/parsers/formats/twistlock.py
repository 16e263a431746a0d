"""Prisma Cloud Compute, once Twistlock: the JSON of twistcli and of the console's API, and the console's tables."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Csv,
    Finding,
    ImageLocation,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    csv_header,
    first_line,
    json_object,
    json_rows,
    moment,
    parser,
    references,
    severity,
    variant,
)
from seamark.intake.parsers.kit.images import repository_address
from seamark.intake.parsers.kit.packages import graded, identifiers, of_system, package, purl_type, rating, stable_name

_TOOL = "Prisma Cloud"
_ARCHIVES = (".jar", ".war", ".ear")
_FAMILIES = (
    ("debian", "debian"), ("ubuntu", "ubuntu"), ("alpine", "alpine"), ("red hat", "redhat"), ("centos", "centos"),
    ("rocky", "rocky"), ("alma", "almalinux"), ("amazon", "amazon"), ("oracle", "oracle"), ("suse", "suse"),
    ("sles", "suse"), ("photon", "photon"), ("fedora", "fedora"), ("wolfi", "wolfi"),
)  # fmt: skip


class Vulnerability(Struct, rename="camel"):
    id: str | int = ""
    cve: str | None = ""
    severity: str | None = ""
    package_name: str | None = ""
    package_version: str | None = ""
    package_path: str | None = ""
    package_type: str | None = ""
    description: str | None = ""
    status: str | None = ""
    cvss: float | None = None
    vector: str | None = ""
    vec_str: str | None = ""
    link: str | None = ""
    risk_factors: dict[str, object] | list[str] | None = None
    impacted_versions: list[str] | None = None
    layer_instruction: str | None = ""
    text: str | None = ""


class Compliance(Struct, rename="camel"):
    title: str
    id: str | int = ""
    severity: str | None = ""
    cause: str | None = ""
    description: str | None = ""
    category: str | None = ""


class Package(Struct):
    name: str | None = ""
    type: str | None = ""


class Image(Struct, rename="camel"):
    id: str = ""
    name: str | None = ""
    digest: str | None = ""
    distro: str | None = ""
    os_distro: str | None = ""
    repository: str | None = ""
    packages: list[Package] | None = None
    vulnerabilities: list[Vulnerability] | None = None
    compliances: list[Compliance] | None = None
    compliance_issues: list[Compliance] | None = None
    scan_time: str | None = ""
    err: str | None = ""
    entity_info: Image | None = None


class Report(Struct):
    results: list[Image] | None


def _is_scan(probe: Probe) -> bool:
    first = probe.get("results.0")
    return isinstance(first, dict) and (
        bool(first.keys() & {"complianceDistribution", "vulnerabilityDistribution"})
        or {"id", "distro"} <= first.keys()
        or "entityInfo" in first
    )


@parser(
    "twistlock",
    title=_TOOL,
    kind=Kind.CONTAINER,
    looks=json_object("results", where=_is_scan),
    made_with="twistcli images scan --details --output-file prisma.json IMAGE",
    url="https://docs.prismacloud.io/en/compute-edition",
    versions="twistcli 19 to 34",
)
def read(report: Report) -> Iterator[Item]:
    for image in report.results or ():
        yield from _image(image.entity_info or image)


@variant("twistlock", looks=json_rows("vulnerabilities", "complianceIssues"))
def read_images(images: list[Image]) -> Iterator[Item]:
    for image in images:
        yield from _image(image)


def _image(image: Image) -> Iterator[Item]:
    name = image.name or image.id
    digest = image.digest or (image.id if image.id.startswith("sha256:") else "")
    yield Run(
        tool=_TOOL,
        successful=False if image.err else None,
        problems=(image.err,) if image.err else (),
        configuration=f"image {stable_name(name)}" if image.name else "",
        repository=repository_address(image.repository or ""),
        image=name,
        image_digest=digest,
        finished=moment(image.scan_time),
    )
    types = {row.name: row.type or "" for row in image.packages or () if row.name}
    family = _family(image.distro or image.os_distro or "")
    for row in image.vulnerabilities or ():
        yield _vulnerability(row, name, digest, types, family)
    for check in (*(image.compliances or ()), *(image.compliance_issues or ())):
        yield _compliance(check, name, digest)


@lru_cache(maxsize=512)
def _family(distribution: str) -> str:
    """Return the distribution's name in package URLs (`Debian GNU/Linux 9 (stretch)`, `alpine-3.11.5`)."""
    text = distribution.lower()
    return next((family for word, family in _FAMILIES if word in text), "")


def _vulnerability(row: Vulnerability, image: str, digest: str, types: dict[str, str], family: str) -> Finding:
    identifier = row.cve or str(row.id)
    given = row.severity or ""
    found = rating(row.vector or row.vec_str or "", row.cvss or None, "3")
    name, _, used = (row.package_name or "").partition(" (used in ")
    path = row.package_path or ""
    sort = row.package_type or types.get(name) or next((types[part] for part in _parts(used) if part in types), "")
    notes = [f"Used in: {used.rstrip(')')}"] if used else []
    if row.layer_instruction:
        notes.append(f"Layer: {row.layer_instruction}")
    return Finding(
        rule=identifier,
        title=f"{identifier} in {name}" if name else identifier,
        severity=graded(given, (found,) if found else ()),
        severity_given=given,
        kind=_kind(sort, path),
        location=ImageLocation(image=image, digest=digest, path=path),
        component=_component(name, row.package_version or "", sort, path, family),
        about=_about(identifier, row.description or "", row.link or ""),
        description="\n".join(notes),
        vulnerabilities=identifiers(identifier),
        cvss=(found,) if found else (),
        fixed_versions=_fixed(row.status or ""),
        tags=_tags(row),
    )


def _parts(used: str) -> list[str]:
    return [part.strip() for part in used.rstrip(")").split(",")]


def _kind(sort: str, path: str) -> Kind:
    word = sort.lower()
    return (
        Kind.CONTAINER
        if not path and (word in {"", "os", "package"} or of_system(purl_type(word)))
        else Kind.DEPENDENCY
    )


@lru_cache(maxsize=65536)
def _component(name: str, version: str, sort: str, path: str, family: str) -> Component | None:
    """Return the package. Of Java archives, Prisma Cloud writes `group_artifact`."""
    if not name:
        return None
    word = sort.lower()
    if path.endswith(_ARCHIVES) or word in {"jar", "java"}:
        group, mark, artifact = name.partition("_")
        return package("maven", f"{group}:{artifact}", version) if mark else Component(name=name, version=version)
    if word in {"os", "package"}:
        return package(family, name, version)
    return package("npm" if word == "nodejs" else word, name, version)


def _fixed(status: str) -> tuple[str, ...]:
    text = status.strip()
    if not text.lower().startswith("fixed in"):
        return ()
    return tuple(part for version in text[len("fixed in") :].split(",") if (part := version.strip()))


def _tags(row: Vulnerability) -> tuple[str, ...]:
    factors = tuple(row.risk_factors or ())
    fixed = (row.status or "").lower().startswith("fixed in")
    return (*factors, f"status:{row.status}") if row.status and not fixed else factors


@lru_cache(maxsize=8192)
def _about(rule: str, description: str, link: str) -> Rule:
    return Rule(id=rule, description=description, references=references(link))


def _compliance(row: Compliance, image: str, digest: str) -> Finding:
    return Finding(
        rule=str(row.id or row.title),
        title=row.title,
        severity=severity(row.severity or None),
        severity_given=row.severity or "",
        kind=Kind.MISCONFIGURATION,
        location=ImageLocation(image=image, digest=digest),
        about=_check(str(row.id or row.title), row.title, row.description or "", row.category or ""),
        description=row.cause or "",
    )


@lru_cache(maxsize=1024)
def _check(rule: str, title: str, description: str, category: str) -> Rule:
    return Rule(id=rule, title=title, description=description, tags=(category,) if category else ())


class Line(Struct):
    severity: str = field(name="Severity")
    cve: str = field(name="CVE ID", default="")
    check: str = field(name="Compliance ID", default="")
    registry: str = field(name="Registry", default="")
    repository: str = field(name="Repository", default="")
    tag: str = field(name="Tag", default="")
    id: str = field(name="Id", default="")
    distro: str = field(name="Distro", default="")
    sort: str = field(name="Type", default="")
    packages: str = field(name="Packages", default="")
    source: str = field(name="Source Package", default="")
    version: str = field(name="Package Version", default="")
    licence: str = field(name="Package License", default="")
    path: str = field(name="Package Path", default="")
    cvss: str = field(name="CVSS", default="")
    status: str = field(name="Fix Status", default="")
    factors: str = field(name="Risk Factors", default="")
    description: str = field(name="Description", default="")
    cause: str = field(name="Cause", default="")


@variant("twistlock", looks=csv_header("CVE ID", "Compliance ID", "Severity", "Packages", "Fix Status"))
def read_csv(rows: Csv[Line]) -> Iterator[Item]:
    yield Run(tool=_TOOL)
    for row in rows:
        image = "/".join(part for part in (row.registry, row.repository) if part)
        image = f"{image}:{row.tag}" if row.tag else image
        digest = row.id if row.id.startswith("sha256:") else ""
        if row.cve:
            yield _of_line(row, image, digest)
        else:
            check = Compliance(
                title=first_line(row.description) or row.check, id=row.check, severity=row.severity, cause=row.cause
            )
            yield _compliance(check, image, digest)


def _of_line(row: Line, image: str, digest: str) -> Finding:
    return _vulnerability(
        Vulnerability(
            id=row.cve,
            severity=row.severity,
            package_name=row.packages,
            package_version=row.version,
            package_path=row.path,
            package_type=row.sort,
            description=row.description,
            status=row.status,
            cvss=_score(row.cvss),
            risk_factors=[part.strip() for part in row.factors.split(",") if part.strip()],
        ),
        image,
        digest,
        {},
        _family(row.distro),
    )


def _score(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
