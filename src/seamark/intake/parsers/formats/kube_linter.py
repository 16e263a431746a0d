"""KubeLinter: mistakes in Kubernetes manifests and Helm charts."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Rule,
    Run,
    Severity,
    json_object,
    moment,
    parser,
)


class Check(Struct):
    name: str
    description: str = ""
    remediation: str = ""


class Text(Struct, rename="pascal"):
    message: str


class Place(Struct, rename="pascal"):
    file_path: str = ""


class GroupKind(Struct, rename="pascal"):
    kind: str = ""


class Resource(Struct, rename="pascal"):
    name: str = ""
    namespace: str = ""
    group_version_kind: GroupKind = field(default_factory=GroupKind)


class Manifest(Struct):
    metadata: Place = field(default_factory=Place, name="Metadata")
    resource: Resource = field(default_factory=Resource, name="K8sObject")


class Row(Struct, rename="pascal"):
    check: str
    diagnostic: Text
    remediation: str = ""
    object: Manifest = field(default_factory=Manifest)


class Summary(Struct):
    status: str = field(default="", name="ChecksStatus")
    finished: str = field(default="", name="CheckEndTime")
    version: str = field(default="", name="KubeLinterVersion")


class Report(Struct, rename="pascal"):
    checks: list[Check] | None
    reports: list[Row] | None
    summary: Summary | None = None


@parser(
    "kube-linter",
    title="KubeLinter",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("Checks", "Reports"),
    made_with="kube-linter lint --format json .",
    url="https://docs.kubelinter.io/",
    versions="0.2 to 0.8",
)
def read(report: Report) -> Iterator[Item]:
    summary = report.summary or Summary()
    checks = {
        check.name: Rule(id=check.name, description=check.description, remedy=check.remediation)
        for check in report.checks or ()
    }
    yield Run(
        tool="KubeLinter",
        version=summary.version,
        ruleset=frozenset(checks) or None,
        finished=moment(summary.finished),
    )
    for row in report.reports or ():
        yield _finding(row, checks.get(row.check))


def _finding(row: Row, about: Rule | None) -> Finding:
    resource = row.object.resource
    key = "/".join(part for part in (resource.namespace, resource.group_version_kind.kind, resource.name) if part)
    return Finding(
        rule=row.check,
        title=row.diagnostic.message,
        # KubeLinter grades nothing.
        severity=Severity.MEDIUM,
        location=CodeLocation(path=row.object.metadata.file_path, scope=key),
        about=about,
        remedy="" if about and about.remedy == row.remediation else row.remediation,
    )
