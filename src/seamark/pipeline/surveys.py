"""Takes over what was found in a working tree, a cluster or a cloud account: assets, relations, inventories, owners.

Everything is an interval: what a complete survey of the same source no longer tells of ends, and nothing is deleted. What a
partial survey leaves out stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import transaction
from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Discovery, Found, Listing, RelationKind
from seamark.core.assets import Relation as Said
from seamark.pipeline.assets import assets_of, natural
from seamark.pipeline.ingest.inventory import keep
from seamark.pipeline.restanding import restand_around
from seamark.store import writer
from seamark.store.models import Application, Asset, Ownership, Relation, Sbom, Statement, Survey

OF_AN_APPLICATION: Final = frozenset({
    AssetKind.APPLICATION, AssetKind.SERVICE, AssetKind.API, AssetKind.ENDPOINT, AssetKind.REPOSITORY, AssetKind.PIPELINE, AssetKind.MANIFEST,
    AssetKind.WORKLOAD, AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.SECRET_STORE, AssetKind.AGENT_CONFIG,
})  # fmt: skip
"""Kinds that belong to one application. Images and domains do where a relation says so; the rest is everybody's."""
KEPT: Final = frozenset({"layers", "routes"})
"""Attributes that reports bring, not statements."""
MOST_TROUBLES: Final = 200


class Owner(Struct, frozen=True, kw_only=True):
    """Who answers for an asset, by one source's word; `rank` 1 comes first."""

    asset: AssetRef
    owner: AssetRef
    rank: int
    confidence: float
    reason: str
    evidence: dict[str, Any] = {}


class _Edge(NamedTuple):
    """A relation as a row has it."""

    source: int
    kind: str
    target: int
    origin: str


@transaction.atomic
def record(
    found: Discovery,
    source: str,
    *,
    now: datetime,
    application: Application | None = None,
    whose: Callable[[AssetRef], Application] | None = None,
    complete: bool = True,
    commit: str = "",
    owners: Sequence[Owner] | None = None,
    touched: set[int] | None = None,
) -> Survey:
    """Keep what a survey of `source` found, and return its row with how much was new and how much ended.

    Issues that stand elsewhere for it are scored anew; with `touched` the caller does that, and gets the assets concerned in there.

    `application` gets the assets that belong to nobody yet; where several share a source, `whose` tells them apart. `owners` is None where owners were not asked for: then those that
    the source named before stay.
    """
    refs = _refs(found, owners or ())
    known, _ = assets_of(dict.fromkeys(ref for ref in refs.values() if ref is not None))
    assets = {given: known[ref] for given, ref in refs.items() if ref is not None}
    if application is not None:
        _hand_on(found.relations, assets, whose or (lambda _: application))
    survey = Survey(source=source, application=application, complete=complete, commit=commit, at=now)
    changed, added, ended = _statements(found.assets, assets, survey)
    joined, gained, lost = _relations(found.relations, assets, survey)
    _listings(found.listings, assets, survey)
    if owners is not None:
        _owners(owners, assets, source, complete=complete)
    _settle(changed, now)
    survey.assets, survey.relations = len(found.assets), len(found.relations)
    survey.added, survey.ended = added + gained, ended + lost
    survey.troubles = [[trouble.at, trouble.text] for trouble in found.troubles[:MOST_TROUBLES]]
    survey.save()
    if touched is None:
        restand_around(changed | joined)
    else:
        touched |= changed | joined
    return survey


def _refs(found: Discovery, owners: Sequence[Owner]) -> dict[AssetRef, AssetRef | None]:
    """Return all references with their natural keys; None for what is none."""
    named: dict[AssetRef, None] = dict.fromkeys(one.ref for one in found.assets)
    for said in found.relations:
        named[said.source] = named[said.target] = None
    named |= dict.fromkeys(listing.manifest for listing in found.listings)
    for owner in owners:
        named[owner.asset] = named[owner.owner] = None
    # Packages stand in inventories: a row for each would be most of the graph, and say nothing more.
    return {ref: natural(ref, addressed=False) for ref in named if ref.kind is not AssetKind.PACKAGE}


