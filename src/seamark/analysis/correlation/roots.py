"""Which asset owns the fix of a finding: the root asset of its issue. Pure.

A pod's finding is its image's; an image's operating system package is its base image's; its library is the repository's that
it is built from. What the relations do not say for sure moves nothing: the finding stays where it was seen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from seamark.core.assets import AssetKind, RelationKind, image_name
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation

SURE: Final = 0.8
"""Confidence from which a relation moves an issue."""
LAYER_NOT_TOLD: Final = 0.9
"""How sure it is that an operating system's package is of the base image where the report names no layer."""
BASE_NOT_KNOWN: Final = 0.8
"""The same where the layer is known, but not those of the base image."""

_OF_SYSTEM: Final = frozenset({"deb", "rpm", "apk", "alpm"})
_OF_NO_LANGUAGE: Final = frozenset({"", "generic", "oci", "docker"})
_OF_PACKAGES: Final = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.LICENCE})


class Edge(NamedTuple):
    """A relation between two assets, by their ids; `confidence` is from 0 to 1."""

    kind: RelationKind
    source: int
    target: int
    confidence: float = 1.0


class Root(NamedTuple):
    """The asset that an issue belongs to, the way there from where it was seen (both ends included), and why."""

    asset: int
    path: tuple[int, ...]
    reason: str
    confidence: float


class _Step(NamedTuple):
    """Where one step leads, None to stay, and why."""

    target: int | None
    reason: str
    confidence: float = 1.0


class _About(NamedTuple):
    """What decides the way of a finding: equal for all findings that are to take the same one."""

    package: str
    """`system`, `language`, or empty where it is about no package."""
    layer: str
    image: str
    """Name of the image that the finding's place names, empty where it names none."""


