"""Questions about everything that a person may see: toxic combinations, gaps of coverage, what hangs in the air, what to mend first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from msgspec import Struct

from seamark.analysis.graph.answers import Gap, Node, Toxic
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.nodes import described, way
from seamark.analysis.graph.order import turns
from seamark.analysis.graph.places import starts_of
from seamark.analysis.graph.stored import whole
from seamark.analysis.graph.walk import MOST, reach
from seamark.core.assets import AssetKind, RelationKind
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.store.access import Visible
from seamark.store.graph import Edges
from seamark.store.models import Asset, Finding, Ownership, Relation, Scan

SENSITIVE: Final = frozenset({"PII", "PHI", "PCI", "CREDENTIALS", "CHILDREN", "BIOMETRIC"})
"""Classes of data whose loss has to be told to others."""
MOST_ISSUES: Final = 20_000
STALE: Final = timedelta(days=30)
_DEEP: Final = 64
_STANDS_ON: Final = (
    RelationKind.DEPENDS_ON, RelationKind.BASED_ON, RelationKind.BUILT_FROM, RelationKind.RUNS, RelationKind.CONTAINS,
    RelationKind.DECLARED_IN,
)  # fmt: skip
"""Relations whose source is mended after its target."""


def toxic(visible: Visible, *, at: datetime | None = None, limit: int = 50) -> list[Toxic]:
    """Return the severe open issues that the internet reaches and that lead to sensitive data, riskiest first.

    Severe is critical severity, or priority P0 or P1. Of each issue the shortest ways are given. Looks at the `MOST_ISSUES`
    riskiest ones.
    """
    severe = visible.issues().filter(open=True).filter(Q(severity=Severity.CRITICAL.value) | Q(priority__lte=1))
    issues = list(severe.order_by("-risk", "-id")[:MOST_ISSUES])
    if not issues:
        return []
    graph = whole(Edges(at=at, applications=None if visible.everything else _numbers(visible)))
    shown = visible.assets().filter(gone_at=None)
    outside = shown.filter(exposure="internet").values_list("id", flat=True)
    data = Asset.objects.filter(kind=AssetKind.DATA_CLASS.value, key__in=SENSITIVE).values_list("id", flat=True)
    inwards = reach(graph, outside, Lens.ACCESS, most=graph.size, deepest=_DEEP)
    # Whether a flaw leads to data is asked from the data backwards, once for all.
    outwards = reach(graph, data, Lens.ORIGIN, most=graph.size, deepest=_DEEP)
    reached, leading = set(inwards.nodes.tolist()), set(outwards.nodes.tolist())
    starts = starts_of(issues)
    found: list[Toxic] = []
    for issue in issues:
        node = next((each for each in starts[issue.pk] if each in reached and each in leading), None)
        if node is None:
            continue
        found.append(
            Toxic(
                issue=f"SM-{issue.pk}", title=issue.title, risk=issue.risk / 10, asset=described([node])[0],
                exposure=way(inwards.path(node), Lens.ACCESS, at), data=way(outwards.path(node)[::-1], Lens.IMPACT, at),
            )
        )  # fmt: skip
        if len(found) == limit:
            break
    return found


def _numbers(visible: Visible) -> frozenset[int]:
    return frozenset(visible.applications().values_list("id", flat=True))


class _Expected(NamedTuple):
    """A kind of scan that assets of one kind should have, and which of them."""

    kind: AssetKind
    scan: Kind
    which: Q


def _has(kinds: Iterable[AssetKind]) -> Q:
    """Return the condition that a repository holds an asset of one of these kinds."""
    parts = Relation.objects.filter(source=OuterRef("pk"), kind=RelationKind.CONTAINS.value, until=None)
    return Q(Exists(parts.filter(target__kind__in=[kind.value for kind in kinds])))


def _expected() -> list[_Expected]:
    running = Relation.objects.filter(target=OuterRef("pk"), kind=RelationKind.RUNS.value, until=None)
    ours = Q(application__isnull=False)
    infrastructure = (AssetKind.WORKLOAD, AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.PIPELINE)
    return [
        _Expected(AssetKind.REPOSITORY, Kind.SECRET, Q()),
        _Expected(AssetKind.REPOSITORY, Kind.CODE, _has((AssetKind.SERVICE,))),
        _Expected(AssetKind.REPOSITORY, Kind.DEPENDENCY, _has((AssetKind.MANIFEST, AssetKind.SERVICE))),
        _Expected(AssetKind.REPOSITORY, Kind.MISCONFIGURATION, _has(infrastructure)),
        _Expected(AssetKind.IMAGE, Kind.CONTAINER, ours | Q(Exists(running))),
        _Expected(AssetKind.API, Kind.WEB, Q()),
        _Expected(AssetKind.DOMAIN, Kind.WEB, ours),
        _Expected(AssetKind.CLOUD_ACCOUNT, Kind.CLOUD, Q()),
    ]


def coverage(
    visible: Visible, now: datetime, *, stale: timedelta = STALE, limit: int = 500, among: Q | None = None
) -> list[Gap]:
    """Return the assets without a scan of a kind that they should have, with the reason; and those that nobody owns.

    With `among` only assets that fit are looked at. A scan counts where it is of the asset itself, proves what it says, and is younger than `stale`.
    """
    found: list[Gap] = []
    assets = visible.assets().filter(gone_at=None)
    if among is not None:
        assets = assets.filter(among)
    for expected in _expected():
        rows = list(
            assets.filter(expected.which, kind=expected.kind.value).order_by("id").values_list("id", flat=True)[:MOST]
        )
        reasons = _unscanned(rows, expected.scan, now - stale, now)
        nodes = {node.id: node for node in described(list(reasons))}
        found += [
            Gap(asset=nodes[number], missing=expected.scan.value, why=why)
            for number, why in reasons.items()
            if number in nodes
        ]
        if len(found) >= limit:
            return found[:limit]
    owned = Ownership.objects.filter(asset=OuterRef("pk"))
    kinds = [kind.value for kind in (AssetKind.REPOSITORY, AssetKind.SERVICE, AssetKind.API, AssetKind.DATA_STORE)]
    nobody = list(
        assets.filter(~Exists(owned), kind__in=kinds).order_by("id").values_list("id", flat=True)[: limit - len(found)]
    )
    return found + [
        Gap(asset=node, missing="owner", why="nobody is known to answer for it") for node in described(nobody)
    ]


def _unscanned(assets: list[int], kind: Kind, since: datetime, now: datetime) -> dict[int, str]:
    """Return those of the assets that no good scan of a kind looked at lately, each with the reason."""
    good: dict[int, datetime] = {}
    bad: dict[int, str] = {}
    for at in range(0, len(assets), 5000):
        for row in _scans(assets[at : at + 5000], kind):
            number, when = row.stream.asset_id, row.at
            if row.proves:
                good[number] = max(good.get(number, when), when)
            else:
                bad[number] = row.why
    reasons: dict[int, str] = {}
    for number in assets:
        last = good.get(number)
        if last is not None and last >= since:
            continue
        if last is not None:
            reasons[number] = f"the last good scan is {(now - last).days} days old"
        elif number in bad:
            reasons[number] = f"no scan succeeded: {bad[number]}" if bad[number] else "no scan succeeded"
        else:
            reasons[number] = "never scanned"
    return reasons


def _scans(assets: list[int], kind: Kind) -> Iterable[Scan]:
    """Return the newest scan of each stream of these assets whose format, or whose findings, are of a kind."""
    newest = Scan.objects.filter(stream__asset__in=assets).values("stream").annotate(newest=Max("id")).values("newest")
    seen = Finding.objects.filter(stream=OuterRef("stream"), kind=KIND_CODES[kind])
    formats = _formats(kind)
    rows = Scan.objects.filter(pk__in=newest).annotate(seen=Exists(seen)).select_related("stream", "report")
    return [row for row in rows if row.seen or row.report.format in formats]


def _formats(kind: Kind) -> frozenset[str]:
    from seamark.intake.parsers.kit.registry import parsers

    # A scan without a finding tells its kind by its format alone.
    return frozenset(parser.name for parser in parsers().values() if parser.kind is kind)


_SHARED: Final = (AssetKind.TEAM.value, AssetKind.PERSON.value, AssetKind.DATA_CLASS.value)


class Orphan(Struct, frozen=True, kw_only=True):
    """An asset that hangs in the air."""

    asset: Node
    why: str


def orphans(visible: Visible, *, limit: int = 500) -> list[Orphan]:
    """Return images that run nowhere, workloads whose image nobody builds, and assets without any relation."""
    assets = visible.assets().filter(gone_at=None)
    into, out = _relations("target"), _relations("source")
    images, workloads = assets.filter(kind=AssetKind.IMAGE.value), assets.filter(kind=AssetKind.WORKLOAD.value)
    runs = Exists(into.filter(kind=RelationKind.RUNS.value))
    base = Exists(into.filter(kind=RelationKind.BASED_ON.value))
    built = Exists(Relation.objects.filter(source=OuterRef("target"), kind=RelationKind.BUILT_FROM.value, until=None))
    told = {
        "it runs nowhere that is known": images.filter(~runs, ~base, Exists(out)),
        "nobody is known to build its image": workloads.filter(
            Exists(out.filter(kind=RelationKind.RUNS.value)), ~Exists(out.filter(built, kind=RelationKind.RUNS.value))
        ),
        "nothing is known of what it hangs together with": assets.filter(~Exists(into), ~Exists(out)).exclude(
            kind__in=_SHARED
        ),
    }
    found: list[Orphan] = []
    for why, rows in told.items():
        numbers = list(rows.order_by("id").values_list("id", flat=True)[: limit - len(found)])
        found += [Orphan(asset=node, why=why) for node in described(numbers)]
    return found


def _relations(end: str) -> QuerySet[Relation]:
    return Relation.objects.filter(**{end: OuterRef("pk"), "until": None})


class Step(Struct, frozen=True, kw_only=True):
    """A turn of an order of mending: what can be mended at the same time."""

    turn: int
    asset: Node
    waits_for: list[str]
    """Names of what it stands on, among those that are mended."""
    circle: bool = False
    """It and others of the turn stand on each other."""


def order(visible: Visible, starts: Iterable[int], *, at: datetime | None = None, most: int = 2_000) -> list[Step]:
    """Return in which order what a flaw reaches is mended: nothing before what it stands on.

    Repositories, services, images and workloads are counted: what is built, released and rolled out.
    """
    from seamark.analysis.graph.stored import Stored

    edges = Edges(at=at, applications=None if visible.everything else _numbers(visible))
    numbers = reach(Stored(edges), starts, Lens.IMPACT, most=most).nodes.tolist()
    kinds = [
        kind.value
        for kind in (AssetKind.REPOSITORY, AssetKind.MANIFEST, AssetKind.SERVICE, AssetKind.IMAGE, AssetKind.WORKLOAD)
    ]
    own = set(Asset.objects.filter(pk__in=numbers, kind__in=kinds).values_list("id", flat=True))
    rows = Relation.objects.filter(
        source__in=own, target__in=own, kind__in=[kind.value for kind in _STANDS_ON], until=None
    )
    pairs = list(rows.values_list("source", "target"))
    waits: dict[int, list[int]] = defaultdict(list)
    for dependent, base in pairs:
        waits[dependent].append(base)
    nodes = {node.id: node for node in described(sorted(own))}
    return [
        Step(
            turn=number, asset=nodes[each], waits_for=sorted({nodes[base].name for base in waits[each] if base in nodes and base != each}),
            circle=any(each in circle for circle in turn.circles),
        )
        for number, turn in enumerate(turns(own, pairs), start=1)
        for each in turn.nodes
        if each in nodes
    ]  # fmt: skip
