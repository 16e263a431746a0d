"""Trivy: vulnerabilities, misconfigurations, secrets and licences of images, file systems, repositories and clusters.

The report lists a file only where something was found in it, or where it is a lock file: it proves no scope. A run is
told from others by what was looked at, without tag and digest, which change with every build.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Raw

from seamark.intake.parsers.formats.trivy import model
from seamark.intake.parsers.formats.trivy.findings import Findings, Subject, image_of
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Item,
    Kind,
    Probe,
    Reading,
    Relation,
    RelationKind,
    Run,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.images import layers, origins, revision
from seamark.intake.parsers.kit.packages import of_system, purl_type, stable_name

_CLUSTER_LISTS = ("Resources", "Findings", "Vulnerabilities", "Misconfigurations")


def _of_artifact(probe: Probe) -> bool:
    return bool(probe.keys & {"ArtifactName", "ArtifactType"})


def _is_old_result(probe: Probe) -> bool:
    return bool(probe.first & {"Vulnerabilities", "Type", "Class"})


def _of_cluster(probe: Probe) -> bool:
    """Claim a cluster's report: a list of resources is there, or it says that there is none (`"Resources": null`)."""
    return any(
        isinstance(probe.get(f"{name}.0.Kind"), str) or probe.get(name) in ([], None)
        for name in _CLUSTER_LISTS
        if name in probe.keys
    )


@parser(
    "trivy",
    title="Trivy",
    kind=Kind.DEPENDENCY,
    looks=json_object("SchemaVersion", where=_of_artifact),
    made_with="trivy image --format json --output trivy.json IMAGE",
    url="https://trivy.dev/latest/docs/configuration/reporting/#json",
    versions="schema 2, and lists of results up to 0.19",
    lift=("Results[].Vulnerabilities", "Results[].Packages"),
)
def read(report: model.Report, reading: Reading) -> Iterator[Item]:
    metadata = report.metadata or model.Metadata()
    results = report.results or []
    subject = _subject(report, metadata)
    yield _run(report, metadata, results, subject)
    yield from origins(subject.image, _labels(metadata))
    findings = Findings(reading)
    for result in results:
        yield from findings.of(result, subject)


@variant("trivy", looks=json_rows("Target", where=_is_old_result), lift=("[]",))
def read_list(results: list[model.Result], reading: Reading) -> Iterator[Item]:
    findings = Findings(reading)
    image = ""
    for result in results:
        if result.result_class == "os-pkgs" or of_system(purl_type(result.type)):
            image = image_of(result.target)
        yield from findings.of(result, Subject(image=image if image and result.result_class != "config" else ""))


@variant("trivy", looks=json_object("ClusterName", where=_of_cluster))
def read_cluster(report: model.Cluster, reading: Reading) -> Iterator[Item]:
    lists = (report.resources, report.findings, report.vulnerabilities, report.misconfigurations)
    resources = [resource for rows in lists for resource in rows or ()]
    problems = tuple(f"{_key(resource)}: {resource.error}" for resource in resources if resource.error)
    yield Run(
        tool="Trivy",
        configuration=f"kubernetes {report.cluster_name}".strip(),
        complete=False if problems else None,
        problems=problems[:50],
    )
    findings = Findings(reading)
    for resource in resources:
        yield from _of_resource(resource, findings)


def _subject(report: model.Report, metadata: model.Metadata) -> Subject:
    if report.artifact_type in {"container_image", "container"} or (not report.artifact_type and metadata.repo_tags):
        image = report.artifact_name or _first_tag(metadata) or _first_target(report)
        return Subject(image=image, digest=_digest(metadata))
    if report.artifact_type == "vm":
        return Subject(host=report.artifact_name)
    return Subject()


def _first_tag(metadata: model.Metadata) -> str:
    return next((tag for tag in metadata.repo_tags or () if tag), "")


def _first_target(report: model.Report) -> str:
    return next((image_of(result.target) for result in report.results or () if result.result_class == "os-pkgs"), "")


