"""The inventory: which assets there are, and everything that is known of one, each fact with who says it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db.models import Count as Counted
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from msgspec import Struct
from msgspec.structs import replace

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.nodes import described
from seamark.analysis.graph.places import Parts
from seamark.core.assets import AssetKind, RelationKind
from seamark.core.severity import Severity
from seamark.store.access import Visible
from seamark.store.models import Asset, Ownership, Relation, Sbom, Scan, Statement
from seamark.store.query import Count, at_asset, bounded_count
from seamark.store.query.paging import COUNT_BOUND

MOST_RELATED: Final = 50
"""Relations of one kind and direction that are listed; their number is told."""
MOST_SBOMS: Final = 20
MOST_SCANS: Final = 200
MOST_FACTS: Final = 500
MOST_VALUES: Final = 50
FACETS: Final = {
    "kind": "kind",
    "application": "application__slug",
    "exposure": "exposure",
    "environment": "environment",
}
"""Fields of `Filter` with their columns."""
INVERSE: Final = {
    "owns": "owned by", "contains": "part of", "built_from": "built into", "based_on": "base of", "runs": "run by", "depends_on": "needed by",
    "exposes": "exposed by", "serves": "served by", "reads": "read by", "writes": "written by", "calls": "called by", "handles": "handled by",
    "builds": "built by", "deploys": "deployed by", "declared_in": "declares",
}  # fmt: skip
"""How a relation reads from its target."""
_PARTS: Final = frozenset({AssetKind.SERVICE.value, AssetKind.MANIFEST.value})


class Filter(Struct, frozen=True, kw_only=True):
    """Which assets are asked for; empty means all."""

    kind: str = ""
    application: str = ""
    """A slug."""
    exposure: str = ""
    environment: str = ""
    unowned: bool = False
    gone: bool = False
    """Those that nobody tells of any more, instead of those that are there."""
    words: str = ""
    """Words that stand in name or key, all of them."""


def assets(visible: Visible, asked: Filter) -> QuerySet[Asset]:
    """Return the assets that fit and that the person may see."""
    rows = visible.assets().filter(gone_at__isnull=not asked.gone)
    for field, value in (
        ("kind", asked.kind),
        ("application__slug", asked.application),
        ("exposure", asked.exposure),
        ("environment", asked.environment),
    ):
        if value:
            rows = rows.filter(**{field: value})
    if asked.unowned:
        rows = rows.filter(~Exists(Ownership.objects.filter(asset=OuterRef("pk"))))
    for word in asked.words.split()[:8]:
        rows = rows.filter(Q(key__icontains=word) | Q(name__icontains=word))
    return rows


class Facets(Struct, frozen=True, kw_only=True):
    """How many assets there are by a property. Of more than the bound, the first ones are counted."""

    total: Count
    values: dict[str, dict[str, Count]]
    """By field of `Filter`: what choosing a value would list, with what else is asked for; the commonest first, at most 50."""
    unowned: Count
    gone: Count


def facets(visible: Visible, asked: Filter) -> Facets:
    """Return by what the assets that fit can be narrowed. Each field is counted as if it were not asked for."""
    base = _groups(visible, asked)
    values = {}
    for field, column in FACETS.items():
        groups = _groups(visible, replace(asked, **{field: ""})) if getattr(asked, field) else base
        counted: dict[str, int] = defaultdict(int)
        for group in groups:
            counted[group[column] or ""] += group["number"]
        more = sum(counted.values()) > COUNT_BOUND
        common = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        values[field] = {value: Count(number, more) for value, number in common[:MOST_VALUES] if value}
    number = sum(group["number"] for group in base)
    return Facets(
        total=Count(min(number, COUNT_BOUND), number > COUNT_BOUND), values=values,
        unowned=bounded_count(assets(visible, replace(asked, unowned=True))), gone=bounded_count(assets(visible, replace(asked, gone=True))),
    )  # fmt: skip


def _groups(visible: Visible, asked: Filter) -> list[dict[str, Any]]:
    # Only the first up to the bound are looked at: an inventory of a million costs no more than one of ten thousand.
    bounded = assets(visible, asked).order_by("id").values("pk")[: COUNT_BOUND + 1]
    return list(Asset.objects.filter(pk__in=bounded).order_by().values(*FACETS.values()).annotate(number=Counted("pk")))


class Fact(Struct, frozen=True, kw_only=True):
    """One fact of an asset, and who says so."""

    name: str
    value: Any
    origin: str
    source: str
    at: str
    confidence: float
    since: str
    holds: bool
    """Whether it is what the asset's facts come to: somebody surer may say otherwise."""


class Related(Struct, frozen=True, kw_only=True):
    """Relations of one kind and direction."""

    kind: str
    reads: str
    """For people: `runs`, `run by`."""
    number: int
    items: list[Edge]


