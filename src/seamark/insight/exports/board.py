"""What a pack for the board says, in words and numbers that are ready to print: PDF and PPTX draw the same."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from msgspec import Struct

from seamark.insight.metrics.board import Board
from seamark.insight.metrics.decisions import Wanted
from seamark.insight.metrics.definitions import DEFINITIONS
from seamark.insight.metrics.sentences import sentences, told

LONGEST: Final = 120
"""Characters of a name in a pack."""
MOST_ROWS: Final = 14
POINTS: Final = 40


class Point(Struct, frozen=True, kw_only=True):
    """A point of the drawings."""

    day: str
    risk: float
    """0 to 100 an issue."""
    arrived: int
    burned: int


class Table(Struct, frozen=True, kw_only=True):
    """A table: a title, what stands above its columns, rows of texts."""

    title: str
    head: list[str]
    rows: list[list[str]]


class Pack(Struct, frozen=True, kw_only=True):
    """All that a pack says."""

    title: str
    about: str
    """Period and scope."""
    made: str
    sentences: list[str]
    tiles: list[list[str]]
    """Title, number, number before."""
    points: list[Point]
    groups: Table
    movers: Table
    decisions: Table
    tools: Table
    ages: Table
    costs: list[str]
    definitions: Table


def pack_of(one: Board, decisions: list[Wanted], made: datetime, *, title: str) -> Pack:
    """Return what a pack says of a board."""
    period, currency = one.asked.period, one.inputs.currency
    scope = (
        one.asked.application
        or one.asked.unit
        or (_("everything") if one.asked.whole else _("all that the reader sees"))
    )
    return Pack(
        title=title, about=f"{period.start:%Y-%m-%d} - {period.end:%Y-%m-%d} · {_cut(scope)}", made=f"{made:%Y-%m-%d %H:%M} UTC",
        sentences=sentences(one),
        tiles=[
            [str(tile.about.title), told(tile.value, tile.about, currency), "" if tile.before is None else told(tile.before, tile.about, currency)]
            for tile in one.tiles
        ],
        points=[Point(day=f"{each.last:%Y-%m-%d}", risk=each.risk / 10, arrived=each.arrived, burned=each.burned) for each in one.points],
        groups=_groups(one), tools=_tools(one), costs=_costs(one),
        movers=Table(
            title=_("Top movers"), head=[_("Application"), _("Risk before"), _("Risk now"), _("Change")],
            rows=[[_cut(each.name), _points(each.before), _points(each.after), f"{each.change / 10:+,.0f}"] for each in one.movers],
        ),
        decisions=Table(
            title=_("Decisions wanted"), head=[_("What"), _("How many")], rows=[[each.words, str(each.count)] for each in decisions]
        ),
        ages=Table(
            title=_("Age of what is open"), head=[_("Age"), _("Issues")], rows=[[_(words), f"{number:,}"] for words, number in one.ages.items()]
        ),
        definitions=Table(
            title=_("What the numbers mean"), head=[_("Measure"), _("How it is worked out"), _("Unit")],
            rows=[[str(each.title), each.formula, each.unit] for each in DEFINITIONS],
        ),
    )  # fmt: skip


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _points(tenths: int) -> str:
    return f"{tenths / 10:,.0f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _groups(one: Board) -> Table:
    rows = [
        [
            _cut(each.name) or _("Without a unit"), "-" if each.density is None else f"{each.density:,.1f}", _share(each.cleared),
            _share(each.overdue), _share(each.sla), f"{each.open:,}",
        ]
        for each in one.groups[:MOST_ROWS]
    ]  # fmt: skip
    title = _("Units side by side") if one.grouped_by == "unit" else _("Applications side by side")
    head = [_("Name"), _("Risk per asset"), _("Fixed in the period"), _("Overdue"), _("Levels kept"), _("Open")]
    return Table(title=title, head=head, rows=rows)


def _tools(one: Board) -> Table:
    rows = [
        [_cut(each.name), f"{each.issues:,}", _share(each.unique_share), _share(each.wrong_share)]
        for each in one.tools[:MOST_ROWS]
    ]
    head = [_("Tool"), _("Open issues"), _("Only this tool"), _("False positives")]
    return Table(title=_("What the tools are worth"), head=head, rows=rows)


def _costs(one: Board) -> list[str]:
    inputs, currency = one.inputs, one.inputs.currency
    found = [
        _("A day on which everything stays as it is costs %(cost)s %(currency)s by the model of costs.")
        % {"cost": f"{one.delay.per_day:,.0f}", "currency": currency},
        _(
            "Its inputs: a chance of %(chance)s a year for an issue of risk 100, %(hours)s hours of standstill, %(fixed)s %(currency)s besides, "
            "a penalty of %(penalty)s %(currency)s for each overdue issue and day."
        )
        % {
            "chance": f"{inputs.chance:g}", "hours": f"{inputs.hours:g}", "fixed": f"{inputs.fixed:,.0f}", "currency": currency,
            "penalty": f"{inputs.penalty:,.0f}",
        },
        _("Incidents of a year by the model: %(expected)s %(currency)s. One breach is said to cost %(published)s (%(source)s).")
        % {
            "expected": f"{one.breach.expected:,.0f}", "currency": currency, "published": f"{one.breach.published:,.0f}",
            "source": _cut(one.breach.source),
        },
    ]  # fmt: skip
    if one.delay.guessed:
        found.append(_("%(number)s applications tell no revenue.") % {"number": f"{one.delay.guessed:,}"})
    return found
