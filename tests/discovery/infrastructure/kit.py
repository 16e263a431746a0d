"""Small trees by hand, and what an extractor says of them in one line a fact."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seamark.core.assets import AssetKind, Found, Listing, Relation
from seamark.intake.discovery.extractors import (
    cloudformation,
    compose,
    dockerfile,
    helm,
    kubernetes,
    kustomize,
    pulumi,
    terraform,
)
from seamark.intake.discovery.tree import Tree

REPOSITORY = "git.example/acme/shop"
MODULES = (cloudformation, compose, dockerfile, helm, kubernetes, kustomize, pulumi, terraform)
EXTRACTS = {each.__name__.rpartition(".")[2]: each.extract for each in MODULES}
NAMES = tuple(EXTRACTS)


def grow(root: Path, files: Mapping[str, str | bytes]) -> Tree:
    """Write files below a folder and return the tree of it."""
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).lstrip("\n").encode())
    return Tree(root, REPOSITORY)


def facts_of(tree: Tree, *names: str) -> list[Found | Relation | Listing]:
    """Return all that some extractors say."""
    return [fact for name in names for fact in EXTRACTS[name](tree)]


def edges(facts: list[Found | Relation | Listing]) -> set[str]:
    """Return the relations, as `source KIND target`, keys of this repository shortened."""
    return {
        f"{short(each.source.key)} {each.kind.name} {short(each.target.key)}"
        for each in facts
        if isinstance(each, Relation)
    }


def edge(facts: list[Found | Relation | Listing], text: str) -> Relation:
    """Return the surest relation that reads so."""
    found = [
        each
        for each in facts
        if isinstance(each, Relation) and f"{short(each.source.key)} {each.kind.name} {short(each.target.key)}" == text
    ]
    assert found, f"{text} is not among {sorted(edges(facts))}"
    return max(found, key=lambda each: each.confidence)


def assets(facts: list[Found | Relation | Listing], kind: AssetKind) -> set[str]:
    """Return the keys of the assets of a kind."""
    return {short(each.ref.key) for each in facts if isinstance(each, Found) and each.ref.kind is kind}


def known(facts: list[Found | Relation | Listing], kind: AssetKind, key: str) -> dict[str, Any]:
    """Return the facts of an asset; of two that contradict each other the surer one."""
    found = [each for each in facts if isinstance(each, Found) and each.ref.kind is kind and short(each.ref.key) == key]
    assert found, f"{key} is not among {sorted(assets(facts, kind))}"
    merged: dict[str, Any] = {}
    for each in sorted(found, key=lambda one: one.confidence):
        merged |= each.facts
    return merged


def short(key: str) -> str:
    """Return a key without the repository."""
    return key.removeprefix(f"{REPOSITORY}//")
