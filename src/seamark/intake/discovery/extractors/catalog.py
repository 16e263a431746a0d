"""`catalog-info.yaml`: components, APIs, resources, systems and groups of a Backstage catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.catalog import Catalog, Entity, read_catalog
from seamark.intake.discovery.contexts import StoreRefs
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

ORIGIN = "catalog"


@extractor(ORIGIN, title="Backstage catalogues (catalog-info.yaml)")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield what the entities say of themselves, who owns them, and what they need."""
    catalog = read_catalog(tree)
    stores = StoreRefs(tree) if catalog.entities else None
    for entity in catalog.entities:
        if entity.kind == "domain":
            continue
        ref = _ref(catalog, entity, stores)
        sure = catalog.folder(entity)[1] if entity.kind == "component" else 1.0
        yield Found(
            ref=ref,
            name=entity.title or entity.name,
            origin=ORIGIN,
            at=entity.at,
            confidence=sure,
            facts=_facts(catalog, entity),
        )
        owner = catalog.owner(entity)
        if owner is not None:
            yield Relation(
                kind=RelationKind.OWNS, source=owner, target=ref, origin=ORIGIN, at=entity.at, confidence=sure
            )
        for kind, target in _edges(catalog, entity, stores):
            yield Relation(kind=kind, source=ref, target=target, origin=ORIGIN, at=entity.at, confidence=sure)
        system = catalog.get(entity.system)
        if system is not None:
            yield Relation(
                kind=RelationKind.CONTAINS,
                source=catalog.ref(system),
                target=ref,
                origin=ORIGIN,
                at=entity.at,
                confidence=sure,
            )


def _ref(catalog: Catalog, entity: Entity, stores: StoreRefs | None) -> AssetRef:
    """Return an entity's asset; a resource that `seamark.yaml` ties to its declaration is that."""
    known = stores.named(entity.name) if stores and entity.kind == "resource" else None
    return known or catalog.ref(entity)


def _facts(catalog: Catalog, entity: Entity) -> dict[str, Any]:
    domain = entity.domain
    if not domain and (system := catalog.get(entity.system)):
        domain = system.domain
    told = {
        "catalog_name": entity.id, "description": entity.description, "catalog_type": entity.type, "lifecycle": entity.lifecycle,
        "tags": list(entity.tags), "system": entity.system.rpartition("/")[2], "business_unit": domain.rpartition("/")[2],
        "members": [each.rpartition("/")[2] for each in entity.members],
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _edges(catalog: Catalog, entity: Entity, stores: StoreRefs | None) -> Iterator[tuple[RelationKind, AssetRef]]:
    for id in entity.provides:
        if api := catalog.get(id):
            yield RelationKind.SERVES, catalog.ref(api)
    for id in entity.consumes:
        providers = [each for each in catalog.entities if id in each.provides]
        for provider in providers:
            yield RelationKind.CALLS, catalog.ref(provider)
        if not providers and (api := catalog.get(id)):
            yield RelationKind.DEPENDS_ON, catalog.ref(api)
    for id in entity.depends_on:
        if other := catalog.get(id):
            yield RelationKind.DEPENDS_ON, _ref(catalog, other, stores)
    if entity.kind == "group":
        for id in entity.members:
            user = catalog.get(id)
            yield (
                RelationKind.CONTAINS,
                catalog.ref(user) if user else AssetRef(AssetKind.PERSON, f"@{id.rpartition('/')[2]}"),
            )
