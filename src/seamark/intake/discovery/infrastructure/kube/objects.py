"""Kubernetes objects with the place they come from, and the ways from a name or a label to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.infrastructure.values import listed, mapping, plain, sequence
from seamark.intake.discovery.tree import folder_of

_TEMPLATES: Final = {
    ("Pod",): (),
    ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "Rollout", "DeploymentConfig", "CloneSet"): ("template",),
    ("CronJob",): ("jobTemplate", "spec", "template"),
    ("ScaledJob",): ("jobTargetRef", "template"),
    ("KnativeService", "KnativeConfiguration"): ("template",),
}  # fmt: skip
_WAYS: Final = {kind: way for kinds, way in _TEMPLATES.items() for kind in kinds}
MOST_OBJECTS: Final = 20_000


class Object(Struct, frozen=True, kw_only=True, eq=False, dict=True):
    """One declared object."""

    kind: str
    """The kind; Knative's Service is `KnativeService` here."""
    group: str
    """The API group, empty for the core."""
    name: str
    namespace: str
    value: dict[str, Any]
    path: str
    line: int
    confidence: float = 1.0
    environment: str = ""
    origin: str = "kubernetes"

    @property
    def at(self) -> str:
        """Where it stands, for people."""
        return f"{self.path}:{self.line}"

    @property
    def spec(self) -> dict[str, Any]:
        """Its spec."""
        return mapping(self.value.get("spec"))

    @property
    def annotations(self) -> dict[str, str]:
        """Its annotations."""
        return _strings(mapping(self.value.get("metadata")).get("annotations"))

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return _strings(mapping(self.value.get("metadata")).get("labels"))

    @cached_property
    def template(self) -> dict[str, Any] | None:
        """The pod template, None for what runs no pods."""
        way = _WAYS.get(self.kind)
        if way is None or self.group not in {"", "apps", "batch", "extensions", "argoproj.io", "serving.knative.dev", "apps.openshift.io", "apps.kruise.io", "keda.sh"}:  # fmt: skip
            return None
        found = self.value if not way else self.spec
        for step in way:
            found = mapping(found.get(step))
        return found if mapping(found.get("spec")).get("containers") else None

    @property
    def pod_labels(self) -> dict[str, str]:
        """The labels of the pods that it runs."""
        return _strings(mapping(mapping(self.template).get("metadata")).get("labels"))

    @property
    def shown_kind(self) -> str:
        """The kind as people write it."""
        return self.kind.removeprefix("Knative")


def read_objects(
    value: Any, *, path: str, line: int, origin: str = "kubernetes", confidence: float = 1.0, environment: str = "", namespace: str = ""
) -> Iterator[Object]:  # fmt: skip
    """Yield the objects of a decoded document; those inside a List each. Nothing for what is no Kubernetes object.

    `namespace` is for those that name none.
    """
    content = mapping(value)
    version, kind = plain(content.get("apiVersion")), plain(content.get("kind"))
    if not version or not kind or not isinstance(content.get("apiVersion"), str):
        return
    if kind.endswith("List") and isinstance(content.get("items"), list):
        for each in content["items"][:MOST_OBJECTS]:
            if not plain(mapping(each).get("kind")).endswith("List"):
                yield from read_objects(
                    each,
                    path=path,
                    line=line,
                    origin=origin,
                    confidence=confidence,
                    environment=environment,
                    namespace=namespace,
                )
        return
    group = version.rpartition("/")[0]
    metadata = mapping(content.get("metadata"))
    name = plain(metadata.get("name")) or plain(metadata.get("generateName")).rstrip("-")
    if not name or len(name) > 253:
        return
    if group == "serving.knative.dev" and kind in {"Service", "Configuration"}:
        kind = f"Knative{kind}"
    yield Object(
        kind=kind, group=group, name=name, namespace=plain(metadata.get("namespace")) or namespace or "default", value=content, path=path, line=line,
        confidence=confidence, environment=environment, origin=origin,
    )  # fmt: skip


