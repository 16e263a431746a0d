"""Runtime policy events of Sysdig Secure, as event forwarding sends them and as the list of its interface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, Final

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
    variant,
)
from seamark.intake.parsers.kit.texts import described

_TOOL: Final = "Sysdig Secure"
_MOST_FACTS: Final = 50


class Content(Struct, rename="camel"):
    rule_name: str
    rule_tags: list[str] | None = None
    output: str | None = ""
    fields: dict[str, Any] | None = None


class Event(Struct, rename="camel"):
    id: str
    content: Content
    name: str | None = ""
    description: str | None = ""
    severity: int | None = None
    source: str | None = ""
    category: str | None = ""
    timestamp: int | str | None = None
    container_id: str | None = ""
    machine_id: str | None = ""
    labels: dict[str, Any] | None = None


class Events(Struct):
    data: list[Event]


def _is_event(row: object) -> bool:
    content = row.get("content") if isinstance(row, dict) else None
    return isinstance(content, dict) and {"ruleName", "policyId"} <= content.keys()


def _are_lines(probe: Probe) -> bool:
    return probe.form == "json lines" and _is_event({"content": probe.get("content")})


@variant("sysdig", looks=json_lines("id", "severity", "timestamp", "content", where=_are_lines))
def read_lines(events: JsonLines[Event]) -> Iterator[Item]:
    yield from _items(events)


def _is_one(probe: Probe) -> bool:
    return _is_event({"content": probe.get("content")})


@variant("sysdig", looks=json_object("id", "severity", "timestamp", "content", where=_is_one))
def read_event(event: Event) -> Iterator[Item]:
    yield from _items([event])


@variant("sysdig", looks=json_rows("id", "content", where=lambda probe: _is_event(probe.get("0"))), lift=("[]",))
def read_rows(events: list[Event]) -> Iterator[Item]:
    yield from _items(events)


@variant("sysdig", looks=json_object("data", where=lambda probe: _is_event(probe.get("data.0"))))
def read_answer(answer: Events) -> Iterator[Item]:
    yield from _items(answer.data)


def _items(events: Iterable[Event]) -> Iterator[Item]:
    # Events are no inventory: that one is not repeated does not mean that anything was put right.
    yield Run(tool=_TOOL, configuration="runtime", complete=False)
    for event in events:
        yield _finding(event)


def _severity(number: int | None) -> Severity:
    """Return the severity for Sysdig's number, which falls from 0: up to 3 is high, 4 and 5 medium, 6 low, 7 information."""
    if number is None or number < 0:
        return Severity.MEDIUM
    return (
        Severity.HIGH
        if number <= 3
        else Severity.MEDIUM
        if number <= 5
        else Severity.LOW
        if number == 6
        else Severity.INFO
    )


def _finding(event: Event) -> Finding:
    content, labels = event.content, event.labels or {}
    facts = [(name, value) for name, value in (content.fields or {}).items() if isinstance(value, str | int | float)]
    return Finding(
        rule=content.rule_name,
        title=content.rule_name,
        severity=_severity(event.severity),
        severity_given="" if event.severity is None else str(event.severity),
        kind=Kind.RUNTIME,
        location=_place(labels, event.container_id or "", event.machine_id or ""),
        about=_rule(content.rule_name, event.name or "", event.description or "", tuple(content.rule_tags or ())),
        description=described(
            ("", content.output), ("Cluster", _label(labels, "kubernetes.cluster.name")), *facts[:_MOST_FACTS]
        ),
        fingerprints=(("sysdig", event.id),) if event.id else (),
        tags=tuple(text for text in (event.source, event.category) if text),
        seen_at=_time(event.timestamp),
    )


@lru_cache(maxsize=2048)
def _rule(rule: str, policy: str, description: str, tags: tuple[str, ...]) -> Rule:
    return Rule(id=rule, name=policy, title=rule, description=description, tags=tags)


def _time(given: int | str | None) -> str:
    return moment(given / 1e9) if isinstance(given, int) and given > 1e17 else moment(given)


def _label(labels: dict[str, Any], *names: str) -> str:
    values = (labels.get(name) for name in names)
    return next((value for value in values if isinstance(value, str) and value), "")


def _place(labels: dict[str, Any], container: str, machine: str) -> Location | None:
    pod, space = _label(labels, "kubernetes.pod.name"), _label(labels, "kubernetes.namespace.name")
    if pod:
        return ResourceLocation(resource="/".join(part for part in (space, "Pod", pod) if part), type="Pod")
    image, tag = _label(labels, "container.image.repo"), _label(labels, "container.image.tag")
    if image:
        return ImageLocation(image=f"{image}:{tag}" if tag else image, digest=_label(labels, "container.image.digest"))
    account = _label(labels, "aws.accountId", "gcp.projectId", "azure.subscriptionId")
    if account:
        region = _label(labels, "aws.region", "gcp.region", "azure.location")
        named = _label(labels, "aws.resourceId", "aws.resource", "gcp.resourceName")
        return ResourceLocation(resource=named or account, region=region, account=account)
    if container:
        return ResourceLocation(resource=container, type="container")
    host = _label(labels, "host.hostName") or machine
    return HostLocation(host=host) if host else None
