"""Kubernetes' audit log, as context: which service account read which secret, took on which identity, entered which pod.

It yields relations and no findings. Taken are requests that succeeded and name one object: `get` of a secret (READS), changes
of one (WRITES), `exec`, `attach` and `portforward` of a pod, tokens of another service account, and impersonation (CALLS).
The parts of the control plane and the nodes read everything all day and are left out, as are people without an address.
The log does not say which cluster it is from: keys are `namespace/Kind/name`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec import Raw, Struct, field

from seamark.intake.parsers.formats._acts import Acts, resource, role_of_session
from seamark.intake.parsers.kit import (
    AssetKind,
    AssetRef,
    Item,
    JsonLines,
    Kind,
    Probe,
    Reading,
    RelationKind,
    json_lines,
    json_object,
    json_rows,
    moment,
    parser,
    variant,
)

TOOL: Final = "Kubernetes audit log"
_ACCOUNT: Final = "system:serviceaccount:"
_ENTERED: Final = frozenset({"exec", "attach", "portforward", "ephemeralcontainers"})
_MOST_BEGUN: Final = 10_000
_CHANGES: Final = frozenset({"create", "update", "patch", "delete"})


class User(Struct):
    username: str | None = ""
    extra: dict[str, Any] | None = None


class Target(Struct):
    resource: str | None = ""
    namespace: str | None = ""
    name: str | None = ""
    subresource: str | None = ""
    api_group: str | None = field(name="apiGroup", default="")


class Status(Struct):
    code: int | None = None


class Event(Struct, rename="camel"):
    audit_id: str = field(name="auditID")
    verb: str | None = ""
    stage: str | None = ""
    user: User | None = None
    impersonated_user: User | None = None
    object_ref: Target | None = None
    response_status: Status | None = None
    request_received_timestamp: str | None = ""
    stage_timestamp: str | None = ""


class EventList(Struct):
    items: Raw


def _is_group(probe: Probe, path: str = "apiVersion") -> bool:
    return str(probe.get(path)).startswith("audit.k8s.io/")


def _is_log(probe: Probe) -> bool:
    return probe.form == "json lines" and _is_group(probe)


@parser(
    "kubernetes-audit",
    title=TOOL,
    kind=Kind.RUNTIME,
    looks=json_lines("auditID", "stage", "verb", "apiVersion", where=_is_log),
    made_with="kube-apiserver --audit-log-path=audit.log --audit-policy-file=policy.yaml",
    url="https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/",
    versions="audit.k8s.io/v1",
)
def read(events: JsonLines[Event]) -> Iterator[Item]:
    yield from _items(events)


@variant(
    "kubernetes-audit",
    looks=json_object("kind", "apiVersion", "items", where=_is_group),
    lift=("items",),
)
def read_list(events: EventList, reading: Reading) -> Iterator[Item]:
    yield from _items(reading.rows(events.items, Event, where="$.items"))


@variant("kubernetes-audit", looks=json_object("auditID", "stage", "verb", "apiVersion", where=_is_group))
def read_one(event: Event) -> Iterator[Item]:
    yield from _items([event])


@variant(
    "kubernetes-audit",
    looks=json_rows("auditID", "stage", "verb", where=lambda probe: _is_group(probe, "0.apiVersion")),
    lift=("[]",),
)
def read_rows(events: list[Event]) -> Iterator[Item]:
    yield from _items(events)


def _items(events: Iterable[Event]) -> Iterator[Item]:
    acts = Acts(TOOL)
    begun: set[str] = set()
    for event in events:
        time = moment(event.stage_timestamp or event.request_received_timestamp)
        acts.at(time)
        if _succeeded(event) and event.audit_id not in begun:
            _note(acts, event, time)
            if event.stage == "ResponseStarted":
                # A session in a pod is told of once more when it ends.
                if len(begun) >= _MOST_BEGUN:
                    begun.clear()
                begun.add(event.audit_id)
    yield from acts.items()


def _succeeded(event: Event) -> bool:
    """Tell whether a request was answered well; a session in a pod is with 101, as soon as it begins."""
    code = event.response_status.code if event.response_status else None
    return event.stage in {"ResponseComplete", "ResponseStarted"} and (code is None or 100 <= code < 400)


def _note(acts: Acts, event: Event, time: str) -> None:
    actor, verb = _identity(event.user), event.verb or ""
    other = _identity(event.impersonated_user)
    if actor and other:
        acts.add(RelationKind.CALLS, actor, other, "impersonate", time)
    actor = other or actor if event.impersonated_user else actor
    target = event.object_ref
    if actor is None or target is None or not target.name or target.api_group:
        return
    if target.resource == "secrets" and verb in {"get", *_CHANGES}:
        kind = RelationKind.READS if verb == "get" else RelationKind.WRITES
        acts.add(kind, actor, _key(AssetKind.SECRET_STORE, "Secret", target), verb, time)
    elif target.resource == "pods" and target.subresource in _ENTERED:
        acts.add(RelationKind.CALLS, actor, _key(AssetKind.WORKLOAD, "Pod", target), target.subresource or "", time)
    elif target.resource == "serviceaccounts" and target.subresource == "token" and verb == "create":
        acts.add(RelationKind.CALLS, actor, _key(AssetKind.WORKLOAD, "ServiceAccount", target), "token", time)


def _key(kind: AssetKind, sort: str, target: Target) -> AssetRef:
    return AssetRef(kind, "/".join(part for part in (target.namespace, sort, target.name) if part))


def _identity(user: User | None) -> AssetRef | None:
    """Return who asked: a service account, the role behind a user of Amazon's, a person by an address; else nobody."""
    name = (user.username or "").strip() if user else ""
    if user is None or not name:
        return None
    if name.startswith(_ACCOUNT):
        namespace, mark, account = name.removeprefix(_ACCOUNT).partition(":")
        return AssetRef(AssetKind.WORKLOAD, f"{namespace}/ServiceAccount/{account}") if mark and account else None
    given = (user.extra or {}).get("arn") or (user.extra or {}).get("canonicalArn")
    arn = given[0] if isinstance(given, list) and given else given
    if isinstance(arn, str) and arn.startswith("arn:") and not name.startswith("system:"):
        return resource(role_of_session(arn))
    return AssetRef(AssetKind.PERSON, name) if "@" in name and ":" not in name else None
