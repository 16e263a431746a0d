"""Kubescape: the controls that the resources of a cluster, or of manifests, have failed.

Every control is listed, the passed ones too. The severity is that of Kubescape's own words for a control's base score.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

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
    Suppression,
    json_object,
    moment,
    parser,
    severity,
)

_CRITICAL, _HIGH, _MEDIUM, _LOW = 9, 7, 4, 1
_EXCEPTED = "w/exceptions"


class Status(Struct, rename="camel"):
    status: str = ""
    sub_status: str = ""
    info: str = ""


class Category(Struct):
    name: str = ""


class Control(Struct, rename="camel"):
    name: str = ""
    status: str | Status = ""
    score_factor: float | None = None
    category: Category | None = None


class Fix(Struct):
    path: str = ""
    value: str = ""


class Path(Struct, rename="camel"):
    failed_path: str = ""
    review_path: str = ""
    delete_path: str = ""
    fix_path: Fix | None = None
    fix_command: str = ""


class Checked(Struct):
    name: str = ""
    status: str = ""
    paths: list[Path] | None = None


class Tested(Struct):
    id: str = field(name="controlID")
    name: str = ""
    status: str | Status = ""
    severity: str = ""
    rules: list[Checked] | None = None


class Result(Struct):
    resource: str = field(name="resourceID")
    controls: list[Tested] | None = None


class ObjectMeta(Struct):
    name: str = ""
    namespace: str = ""


class Object(Struct):
    kind: str = ""
    name: str = ""
    namespace: str = ""
    metadata: ObjectMeta | None = None


class Source(Struct, rename="camel"):
    relative_path: str = ""


class Resource(Struct):
    id: str = field(name="resourceID")
    object: Object | None = None
    source: Source | None = None


class Scan(Struct, rename="camel"):
    kubescape_version: str = ""
    target_names: list[str] | None = None
    scanning_target: int | None = None


class Metadata(Struct, rename="camel"):
    scan_metadata: Scan | None = None


class Summary(Struct):
    controls: dict[str, Control] | None = None


class Report(Struct, rename="camel"):
    summary_details: Summary
    results: list[Result] | None
    resources: list[Resource] | None = None
    metadata: Metadata | None = None
    generation_time: str = ""
    cluster_name: str = ""


@parser(
    "kubescape",
    title="Kubescape",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("summaryDetails", "results"),
    made_with="kubescape scan --format json --output kubescape.json",
    url="https://kubescape.io/docs/",
    versions="2.0 to 3.0, format v2",
)
def read(report: Report) -> Iterator[Item]:
    scan = (report.metadata.scan_metadata if report.metadata else None) or Scan()
    controls = report.summary_details.controls or {}
    skipped = tuple(
        f"{name} was skipped: {_info(control.status)}"
        for name, control in controls.items()
        if _word(control.status) == "skipped"
    )
    yield Run(
        tool="Kubescape",
        version=scan.kubescape_version.removeprefix("v"),
        configuration=" ".join((report.cluster_name, *(scan.target_names or ()))).strip(),
        problems=skipped[:50],
        ruleset=_ruleset(report) or None,
        finished="" if report.generation_time.startswith("0001-") else moment(report.generation_time),
    )
    resources = {resource.id: resource for resource in report.resources or ()}
    for result in report.results or ():
        place = _place(result.resource, resources.get(result.resource))
        for tested in result.controls or ():
            excepted = _excepted(tested.status)
            if _word(tested.status) == "failed" or excepted:
                yield _finding(tested, controls.get(tested.id, Control()), place, excepted=excepted)


def _ruleset(report: Report) -> frozenset[str]:
    """Return the controls that were tried; some versions list them with each resource only."""
    controls = report.summary_details.controls
    if controls:
        return frozenset(name for name, control in controls.items() if _word(control.status) != "skipped")
    return frozenset(
        tested.id
        for result in report.results or ()
        for tested in result.controls or ()
        if _word(tested.status) != "skipped"
    )


def _word(status: str | Status) -> str:
    return status.status if isinstance(status, Status) else status


def _info(status: str | Status) -> str:
    return (status.info or status.sub_status) if isinstance(status, Status) else ""


def _excepted(status: str | Status) -> bool:
    """Tell whether a control only passed because an exception was made."""
    return isinstance(status, Status) and status.sub_status == _EXCEPTED


def _place(identifier: str, resource: Resource | None) -> Location:
    thing = (resource.object if resource else None) or Object()
    meta = thing.metadata or ObjectMeta()
    name = meta.name or thing.name
    if name:
        key = "/".join(part for part in (meta.namespace or thing.namespace, thing.kind, name) if part)
    else:
        # `path=1/api=apps/v1/namespace/Deployment/name`, or without the first two parts.
        key = "/".join(part for part in identifier.split("/")[-3:] if part)
    path = resource.source.relative_path if resource and resource.source else ""
    if path:
        return CodeLocation(path=path, scope=key)
    return ResourceLocation(resource=key, type=thing.kind)


def _finding(tested: Tested, control: Control, place: Location, *, excepted: bool) -> Finding:
    score = control.score_factor or 0
    failed = [rule for rule in tested.rules or () if rule.status != "passed" or excepted]
    lines = [line for rule in failed for path in rule.paths or () if (line := _line(path))]
    name = tested.name or control.name
    return Finding(
        rule=tested.id,
        title=name or tested.id,
        severity=severity(tested.severity) if tested.severity else _grade(score) if score else Severity.MEDIUM,
        severity_given=tested.severity or (f"{score:g}" if score else ""),
        location=place,
        about=_about(tested.id, name, control.category.name if control.category else ""),
        description="\n".join(dict.fromkeys(lines)),
        suppression=Suppression(origin="tool", justification="Exception in Kubescape") if excepted else None,
    )


def _grade(score: float) -> Severity:
    for least, grade in (
        (_CRITICAL, Severity.CRITICAL),
        (_HIGH, Severity.HIGH),
        (_MEDIUM, Severity.MEDIUM),
        (_LOW, Severity.LOW),
    ):
        if score >= least:
            return grade
    return Severity.INFO


def _line(path: Path) -> str:
    if path.fix_path and path.fix_path.path:
        return f"Fix: {path.fix_path.path} = {path.fix_path.value}"
    if path.fix_command:
        return f"Fix: {path.fix_command}"
    told = path.failed_path or path.review_path or path.delete_path
    return f"At: {told}" if told else ""


@lru_cache(maxsize=512)
def _about(rule: str, name: str, category: str) -> Rule:
    links = (f"https://hub.armosec.io/docs/{rule.lower()}",) if rule.startswith("C-") else ()
    return Rule(id=rule, title=name, tags=(category,) if category else (), references=links)
