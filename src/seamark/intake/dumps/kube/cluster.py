"""What runs in a cluster, who reaches it, and whether the answers are the whole of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.core.errors import UnreadableReport
from seamark.intake.discovery.infrastructure.builds import Build, Builds
from seamark.intake.discovery.infrastructure.kube.exposure import Exposures
from seamark.intake.discovery.infrastructure.kube.objects import (
    MOST_OBJECTS,
    Cluster,
    Object,
    containers_of,
    read_objects,
    variables_of,
)
from seamark.intake.discovery.infrastructure.kube.workloads import Workloads
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import is_true, mapping, plain
from seamark.intake.dumps.dump import GOES_ON, Dump, Given, Said, Told, image_entry, unique
from seamark.intake.dumps.kube.pods import BETWEEN, Owners, Pods, gathered, owner_of

ORIGIN: Final = "kubernetes"
_MOST: Final = 200_000
_SYSTEM: Final = "kube-system"
_NAMES: Final = (
    "alpha.eksctl.io/cluster-name", "eks.amazonaws.com/cluster", "kubernetes.azure.com/cluster", "cluster.x-k8s.io/cluster-name",
)  # fmt: skip
"""Labels and annotations of nodes that name their cluster."""
_ENVIRONMENTS: Final = ("environment", "env", "app.kubernetes.io/environment", "stage")
_WITHOUT: Final = frozenset({"Secret", "Event"})
"""Kinds of which nothing is looked at: their values are nobody's business here."""
_GROUPS: Final = {
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Rollout": "argoproj.io/v1alpha1",
    "Pod": "v1",
    "ReplicationController": "v1",
}


def is_kubernetes(value: Any) -> bool:
    """Tell whether a document is an answer of a Kubernetes API."""
    return isinstance(value, dict) and isinstance(value.get("apiVersion"), str) and isinstance(value.get("kind"), str)


class Answers:
    """The objects of all documents, sorted by what they are for."""

    def __init__(self, given: Iterable[Given]) -> None:
        self.partial: list[str] = []
        self.pods: list[Object] = []
        self.others: list[Object] = []
        self.nodes: list[Object] = []
        self.namespaces: dict[str, Object] = {}
        for each in given:
            self._take(each)

    def _take(self, given: Given) -> None:
        value = mapping(given.value)
        listed = plain(value.get("kind")).endswith("List") and isinstance(value.get("items"), list)
        metadata = mapping(value.get("metadata"))
        if listed and (plain(metadata.get("continue")) or metadata.get("remainingItemCount")):
            self.partial.append(GOES_ON)
        items = value["items"] if listed else [value]
        if len(items) > _MOST:
            self.partial.append(f"a list has more than {_MOST:,} objects")
        inner = plain(value.get("kind")).removesuffix("List") if listed else ""
        for number, item in enumerate(items[:_MOST]):
            content = mapping(item)
            if inner and "kind" not in content:
                # A typed list, as the API itself writes it, names kind and version once.
                content = {"apiVersion": value.get("apiVersion"), "kind": inner, **content}
            for each in read_objects(content, path=given.name, line=number + 1):
                self._sort(each)

    def _sort(self, each: Object) -> None:
        if each.kind in _WITHOUT:
            return
        if each.kind == "Namespace":
            self.namespaces[each.name] = each
        elif each.kind == "Node":
            self.nodes.append(each)
        elif each.kind == "Pod":
            self.pods.append(each)
        else:
            self.others.append(each)

    @cached_property
    def spaces(self) -> frozenset[str]:
        """The namespaces of which pods are told."""
        return frozenset(each.namespace for each in self.pods)

    def cluster(self) -> str:
        """Return the name that the nodes give their cluster, empty where they do not agree on one."""
        names = {
            name
            for each in self.nodes
            for label in _NAMES
            if (name := each.labels.get(label) or each.annotations.get(label, ""))
        }
        return names.pop() if len(names) == 1 else ""

    def gaps(self) -> list[str]:
        """Return why the answers are not the whole cluster; nothing where they are."""
        found = list(self.partial)
        if not self.pods:
            found.append("it tells of no pods, so not of what runs")
        elif len(self.spaces) < 2:
            # Every cluster has pods of its own beside those of its users: whoever sees one namespace asked for one.
            found.append("it tells of the pods of one namespace only")
        elif _SYSTEM in self.namespaces and _SYSTEM not in self.spaces:
            found.append(f"the cluster has a namespace {_SYSTEM}, of which it tells no pods")
        return found


def read_cluster(given: Sequence[Given], said: Said) -> Dump:
    """Return what the answers of one cluster say. Raises `UnreadableReport` where nothing names the cluster."""
    answers = Answers(given)
    name = said.cluster or answers.cluster()
    if "//" in name:
        raise UnreadableReport("The name of a cluster holds no //: that is how declarations are told from what runs")
    if not name:
        raise UnreadableReport("Nothing in it says which cluster this is", hint="name it with --cluster")
    told = Told(ORIGIN)
    _Reading(answers, name, said, told).read()
    told.partial += answers.gaps()
    return told.dump(f"kubernetes {name}")


class _Unbuilt(Builds):
    """A cluster builds nothing."""

    def __init__(self) -> None:  # there is no tree to look through
        pass

    def of_image(self, name: str) -> Build | None:  # noqa: ARG002 - the signature of what it stands for
        return None


