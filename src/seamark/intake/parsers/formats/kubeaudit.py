"""kubeaudit: misconfigurations of Kubernetes workloads, one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    JsonLines,
    Kind,
    Probe,
    ResourceLocation,
    Run,
    Severity,
    first_line,
    json_lines,
    parser,
)

_LEVELS = {"error": Severity.HIGH, "warning": Severity.MEDIUM}


class Line(Struct):
    level: str
    msg: str
    name: str = field(default="", name="AuditResultName")
    kind: str = field(default="", name="ResourceKind")
    resource: str = field(default="", name="ResourceName")
    namespace: str = field(default="", name="ResourceNamespace")
    container: str = field(default="", name="Container")
    capability: str = field(default="", name="Capability")
    annotation: str = field(default="", name="MissingAnnotation")
    file: str = field(default="", name="ResourceFilePath")
    error: str = ""


def _is_kubeaudit(probe: Probe) -> bool:
    # The log of the run itself may come first.
    return b'"AuditResultName"' in probe.source.head()


@parser(
    "kubeaudit",
    title="kubeaudit",
    kind=Kind.MISCONFIGURATION,
    looks=json_lines("level", "msg", where=_is_kubeaudit),
    made_with="kubeaudit all -f deployment.yaml --format json",
    url="https://github.com/Shopify/kubeaudit",
    versions="0.10 to 0.22",
)
def read(lines: JsonLines[Line]) -> Iterator[Item]:
    failures = tuple(f"{line.msg} {line.error}".strip() for line in lines if not line.name and _is_failure(line))
    yield Run(tool="kubeaudit", complete=False if failures else None, problems=failures[:50])
    for line in lines:
        if line.name and line.level in _LEVELS:
            yield _finding(line)


def _is_failure(line: Line) -> bool:
    return line.level in {"error", "fatal", "panic"}


def _finding(line: Line) -> Finding:
    resource = "/".join(part for part in (line.namespace, line.kind, line.resource) if part)
    details = (
        ("Container", line.container),
        ("Capability", line.capability),
        ("Annotation", line.annotation),
        ("File", line.file),
    )
    return Finding(
        rule=line.name,
        title=first_line(line.msg) or line.name,
        severity=_LEVELS[line.level],
        severity_given=line.level,
        location=ResourceLocation(
            resource=f"{resource}/{line.container}" if line.container else resource, type=line.kind
        ),
        description="\n".join((line.msg, *(f"{name}: {text}" for name, text in details if text))),
    )