def _hand_on(
    relations: Iterable[Said], assets: Mapping[AssetRef, Asset], whose: Callable[[AssetRef], Application]
) -> None:
    """Give applications what is their own and nobody's yet: parts what is theirs, images and domains by what they stand for."""
    own = {ref: ref for ref in assets if ref.kind in OF_AN_APPLICATION}
    for said in relations:
        if said.kind in {RelationKind.BUILT_FROM, RelationKind.EXPOSES}:
            own.setdefault(said.source, said.target)
    taken = {}
    for ref, part in own.items():
        asset = assets.get(ref)
        if asset is not None and asset.application_id is None:
            asset.application_id = whose(part).pk
            taken[asset.pk] = asset
    Asset.objects.bulk_update(taken.values(), ["application"], batch_size=400)


def _statements(found: Iterable[Found], assets: Mapping[AssetRef, Asset], survey: Survey) -> tuple[set[int], int, int]:
    """Write what differs from the source's statements until now; return the assets concerned, how many are new, how many ended."""
    before: dict[tuple[int, str], Statement] = {}
    for row in Statement.objects.filter(source=survey.source, until=None):
        before[row.asset_id, row.origin] = row
    fresh: list[Statement] = []
    ended: list[int] = []
    moved: list[Statement] = []
    touched: set[int] = set()
    seen: set[tuple[int, str]] = set()
    for one in found:
        if one.ref not in assets:
            continue
        asset = assets[one.ref].pk
        key = (asset, one.origin[:200])
        if key in seen:
            continue
        seen.add(key)
        old = before.get(key)
        facts = {name: value for name, value in one.facts.items() if value is not None}
        if old is not None and (old.facts, old.name, old.confidence) == (facts, one.name, one.confidence):
            if old.at != one.at:
                old.at = one.at
                moved.append(old)
                touched.add(asset)
            continue
        if old is not None:
            ended.append(old.pk)
        fresh.append(
            Statement(
                asset_id=asset, source=survey.source, origin=key[1], at=one.at, name=one.name, confidence=one.confidence, facts=facts,
                since=survey.at,
            )
        )  # fmt: skip
        touched.add(asset)
    replaced = len(ended)
    if survey.complete:
        gone = [row for key, row in before.items() if key not in seen]
        ended += [row.pk for row in gone]
        touched |= {row.asset_id for row in gone}
    writer.update(Statement, ["until"], [(number, survey.at) for number in ended])
    Statement.objects.bulk_update(moved, ["at"], batch_size=400)
    Statement.objects.bulk_create(fresh, batch_size=1000)
    return touched, len(fresh) - replaced, len(ended) - replaced


def _relations(
    relations: Iterable[Said], assets: Mapping[AssetRef, Asset], survey: Survey
) -> tuple[set[int], int, int]:
    """Write what differs from the source's relations until now; return the assets concerned, how many are new, how many ended."""
    rows = Relation.objects.filter(said_in=survey.source, until=None)
    before = {_Edge(row.source_id, row.kind, row.target_id, row.origin): row for row in rows}
    wanted: dict[_Edge, Said] = {}
    for said in relations:
        source, target = assets.get(said.source), assets.get(said.target)
        if source is None or target is None or source.pk == target.pk:
            continue
        edge = _Edge(source.pk, said.kind.value, target.pk, said.origin[:200])
        if edge not in wanted or wanted[edge].confidence < said.confidence:
            wanted[edge] = said
    fresh = [
        Relation(
            source_id=edge.source, kind=edge.kind, target_id=edge.target, origin=edge.origin, said_in=survey.source, at=said.at,
            confidence=said.confidence, since=survey.at,
        )
        for edge, said in wanted.items()
        if edge not in before
    ]  # fmt: skip
    changed = []
    for edge, said in wanted.items():
        row = before.get(edge)
        if row is not None and (row.at, row.confidence) != (said.at, said.confidence):
            row.at, row.confidence = said.at, said.confidence
            changed.append(row)
    gone = [row for edge, row in before.items() if edge not in wanted] if survey.complete else []
    writer.update(Relation, ["until"], [(row.pk, survey.at) for row in gone])
    Relation.objects.bulk_update(changed, ["at", "confidence"], batch_size=400)
    Relation.objects.bulk_create(fresh, batch_size=1000)
    ends = {end for row in (*fresh, *changed, *gone) for end in (row.source_id, row.target_id)}
    return ends, len(fresh), len(gone)