def _digest(metadata: model.Metadata) -> str:
    return next((text.partition("@")[2] for text in metadata.repo_digests or () if "@" in text), "")


def _run(report: model.Report, metadata: model.Metadata, results: list[model.Result], subject: Subject) -> Run:
    labels = _labels(metadata)
    system = metadata.os
    problems = []
    if system and system.end_of_life:
        problems.append(
            f"{system.family} {system.name} has reached its end of life: its vulnerabilities are not all known"
        )
    return Run(
        tool="Trivy",
        version=report.trivy.version if report.trivy else "",
        configuration=_configuration(report, results, subject),
        problems=tuple(problems),
        ruleset=_ruleset(results),
        repository=metadata.repo_url,
        commit=metadata.commit or revision(labels),
        ref=metadata.branch,
        image=subject.image,
        image_digest=subject.digest,
        layers=_layers(metadata) if subject.image else (),
        finished=moment(report.created_at),
    )


def _configuration(report: model.Report, results: list[model.Result], subject: Subject) -> str:
    if subject.image:
        return f"image {stable_name(subject.image)}"
    if subject.host:
        return f"vm {subject.host}"
    if results and all(result.result_class == "config" for result in results):
        return "config"
    if report.artifact_type in {"cyclonedx", "spdx"}:
        return f"{report.artifact_type} {stable_name(report.artifact_name)}".strip()
    return report.artifact_type


def _ruleset(results: list[model.Result]) -> frozenset[str] | None:
    """Return the checks that ran, where only checks ran and the report lists the passed ones too."""
    rules: set[str] = set()
    for result in results:
        rows = result.misconfigurations or ()
        passed = sum(row.status == "PASS" for row in rows)
        if result.result_class != "config" or not result.misconf_summary or passed < result.misconf_summary.successes:
            return None
        if _holds(result.vulnerabilities) or result.secrets or result.licenses:
            return None
        rules.update(row.id for row in rows)
    return frozenset(rules) or None


def _holds(raw: Raw) -> bool:
    return len(raw) > 4


def _labels(metadata: model.Metadata) -> dict[str, str]:
    config = metadata.image_config.config if metadata.image_config else None
    return (config.labels if config else None) or {}


def _layers(metadata: model.Metadata) -> tuple[str, ...]:
    system = metadata.image_config.rootfs if metadata.image_config else None
    return layers(metadata.diff_ids or (system.diff_ids if system else None))


def _key(resource: model.Resource) -> str:
    return "/".join(part for part in (resource.namespace, resource.kind, resource.name) if part)


def _metadata_of(image: str, known: list[model.Metadata]) -> model.Metadata:
    """Return what a resource says of one of its images; nothing where it does not say of which it speaks."""
    if len(known) == 1 and not known[0].repo_tags:
        return known[0]
    return next((one for one in known if image in (one.repo_tags or ())), model.Metadata())


def _of_resource(resource: model.Resource, findings: Findings) -> Iterator[Item]:
    """Yield the images that a workload runs and the findings of both."""
    key = _key(resource)
    known = resource.metadata if isinstance(resource.metadata, list) else [resource.metadata or model.Metadata()]
    image, digest = (_first_tag(known[0]), _digest(known[0])) if len(known) == 1 else ("", "")
    seen: set[str] = set()
    for result in resource.results or ():
        if result.result_class == "os-pkgs" and image_of(result.target) != image:
            image = image_of(result.target)
            digest = _digest(_metadata_of(image, known))
        if result.result_class == "config" or not image:
            yield from findings.of(result, Subject(resource=key, resource_type=resource.kind))
            continue
        if image not in seen:
            seen.add(image)
            workload = AssetRef(AssetKind.WORKLOAD, key)
            yield Relation(
                kind=RelationKind.RUNS, source=workload, target=AssetRef(AssetKind.IMAGE, image), origin="Trivy"
            )
            yield from origins(image, _labels(_metadata_of(image, known)))
        yield from findings.of(result, Subject(image=image, digest=digest, tags=(key,)))