class Edge(Struct, frozen=True, kw_only=True):
    """One relation, from the asset's side."""

    asset: Node
    origin: str
    source: str
    at: str
    confidence: float
    since: str


class Inventory(Struct, frozen=True, kw_only=True):
    """An inventory of software, now or before."""

    id: int
    components: int
    source: str
    commit: str
    image_digest: str
    since: str
    until: str | None


class Looked(Struct, frozen=True, kw_only=True):
    """The newest scan of one stream."""

    tool: str
    ref: str
    at: str
    findings: int
    good: bool
    why: str


class Owner(Struct, frozen=True, kw_only=True):
    """Who answers for an asset."""

    owner: Node
    rank: int
    confidence: float
    reason: str
    by_person: bool


class Account(Struct, frozen=True, kw_only=True):
    """Everything that is known of one asset."""

    asset: Node
    facts: list[Fact]
    owners: list[Owner]
    relations: list[Related]
    inventories: list[Inventory]
    scans: list[Looked]
    open_issues: dict[str, Count]
    """By severity, the worst first. Of more than the bound, so many are counted."""
    first_seen: str
    gone_at: str | None


def account_of(visible: Visible, asset: Asset) -> Account:
    """Return everything that is known of an asset, as far as the person may see it."""
    return Account(
        asset=described([asset.pk])[0], facts=_facts(asset), owners=_owners(asset), relations=_relations(visible, asset),
        inventories=inventories(visible, asset), scans=_scans(visible, asset), open_issues=_issues(visible, asset), first_seen=asset.first_seen.isoformat(),
        gone_at=asset.gone_at.isoformat() if asset.gone_at else None,
    )  # fmt: skip


def _facts(asset: Asset) -> list[Fact]:
    said = Statement.objects.filter(asset=asset, until=None).order_by("-confidence", "-since", "-id")[:MOST_FACTS]
    found = [
        Fact(
            name=name, value=value, origin=row.origin, source=row.source, at=row.at, confidence=row.confidence, since=row.since.isoformat(),
            holds=asset.attributes.get(name) == value,
        )
        for row in said
        for name, value in row.facts.items()
        if name != "said_by"
    ]  # fmt: skip
    return sorted(found, key=lambda fact: (fact.name, not fact.holds, -fact.confidence))


def _owners(asset: Asset) -> list[Owner]:
    rows = list(Ownership.objects.filter(asset=asset).order_by("rank", "-confidence", "id"))
    # What a person decided wins over all.
    rows.sort(key=lambda row: bool(row.said_in))
    nodes = {node.id: node for node in described([row.owner_id for row in rows])}
    return [
        Owner(owner=nodes[row.owner_id], rank=row.rank, confidence=row.confidence, reason=row.reason, by_person=not row.said_in)
        for row in rows
        if row.owner_id in nodes
    ]  # fmt: skip


def _relations(visible: Visible, asset: Asset) -> list[Related]:
    """Return the relations of both directions whose other end the person may see: of an application of theirs, or of none."""
    groups: dict[tuple[str, bool], list[Relation]] = defaultdict(list)
    numbers: dict[tuple[str, bool], int] = {}
    for forward in (True, False):
        near, far = ("source", "target") if forward else ("target", "source")
        rows = Relation.objects.filter(**{near: asset, "until": None})
        if not visible.everything:
            own = Q(**{f"{far}__application__in": visible.applications().values("id")})
            rows = rows.filter(own | Q(**{f"{far}__application": None}))
        for kind, number in rows.order_by().values_list("kind").annotate(number=Counted("pk")):
            numbers[kind, forward] = number
        place = Window(RowNumber(), partition_by=[F("kind")], order_by=[F("confidence").desc(), F("id").asc()])
        for row in rows.annotate(place=place).filter(place__lte=MOST_RELATED).order_by("kind", "place"):
            groups[row.kind, forward].append(row)
    ends = {row.target_id if forward else row.source_id for (_, forward), rows in groups.items() for row in rows}
    nodes = {node.id: node for node in described(sorted(ends))}
    return [
        Related(
            kind=kind, reads=kind.replace("_", " ") if forward else INVERSE.get(kind, kind), number=numbers[kind, forward],
            items=_edges(rows, nodes, forward=forward),
        )
        for (kind, forward), rows in sorted(groups.items(), key=lambda group: (not group[0][1], group[0][0]))
    ]  # fmt: skip


def _edges(rows: list[Relation], nodes: Mapping[int, Node], *, forward: bool) -> list[Edge]:
    return [
        Edge(
            asset=nodes[row.target_id if forward else row.source_id], origin=row.origin, source=row.said_in, at=row.at,
            confidence=row.confidence, since=row.since.isoformat(),
        )
        for row in rows
    ]  # fmt: skip


