"""All that the executive dashboard, the quarterly pack, API and mail tell, from one place: numbers first, sentences from them."""

from __future__ import annotations

from typing import Final

import numpy as np
from django.db.models import Count
from msgspec import Struct

from seamark.insight.metrics import costs, tools
from seamark.insight.metrics.columns import Column, Columns
from seamark.insight.metrics.definitions import BY_NAME, Definition
from seamark.insight.metrics.measures import (
    Flow,
    Masks,
    Period,
    Point,
    ages,
    by_application,
    flow,
    risk_by_application,
    trend,
)
from seamark.insight.metrics.scope import GOOD, Scope, assets_of, pulls, scanned, unscanned, waivers

MOST_MOVERS: Final = 6
MOST_GROUPS: Final = 30


class Tile(Struct, frozen=True, kw_only=True):
    """A measure with its number, the one of the period before, and the list behind it."""

    about: Definition
    value: float | None
    before: float | None
    """None where it is not known, or no number was there."""
    count: int | None = None
    """How long the list behind it is; None where there is none."""
    list: str = ""
    """The list's name, as `lists.listed` takes it."""

    @property
    def turned(self) -> str:
        """Return `better`, `worse` or nothing, by which way is good."""
        if self.value is None or self.before is None or self.value == self.before or not self.about.good:
            return ""
        return "better" if (self.value < self.before) == (self.about.good == "down") else "worse"


class Group(Struct, frozen=True, kw_only=True):
    """A unit or an application beside others, by rates: how large it is does not count."""

    name: str
    slug: str
    """Of an application; empty for a unit."""
    applications: int
    open: int
    risk: int
    """Tenths."""
    density: float | None
    """Open risk (0 to 100 each) for each asset."""
    cleared: float | None
    """Of what was open or arrived in the period, the share that was fixed."""
    overdue: float | None
    """Share of the open issues."""
    sla: float | None


class Mover(Struct, frozen=True, kw_only=True):
    """An application whose open risk moved."""

    name: str
    slug: str
    before: int
    after: int
    """Tenths."""

    @property
    def change(self) -> int:
        """Return by how much, in tenths."""
        return self.after - self.before


class Board(Struct, frozen=True, kw_only=True):
    """Everything that is told of a scope."""

    asked: Scope
    now: Flow
    before: Flow
    tiles: list[Tile]
    points: list[Point]
    ages: dict[str, int]
    groups: list[Group]
    grouped_by: str
    """`unit` or `application`."""
    movers: list[Mover]
    tools: list[tools.Tool]
    delay: costs.Delay
    breach: costs.Breach
    inputs: costs.Inputs


def board(asked: Scope, *, points: int = 30) -> Board:
    """Return what there is to tell."""
    columns, period = asked.columns(), asked.period
    masks = Masks(columns, period)
    now, before = flow(masks), flow(Masks(columns, period.before))
    inputs = costs.inputs_now()
    risks = risk_by_application(columns, period.end)
    overdue = by_application(masks, "overdue")
    delay = costs.delay(_exposures(asked, columns, risks, overdue), inputs)
    told = tools.tools(asked.numbers, period.end.date())
    return Board(
        asked=asked, now=now, before=before, points=trend(columns, period, points), ages=ages(masks),
        tiles=_tiles(asked, now, before, delay, inputs, told), groups=groups(asked, masks, risks),
        grouped_by=_grouping(asked), movers=_movers(asked, columns, period, risks), tools=told.tools, delay=delay,
        breach=costs.breach(delay, inputs), inputs=inputs,
    )  # fmt: skip


def _exposures(asked: Scope, columns: Columns, risks: Column, overdue: Column) -> list[costs.Exposure]:
    place = {number: at for at, number in enumerate(columns.applications)}
    return [
        costs.Exposure(
            name=one.name, risk=int(risks[place[one.pk]]), overdue=int(overdue[place[one.pk]]), revenue_per_hour=one.revenue_per_hour
        )
        for one in asked.applications
        if one.pk in place
    ]  # fmt: skip