class _Reading:
    def __init__(self, answers: Answers, name: str, said: Said, told: Told) -> None:
        self._answers, self._name, self._said, self._told = answers, name, said, told
        self._me = AssetRef(AssetKind.CLUSTER, name)

    def read(self) -> None:
        answers = self._answers
        owners = Owners((*answers.others, *answers.pods))
        pods = gathered(answers.pods, owners)
        kept = [
            self._placed(each)
            for each in answers.others
            if each.kind not in BETWEEN or owner_of(each) is None
        ]  # fmt: skip
        named = {(each.namespace, each.kind, each.name) for each in kept}
        alone = [self._placed(_stand_in(known)) for place, known in pods.items() if place not in named]
        objects = [*kept, *alone]
        if len(objects) > MOST_OBJECTS:
            self._told.partial.append(f"the dump has more than {MOST_OBJECTS:,} objects beside pods")
        cluster = Cluster(objects)
        workloads = Workloads(self._name, cluster, _Unbuilt())
        versions = {
            plain(mapping(mapping(each.value.get("status")).get("nodeInfo")).get("kubeletVersion"))
            for each in answers.nodes
        }
        self._told.add(self._me, self._name, {"nodes": len(answers.nodes) or None, "versions": sorted(versions - {""}), "environment": self._said.environment})  # fmt: skip
        for each in cluster.workloads:
            self._workload(each, workloads, pods.get((each.namespace, each.kind, each.name)))
        self._keep(Exposures(self._name, cluster, workloads).read())

    def _placed(self, each: Object) -> Object:
        space = self._answers.namespaces.get(each.namespace)
        labels = space.labels if space is not None else {}
        told = next((word for label in _ENVIRONMENTS if (word := labels.get(label, ""))), "")
        # Lists are told in another order as soon as something is added: a place in the file would be news every day.
        place = f"{each.namespace}/{each.shown_kind}/{each.name}"
        environment = self._said.environment or environment_of(told) or told[:50]
        return replace(each, environment=environment, path=place, line=0)

    def _workload(self, each: Object, workloads: Workloads, pods: Pods | None) -> None:
        ref = self._running(workloads.ref(each))
        facts: dict[str, Any] = {}
        for one in workloads.read(each):
            if isinstance(one, Found) and one.ref == workloads.ref(each):
                facts |= one.facts
            elif not (_of_image(one)):
                self._keep([one])
        images = [one for one in (pods.images if pods else []) if one] or self._declared(each)
        sure = pods.confidence if pods else 1.0
        facts |= {
            "images": images or facts.get("images", []), "cluster": self._name, "running": pods.running if pods else 0,
            "started": pods.started if pods else "", "variables": variables_of(each),
        }  # fmt: skip
        self._told.add(ref, each.name, facts, at=each.path, confidence=sure)
        self._told.edge(RelationKind.CONTAINS, self._me, ref, at=each.path)
        if self._is_live(each, pods):
            self._told.runs(ref, images)

    def _declared(self, each: Object) -> list[dict[str, Any]]:
        return unique(
            image_entry(plain(one.get("image")), container=plain(one.get("name"))) for one in containers_of(each)
        )

    def _is_live(self, each: Object, pods: Pods | None) -> bool:
        """Tell whether a workload runs, or will by itself: a schedule does, what is scaled to nothing does not."""
        if pods is not None and pods.running:
            return True
        if each.kind == "CronJob":
            return not is_true(each.spec.get("suspend"))
        if each.kind in {"Job", "Pod"} or each.namespace in self._answers.spaces:
            # The pods of its namespace are told, and none is of this workload.
            return each.kind == "KnativeService"
        return each.spec.get("replicas") != 0

    def _keep(self, said: Iterable[Found | Relation]) -> None:
        for one in said:
            if isinstance(one, Found):
                facts = {name: value for name, value in one.facts.items() if name != "in_git"}
                ref, at = self._running(one.ref), one.at.removesuffix(":0")
                self._told.found.append(replace(one, ref=ref, origin=ORIGIN, at=at, facts=facts))
            else:
                ends = {"source": self._running(one.source), "target": self._running(one.target)}
                self._told.relations.append(replace(one, **ends, origin=ORIGIN, at=one.at.removesuffix(":0")))

    def _running(self, ref: AssetRef) -> AssetRef:
        """Return the key of what runs, from that which a repository of the cluster's name would declare."""
        mark = f"{self._name}//"
        return AssetRef(ref.kind, f"{self._name}/{ref.key.removeprefix(mark)}") if ref.key.startswith(mark) else ref


def _of_image(one: Found | Relation) -> bool:
    return (one.ref if isinstance(one, Found) else one.target).kind is AssetKind.IMAGE


def _stand_in(pods: Pods) -> Object:
    """Return the workload that pods speak of and the dump leaves out, as its pods show it."""
    namespace, kind, name = pods.place
    version = _GROUPS.get(kind, "apps/v1")
    template = {"metadata": {"labels": pods.labels}, "spec": pods.spec}
    spec: dict[str, Any] = {"template": template}
    if kind == "Pod":
        spec = pods.spec
    elif kind == "CronJob":
        spec = {"jobTemplate": {"spec": spec}, "suspend": not pods.running}
    value = {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": pods.labels},
        "spec": spec,
    }
    found = next(read_objects(value, path="pods", line=1, confidence=pods.confidence), None)
    group = version.rpartition("/")[0]
    return found or Object(kind=kind, group=group, name=name, namespace=namespace, value=value, path="pods", line=1)
