"""Keeps what reports say about where images come from and where they run, and loads it to ask for root assets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db import transaction

from seamark.analysis.correlation.roots import Edge, Lineage
from seamark.core.assets import AssetKind, AssetRef, RelationKind, image_name
from seamark.core.assets import Relation as Said
from seamark.pipeline.assets import assets_of, natural, stored
from seamark.store import writer
from seamark.store.models import Application, Asset, Relation

DEEPEST: Final = 6
"""Steps from an asset to its root: pod, image, and base images upon base images."""
MOST_LAYERS: Final = 500
"""Layers that are remembered of an image over its builds."""

_MOVING: Final = (RelationKind.RUNS, RelationKind.BASED_ON, RelationKind.BUILT_FROM)
_LAYER: Final = re.compile(r"[a-z0-9]+:[0-9a-f]{32,128}")


class _Fact(NamedTuple):
    """A relation as a row has it."""

    source: int
    kind: str
    target: int
    origin: str


def record_relations(relations: Sequence[Said], *, application: Application, now: datetime) -> set[int]:
    """Keep the relations of a report with the assets they name, and return the assets whose outgoing relations changed.

    Writes only what is new or known better; closes nothing. What names no asset in a usual form is left out, and so is
    what a report says of assets that belong to another application. Call it inside a transaction.
    """
    return _write(_facts(relations, application), now)


def _facts(relations: Sequence[Said], application: Application) -> dict[_Fact, float]:
    """Return what relations say as rows have it, with how sure it is; makes the assets that are new."""
    named = [(said, natural(said.source), natural(said.target)) for said in relations]
    usable = [(said, source, target) for said, source, target in named if source and target and source != target]
    assets, made = assets_of(dict.fromkeys(ref for _, *ends in usable for ref in ends))
    _hand_on(usable, assets, made, application)
    facts: dict[_Fact, float] = {}
    for said, source, target in usable:
        known_source, known_target = assets[source], assets[target]
        if known_source.pk != known_target.pk and known_source.application_id in {None, application.pk}:
            fact = _Fact(known_source.pk, said.kind.value, known_target.pk, said.origin[:200])
            facts[fact] = max(facts.get(fact, 0.0), min(max(said.confidence, 0.0), 1.0))
    return facts


_EVERYBODYS: Final = frozenset(
    {AssetKind.CLOUD_ACCOUNT, AssetKind.CLUSTER, AssetKind.PERSON, AssetKind.TEAM, AssetKind.REGISTRY}
)
"""Kinds that several applications share: a log that names them does not make them one's own."""


def _hand_on(
    usable: list[tuple[Said, AssetRef, AssetRef]],
    assets: dict[AssetRef, Asset],
    made: set[int],
    application: Application,
) -> None:
    """Give applications to assets that have none.

    Who the report speaks of gets the report's, an image's repository the image's, a new image that of the workload that
    runs it. Base images get none: they are nobody's alone.
    """
    bases = {target for said, _, target in usable if said.kind is RelationKind.BASED_ON}
    targets = {target for _, _, target in usable}
    taken: dict[int, Asset] = {}

    def give(ref: AssetRef, number: int | None) -> None:
        asset = assets[ref]
        if asset.application_id is None and number is not None and ref not in bases and ref.kind not in _EVERYBODYS:
            asset.application_id = number
            taken[asset.pk] = asset

    for _, source, _ in usable:
        if source not in targets:
            give(source, application.pk)
    for said, source, target in usable:
        if said.kind is RelationKind.RUNS and assets[target].pk in made:
            give(target, assets[source].application_id)
    for said, source, target in usable:
        if said.kind is RelationKind.BUILT_FROM:
            give(target, assets[source].application_id)
    Asset.objects.bulk_update(taken.values(), ["application"], batch_size=400)


def _write(facts: dict[_Fact, float], now: datetime) -> set[int]:
    rows = writer.select_in(
        "SELECT source_id, kind, target_id, origin, id, confidence FROM store_relation WHERE until IS NULL AND said_in = '' AND source_id {values}",
        sorted({fact.source for fact in facts}),
    )
    known = {_Fact(*row[:4]): (int(row[4]), float(row[5])) for row in rows}
    fresh = {fact: sure for fact, sure in facts.items() if fact not in known}
    better = {fact: sure for fact, sure in facts.items() if fact in known and known[fact][1] != sure}
    Relation.objects.bulk_create(
        [
            Relation(
                source_id=fact.source, kind=fact.kind, target_id=fact.target, origin=fact.origin, confidence=sure, since=now
            )
            for fact, sure in fresh.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    writer.update(Relation, ["confidence"], [(known[fact][0], sure) for fact, sure in better.items()])
    return {fact.source for fact in (*fresh, *better)}


def record_layers(asset: int, layers: Sequence[str]) -> bool:
    """Remember the layers of an image that was scanned, those of its earlier builds as well; tell whether any was new."""
    given = [layer for layer in dict.fromkeys(layers) if _LAYER.fullmatch(layer)][:MOST_LAYERS]
    if not given:
        return False
    with transaction.atomic():
        row = Asset.objects.select_for_update().get(pk=asset)
        before = [str(layer) for layer in row.attributes.get("layers", ())]
        if set(given) <= set(before):
            return False
        row.attributes["layers"] = list(dict.fromkeys([*given, *before]))[:MOST_LAYERS]
        row.save(update_fields=["attributes"])
    return True


def lineage_of(assets: Iterable[int]) -> Lineage:
    """Return the relations that lead from these assets to their roots, at most `DEEPEST` steps: one query a step."""
    reached = set(assets)
    edges: list[Edge] = []
    waiting = sorted(reached)
    kinds = ", ".join(f"'{kind.value}'" for kind in _MOVING)
    for _ in range(DEEPEST):
        if not waiting:
            break
        rows = writer.select_in(
            "SELECT kind, source_id, target_id, confidence FROM store_relation "  # noqa: S608 - a closed set of words
            f"WHERE until IS NULL AND kind IN ({kinds}) AND source_id {{values}}",
            waiting,
        )
        edges += [Edge(RelationKind(kind), source, target, sure) for kind, source, target, sure in rows]
        waiting = sorted({row[2] for row in rows} - reached)
        reached.update(waiting)
    found = _described(sorted(reached)) if edges else []
    return Lineage(
        edges,
        {asset.pk: AssetKind(asset.kind) for asset in found},
        {asset.pk: layers for asset in found if (layers := asset.attributes.get("layers"))},
        {asset.pk: asset.key for asset in found if asset.kind == AssetKind.IMAGE.value},
    )


def _described(numbers: list[int]) -> list[Asset]:
    return [
        asset
        for at in range(0, len(numbers), 5000)
        for asset in Asset.objects.filter(pk__in=numbers[at : at + 5000]).only("kind", "key", "attributes")
    ]


def images_of(references: Iterable[str]) -> dict[str, int]:
    """Return the images that are known by these references (`registry/name:tag`): where findings of a cluster start."""
    keys = {
        reference: ref for reference in set(references) if (ref := natural(AssetRef(AssetKind.IMAGE, reference))) is not None
    }  # fmt: skip
    short = {ref: AssetRef(AssetKind.IMAGE, image_name(ref.key)) for ref in keys.values()}
    known = stored({*short, *short.values()})
    found = {reference: known.get(ref) or known.get(short[ref]) for reference, ref in keys.items()}
    return {reference: asset.pk for reference, asset in found.items() if asset is not None}
