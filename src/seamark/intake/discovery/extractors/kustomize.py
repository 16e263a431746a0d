"""Kustomizations: what each of those that nothing else builds upon puts into a cluster."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from seamark.core.assets import Found, Listing, Relation
from seamark.intake.discovery.infrastructure.kube.deployed import read_cluster
from seamark.intake.discovery.infrastructure.kube.objects import Object, read_objects
from seamark.intake.discovery.infrastructure.kustomizations import kustomizations_of
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

_NAME = "kustomize"


@extractor(_NAME, title="Kustomizations: bases, overlays, images and patches")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield what each top kustomization builds; its folder tells the environment."""
    known = kustomizations_of(tree)
    built: list[list[Object]] = []
    environments: dict[tuple[str, str, str], set[str]] = {}
    for folder in known.tops:
        environment, sure = environment_of(folder), 0.6 if known.is_component(folder) else 1.0
        objects = [
            each
            for value, path, line in known.build(folder)
            for each in read_objects(
                value, path=path, line=line, origin=_NAME, confidence=sure, environment=environment
            )
        ]
        built.append(objects)
        for each in objects:
            environments.setdefault((each.kind, each.namespace, each.name), set()).add(environment)
    for objects in built:
        # What several overlays put under one name belongs to none of their environments alone.
        shared = [
            replace(each, environment="") if len(environments[each.kind, each.namespace, each.name]) > 1 else each
            for each in objects
        ]
        yield from read_cluster(tree, shared)
