"""Popeye: what a Kubernetes cluster's resources lack, from over-allocations to open permissions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Run,
    Severity,
    UnreadableReport,
    json_object,
    moment,
    parser,
)

_LEVELS = {1: Severity.INFO, 2: Severity.LOW, 3: Severity.HIGH}
_WORDS = {1: "info", 2: "warning", 3: "error"}
_CODE = re.compile(r"^\[(POP-\d+)\]\s*")
_ROOT = "__root__"


class Issue(Struct):
    level: int
    message: str
    group: str = _ROOT
    gvr: str = ""


class Section(Struct):
    sanitizer: str = ""
    linter: str = ""
    gvr: str = ""
    issues: dict[str, list[Issue] | None] | None = None


class Details(Struct):
    sanitizers: list[Section] | None = None
    sections: list[Section] | None = None
    report_time: str = ""
    score: int | None = None
    grade: str = ""
    errors: list[str] | None = None


class Report(Struct, rename={"cluster": "ClusterName", "context": "ContextName"}):
    popeye: Details
    cluster: str | None = ""
    context: str | None = ""
    errors: list[str] | None = None


@parser(
    "popeye",
    title="Popeye",
    kind=Kind.MISCONFIGURATION,
    looks=json_object("popeye", where=lambda probe: probe.has("popeye.sanitizers") or probe.has("popeye.sections")),
    made_with="popeye -o json",
    url="https://popeyecli.io/",
    versions="0.9 to 0.22",
)
def read(report: Report) -> Iterator[Item]:
    details = report.popeye
    if details.sanitizers is None and details.sections is None:
        raise UnreadableReport("The report of Popeye has no sections: the scan did not get anywhere")
    problems = tuple(text for text in (*(details.errors or ()), *(report.errors or ())) if text)
    yield Run(
        tool="Popeye",
        configuration=report.cluster or "",
        complete=False if problems else None,
        problems=problems[:50],
        finished=moment(details.report_time),
    )
    for section in (*(details.sanitizers or ()), *(details.sections or ())):
        for name, issues in (section.issues or {}).items():
            for issue in issues or ():
                if issue.level in _LEVELS:
                    yield _finding(issue, name, section)


def _finding(issue: Issue, name: str, section: Section) -> Finding:
    code = _CODE.match(issue.message)
    kind = section.sanitizer or section.linter
    namespace, _, own = name.rpartition("/")
    resource = "/".join(part for part in (namespace, _singular(kind), own) if part)
    # An issue of one container is grouped under the container's name.
    inside = "" if issue.group == _ROOT else issue.group
    return Finding(
        rule=code[1] if code else kind,
        title=issue.message[code.end() :] if code else issue.message,
        severity=_LEVELS[issue.level],
        severity_given=_WORDS[issue.level],
        location=ResourceLocation(resource=f"{resource}/{inside}" if inside else resource, type=_singular(kind)),
        tags=tuple(word for word in (issue.gvr or section.gvr,) if word),
    )


_KINDS = {
    "clusterrolebindings": "ClusterRoleBinding", "clusterroles": "ClusterRole", "configmaps": "ConfigMap",
    "cronjobs": "CronJob", "daemonsets": "DaemonSet", "deployments": "Deployment", "gateways": "Gateway",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler", "ingresses": "Ingress", "jobs": "Job",
    "namespaces": "Namespace", "networkpolicies": "NetworkPolicy", "nodes": "Node",
    "persistentvolumeclaims": "PersistentVolumeClaim", "persistentvolumes": "PersistentVolume",
    "poddisruptionbudgets": "PodDisruptionBudget", "pods": "Pod", "replicasets": "ReplicaSet",
    "rolebindings": "RoleBinding", "roles": "Role", "secrets": "Secret", "serviceaccounts": "ServiceAccount",
    "services": "Service", "statefulsets": "StatefulSet",
}  # fmt: skip


def _singular(plural: str) -> str:
    """Return the kind that Kubernetes calls by this plural, as other tools write it in a resource's name."""
    return _KINDS.get(plural, plural)