def inventories(visible: Visible, asset: Asset, limit: int = MOST_SBOMS) -> list[Inventory]:
    """Return an asset's inventories of software, the newest first."""
    rows = shown_sboms(visible, asset).annotate(number=Counted("entries")).order_by("-created_at", "-id")
    return [
        Inventory(
            id=row.pk, components=row.number, source=row.source or (row.scan.stream.tool if row.scan else ""), commit=row.commit,
            image_digest=row.image_digest, since=row.created_at.isoformat(), until=row.replaced_at.isoformat() if row.replaced_at else None,
        )
        for row in rows[:limit]
    ]  # fmt: skip


def shown_sboms(visible: Visible, asset: Asset) -> QuerySet[Sbom]:
    """Return an asset's inventories, those aside that a scan of an application brought which the person may not see."""
    rows = Sbom.objects.filter(asset=asset).select_related("scan__stream")
    return rows if visible.everything else rows.filter(Q(scan=None) | Q(scan__in=visible.scans().values("id")))


def _scans(visible: Visible, asset: Asset) -> list[Looked]:
    newest = Scan.objects.filter(stream=OuterRef("stream"), id__gt=OuterRef("id"))
    rows = (
        visible.scans()
        .filter(~Exists(newest), stream__asset=asset)
        .select_related("stream")
        .order_by("stream__tool", "stream__ref")
    )
    return [
        Looked(
            tool=row.stream.tool, ref=row.stream.ref, at=row.at.isoformat(), findings=row.findings, good=row.proves, why=row.why
        )
        for row in rows[:MOST_SCANS]
    ]  # fmt: skip


def _issues(visible: Visible, asset: Asset) -> dict[str, Count]:
    rows = visible.issues().filter(at_asset(asset), open=True)
    bounded = visible.issues().filter(pk__in=rows.values("pk")[: COUNT_BOUND + 1]).order_by().values_list("severity")
    counted = dict(bounded.annotate(number=Counted("pk")))
    more = sum(counted.values()) > COUNT_BOUND
    return {one.word: Count(counted[one.value], more) for one in sorted(Severity, reverse=True) if one.value in counted}


class Burden(Struct, frozen=True):
    """The open issues of one asset: how many, the highest score in tenths, and the number of the issue that has it."""

    number: int
    riskiest: int
    issue: int


def burdens(visible: Visible, nodes: Sequence[Node]) -> dict[int, Burden]:
    """Return the open issues at assets, by the asset's number, counted up to the bound in all.

    As on the asset's own page, services and manifests have those of their place.
    """
    keys = {node.key.partition("//")[0] for node in nodes if node.kind in _PARTS}
    repositories = dict(visible.assets().filter(kind=AssetKind.REPOSITORY.value, key__in=keys).values_list("id", "key"))
    wanted = {node.id for node in nodes} | repositories.keys()
    rows = (
        visible.issues()
        .filter(asset__in=wanted, open=True)
        .values_list("asset", "place", "risk", "id")[: COUNT_BOUND + 1]
    )
    parts = Parts(Asset.objects.filter(pk__in=repositories))
    at: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for asset, place, risk, number in rows:
        at[asset].append((risk, number))
        for part in parts.around(asset, place) if asset in repositories else ():
            at[part].append((risk, number))
    return {node.id: Burden(len(at[node.id]), *max(at[node.id])) for node in nodes if node.id in at}


class Held(Struct, frozen=True, kw_only=True):
    """Somebody, or a class of data, with how many assets of an application are theirs, or handle it."""

    id: int
    key: str
    name: str
    number: int


def owners_of(visible: Visible, application: int, limit: int = 8) -> list[Held]:
    """Return who answers first for most assets of an application."""
    owned = Ownership.objects.filter(asset__in=_there(visible, application), rank=1)
    return _held(owned, "owner", "asset", limit)


def data_of(visible: Visible, application: int, limit: int = 20) -> list[Held]:
    """Return the classes of data that most assets of an application handle."""
    handled = Relation.objects.filter(
        source__in=_there(visible, application), kind=RelationKind.HANDLES.value, until=None
    )
    return _held(handled.filter(target__kind=AssetKind.DATA_CLASS.value), "target", "source", limit)


def _there(visible: Visible, application: int) -> QuerySet[Asset, Any]:
    return visible.assets().filter(application=application, gone_at=None).values("id")


def _held(rows: QuerySet[Any], end: str, counted: str, limit: int) -> list[Held]:
    groups = rows.order_by().values(end, f"{end}__key", f"{end}__name").annotate(number=Counted(counted, distinct=True))
    return [
        Held(id=group[end], key=group[f"{end}__key"], name=group[f"{end}__name"], number=group["number"])
        for group in groups.order_by("-number", f"{end}__key")[:limit]
    ]
