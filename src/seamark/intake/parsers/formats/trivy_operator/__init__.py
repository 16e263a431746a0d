"""Trivy Operator: the reports that it keeps as custom resources in a cluster.

Each report is about one workload (or one container of it) and is a run of its own. A report of a container says which
image the workload runs.
"""

from __future__ import annotations

from collections.abc import Iterator

from seamark.intake.parsers.formats.trivy_operator import model
from seamark.intake.parsers.formats.trivy_operator.findings import Subject, compliance, findings
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Component,
    Item,
    Kind,
    Probe,
    Relation,
    RelationKind,
    Run,
    UnreadableReport,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)
from seamark.intake.parsers.kit.packages import package

GROUP = "aquasecurity.github.io"
_TOOL = "Trivy Operator"
_LABEL = "trivy-operator.resource."


def _is_resource(probe: Probe) -> bool:
    return (
        str(probe.get("apiVersion")).startswith(GROUP + "/")
        and bool(probe.keys & {"report", "status"})
        and str(probe.get("kind")).endswith("Report")
    )


def _is_list(probe: Probe) -> bool:
    own = f"{probe.get('apiVersion')}".startswith(GROUP + "/") and str(probe.get("kind")).endswith("ReportList")
    return own or str(probe.get("items.0.apiVersion")).startswith(GROUP + "/")


def _is_dump(probe: Probe) -> bool:
    return bool(probe.keys) and all(key.endswith("." + GROUP) for key in probe.keys)


@parser(
    "trivy-operator",
    title=_TOOL,
    kind=Kind.CONTAINER,
    looks=json_object("apiVersion", "kind", "metadata", where=_is_resource),
    made_with="kubectl get vulnerabilityreports,configauditreports -A -o json",
    url="https://aquasecurity.github.io/trivy-operator/latest/docs/crds/",
    versions="0.1 to 0.29",
)
def read(resource: model.Resource) -> Iterator[Item]:
    yield from _items(resource)


@variant("trivy-operator", looks=json_object("kind", "items", where=_is_list))
def read_list(resources: model.Resources) -> Iterator[Item]:
    yield from _all(resources.items)


@variant(
    "trivy-operator",
    looks=json_rows("apiVersion", "kind", where=lambda probe: str(probe.get("0.apiVersion")).startswith(GROUP + "/")),
)
def read_rows(resources: list[model.Resource]) -> Iterator[Item]:
    yield from _all(resources)


@variant("trivy-operator", looks=json_object(where=_is_dump))
def read_dump(dump: dict[str, list[model.Resource] | None]) -> Iterator[Item]:
    yield from _all([resource for resources in dump.values() for resource in resources or ()])


def _all(resources: list[model.Resource]) -> Iterator[Item]:
    if not any(resource.api_version.startswith(GROUP) for resource in resources):
        raise UnreadableReport("The operator has stored no reports, which does not say that it found nothing")
    for resource in resources:
        yield from _items(resource)


def _items(resource: model.Resource) -> Iterator[Item]:
    if not resource.api_version.startswith(GROUP):
        return  # `kubectl get` of several sorts puts other resources beside the reports
    if resource.status is not None and resource.kind == "ClusterComplianceReport":
        yield from _compliance(resource, resource.status)
        return
    if resource.report is None:
        raise UnreadableReport(f"The {resource.kind} {resource.metadata.name} holds no report")
    yield from _report(resource, resource.report)


def _report(resource: model.Resource, body: model.Body) -> Iterator[Item]:
    subject = _subject(resource, body)
    system = body.os
    ended = f"{system.family} {system.name} has reached its end of life" if system and system.eosl else ""
    yield Run(
        tool=_TOOL,
        version=body.scanner.version if body.scanner else "",
        configuration=" ".join(
            part
            for part in (resource.kind, subject.workload, _label(resource, "trivy-operator.container.name"))
            if part
        ),
        problems=(ended,) if ended else (),
        image=subject.image,
        image_digest=subject.digest,
        finished=moment(body.update_timestamp),
    )
    if subject.workload and subject.image:
        yield Relation(
            kind=RelationKind.RUNS,
            source=AssetRef(AssetKind.WORKLOAD, subject.workload),
            target=AssetRef(AssetKind.IMAGE, subject.image),
            origin=_TOOL,
        )
    if body.components is not None:
        yield from _inventory(body.components)
    yield from findings(body, subject)


def _inventory(bill: model.Bill) -> Iterator[Component]:
    for row in bill.components or ():
        if row.purl and row.name:
            name = f"{row.group}/{row.name}" if row.group else row.name
            known = package("", name, row.version, row.purl)
            yield Component(name=known.name, version=known.version, purl=known.purl, ref=row.ref)


def _compliance(resource: model.Resource, status: model.Status) -> Iterator[Item]:
    if status.detail_report is None and status.summary_report is None:
        raise UnreadableReport(f"The compliance report {resource.metadata.name} holds no results yet")
    yield Run(
        tool=_TOOL,
        configuration=f"{resource.kind} {resource.metadata.name}",
        finished=moment(status.update_timestamp),
    )
    yield from compliance(status, resource.metadata.name)


def _subject(resource: model.Resource, body: model.Body) -> Subject:
    """Return what a report is about: names too long for a label stand in an annotation."""
    owner = next(iter(resource.metadata.owner_references or ()), model.Owner())
    kind = _label(resource, _LABEL + "kind") or owner.kind
    name = _label(resource, _LABEL + "name") or owner.name
    namespace = _label(resource, _LABEL + "namespace") or resource.metadata.namespace
    workload = "/".join(part for part in (namespace, kind, name) if part) if name else ""
    return Subject(
        workload=workload,
        kind=kind,
        image=_image(body),
        digest=body.artifact.digest if body.artifact else "",
        system=body.os.family if body.os else "",
    )


def _label(resource: model.Resource, name: str) -> str:
    metadata = resource.metadata
    return (metadata.labels or {}).get(name) or (metadata.annotations or {}).get(name) or ""


def _image(body: model.Body) -> str:
    if body.artifact is None or not body.artifact.repository:
        return ""
    server = body.registry.server if body.registry else ""
    name = f"{server}/{body.artifact.repository}" if server else body.artifact.repository
    if body.artifact.tag:
        return f"{name}:{body.artifact.tag}"
    return f"{name}@{body.artifact.digest}" if body.artifact.digest else name
