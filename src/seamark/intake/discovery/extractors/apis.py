"""APIs by their descriptions: OpenAPI, AsyncAPI, GraphQL, protocol buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.apis.described import Description, Operation
from seamark.intake.discovery.apis.events import asyncapi
from seamark.intake.discovery.apis.graphs import graphql
from seamark.intake.discovery.apis.protos import protos
from seamark.intake.discovery.apis.rest import openapi
from seamark.intake.discovery.code.remote import answering, calls
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "apis"


@extractor(NAME, title="API descriptions: OpenAPI, AsyncAPI, GraphQL, protocol buffers")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield APIs, their endpoints, and by gRPC who serves and who calls them."""
    for description in descriptions(tree):
        api = tree.ref(AssetKind.API, description.path)
        yield Found(
            ref=api, name=description.title or description.path.rpartition("/")[2], origin=NAME, at=f"{description.path}:{description.line}",
            facts=_api_facts(description),
        )  # fmt: skip
        for operation in description.operations:
            yield from _endpoint(tree, description, api, operation)
    for source, target, at, confidence in calls(tree):
        yield Relation(
            kind=RelationKind.CALLS, source=source.ref, target=target.ref, origin=NAME, at=at, confidence=confidence
        )


def descriptions(tree: Tree) -> tuple[Description, ...]:
    """Return all descriptions of APIs in a tree."""
    return (*tree.once(openapi), *tree.once(asyncapi), *tree.once(graphql), *tree.once(protos))


def endpoints_of(tree: Tree, description: Description, operation: Operation) -> list[AssetRef]:
    """Return the assets that an operation is: with the services that answer for it by gRPC, or with its description."""
    api = tree.ref(AssetKind.API, description.path)
    holders = (
        [each.service.ref for each in tree.once(answering).get(operation.service, ())] if operation.service else []
    )
    return [
        AssetRef(AssetKind.ENDPOINT, f"{each.key} {operation.method} {operation.path}") for each in holders or [api]
    ]


def _api_facts(description: Description) -> dict[str, Any]:
    facts: dict[str, Any] = {"style": description.style, "endpoints": len(description.operations)}
    if description.version:
        facts["version"] = description.version
    if description.servers:
        facts["servers"] = list(description.servers)
    return facts


def _endpoint(tree: Tree, description: Description, api: AssetRef, operation: Operation) -> Iterator[Found | Relation]:
    facts: dict[str, Any] = {"method": operation.method, "path": operation.path, "described": True}
    if description.style == "grpc":
        facts["protocol"] = "grpc"
    if operation.name:
        facts["operation"] = operation.name
    if operation.authenticated is not None:
        facts["authenticated"] = operation.authenticated
        schemes = ", ".join(operation.schemes)
        facts["authenticated_why"] = (
            f"security scheme {schemes}"
            if schemes
            else "the description demands nothing"
            if not operation.authenticated
            else "a directive"
        )
    if operation.parameters:
        facts["parameters"] = list(operation.parameters)
    if operation.request_fields:
        facts["request_fields"] = list(operation.request_fields)
    at = f"{description.path}:{operation.line}"
    serving = (
        {each.service.ref.key: each for each in tree.once(answering).get(operation.service, ())}
        if operation.service
        else {}
    )
    for endpoint in endpoints_of(tree, description, operation):
        # What the description demands may still not be what the code does.
        yield Found(
            ref=endpoint, name=f"{operation.method} {operation.path}", origin=NAME, at=at, confidence=0.9, facts=facts
        )
        yield Relation(kind=RelationKind.CONTAINS, source=api, target=endpoint, origin=NAME, at=at)
        remote = serving.get(endpoint.key.partition(" ")[0])
        if remote is not None:
            for target in (endpoint, api):
                yield Relation(
                    kind=RelationKind.SERVES,
                    source=remote.service.ref,
                    target=target,
                    origin=NAME,
                    at=remote.at,
                    confidence=0.95,
                )