def _listings(listings: Iterable[Listing], assets: Mapping[AssetRef, Asset], survey: Survey) -> None:
    """Keep the inventories of manifests and lock files where they differ from those that the source gave before."""
    told: set[int] = set()
    for listing in listings:
        asset = assets.get(listing.manifest)
        if asset is None or not listing.components:
            continue
        told.add(asset.pk)
        fresh = Sbom(asset=asset, source=survey.source, commit=survey.commit, created_at=survey.at)
        before = Sbom.objects.filter(asset=asset, source=survey.source, replaced_at=None)
        keep(fresh, listing.components, listing.edges, before)
    if survey.complete:
        Sbom.objects.filter(source=survey.source, replaced_at=None).exclude(asset__in=told).update(
            replaced_at=survey.at
        )


def _owners(owners: Iterable[Owner], assets: Mapping[AssetRef, Asset], source: str, *, complete: bool) -> None:
    """Put the source's owners in the place of those that it named before; what people decided stays."""
    wanted = {
        (assets[each.asset].pk, assets[each.owner].pk): each
        for each in owners
        if each.asset in assets and each.owner in assets
    }
    before = Ownership.objects.filter(said_in=source)
    told = {asset for asset, _ in wanted}
    (before if complete else before.filter(asset__in=told)).delete()
    taken = set(Ownership.objects.filter(asset__in=told).values_list("asset", "owner"))
    Ownership.objects.bulk_create(
        [
            Ownership(
                asset_id=asset, owner_id=owner, rank=each.rank, confidence=each.confidence, reason=each.reason, evidence=each.evidence,
                said_in=source,
            )
            for (asset, owner), each in wanted.items()
            if (asset, owner) not in taken
        ],
        batch_size=1000,
    )  # fmt: skip


def _settle(touched: set[int], now: datetime) -> None:
    """Work out anew what the statements about these assets come to, and which of the assets are gone."""
    numbers = sorted(touched)
    for at in range(0, len(numbers), 5000):
        piece = numbers[at : at + 5000]
        said: dict[int, list[Statement]] = {number: [] for number in piece}
        for row in Statement.objects.filter(asset__in=piece, until=None).order_by("confidence", "since", "id"):
            said[row.asset_id].append(row)
        rows = list(Asset.objects.filter(pk__in=piece))
        for asset in rows:
            statements = said[asset.pk]
            facts = {name: value for name, value in asset.attributes.items() if name in KEPT}
            for statement in statements:
                facts |= {name: value for name, value in statement.facts.items() if name not in KEPT}
            asset.attributes = facts
            asset.name = next((each.name for each in reversed(statements) if each.name), "") or asset.name
            asset.exposure, asset.environment = _word(facts.get("exposure"), 20), _word(facts.get("environment"), 50)
            asset.gone_at = None if statements else asset.gone_at or now
        Asset.objects.bulk_update(
            rows, ["attributes", "name", "exposure", "environment", "gone_at"], batch_size=400
        )  # fmt: skip


def _word(value: Any, longest: int) -> str:
    return value[:longest] if isinstance(value, str) else ""
