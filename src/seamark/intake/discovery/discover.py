"""Everything that a working tree says, put together: assets, the relations between them, and the packages it lists."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from seamark.core.assets import AssetKind, Discovery, Found, Listing, Relation
from seamark.core.errors import SeamarkError
from seamark.intake.discovery.flows import deployments, service_calls, service_stores, stored_data
from seamark.intake.discovery.joins import ORIGIN, endpoint_names, image_names, implied, renamed, store_names
from seamark.intake.discovery.merging import merged, surest
from seamark.intake.discovery.registry import Extractor, extractors
from seamark.intake.discovery.structure import containment, dependencies, enclosing
from seamark.intake.discovery.tracked import repository_key
from seamark.intake.discovery.tree import Tree

MOST_FACTS: Final = 2_000_000
"""Statements taken of one extractor; what is beyond is told as trouble."""


def discover(root: Path, repository: str = "", *, only: Collection[str] = ()) -> Discovery:
    """Return what the files under a folder say. `repository` is its natural key, else git and the folder's name tell it.

    `only` names the extractors to run; an empty one means all. What cannot be read is in `troubles`, and ends nothing.
    Raises `SeamarkError` where `root` is no folder, or an extractor's name is unknown.
    """
    if not root.is_dir():
        raise SeamarkError(f"{root} is no folder")
    chosen = _chosen(only)
    tree = Tree(root, repository_key(root, repository))
    found: list[Found] = [Found(ref=tree.ref(AssetKind.REPOSITORY, ""), origin=ORIGIN, facts=_repository_facts(tree))]
    relations: list[Relation] = []
    listings: list[Listing] = []
    for each in chosen:
        _run(each, tree, found, relations, listings)
    found, relations = _joined(found, relations, tree.repository)
    relations = surest(relations)
    found += implied(found, relations)
    relations += containment(found, relations, tree.repository)
    relations += dependencies(listings, relations)
    assets = [_named(each, tree.repository) for each in merged(found)]
    return Discovery(
        repository=tree.repository,
        assets=tuple(assets),
        relations=tuple(surest(relations)),
        listings=tuple(sorted(listings, key=lambda each: (each.manifest.key, each.ecosystem, each.locked))),
        troubles=tuple(sorted(set(tree.troubles), key=lambda each: (each.at, each.text))),
    )


def _chosen(only: Collection[str]) -> list[Extractor]:
    known = {each.name: each for each in extractors()}
    if unknown := sorted(set(only) - known.keys()):
        raise SeamarkError(f"There is no extractor called {unknown[0]!r}; there are {', '.join(known)}")
    return [each for name, each in known.items() if not only or name in only]


def _run(each: Extractor, tree: Tree, found: list[Found], relations: list[Relation], listings: list[Listing]) -> None:
    """Take what one extractor says, up to the first thing that makes it fail."""
    count = 0
    try:
        for fact in each.extract(tree):
            count += 1
            if count > MOST_FACTS:
                tree.trouble("", f"{each.name}: only the first {MOST_FACTS:,} statements were taken")
                return
            if isinstance(fact, Found):
                found.append(fact)
            elif isinstance(fact, Relation):
                relations.append(fact)
            else:
                listings.append(fact)
    except Exception as error:  # noqa: BLE001 - one reader's mistake must not cost what the others found
        tree.trouble("", f"{each.name} stopped early: {type(error).__name__}: {error}"[:500])


def _joined(found: list[Found], relations: list[Relation], repository: str) -> tuple[list[Found], list[Relation]]:
    """Make one what several extractors tell under different names."""
    known = [each.ref for each in found if each.ref.kind is AssetKind.SERVICE and each.origin != "dockerfile"]
    found, relations = renamed(found, relations, enclosing(relations, known, repository))
    images, built = image_names(found, relations, repository)
    found, relations = renamed(found, [*relations, *built], images)
    endpoints, served = endpoint_names(found, relations)
    found, relations = renamed(found, [*relations, *served], endpoints)
    found, relations = renamed(found, relations, store_names([*found, *implied(found, relations)], repository))
    relations, called = service_calls(found, relations)
    relations = [*relations, *called, *deployments(found, repository)]
    relations += service_stores(relations)
    return found, [*relations, *stored_data([*found, *implied(found, relations)], relations)]


def _repository_facts(tree: Tree) -> dict[str, Any]:
    return {"files": len(tree.files)}


def _named(found: Found, repository: str) -> Found:
    """Give a name to what nobody named."""
    if found.name:
        return found
    key = found.ref.key
    if found.ref.kind is AssetKind.ENDPOINT:
        return replace(found, name=key.partition(" ")[2])
    if key.startswith(f"{repository}//"):
        inner = key.removeprefix(f"{repository}//").partition("#")
        return replace(found, name=inner[2] or (repository if inner[0] == "." else inner[0]).rpartition("/")[2])
    return replace(found, name=key)
