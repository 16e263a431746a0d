"""Polaris: Kubernetes workloads and manifests against best practice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Location,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_object,
    moment,
    parser,
)

_LEVELS = {"danger": Severity.HIGH, "error": Severity.HIGH, "warning": Severity.MEDIUM}
_MANIFESTS = (".yaml", ".yml", ".json")


class Outcome(Struct, rename="pascal"):
    success: bool
    severity: str
    message: str = ""
    category: str = ""
    details: list[str] | None = None


class Container(Struct, rename="pascal"):
    name: str = ""
    results: dict[str, Outcome] | None = None


class Pod(Struct, rename="pascal"):
    name: str = ""
    results: dict[str, Outcome] | None = None
    container_results: list[Container] | None = None


class Resource(Struct, rename="pascal"):
    name: str
    kind: str = ""
    namespace: str = ""
    results: dict[str, Outcome] | None = None
    pod_result: Pod | None = None


class Report(Struct, rename="pascal"):
    polaris_output_version: str
    results: list[Resource] | None = None
    audit_time: str = ""
    source_type: str = ""
    source_name: str = ""
    display_name: str = ""


@parser(
    "polaris",
    title="Polaris",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("PolarisOutputVersion", "Results"),
    made_with="polaris audit --audit-path . --format json",
    url="https://polaris.docs.fairwinds.com/",
    versions="output 0.0 and 1.0",
)
def read(report: Report) -> Iterator[Item]:
    files = report.source_type.lower() == "path"
    path = report.source_name if files and report.source_name.lower().endswith(_MANIFESTS) else ""
    yield Run(
        tool="Polaris",
        configuration="" if files else f"{report.source_type} {report.source_name}".strip(),
        finished=moment(report.audit_time),
    )
    for resource in report.results or ():
        yield from _resource(resource, path)


def _resource(resource: Resource, path: str) -> Iterator[Finding]:
    key = "/".join(part for part in (resource.namespace, resource.kind, resource.name) if part)
    yield from _findings(resource.results, key, resource.kind, path)
    pod = resource.pod_result
    if pod is None:
        return
    yield from _findings(pod.results, key, resource.kind, path)
    for container in pod.container_results or ():
        yield from _findings(container.results, f"{key}/{container.name}", resource.kind, path)


def _findings(outcomes: dict[str, Outcome] | None, key: str, kind: str, path: str) -> Iterator[Finding]:
    for rule, outcome in (outcomes or {}).items():
        if outcome.success or outcome.severity == "ignore":
            continue
        place: Location = CodeLocation(path=path, scope=key) if path else ResourceLocation(resource=key, type=kind)
        yield Finding(
            rule=rule,
            title=outcome.message or rule,
            severity=_LEVELS.get(outcome.severity, Severity.MEDIUM),
            severity_given=outcome.severity,
            location=place,
            about=_about(rule, outcome.category),
            description="\n".join(outcome.details or ()),
        )


@lru_cache(maxsize=512)
def _about(rule: str, category: str) -> Rule:
    return Rule(id=rule, tags=(category,) if category else ())
