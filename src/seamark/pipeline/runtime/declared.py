"""Which declaration in git what runs goes back to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.store.models import Asset

ORIGIN = "runtime"


class Match(NamedTuple):
    """A running workload's declaration."""

    asset: Asset
    confidence: float
    at: str
    exact: bool
    """Whether namespace, kind and name are the same, so that the two can be compared."""


def declarations(workloads: Iterable[Found]) -> dict[AssetRef, Match]:
    """Return the declarations of running workloads.

    Namespace, kind and name say which one it is, and the images where several repositories declare the same. One that names no
    namespace is meant where its images are the same. What stays ambiguous is left out.
    """
    running = {each.ref: each for each in workloads if each.ref.kind is AssetKind.WORKLOAD}
    named: dict[str, list[Asset]] = defaultdict(list)
    names = sorted({each.name for each in running.values()})
    for at in range(0, len(names), 1000):
        rows = Asset.objects.filter(
            kind=AssetKind.WORKLOAD.value, name__in=names[at : at + 1000], gone_at=None, key__contains="//"
        )
        for asset in rows:
            named[asset.key.rpartition("//")[2]].append(asset)
    found = {}
    for ref, each in running.items():
        _, namespace, kind, name = _parts(ref.key)
        images = _names(each.facts.get("images"))
        chosen = _chosen(named.get(f"{namespace}/{kind}/{name}", []), images)
        if chosen is not None:
            found[ref] = Match(chosen[0], 1.0 if chosen[1] else 0.8, _place(chosen[0]), exact=True)
            continue
        loose = [
            one
            for one in named.get(f"default/{kind}/{name}", [])
            if namespace != "default" and _names(one.attributes.get("images")) & images
        ]
        if len(loose) == 1:
            found[ref] = Match(loose[0], 0.7, _place(loose[0]), exact=False)
    return found


def _parts(key: str) -> tuple[str, str, str, str]:
    head, _, name = key.rpartition("/")
    head, _, kind = head.rpartition("/")
    cluster, _, namespace = head.rpartition("/")
    return cluster, namespace, kind, name


def _names(images: Any) -> set[str]:
    return (
        {str(one["name"]) for one in images if isinstance(one, dict) and one.get("name")}
        if isinstance(images, list)
        else set()
    )


def _chosen(candidates: Sequence[Asset], images: set[str]) -> tuple[Asset, bool] | None:
    """Return the one declaration that is meant, and whether it names an image that runs."""
    same = [one for one in candidates if _names(one.attributes.get("images")) & images]
    if len(same) == 1:
        return same[0], True
    return (candidates[0], False) if len(candidates) == 1 else None


def _place(asset: Asset) -> str:
    """Return the file and line in which a declaration stands: of those that tell of it the one that is called like it, else the surest."""
    told = asset.attributes.get("said_by")
    places = [str(one.get("at", "")) for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    named = [place for place in places if asset.name and asset.name in place.rpartition("/")[2]]
    return next(iter([*named, *places]), "")


def declared_in(matches: dict[AssetRef, Match]) -> list[Relation]:
    """Return the relations from what runs to what declares it."""
    return [
        Relation(
            kind=RelationKind.DECLARED_IN, source=ref, target=AssetRef(AssetKind(match.asset.kind), match.asset.key), origin=ORIGIN, at=match.at,
            confidence=match.confidence,
        )
        for ref, match in matches.items()
    ]  # fmt: skip
