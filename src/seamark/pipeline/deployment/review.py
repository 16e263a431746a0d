"""Reads a Kubernetes AdmissionReview (`admission.k8s.io/v1`) and writes the answer. Knows no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.intake.discovery.infrastructure.kube.objects import Object, read_objects
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import is_true, mapping, plain, sequence
from seamark.intake.dumps.kube.pods import Owners
from seamark.pipeline.deployment.subject import Place, Subject

VERSION: Final = "admission.k8s.io/v1"
MOST_IMAGES: Final = 200
"""Containers of one object; one with more is not looked at, and refused."""
_LISTS: Final = ("containers", "initContainers", "ephemeralContainers")
_JUDGED: Final = frozenset({"CREATE", "UPDATE"})
_LONGEST_WARNING: Final = 256
_MOST_WARNINGS: Final = 12
_LONGEST_MESSAGE: Final = 4_000


class _Kind(Struct):
    kind: str
    group: str = ""
    version: str = ""


class _Request(Struct, rename="camel"):
    uid: str
    kind: _Kind
    operation: str
    name: str | None = None
    namespace: str | None = None
    dry_run: bool | None = None
    object: dict[str, Any] | None = None
    old_object: dict[str, Any] | None = None


class _Review(Struct, rename="camel"):
    api_version: str
    kind: str
    request: _Request


class Review(Struct, frozen=True, kw_only=True):
    """What an API server asks."""

    uid: str
    dry_run: bool
    what: str
    """The object, for people: `Deployment shop/orders`."""
    subjects: tuple[Subject, ...] = ()
    """One for each image that the change brings; none where there is nothing to judge."""
    refused: str = ""
    """Why it is refused without asking anybody."""


_DECODER: Final = msgspec.json.Decoder(_Review)


def read_review(data: bytes, *, cluster: str = "") -> Review:
    """Return what is asked. Raises `SeamarkError` for what is no AdmissionReview of version 1."""
    try:
        review = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SeamarkError(f"This is no AdmissionReview: {error}") from None
    if review.kind != "AdmissionReview" or review.api_version != VERSION:
        raise SeamarkError(
            f"This is {review.kind} of {review.api_version}; only AdmissionReview of {VERSION} is understood"
        )
    asked = review.request
    name = asked.name or plain(mapping((asked.object or {}).get("metadata")).get("generateName")).rstrip("-")
    what = f"{asked.kind.kind} {asked.namespace or ''}/{name}".replace(" /", " ")
    found = Review(uid=asked.uid, dry_run=asked.dry_run is True, what=what)
    if asked.operation not in _JUDGED or asked.object is None:
        return found
    after = _Pods(asked, asked.object)
    before = _Pods(asked, asked.old_object) if asked.operation == "UPDATE" and asked.old_object is not None else None
    if len(after.images) > MOST_IMAGES:
        return msgspec.structs.replace(found, refused=f"{what} has more than {MOST_IMAGES} containers")
    return msgspec.structs.replace(found, subjects=tuple(_subjects(after, before, cluster)))


def _subjects(after: _Pods, before: _Pods | None, cluster: str) -> Iterable[Subject]:
    """Yield what there is to judge: all images, or of a change those that it brings, or all where it takes more rights."""
    old = before.images if before is not None else []
    brought = [image for image in after.images if image not in old]
    if before is not None and after.rights - before.rights:
        brought = after.images
    if not brought:
        return
    place = after.place(cluster)
    for image in dict.fromkeys(brought):
        yield Subject(image=image, place=place, replaces=tuple(one for one in dict.fromkeys(old) if one != image))


class _Pods:
    """The pods that an object is, or makes."""

    def __init__(self, asked: _Request, value: Mapping[str, Any]) -> None:
        kind = asked.kind
        version = f"{kind.group}/{kind.version}" if kind.group else kind.version or "v1"
        metadata = {"name": asked.name or "unnamed", **mapping(value.get("metadata"))}
        metadata["name"] = metadata["name"] or plain(metadata.get("generateName")) or "unnamed"
        # What the API server says of the kind counts, not what the object says of itself.
        whole = {**value, "apiVersion": version, "kind": kind.kind, "metadata": metadata}
        self._object: Object | None = next(read_objects(whole, path="", line=0, namespace=asked.namespace or ""), None)
        self._namespace = asked.namespace or ""
        self._pod = self._spec(value)
        self._containers = [mapping(one) for key in _LISTS for one in sequence(self._pod.get(key))]

    def _spec(self, value: Mapping[str, Any]) -> dict[str, Any]:
        if self._object is None:
            return {}
        if self._object.kind == "PodTemplate":
            return mapping(mapping(value.get("template")).get("spec"))
        if self._object.kind == "Pod":
            return mapping(value.get("spec"))
        return mapping(mapping(self._object.template).get("spec"))

    @property
    def images(self) -> list[str]:
        """Return the images of all containers, in their order."""
        return [image for one in self._containers if (image := plain(one.get("image")))]

    def _contexts(self) -> list[dict[str, Any]]:
        shared = mapping(self._pod.get("securityContext"))
        return [{**shared, **mapping(one.get("securityContext"))} for one in self._containers]

    @property
    def privileged(self) -> bool:
        return any(is_true(one.get("privileged")) for one in self._contexts())

    @property
    def runs_as_root(self) -> bool | None:
        """Return whether a container runs as root; None where the image decides."""
        contexts = self._contexts()
        if any(one.get("runAsUser") == 0 and not is_true(one.get("runAsNonRoot")) for one in contexts):
            return True
        told = [is_true(one.get("runAsNonRoot")) or plain(one.get("runAsUser")) not in {"", "0"} for one in contexts]
        return False if told and all(told) else None

    @property
    def host_network(self) -> bool:
        return is_true(self._pod.get("hostNetwork"))

    @property
    def rights(self) -> set[str]:
        """Return what policies may ask about besides images: more of these is a change to be judged."""
        told = {"privileged": self.privileged, "root": self.runs_as_root is not False, "network": self.host_network}
        return {name for name, held in told.items() if held}

    def place(self, cluster: str) -> Place:
        """Return where it runs: as part of the workload that controls it in the end."""
        namespace, kind, name, labels = self._namespace, "", "", {}
        if self._object is not None:
            (own, kind, name), _ = Owners([self._object]).top(self._object)
            namespace, labels = namespace or own, self._object.labels
        return Place(
            cluster=cluster, namespace=namespace, kind=kind, name=name,
            environment=environment_of(namespace, labels.get("environment", ""), labels.get("env", "")),
            privileged=self.privileged, runs_as_root=self.runs_as_root, host_network=self.host_network,
        )  # fmt: skip


def written(
    uid: str, *, allowed: bool, message: str = "", warnings: Sequence[str] = (), annotations: Mapping[str, str] | None = None
) -> bytes:  # fmt: skip
    """Return the answer as JSON. Warnings are cut to what API servers pass on, annotations are for the audit log."""
    response: dict[str, Any] = {"uid": uid, "allowed": allowed}
    if not allowed:
        response["status"] = {"code": 403, "message": message[:_LONGEST_MESSAGE]}
    if warnings:
        response["warnings"] = [_line(one)[:_LONGEST_WARNING] for one in warnings[:_MOST_WARNINGS]]
    if annotations:
        response["auditAnnotations"] = dict(annotations)
    return msgspec.json.encode({"apiVersion": VERSION, "kind": "AdmissionReview", "response": response})


def _line(text: str) -> str:
    """Return a text without line ends and control characters, which the HTTP header of a warning cannot hold."""
    return "".join(one if one.isprintable() else " " for one in text)
