"""Where a flaw runs: issues by application and asset, what runs their code, and inventories that hold the package unreported."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Count as Counted
from django.db.models import Max, Min, Q, QuerySet
from msgspec import Struct

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.nodes import described
from seamark.analysis.graph.places import starts_of
from seamark.analysis.software.order import compare, in_order
from seamark.analysis.software.query import Answer, Query, Row
from seamark.core.assets import AssetKind
from seamark.governance.waivers.effective import Exempt, waived
from seamark.store.access import Visible
from seamark.store.models import Application, Asset, Component, Issue, Sbom, SbomComponent
from seamark.store.models.issues import State
from seamark.store.query.paging import COUNT_BOUND

MOST_APPLICATIONS: Final = 100
MOST_ASSETS: Final = 50
MOST_REACHED: Final = 200
MOST_STANDING: Final = 100
"""Issues, the riskiest first, from which the graph is asked what runs them."""
MOST_VERSIONS: Final = 5_000
MOST_HOLDINGS: Final = 200
_DISMISSED: Final = {"accepted": "accepted", "not_affected": "dismissed", "false_positive": "dismissed"}
_STANDS: Final = ("open", "waived", "accepted", "dismissed", "set_aside", "resolved", "elsewhere")
_RUNS: Final = frozenset({AssetKind.WORKLOAD.value, AssetKind.HOST.value})


class Seen(NamedTuple):
    """What is looked at of every issue of a flaw: the columns of the same names."""

    id: int
    application_id: int
    asset_id: int
    place: str
    state: int
    open: bool
    resolution: str
    risk: int
    priority: int
    severity: int
    kev: bool
    owner: str
    fix_id: int | None
    waived: tuple[Exempt, ...] = ()
    """The waivers in force that cover it: no column."""


class Counts(Struct, frozen=True, kw_only=True):
    """How many issues there are of a flaw, by where they stand; see `Standing`."""

    applications: int
    """Those with an open issue."""
    open: int
    waived: int
    accepted: int
    dismissed: int
    set_aside: int
    resolved: int
    elsewhere: int
    more: bool
    """Whether there are more issues than were counted."""


class Standing(Struct, frozen=True, kw_only=True):
    """A flaw in one application."""

    id: int
    name: str
    slug: str
    criticality: int
    exposure: str
    data_classes: list[str]
    environment: str
    open: int
    waived: int
    """Those of the open ones whose risk is accepted by a waiver in force."""
    accepted: int
    """Dismissed with the risk accepted: still affected."""
    dismissed: int
    """As not affected, or as a false positive."""
    set_aside: int
    """Dismissed for another reason: suppressed in a tool, or a duplicate."""
    resolved: int
    elsewhere: int
    """Seen on other branches only."""
    riskiest: int | None
    """The highest score among those that are open, in tenths."""


class AtAsset(Struct, frozen=True, kw_only=True):
    """An asset with open issues of the flaw."""

    asset: Node
    issues: int
    riskiest: int


class Holding(Struct, frozen=True, kw_only=True):
    """A package version in a current inventory for which no tool reports the flaw."""

    asset: Node
    sbom: int
    package: str
    version: str
    purl: str
    since: str
    sure: bool
    """False where the versions cannot be compared, or another release line may have the fix."""
    why: str


class Inventories(Struct, frozen=True, kw_only=True):
    """Which inventories were looked through: how many, and from when to when they are."""

    number: int
    oldest: str | None
    newest: str | None


class Excepted(Struct, frozen=True, kw_only=True):
    """A waiver in force, and how many of the open issues it covers."""

    waiver: str
    policy: str
    """The policy that it exempts from, `*` for all."""
    days_left: int
    issues: int


class Runs(Struct, frozen=True, kw_only=True):
    """Where a flaw runs."""

    counts: Counts
    waivers: list[Excepted]
    applications: list[Standing]
    """The riskiest first, at most `MOST_APPLICATIONS`."""
    assets: list[AtAsset]
    running: str
    """`running`, `not_seen` (workloads are known, none of them runs it), `unknown` (no workload is known at all), or empty."""
    workloads: list[Node]
    images: list[Node]
    exposed: int
    """How many of what it reaches answer from the internet."""
    data_classes: list[str]
    complete: bool
    """Whether everything that it reaches was looked at."""
    holdings: list[Holding]
    more_holdings: bool
    inventories: Inventories


class Package(Struct, frozen=True, kw_only=True):
    """A package that tools name for the flaw: the versions they report, and those that fix it."""

    key: str
    """`npm/lodash`."""
    name: str
    ecosystem: str
    versions: list[str]
    fixed: list[str]


def issues_of(issues: QuerySet[Issue]) -> list[Seen]:
    """Return the issues of a flaw, open ones first, the riskiest first: one more than the bound where there are so many."""
    columns = [name for name in Seen._fields if name != "waived"]
    rows = [Seen(*row) for row in issues.order_by("-open", "-risk", "-id").values_list(*columns)[: COUNT_BOUND + 1]]
    exempt = waived([row.id for row in rows if row.open])
    return [row._replace(waived=exempt.get(row.id, ())) for row in rows]


def counts_of(rows: Sequence[Seen]) -> Counts:
    """Return how many issues there are by where they stand."""
    counted: Counter[str] = Counter(_stands(row) for row in rows[:COUNT_BOUND])
    counted["waived"] = sum(bool(row.waived) for row in rows[:COUNT_BOUND])
    places = len({row.application_id for row in rows if row.open})
    return Counts(applications=places, more=len(rows) > COUNT_BOUND, **{name: counted[name] for name in _STANDS})


def _waivers(rows: Sequence[Seen]) -> list[Excepted]:
    several = Counter(one for row in rows for one in row.waived)
    return [
        Excepted(waiver=one.reference, policy=one.policy, days_left=one.days_left, issues=number)
        for one, number in sorted(several.items())
    ]


def standings(visible: Visible, rows: Sequence[Seen]) -> list[Standing]:
    """Return the applications of issues, the riskiest first."""
    counted: dict[int, Counter[str]] = defaultdict(Counter)
    riskiest: dict[int, int] = {}
    for row in rows:
        counted[row.application_id][_stands(row)] += 1
        counted[row.application_id]["waived"] += bool(row.waived)
        if row.open:
            riskiest[row.application_id] = max(riskiest.get(row.application_id, 0), row.risk)
    order = sorted(counted, key=lambda number: (-riskiest.get(number, -1), -counted[number]["open"], number))
    found = visible.applications().in_bulk(order[:MOST_APPLICATIONS])
    return [_standing(found[number], counted[number], riskiest.get(number)) for number in order if number in found]


def _stands(row: Seen) -> str:
    if row.state == State.RESOLVED:
        return "resolved"
    if row.state == State.DISMISSED:
        return _DISMISSED.get(row.resolution, "set_aside")
    return "open" if row.open else "elsewhere"


def _standing(one: Application, counted: Mapping[str, int], riskiest: int | None) -> Standing:
    return Standing(
        id=one.pk, name=one.name, slug=one.slug, criticality=one.criticality, exposure=one.exposure, data_classes=list(one.data_classes),
        environment=one.environment, riskiest=riskiest, **{name: counted[name] for name in _STANDS},
    )  # fmt: skip


def runs(visible: Visible, rows: Sequence[Seen], packages: Sequence[Package], query: Query | None) -> Runs:
    """Return where a flaw runs, by its issues as `issues_of` returns them, and by inventories."""
    boms = _current(visible)
    holdings = _holdings(boms, rows, _suspects(packages, query))
    running, reached, exposed, classes, complete = _reached(visible, [row for row in rows if row.open], holdings)
    told = boms.aggregate(number=Counted("pk"), oldest=Min("created_at"), newest=Max("created_at"))
    return Runs(
        counts=counts_of(rows), waivers=_waivers(rows), applications=standings(visible, rows), assets=_assets(rows), running=running,
        workloads=[node for node in reached if node.kind in _RUNS], images=[node for node in reached if node.kind == AssetKind.IMAGE.value],
        exposed=exposed, data_classes=classes, complete=complete,
        holdings=holdings[:MOST_HOLDINGS], more_holdings=len(holdings) > MOST_HOLDINGS,
        inventories=Inventories(number=told["number"], oldest=_day(told["oldest"]), newest=_day(told["newest"])),
    )  # fmt: skip


def _day(moment: datetime | None) -> str | None:
    return moment.date().isoformat() if moment else None


def _assets(rows: Sequence[Seen]) -> list[AtAsset]:
    risks: dict[int, list[int]] = defaultdict(list)
    for row in rows:
        if row.open:
            risks[row.asset_id].append(row.risk)
    order = sorted(risks, key=lambda number: (-max(risks[number]), -len(risks[number]), number))[:MOST_ASSETS]
    return [AtAsset(asset=node, issues=len(risks[node.id]), riskiest=max(risks[node.id])) for node in described(order)]


def _reached(
    visible: Visible, rows: Sequence[Seen], holdings: Sequence[Holding]
) -> tuple[str, list[Node], int, list[str], bool]:
    """Return whether it runs, and what the graph says that it reaches: from issues, and from inventories that surely have it."""
    held = [one.asset.id for one in holdings if one.sure]
    if not rows and not held:
        return "", [], 0, [], True
    issues = Issue.objects.filter(pk__in=[row.id for row in rows[:MOST_STANDING]])
    starts = {number for numbers in starts_of(issues).values() for number in numbers} | set(held)
    found = Asked(visible).radius(starts, Lens.IMPACT, limit=MOST_REACHED)
    reached = [*found.start, *found.nodes]
    if any(node.kind in _RUNS for node in reached):
        running = "running"
    else:
        running = "not_seen" if visible.assets().filter(kind__in=_RUNS, gone_at=None).exists() else "unknown"
    exposed = found.exposed + sum(node.exposure == "internet" for node in found.start)
    return running, reached, exposed, found.data_classes, found.complete and len(rows) <= MOST_STANDING


def _current(visible: Visible) -> QuerySet[Sbom]:
    rows = Sbom.objects.filter(replaced_at=None)
    if visible.everything:
        return rows
    # Of an asset that a person sees, but not what a scan of somebody else's application brought.
    own = Q(scan=None) | Q(scan__in=visible.scans().values("id"))
    return rows.filter(own, asset__in=visible.assets().values("id"))


class _Suspect(Struct, frozen=True):
    """A component that may have the flaw."""

    sure: bool
    why: str


def _suspects(packages: Sequence[Package], query: Query | None) -> dict[int, tuple[Component, _Suspect]]:
    """Return the stored package versions that may have the flaw, by what tools say of its packages, or by a query."""
    found: dict[int, tuple[Component, _Suspect]] = {}
    by_key = {package.key: package for package in packages}
    for row in Component.objects.filter(package__in=by_key).order_by("id")[:MOST_VERSIONS] if by_key else ():
        if (suspect := _judged(by_key[row.package], row.version)) is not None:
            found[row.pk] = (row, suspect)
    if query is not None:
        rows = Component.objects.filter(Q(name__icontains=query.like) | Q(package__icontains=query.like))
        for row in rows.order_by("id")[:MOST_VERSIONS]:
            answer = query.answer(Row(row.purl, row.name, row.version))
            if answer is not Answer.NO:
                sure = answer is Answer.YES
                words = f"it is what was asked for: {query.text}" if sure else "its version cannot be compared"
                found.setdefault(row.pk, (row, _Suspect(sure, words)))
    return found


def _judged(package: Package, version: str) -> _Suspect | None:
    """Return why a version may have the flaw; None where it is known to be fixed, or nothing speaks for it."""
    if version in package.versions:
        return _Suspect(sure=True, why=f"tools report the flaw in {version} elsewhere")
    found = [(compare(package.ecosystem, version, one), one) for one in package.fixed]
    if not found:
        return None
    if any(order is None for order, _ in found):
        return _Suspect(sure=False, why="its version cannot be compared with the fixed one")
    above = [one for order, one in found if order is not None and order < 0]
    if len(above) == len(found):
        return _Suspect(sure=True, why=f"older than {in_order(package.ecosystem, above)[0]}, which fixes it")
    if above:
        return _Suspect(sure=False, why=f"newer than one fix, older than {in_order(package.ecosystem, above)[-1]}")
    return None


def _holdings(
    boms: QuerySet[Sbom], rows: Sequence[Seen], suspects: Mapping[int, tuple[Component, _Suspect]]
) -> list[Holding]:
    if not suspects:
        return []
    entries = SbomComponent.objects.filter(component__in=suspects, sbom__in=boms.values("id"))
    values = ("sbom", "sbom__asset", "sbom__asset__kind", "sbom__asset__key", "sbom__created_at", "component")
    found = list(entries.order_by("sbom__asset", "component").values_list(*values).distinct()[:MOST_VERSIONS])
    looked = _looked(rows) if found else {}
    unreported = [row for row in found if not _reported(looked, row[2], row[3])][: MOST_HOLDINGS + 1]
    nodes = {node.id: node for node in described(sorted({row[1] for row in unreported}))}
    return [
        Holding(
            asset=nodes[asset], sbom=sbom, package=component.name, version=component.version, purl=component.purl, since=since.date().isoformat(),
            sure=suspect.sure, why=suspect.why,
        )
        for sbom, asset, _, _, since, number in unreported
        for component, suspect in (suspects[number],)
    ]  # fmt: skip


def _looked(rows: Sequence[Seen]) -> dict[tuple[str, str], set[str]]:
    """Return the places of issues by the kind and key of their asset: those that no tool has taken back."""
    places: dict[int, set[str]] = defaultdict(set)
    for row in rows:
        if row.state != State.RESOLVED:
            path, _, line = row.place.rpartition(":")
            places[row.asset_id].add(path if line.isdecimal() else row.place)
    named = Asset.objects.filter(pk__in=places).values_list("id", "kind", "key")
    return {(kind, key): places[number] for number, kind, key in named}


def _reported(looked: Mapping[tuple[str, str], Collection[str]], kind: str, key: str) -> bool:
    """Tell whether some issue stands where an inventory is of: a manifest has those of its repository that are in it."""
    if (kind, key) in looked:
        return True
    repository, mark, inside = key.partition("//")
    return bool(mark) and inside in looked.get((AssetKind.REPOSITORY.value, repository), ())
