"""Endpoints by the routes of the code: who answers, in which file, and whether one must be signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.core.checkout import Route
from seamark.intake.discovery.code.guards import guard
from seamark.intake.discovery.code.services import Service, code_routes, services
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "endpoints"


@extractor(NAME, title="Endpoints: the routes of the code, with their handlers")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield the endpoints that services answer at."""
    for route in tree.once(code_routes):
        service = tree.once(services).of(route.file)
        if service is None:
            continue
        endpoint = endpoint_of(service, route)
        at = f"{route.file}:{route.line}" if route.line else route.file
        yield Found(
            ref=endpoint, name=f"{route.method or '*'} {route.path}", origin=NAME, at=at, facts=_facts(tree, route, at)
        )
        yield Relation(kind=RelationKind.SERVES, source=service.ref, target=endpoint, origin=NAME, at=at)


def endpoint_of(service: Service, route: Route) -> AssetRef:
    """Return the asset that a route of a service is."""
    return AssetRef(AssetKind.ENDPOINT, f"{service.ref.key} {route.method or '*'} {route.path}")


def _facts(tree: Tree, route: Route, at: str) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "method": route.method or "*",
        "path": route.path,
        "framework": route.origin,
        "handler": at,
    }
    if route.scope:
        facts["function"] = route.scope
    if route.parameters:
        facts["parameters"] = list(route.parameters)
    found = guard(tree, route)
    if found is not None:
        facts |= {
            "authenticated": found.authenticated,
            "authenticated_why": found.why,
            "authenticated_confidence": found.confidence,
        }
    return facts
