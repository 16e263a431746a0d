"""What a risk profile would move before it is applied, as far as somebody may see it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from seamark.analysis.risk import Facts, Profile, score
from seamark.analysis.risk.facts import decode
from seamark.analysis.risk.preview import Move, Preview, preview
from seamark.pipeline.profiles import holding, weights_of, would_hold
from seamark.store.access import Visible
from seamark.store.models import Application, BusinessUnit, Event, Issue

_KEPT_FOR = 60.0
_MOST_KEPT = 4


class Group(NamedTuple):
    """Issues with equal facts and an equal score."""

    facts: str
    risk: int
    priority: int
    size: int
    first: int
    """The lowest of their numbers: it stands for them."""
    dated: int
    """Those with a due date."""
    overdue: int
    """Those whose due date is over."""


class Shift(NamedTuple):
    """How far an issue moves, with those that move alike."""

    issue: Issue
    alike: int
    """Issues with the same facts, beside it."""
    move: Move


class Deadlines(NamedTuple):
    """What a profile means for due dates. They stay as they are: whoever sets them by priority will set others."""

    dated: int
    """Issues that change their priority and have a due date."""
    overdue: int
    """Those of them that are overdue."""
    undated: int
    """Issues that become P0 or P1 and have none."""


class Outlook(NamedTuple):
    """What a profile would move, of what somebody may see."""

    preview: Preview
    shifts: list[Shift]
    enter: int
    """Issues that become P0 or P1."""
    leave: int
    """Issues that are P0 or P1 no longer."""
    deadlines: Deadlines

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        told = self.preview
        return {
            "issues": told.issues,
            "moved": told.moved,
            "raised": told.raised,
            "lowered": told.lowered,
            "before": {f"P{number}": count for number, count in enumerate(told.before)},
            "after": {f"P{number}": count for number, count in enumerate(told.after)},
            "enter_urgent": self.enter,
            "leave_urgent": self.leave,
            "deadlines": self.deadlines._asdict(),
            "moves": [
                {
                    "reference": one.issue.reference,
                    "title": one.issue.title,
                    "application": one.issue.application.name,
                    "alike": one.alike,
                    "before": one.move.before / 10,
                    "after": one.move.after / 10,
                    "priority_before": f"P{one.move.priority_before}",
                    "priority_after": f"P{one.move.priority_after}",
                }
                for one in self.shifts
            ],
        }


def outlook(seen: Visible, profile: Profile, unit: BusinessUnit | None = None) -> Outlook:
    """Return what would move if a profile held in a unit, or for everything: open issues that the person may see.

    Issues are grouped by the database at first; the groups are kept for a minute, so that asking again takes only the scoring.
    """
    before = weights_of(holding(unit))
    groups, facts = _kept_groups(seen, unit)
    told = preview([(one, group.size) for one, group in zip(facts, groups, strict=True)], before, profile)
    after = _priorities(facts, profile)
    dated = overdue = undated = 0
    for group, was, now in zip(groups, _priorities(facts, before), after, strict=True):
        if was != now:
            dated += group.dated
            overdue += group.overdue
            undated += group.size - group.dated if now < 2 <= was else 0
    urgent = range(2)
    flows = told.flows
    return Outlook(
        told, _shifts(seen, groups, told),
        enter=sum(flows[was][now] for was in range(2, 5) for now in urgent),
        leave=sum(flows[was][now] for was in urgent for now in range(2, 5)),
        deadlines=Deadlines(dated, overdue, undated),
    )  # fmt: skip


def _priorities(facts: Sequence[Facts], profile: Profile) -> list[int]:
    return [profile.priority(tenths) for tenths in score(facts, profile).tolist()]


def _shifts(seen: Visible, groups: Sequence[Group], told: Preview) -> list[Shift]:
    """Return the issues that stand for the groups which move farthest."""
    numbers = [groups[move.group].first for move in told.moves]
    rows = seen.issues().select_related("application").in_bulk(numbers)
    return [
        Shift(rows[number], move.count - 1, move)
        for number, move in zip(numbers, told.moves, strict=True)
        if number in rows
    ]


_groups_kept: OrderedDict[tuple[Any, ...], tuple[float, list[Group], list[Facts]]] = OrderedDict()
_keeping = Lock()


def _kept_groups(seen: Visible, unit: BusinessUnit | None) -> tuple[list[Group], list[Facts]]:
    # Whatever moves an issue's score leaves an event, and a new issue a number.
    newest = (
        Event.objects.aggregate(newest=Max("id"))["newest"],
        Issue.objects.aggregate(newest=Max("id"))["newest"],
    )
    where = unit.pk if unit is not None else None
    key = (connection.settings_dict["NAME"], seen.actor.pk, type(seen), where, *newest)
    with _keeping:
        kept = _groups_kept.get(key)
        if kept is not None and monotonic() - kept[0] < _KEPT_FOR:
            _groups_kept.move_to_end(key)
            return kept[1], kept[2]
    mine = set(seen.applications().values_list("id", flat=True))
    found = groups_of([number for number in would_hold(unit) if number in mine], only_open=True)
    facts = [decode(group.facts) for group in found]
    with _keeping:
        _groups_kept[key] = (monotonic(), found, facts)
        while len(_groups_kept) > _MOST_KEPT:
            _groups_kept.popitem(last=False)
    return found, facts


def forget() -> None:
    """Forget the groups that are kept for a minute."""
    with _keeping:
        _groups_kept.clear()


def groups_of(applications: Iterable[int], *, only_open: bool = False) -> list[Group]:
    """Return the issues of applications by facts and score: one pass over the table."""
    parts = [part for part in (within(applications), "open" if only_open else "") if part]
    where = f"WHERE {' AND '.join(parts)}" if parts else ""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return _counted(cursor, where)
        # Some ten thousand groups, which would be sorted on the disk otherwise.
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute(
            "SELECT facts::text, risk, priority, n, first, dated, overdue FROM (SELECT facts, risk, priority, count(*) AS n, "  # noqa: S608
            "min(id) AS first, count(due) AS dated, count(*) FILTER (WHERE due < %s) AS overdue "
            f"FROM store_issue {where} GROUP BY facts, risk, priority) AS grouped",
            [timezone.now().date()],
        )
        return [Group(*row) for row in cursor.fetchall()]


def _counted(cursor: Any, where: str) -> list[Group]:
    """Count on this side of SQLite, which would sort all the texts to group them, and takes twice as long."""
    today = timezone.now().date().isoformat()
    found: dict[tuple[str, int, int], list[int]] = {}
    cursor.execute(f"SELECT facts, risk, priority, id, due || '' FROM store_issue {where} ORDER BY id")  # noqa: S608
    for facts, risk, priority, number, due in cursor:
        group = found.get((facts, risk, priority))
        if group is None:
            group = found[facts, risk, priority] = [0, number, 0, 0]
        group[0] += 1
        if due is not None:
            group[2] += 1
            group[3] += due < today
    return [Group(*key, *group) for key, group in found.items()]


def within(applications: Iterable[int]) -> str:
    """Return the SQL condition that an issue is of one of these applications; empty where those are all."""
    numbers = sorted(applications)
    if len(numbers) == Application.objects.count():
        return ""
    return f"application_id IN ({', '.join(map(str, numbers)) or 'NULL'})"