class Lineage:
    """The relations around some assets, to ask for roots. The order of the edges changes nothing.

    `kinds` names the assets' kinds, `layers` the digests and diff ids of images' layers where known, `names` the
    images' keys, which tell the images of one pod apart.
    """

    def __init__(
        self,
        edges: Iterable[Edge],
        kinds: Mapping[int, AssetKind],
        layers: Mapping[int, Collection[str]] | None = None,
        names: Mapping[int, str] | None = None,
    ) -> None:
        self._kinds = kinds
        self._layers = {asset: frozenset(known) for asset, known in (layers or {}).items()}
        self._names = {asset: image_name(key) for asset, key in (names or {}).items()}
        self._out: dict[tuple[RelationKind, int], dict[int, float]] = {}
        self._roots: dict[tuple[int, _About], Root] = {}
        for kind, source, target, confidence in edges:
            if confidence >= SURE and source != target:
                known = self._out.setdefault((kind, source), {})
                known[target] = max(known.get(target, 0.0), confidence)

    def __bool__(self) -> bool:
        """Tell whether there is any relation that could move an issue."""
        return bool(self._out)

    def root_of(self, asset: int, finding: Finding) -> Root:
        """Return the asset that owns the fix of a finding that was seen at `asset`."""
        key = asset, _about(finding)
        root = self._roots.get(key)
        if root is None:
            root = self._roots[key] = self._walk(*key)
        return root

    def _walk(self, asset: int, about: _About) -> Root:
        path, sure = [asset], 1.0
        reasons: list[str] = []
        while True:
            step = self._step(path[-1], about)
            if step.target is None:
                return Root(path[-1], tuple(path), "; ".join(reasons) or step.reason, sure)
            if step.target in path:
                # A circle proves nothing: who stands in it stays, and who comes to it goes no further than its edge.
                path = path[: path.index(step.target) + 1]
                reasons = [*reasons[: len(path) - 1], "the relations from here lead in a circle"]
                return Root(path[-1], tuple(path), "; ".join(reasons), sure)
            path.append(step.target)
            reasons.append(step.reason)
            sure = min(sure, step.confidence)

    def _step(self, at: int, about: _About) -> _Step:
        kind = self._kinds.get(at)
        if kind is AssetKind.WORKLOAD:
            return self._to_image(at, about)
        if kind is not AssetKind.IMAGE:
            return _Step(None, "it is fixed where it was found")
        if not about.package:
            return _Step(None, "it is about the image itself, not about a package in it")
        if self._of_kind(RelationKind.BASED_ON, at, AssetKind.IMAGE):
            return self._to_base(at, about)
        if about.package == "language":
            return self._to_repository(at)
        return _Step(None, "the image is based on none that is known")

    def _of_kind(self, relation: RelationKind, at: int, kind: AssetKind) -> dict[int, float]:
        """Return the targets of an asset's relations that are of a kind, with how sure the relations are."""
        found = self._out.get((relation, at), {})
        return {target: sure for target, sure in found.items() if self._kinds.get(target) is kind}

    def _to_image(self, at: int, about: _About) -> _Step:
        if not about.package and not about.image:
            return _Step(None, "it is about the workload itself")
        images = self._of_kind(RelationKind.RUNS, at, AssetKind.IMAGE)
        if about.image:
            images = {one: sure for one, sure in images.items() if self._names.get(one, about.image) == about.image}
        if len(images) != 1:
            return _Step(None, "the workload runs several images" if images else "the workload's image is not known")
        ((image, sure),) = images.items()
        return _Step(image, "the workload runs this image", sure)

    def _to_base(self, at: int, about: _About) -> _Step:
        bases = self._of_kind(RelationKind.BASED_ON, at, AssetKind.IMAGE)
        holds = {base: self._holds(base, at, about.layer) for base in bases}
        having = [base for base, held in holds.items() if held]
        if having:
            base = self._deepest(having)
            if base is None:
                return _Step(None, "several base images have the package's layer")
            return _Step(base, "the package's layer is the base image's", bases[base])
        if about.package == "language":
            return self._to_repository(at)
        unsure = [base for base, held in holds.items() if held is None]
        if not unsure:
            return self._to_repository(at)
        base = self._deepest(unsure)
        if base is None:
            return _Step(None, "it may be of several base images")
        if not about.layer:
            return _Step(
                base, "the package's layer is not told: taken for the base image's", min(bases[base], LAYER_NOT_TOLD)
            )
        return _Step(base, "the base image's layers are not known: taken for its own", min(bases[base], BASE_NOT_KNOWN))  # fmt: skip

    def _holds(self, base: int, image: int, layer: str) -> bool | None:
        """Tell whether a layer of an image is its base image's; None where that is not known."""
        own = self._layers.get(image, frozenset())
        if not layer or (own and layer not in own):
            return None
        if any(layer in self._layers.get(one, ()) for one in self._bases_from(base)):
            return True
        known = self._layers.get(base)
        # An image that shares no layer with what is known of its base was built on another build of it.
        return False if known and (not own or not known.isdisjoint(own)) else None

    def _bases_from(self, image: int) -> set[int]:
        """Return an image and all that it is based on."""
        found, waiting = {image}, [image]
        while waiting:
            fresh = set(self._of_kind(RelationKind.BASED_ON, waiting.pop(), AssetKind.IMAGE)) - found
            found |= fresh
            waiting += fresh
        return found

    def _deepest(self, bases: list[int]) -> int | None:
        """Return the one of these images that all others are based on, None where there is no such one."""
        below = [one for one in bases if all(one in self._bases_from(other) for other in bases)]
        return below[0] if len(below) == 1 else None

    def _to_repository(self, at: int) -> _Step:
        repositories = self._of_kind(RelationKind.BUILT_FROM, at, AssetKind.REPOSITORY)
        if len(repositories) != 1:
            several = "the image is built from several repositories"
            return _Step(None, several if repositories else "the image's repository is not known")
        ((repository, sure),) = repositories.items()
        return _Step(repository, "the image is built from this repository", sure)


def _about(finding: Finding) -> _About:
    location = finding.location
    if not isinstance(location, ImageLocation):
        return _About(_package(finding), "", "")
    # What was seen at run time is the workload's, in whichever image it runs.
    image = "" if finding.kind is Kind.RUNTIME else image_name(location.image)
    return _About(_package(finding), location.layer, image)


def _package(finding: Finding) -> str:
    if finding.component is None or finding.kind not in _OF_PACKAGES:
        return ""
    purl = finding.component.purl
    sort = purl[len("pkg:") :].partition("/")[0].lower() if purl.startswith("pkg:") else ""
    if sort in _OF_SYSTEM:
        return "system"
    if sort not in _OF_NO_LANGUAGE:
        return "language"
    return {Kind.CONTAINER: "system", Kind.DEPENDENCY: "language"}.get(finding.kind, "")
