"""Falco: alerts from running hosts, containers and clusters; also as Falcosidekick and Falco Talon pass them on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    HostLocation,
    ImageLocation,
    Item,
    JsonLines,
    Kind,
    Location,
    Probe,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    json_lines,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)

PRIORITIES = {
    "emergency": Severity.CRITICAL,
    "alert": Severity.CRITICAL,
    "critical": Severity.CRITICAL,
    "error": Severity.HIGH,
    "warning": Severity.MEDIUM,
    "notice": Severity.LOW,
    "informational": Severity.INFO,
    "info": Severity.INFO,
    "debug": Severity.INFO,
}


class Alert(Struct):
    rule: str
    priority: str
    output: str
    output_fields: dict[str, Any] | None = None
    time: str | float = ""
    tags: list[str] | None = None
    source: str = ""
    hostname: str = ""
    uuid: str = ""


class Wrapper(Struct):
    alerts: list[Alert] | None = None
    events: list[Alert] | None = None
    results: list[Alert] | None = None


@parser(
    "falco",
    title="Falco",
    kind=Kind.RUNTIME,
    looks=json_lines("rule", "priority", "output"),
    made_with="falco -o json_output=true -o file_output.enabled=true -o file_output.filename=falco.jsonl",
    url="https://falco.org/docs/concepts/outputs/formatting/",
    versions="0.20 to 0.42",
)
def read(alerts: JsonLines[Alert]) -> Iterator[Item]:
    yield from _items(alerts)


@variant("falco", looks=json_rows("rule", "priority", "output"), lift=("[]",))
def read_list(alerts: list[Alert]) -> Iterator[Item]:
    yield from _items(alerts)


def _is_wrapped(probe: Probe) -> bool:
    row = probe.get("alerts.0") or probe.get("events.0") or probe.get("results.0")
    return isinstance(row, dict) and {"rule", "priority", "output"} <= row.keys()


@variant("falco", looks=json_object(where=_is_wrapped))
def read_wrapped(answer: Wrapper) -> Iterator[Item]:
    yield from _items(answer.alerts or answer.events or answer.results or [])


def _items(alerts: JsonLines[Alert] | list[Alert]) -> Iterator[Item]:
    # Events are no inventory: that an alert is not repeated does not mean that anything was put right.
    yield Run(tool="Falco", complete=False)
    for alert in alerts:
        yield _finding(alert)


def _finding(alert: Alert) -> Finding:
    fields = alert.output_fields or {}
    return Finding(
        rule=alert.rule,
        title=alert.rule,
        severity=PRIORITIES.get(alert.priority.lower(), Severity.MEDIUM),
        severity_given=alert.priority,
        location=_location(fields, alert.hostname),
        about=_about(alert.rule, tuple(alert.tags or ())),
        description=_description(alert.output, fields),
        fingerprints=(("falcosidekick", alert.uuid),) if alert.uuid else (),
        tags=(alert.source,) if alert.source else (),
        seen_at=moment(alert.time) or _event_time(fields.get("evt.time")),
    )


def _description(output: str, fields: dict[str, Any]) -> str:
    known = [
        f"{name}: {value}"
        for name, value in fields.items()
        if isinstance(value, str | int | float) and value not in {"", "<NA>"}
    ]
    return "\n".join((output, *known))


def _event_time(nanoseconds: Any) -> str:
    return moment(nanoseconds / 1e9) if isinstance(nanoseconds, int) and nanoseconds > 1e17 else ""


@lru_cache(maxsize=2048)
def _about(rule: str, tags: tuple[str, ...]) -> Rule:
    return Rule(id=rule, title=rule, tags=tags)


def _location(fields: dict[str, Any], hostname: str) -> Location | None:
    def text(*names: str) -> str:
        values = (fields.get(name) for name in names)
        return next((value for value in values if isinstance(value, str) and value not in {"", "<NA>", "host"}), "")

    pod, namespace = text("k8s.pod.name"), text("k8s.ns.name")
    if pod:
        return ResourceLocation(resource="/".join(part for part in (namespace, "Pod", pod) if part), type="Pod")
    image, tag = text("container.image.repository"), text("container.image.tag")
    if image or text("container.image"):
        reference = (f"{image}:{tag}" if tag else image) if image else text("container.image")
        return ImageLocation(
            image=reference, digest=text("container.image.digest"), path=text("fd.name", "proc.exepath")
        )
    target = text("ka.target.name")
    if target:
        kind = text("ka.target.resource") or "Resource"
        return ResourceLocation(
            resource="/".join(part for part in (text("ka.target.namespace"), kind, target) if part), type=kind
        )
    account, resource = (
        text("ct.account", "aws.account", "gcp.projectId"),
        text("ct.request.name", "ct.resources", "gcp.resourceName"),
    )
    if account or resource:
        service = text("ct.src", "gcp.serviceName")
        return ResourceLocation(resource=resource or account, type=service, region=text("ct.region"), account=account)
    repository = text("github.repo", "github.repo.name")
    if repository:
        return ResourceLocation(resource=repository, type="repository")
    container = text("container.name", "container.id")
    if container:
        return ResourceLocation(resource=container, type="container")
    host = hostname or text("evt.hostname", "hostname", "falco.hostname")
    return HostLocation(host=host) if host else None
