"""Pods and whom they belong to: the image digests that run are theirs, the name that people know is their owner's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct

from seamark.intake.discovery.infrastructure.kube.objects import Object
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence
from seamark.intake.dumps.dump import DIGEST, image_entry, unique

_DEEPEST: Final = 5
_FROM_CRON: Final = re.compile(r"(.+)-[0-9]{8,10}")
"""A CronJob names its Jobs after the minute that they are due at."""
_ENDED: Final = frozenset({"Succeeded", "Failed"})
WORKLOADS: Final = frozenset({
    "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job", "CronJob", "Rollout", "DeploymentConfig", "CloneSet", "ScaledJob",
})  # fmt: skip
"""Kinds that pods are told of as. What operators call their own is not: it owns workloads, and runs none."""
BETWEEN: Final = frozenset({"ReplicaSet", "Job", "ReplicationController", "Pod"})
"""Kinds that mostly belong to another workload."""

Place = tuple[str, str, str]
"""Namespace, kind and name."""


class Pods(Struct):
    """The pods of one workload, put together."""

    place: Place
    confidence: float = 1.0
    """How sure it is that they belong to it."""
    spec: dict[str, Any] = {}
    labels: dict[str, str] = {}
    images: list[dict[str, Any] | None] = []
    running: int = 0
    started: str = ""
    """When the oldest of those that run began to."""


def owner_of(each: Object) -> tuple[str, str] | None:
    """Return kind and name of the workload that controls an object."""
    references = [mapping(one) for one in sequence(mapping(each.value.get("metadata")).get("ownerReferences"))[:50]]
    for one in sorted(references, key=lambda one: one.get("controller") is not True):
        kind, name = plain(one.get("kind")), plain(one.get("name"))
        if kind in WORKLOADS and name:
            return kind, name
    return None


class Owners:
    """The ways from objects to the workloads that people declared."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._known = {(each.namespace, each.kind, each.name): owner_of(each) for each in objects}

    def top(self, each: Object) -> tuple[Place, float]:
        """Return the workload that an object belongs to in the end, itself where it is nobody's, and how sure that is."""
        place: Place = (each.namespace, each.kind, each.name)
        owner, sure = owner_of(each), 1.0
        for _ in range(_DEEPEST):
            if owner is None:
                break
            place = (each.namespace, *owner)
            if place in self._known:
                owner = self._known[place]
                continue
            place, certain = _guessed(place, each.labels)
            return place, min(sure, certain)
        return place, sure


def _guessed(place: Place, labels: dict[str, str]) -> tuple[Place, float]:
    """Return whom an object that the dump leaves out belongs to, by the way that Kubernetes names what it makes."""
    namespace, kind, name = place
    if kind == "ReplicaSet":
        for label, owner in (("pod-template-hash", "Deployment"), ("rollouts-pod-template-hash", "Rollout")):
            mark = f"-{labels.get(label, '')}"
            if len(mark) > 1 and name.endswith(mark) and len(name) > len(mark):
                return (namespace, owner, name[: -len(mark)]), 0.95
    if kind == "Job" and (found := _FROM_CRON.fullmatch(name)) is not None:
        return (namespace, "CronJob", found[1]), 0.8
    return place, 1.0


def gathered(pods: Iterable[Object], owners: Owners) -> dict[Place, Pods]:
    """Return the pods by their workloads. Those that have ended run nothing any more."""
    found: dict[Place, Pods] = {}
    for each in pods:
        place, sure = owners.top(each)
        known = found.get(place)
        if known is None:
            known = found[place] = Pods(place, sure)
        if not known.spec:
            known.spec, known.labels = each.spec, each.labels
        status = mapping(each.value.get("status"))
        if plain(status.get("phase")) in _ENDED:
            continue
        known.running += 1
        since = plain(status.get("startTime"))
        if since and (not known.started or since < known.started):
            known.started = since
        known.images += _images(each.spec, status)
    for known in found.values():
        known.images = list(unique(known.images))
    return found


def _images(spec: dict[str, Any], status: dict[str, Any]) -> list[dict[str, Any] | None]:
    entries = []
    for key, states in (
        ("containers", "containerStatuses"), ("initContainers", "initContainerStatuses"), ("ephemeralContainers", "ephemeralContainerStatuses"),
    ):  # fmt: skip
        told = {plain(one.get("name")): one for one in map(mapping, sequence(status.get(states))[:200])}
        for one in map(mapping, sequence(spec.get(key))[:200]):
            state = told.get(plain(one.get("name")), {})
            entries.append(
                image_entry(
                    plain(one.get("image")),
                    container=plain(one.get("name")),
                    digest=_digest(plain(state.get("imageID"))),
                )
            )
    return entries


def _digest(image_id: str) -> str:
    """Return the digest of a manifest; nothing for the id of an image's configuration, which is another thing."""
    name, at, digest = image_id.rpartition("@")
    return digest if at and name and DIGEST.fullmatch(digest) else ""
