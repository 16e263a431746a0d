"""Tracee and Tetragon: what processes do on running hosts; JSON lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

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
    moment,
    parser,
)
from seamark.intake.parsers.kit.texts import described

_LEVELS = {0: Severity.INFO, 1: Severity.LOW, 2: Severity.MEDIUM, 3: Severity.HIGH, 4: Severity.CRITICAL}


def _place(namespace: str, pod: str, image: str, host: str) -> Location | None:
    if pod:
        return ResourceLocation(resource="/".join(part for part in (namespace, "Pod", pod) if part), type="Pod")
    if image:
        return ImageLocation(image=image)
    return HostLocation(host=host) if host else None


class Properties(Struct):
    severity: int | None = field(name="Severity", default=None)
    category: str | None = field(name="Category", default="")
    technique: str | None = field(name="Technique", default="")
    external: str | None = field(name="external_id", default="")
    id: str | None = field(name="signatureID", default="")
    name: str | None = field(name="signatureName", default="")


class Metadata(Struct):
    description: str | None = field(name="Description", default="")
    properties: Properties | None = field(name="Properties", default=None)
    version: str | None = field(name="Version", default="")


class Container(Struct):
    id: str | None = ""
    name: str | None = ""
    image: str | None = ""


class Kubernetes(Struct, rename="camel"):
    pod_name: str | None = ""
    pod_namespace: str | None = ""


class Event(Struct, rename="camel"):
    event_name: str
    timestamp: int | float = 0
    process_name: str | None = ""
    host_name: str | None = ""
    container: Container | None = None
    kubernetes: Kubernetes | None = None
    metadata: Metadata | None = None
    args: list[Any] | None = None


@parser(
    "tracee",
    title="Tracee",
    kind=Kind.RUNTIME,
    looks=json_lines("eventId", "eventName", "processName", "timestamp"),
    made_with="tracee --output json:events.jsonl",
    url="https://aquasecurity.github.io/tracee/latest/docs/outputs/event-structure/",
    versions="0.11 to 0.23",
)
def read(events: JsonLines[Event]) -> Iterator[Item]:
    # Events are no inventory: that one is not repeated does not mean that anything was put right.
    yield Run(tool="Tracee", complete=False)
    for event in events:
        if event.metadata is None or event.metadata.properties is None:
            continue
        said, container, pod = (
            event.metadata.properties,
            event.container or Container(),
            event.kubernetes or Kubernetes(),
        )
        rule = said.id or event.event_name
        yield Finding(
            rule=rule,
            title=said.name or event.event_name,
            severity=_LEVELS.get(said.severity if said.severity is not None else 2, Severity.MEDIUM),
            severity_given="" if said.severity is None else str(said.severity),
            location=_place(pod.pod_namespace or "", pod.pod_name or "", container.image or "", event.host_name or ""),
            about=Rule(
                id=rule,
                name=event.event_name,
                title=said.name or event.event_name,
                description=event.metadata.description or "",
                tags=tuple(tag for tag in (said.category, said.technique, said.external) if tag),
            ),
            description=described(
                ("Process", event.process_name or ""), ("Container", container.name or container.id or "")
            ),
            seen_at=moment(event.timestamp / 1e9) if event.timestamp > 1e17 else moment(event.timestamp or None),
        )


class Image(Struct):
    name: str | None = ""


class PodContainer(Struct):
    name: str | None = ""
    image: Image | None = None


class Pod(Struct):
    namespace: str | None = ""
    name: str | None = ""
    container: PodContainer | None = None


class Process(Struct):
    binary: str | None = ""
    arguments: str | None = ""
    cwd: str | None = ""
    pid: int | None = None
    uid: int | None = None
    pod: Pod | None = None


class Traced(Struct):
    process: Process | None = None
    policy_name: str | None = ""
    function_name: str | None = ""
    action: str | None = ""
    message: str | None = ""
    tags: list[str] | None = None


class Line(Struct):
    time: str | None = ""
    node_name: str | None = ""
    process_kprobe: Traced | None = None
    process_tracepoint: Traced | None = None
    process_uprobe: Traced | None = None
    process_lsm: Traced | None = None


_TRACED = ("process_kprobe", "process_tracepoint", "process_uprobe", "process_lsm")
_EVENTS = {*_TRACED, "process_exec", "process_exit", "process_loader"}


def _is_tetragon(probe: Probe) -> bool:
    return bool(_EVENTS & probe.keys) and isinstance(probe.get("node_name"), str)


@parser(
    "tetragon",
    title="Tetragon",
    kind=Kind.RUNTIME,
    looks=json_lines("time", "node_name", where=_is_tetragon),
    made_with="tetra getevents > events.jsonl",
    url="https://tetragon.io/docs/concepts/events/",
    versions="1.0 to 1.5",
)
def read_tetragon(lines: JsonLines[Line]) -> Iterator[Item]:
    # Events are no inventory: that one is not repeated does not mean that anything was put right.
    yield Run(tool="Tetragon", complete=False)
    for line in lines:
        traced = next((one for name in _TRACED if (one := getattr(line, name)) is not None), None)
        # Starts and ends of processes are a log; what a policy looks for is a finding.
        if traced is None or not traced.policy_name:
            continue
        process = traced.process or Process()
        pod = process.pod or Pod()
        inner = pod.container or PodContainer()
        yield Finding(
            rule=traced.policy_name,
            title=traced.message or f"{traced.policy_name}: {traced.function_name or 'event'}",
            severity=Severity.MEDIUM,
            location=_place(
                pod.namespace or "", pod.name or "", inner.image.name or "" if inner.image else "", line.node_name or ""
            ),
            about=Rule(id=traced.policy_name, tags=tuple(traced.tags or ())),
            description=described(
                ("Process", f"{process.binary or ''} {process.arguments or ''}".strip()),
                ("Function", traced.function_name or ""),
                ("Action", (traced.action or "").removeprefix("KPROBE_ACTION_")),
                ("Container", inner.name or ""),
                ("Node", line.node_name or ""),
            ),
            seen_at=moment(line.time),
        )