def _tiles(
    asked: Scope, now: Flow, before: Flow, delay: costs.Delay, inputs: costs.Inputs, told: tools.Told
) -> list[Tile]:
    assets = sum(assets_of(asked).values())
    tiles = [_of_flow(name, now, before, assets) for name in BY_NAME if name in _FLOW]
    ended = dict(pulls(asked).order_by().values_list("state").annotate(n=Count("pk")))
    in_all, missing, held = scanned(asked).count(), unscanned(asked).count(), waivers(asked).count()
    good = sum(ended.get(state, 0) for state in GOOD)
    single: list[tuple[str, float | None, int | None, str]] = [
        ("pull_requests", _share(good, sum(ended.values())), sum(ended.values()), "pulls"),
        ("waiver_debt", held, held, "waivers"),
        ("coverage", _share(in_all - missing, in_all), missing, "unscanned"),
        ("overlap", told.overlap, None, ""),
        ("saved", costs.hours_saved(told.findings, told.issues, inputs), None, ""),
        ("delay", delay.per_day, now.counts["open"], "open"),
    ]
    tiles += [
        Tile(about=BY_NAME[name], value=value, before=None, count=count, list=where)
        for name, value, count, where in single
    ]
    order = list(BY_NAME)
    return sorted(tiles, key=lambda tile: order.index(tile.about.name))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_FLOW: Final = frozenset({
    "open", "urgent", "risk", "arrived", "burned", "fixed", "mttr", "half_life", "mttd", "mtta", "sla", "overdue", "age", "old", "density",
    "escape", "reopen", "false_positives", "automation",
})  # fmt: skip
_COUNTED: Final = frozenset({"open", "urgent", "arrived", "burned", "fixed", "overdue", "old"})


def _of_flow(name: str, now: Flow, before: Flow, assets: int) -> Tile:
    about = BY_NAME[name]

    def value(one: Flow) -> float | None:
        if name in _COUNTED:
            return one.counts[about.members]
        if name == "risk":
            return one.risk / 10
        if name == "density":
            return 100 * one.counts["open"] / assets if assets else None
        found: float | None = getattr(one, name)
        return found

    return Tile(
        about=about, value=value(now), before=value(before), count=now.counts[about.members], list=about.members
    )


def _grouping(asked: Scope) -> str:
    units = {one.unit_id for one in asked.applications}
    return "application" if asked.unit or asked.application or len(units) < 2 else "unit"


def groups(asked: Scope, masks: Masks, risks: Column) -> list[Group]:
    """Return units, or applications where one unit is asked about, the highest risk for each asset first."""
    assets = assets_of(asked)
    counted = {name: by_application(masks, name) for name in ("open", "exposed", "fixed", "overdue", "kept", "missed")}
    place = {number: at for at, number in enumerate(masks.columns.applications)}
    by_unit = _grouping(asked) == "unit"
    members: dict[tuple[str, str], list[int]] = {}
    for one in asked.applications:
        key = (one.unit.name if one.unit else "", "") if by_unit else (one.name, one.slug)
        members.setdefault(key, []).append(one.pk)
    found = []
    for (name, slug), numbers in members.items():
        at = [place[number] for number in numbers if number in place]
        total = {key: int(column[at].sum()) for key, column in counted.items()}
        things, risk = sum(assets.get(number, 0) for number in numbers), int(risks[at].sum())
        found.append(
            Group(
                name=name, slug=slug, applications=len(numbers), open=total["open"], risk=risk,
                density=risk / 10 / things if things else None, cleared=_share(total["fixed"], total["exposed"]),
                overdue=_share(total["overdue"], total["open"]), sla=_share(total["kept"], total["kept"] + total["missed"] + total["overdue"]),
            )
        )  # fmt: skip
    found.sort(key=lambda one: (-(one.density or 0), one.name))
    return found[:MOST_GROUPS]


def _movers(asked: Scope, columns: Columns, period: Period, risks: Column) -> list[Mover]:
    moved = risks - risk_by_application(columns, period.start)
    named = {one.pk: one for one in asked.applications}
    order = [int(at) for at in np.argsort(-np.abs(moved), kind="stable")[:MOST_MOVERS] if moved[at]]
    return [
        Mover(
            name=named[columns.applications[at]].name, slug=named[columns.applications[at]].slug,
            before=int(risks[at] - moved[at]), after=int(risks[at]),
        )
        for at in order
    ]  # fmt: skip
