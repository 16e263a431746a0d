"""Several accounts of one node become one; several of one edge the surest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from seamark.core.assets import AssetRef, Found, Relation, RelationKind


def merged(found: Iterable[Found]) -> list[Found]:
    """Return one `Found` a node, by kind and key.

    Where accounts contradict each other the surer one wins; lists are united. `facts["said_by"]` keeps who told of it.
    """
    by_ref: defaultdict[AssetRef, list[Found]] = defaultdict(list)
    for each in found:
        by_ref[each.ref].append(each)
    return [_one(by_ref[ref]) for ref in sorted(by_ref, key=lambda ref: (ref.kind, ref.key))]


def _one(accounts: list[Found]) -> Found:
    ranked = sorted(accounts, key=lambda each: (-each.confidence, each.origin, _place(each.at)))
    first = ranked[0]
    facts: dict[str, Any] = {}
    for each in ranked:
        _add(facts, each.facts)
    said = {(each.origin, each.at): each.confidence for each in reversed(ranked)}
    facts["said_by"] = [
        {"origin": origin, "at": at, "confidence": confidence}
        for (origin, at), confidence in sorted(
            said.items(), key=lambda pair: (-pair[1], pair[0][0], _place(pair[0][1]))
        )
    ]
    return replace(first, name=next((each.name for each in ranked if each.name), ""), facts=facts)


def _place(at: str) -> tuple[str, int]:
    path, _, line = at.rpartition(":")
    return (path, int(line)) if line.isdecimal() and len(line) < 10 else (at, 0)


def _add(facts: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if name not in facts:
            facts[name] = value
        elif isinstance(facts[name], list) and isinstance(value, list):
            known = facts[name]
            facts[name] = [*known, *(each for each in value if each not in known)]
        elif isinstance(facts[name], dict) and isinstance(value, dict):
            facts[name] = {**value, **facts[name]}


def surest(relations: Iterable[Relation]) -> list[Relation]:
    """Return one relation a kind and pair of nodes: the surest, and among equals the first by origin and place."""
    best: dict[tuple[RelationKind, AssetRef, AssetRef], Relation] = {}
    for each in relations:
        key = (each.kind, each.source, each.target)
        known = best.get(key)
        if known is None or _rank(each) < _rank(known):
            best[key] = each
    return sorted(
        best.values(),
        key=lambda each: (each.source.kind, each.source.key, each.kind, each.target.kind, each.target.key),
    )


def _rank(relation: Relation) -> tuple[float, str, tuple[str, int]]:
    return -relation.confidence, relation.origin, _place(relation.at)
