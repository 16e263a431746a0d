"""What follows from where things stand: who contains what, and which service depends on which packages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from seamark.core.assets import AssetKind, AssetRef, Found, Listing, Relation, RelationKind
from seamark.intake.discovery.joins import ORIGIN, Names, Same
from seamark.intake.discovery.tree import folder_of

_BENEATH_SERVICES: Final = frozenset({AssetKind.MANIFEST, AssetKind.AGENT_CONFIG})
_TOP: Final = frozenset({
    AssetKind.SERVICE, AssetKind.API, AssetKind.PIPELINE, AssetKind.MANIFEST, AssetKind.WORKLOAD, AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE,
    AssetKind.SECRET_STORE, AssetKind.AGENT_CONFIG,
})  # fmt: skip
"""Kinds that a repository contains where nothing else of it does."""
_INSTALLED: Final = frozenset({"", "runtime"})


def containment(found: list[Found], relations: Iterable[Relation], repository: str) -> Iterator[Relation]:
    """Yield that services contain the manifests beneath them, and the repository what nothing else contains."""
    root, mark = AssetRef(AssetKind.REPOSITORY, repository), f"{repository}//"
    services = {
        _path(each.ref, mark): each.ref
        for each in found
        if each.ref.kind is AssetKind.SERVICE and each.ref.key.startswith(mark)
    }
    # That an application contains it as well is the business's view, beside the tree's.
    held = {
        each.target
        for each in relations
        if each.kind is RelationKind.CONTAINS and each.source.kind is not AssetKind.APPLICATION
    }
    for each in found:
        ref = each.ref
        if ref.kind not in _TOP or not ref.key.startswith(mark) or ref in held:
            continue
        holder, at = root, each.at
        if ref.kind in _BENEATH_SERVICES:
            holder = _nearest(folder_of(_path(ref, mark)), services) or root
            at = _path(ref, mark)
        yield Relation(kind=RelationKind.CONTAINS, source=holder, target=ref, origin=ORIGIN, at=at)


def _path(ref: AssetRef, mark: str) -> str:
    path = ref.key.removeprefix(mark)
    return "" if path == "." else path


def _nearest(folder: str, services: dict[str, AssetRef]) -> AssetRef | None:
    while folder:
        if folder in services:
            return services[folder]
        folder = folder_of(folder)
    return services.get("")


def enclosing(relations: Iterable[Relation], known: Iterable[AssetRef], repository: str) -> Names:
    """Return by which service those are to be told that only an image names, and that are a folder inside or around one.

    Tools that are built inside of a service's folder belong to it; a folder with one service in it is that service.
    """
    mark = f"{repository}//"
    services = {_path(ref, mark): ref for ref in known if ref.kind is AssetKind.SERVICE and ref.key.startswith(mark)}
    inner = {folder: ref for folder, ref in services.items() if folder}
    found: Names = {}
    for each in relations:
        ref = each.target
        if each.kind is RelationKind.BUILT_FROM and ref.kind is AssetKind.SERVICE and ref.key.startswith(mark):
            path = _path(ref, mark)
            if path in services:
                continue
            beneath = [other for folder, other in inner.items() if folder.startswith(f"{path}/")] if path else []
            holder = beneath[0] if len(beneath) == 1 else _nearest(folder_of(path), inner)
            if holder is not None:
                found[ref] = Same(holder)
    return found


def dependencies(listings: Iterable[Listing], relations: Iterable[Relation]) -> Iterator[Relation]:
    """Yield which manifests services are installed by, and which packages directly: of locked ones where there are such."""
    holders = {
        each.target: each.source
        for each in relations
        if each.kind is RelationKind.CONTAINS and each.source.kind is AssetKind.SERVICE
    }
    by_service: defaultdict[tuple[AssetRef, str], list[Listing]] = defaultdict(list)
    for each in listings:
        if each.manifest not in holders:
            continue
        by_service[holders[each.manifest], each.ecosystem].append(each)
        if any(one.scope in _INSTALLED for one in each.components):
            yield Relation(
                kind=RelationKind.DEPENDS_ON, source=holders[each.manifest], target=each.manifest, origin=ORIGIN, at=each.manifest.key.partition("//")[2]
            )  # fmt: skip
    for (service, _), several in by_service.items():
        for each in [one for one in several if one.locked and _direct(one)] or several:
            for purl in _direct(each):
                yield Relation(
                    kind=RelationKind.DEPENDS_ON, source=service, target=AssetRef(AssetKind.PACKAGE, purl), origin=ORIGIN, at=each.manifest.key.partition("//")[2]
                )  # fmt: skip


def _direct(listing: Listing) -> list[str]:
    """Return the purls of what is installed directly to run; what is for tests and development only is left out."""
    first = {target for edge in listing.edges if not edge.ref for target in edge.targets}
    return [
        each.purl
        for each in listing.components
        if each.purl and each.scope in _INSTALLED and (each.direct or (each.direct is None and each.ref in first))
    ]
