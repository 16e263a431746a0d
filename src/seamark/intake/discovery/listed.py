"""The packages that listings name, as assets with their edges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seamark.core.assets import AssetKind, AssetRef, Found, Listing, Relation, RelationKind
from seamark.core.component import Component

ORIGIN = "packages"


def packages(listings: Iterable[Listing]) -> tuple[list[Found], list[Relation]]:
    """Return every package version once, by its package URL, and who depends on it: manifests directly, packages on each other.

    Components without a package URL, such as a project's own modules, have no key over all repositories and are left out.
    """
    found: dict[str, Found] = {}
    edges: dict[tuple[AssetRef, AssetRef], Relation] = {}
    for listing in listings:
        path = listing.manifest.key.partition("//")[2]
        refs = {
            each.ref: AssetRef(AssetKind.PACKAGE, each.purl) for each in listing.components if each.purl and each.ref
        }
        refs[""] = listing.manifest
        for each in listing.components:
            if each.purl:
                _take(found, listing, each, path)
                if each.direct:
                    _edge(edges, listing.manifest, AssetRef(AssetKind.PACKAGE, each.purl), path)
        for edge in listing.edges:
            source = refs.get(edge.ref)
            for name in edge.targets if source is not None else ():
                if source is not None and (target := refs.get(name)) is not None and target != source:
                    _edge(edges, source, target, path)
    order = sorted(found)
    return [found[purl] for purl in order], sorted(
        edges.values(), key=lambda each: (each.source.kind, each.source.key, each.target.key)
    )


def _edge(edges: dict[tuple[AssetRef, AssetRef], Relation], source: AssetRef, target: AssetRef, path: str) -> None:
    edges.setdefault(
        (source, target), Relation(kind=RelationKind.DEPENDS_ON, source=source, target=target, origin=ORIGIN, at=path)
    )


def _take(found: dict[str, Found], listing: Listing, component: Component, path: str) -> None:
    known = found.get(component.purl)
    if known is not None:
        facts = known.facts
        if path not in facts["manifests"]:
            facts["manifests"].append(path)
        facts["direct"] = facts["direct"] or bool(component.direct)
        # What one manifest installs to run is no mere tool of another one.
        if component.scope in {"", "runtime"} and "scope" in facts:
            facts["scope"] = "runtime"
        return
    facts = {
        "manifests": [path],
        "direct": bool(component.direct),
        "ecosystem": listing.ecosystem,
        "locked": listing.locked,
    }
    more: dict[str, Any] = {
        "version": component.version,
        "scope": component.scope,
        "licences": list(component.licences),
    }
    facts |= {name: value for name, value in more.items() if value}
    found[component.purl] = Found(
        ref=AssetRef(AssetKind.PACKAGE, component.purl), name=component.name, origin=ORIGIN, at=path, facts=facts
    )