class Cluster:
    """The objects that are deployed together, found by kind and name or by label."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self.objects: list[Object] = []
        self._by_name: dict[tuple[str, str, str], list[Object]] = {}
        for each in objects:
            if len(self.objects) < MOST_OBJECTS:
                self.objects.append(each)
                self._by_name.setdefault((each.kind, each.namespace, each.name), []).append(each)

    @cached_property
    def workloads(self) -> list[Object]:
        """Those that run pods."""
        return [each for each in self.objects if each.template is not None]

    @cached_property
    def _by_label(self) -> dict[tuple[str, str, str], list[Object]]:
        found: dict[tuple[str, str, str], list[Object]] = {}
        for each in self.workloads:
            for pair in each.pod_labels.items():
                found.setdefault((each.namespace, *pair), []).append(each)
        return found

    def of_kind(self, *kinds: str) -> Iterator[Object]:
        """Yield the objects of some kinds."""
        for each in self.objects:
            if each.kind in kinds:
                yield each

    def find(self, kind: str, name: str, near: Object, namespace: str = "") -> Object | None:
        """Return the object of a kind and name in the namespace of another one, or in a given one; the nearest by file where there are several."""
        found = self._by_name.get((kind, namespace or near.namespace, name), [])
        return _nearest(found, near)[0] if found else None

    def selected(self, selector: dict[str, str], near: Object) -> list[Object]:
        """Return the workloads whose pods have all labels of a selector; nothing for an empty one. Of several files that declare the same, the nearest."""
        if not selector:
            return []
        items = iter(selector.items())
        found = list(self._by_label.get((near.namespace, *next(items)), ()))
        for pair in items:
            found = [each for each in found if each.pod_labels.get(pair[0]) == pair[1]]
        return _nearest(found, near) if found else []

    def behind(self, service: Object | None) -> list[Object]:
        """Return the workloads that a Service sends its traffic to."""
        if service is None:
            return []
        return (
            [service]
            if service.kind == "KnativeService"
            else self.selected(_strings(service.spec.get("selector")), service)
        )

    def answering(self, host: str, near: Object) -> list[Object]:
        """Return the workloads behind a host name as pods of another object resolve it: `orders`, `orders.shop`, `orders.shop.svc.cluster.local`."""
        parts = host.split(".")
        if len(parts) > 2 and parts[2] != "svc":
            # A pod of a StatefulSet has a name of its own in front of the service's.
            parts = parts[1:] if len(parts) > 3 and parts[3] == "svc" else []
        if not parts:
            return []
        namespace = parts[1] if len(parts) > 1 else ""
        service = self.find("Service", parts[0], near, namespace) or self.find(
            "KnativeService", parts[0], near, namespace
        )
        return self.behind(service)


def _nearest(found: list[Object], near: Object) -> list[Object]:
    """Return those that share the most folders with another object."""
    if len(found) < 2:
        return found
    here = folder_of(near.path).split("/")

    def shared(each: Object) -> int:
        if each.path == near.path:
            return 1_000
        count = 0
        for one, other in zip(here, folder_of(each.path).split("/"), strict=False):
            if one != other:
                break
            count += 1
        return count

    best = max(shared(each) for each in found)
    return [each for each in found if shared(each) == best]


def _strings(value: Any) -> dict[str, str]:
    return {key: plain(each) for key, each in mapping(value).items()}


def pod_of(workload: Object) -> dict[str, Any]:
    """Return the pod spec of a workload."""
    return mapping(mapping(workload.template).get("spec"))


def containers_of(workload: Object) -> list[dict[str, Any]]:
    """Return its containers, those that run first included, at most 200."""
    pod = pod_of(workload)
    found = [each for key in ("containers", "initContainers") for each in sequence(pod.get(key))]
    return [mapping(each) for each in listed(found)[:200] if isinstance(each, dict)]


def variables_of(each: Object) -> list[str]:
    """Return the names of the environment variables that containers are given one by one, in order; at most 500."""
    names = (
        plain(mapping(one).get("name"))
        for container in containers_of(each)
        for one in sequence(container.get("env"))[:2_000]
    )
    return sorted({name for name in names if name})[:500]
