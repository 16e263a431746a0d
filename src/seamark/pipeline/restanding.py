"""Scores anew the issues that stand elsewhere than they did: after a survey, a look at what runs, a change of context or controls."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.stored import Stored
from seamark.analysis.graph.walk import MOST, reach
from seamark.analysis.risk import Facts
from seamark.analysis.risk.facts import decode
from seamark.pipeline.scoring import rescore
from seamark.pipeline.standing import Standing, Standings
from seamark.store.graph import Edges
from seamark.store.models import Application, Asset, Issue
from seamark.store.models.issues import State

_PIECE: Final = 5_000
_COLUMNS: Final = ("id", "application_id", "asset_id", "place", "cwe", "facts")


def concerned(assets: Collection[int]) -> set[int]:
    """Return the applications whose issues may stand elsewhere once these assets or their relations changed: their own, and those of what leads there."""
    if not assets or not Issue.objects.filter(state__lte=State.IN_PROGRESS).exists():
        return set()
    found = reach(Stored(Edges()), assets, Lens.ORIGIN, most=max(MOST, 2 * len(assets)))
    numbers = found.nodes.tolist()
    applications: set[int] = set()
    for at in range(0, len(numbers), _PIECE):
        own = Asset.objects.filter(pk__in=numbers[at : at + _PIECE], application__isnull=False)
        applications.update(own.order_by().values_list("application", flat=True).distinct())
    return applications


def restand(applications: Iterable[int]) -> int:
    """Score the issues of applications anew whose standing is another one than their facts say; return how many there were."""
    rows = {row.pk: row for row in Application.objects.filter(pk__in=set(applications))}
    standings, moved = Standings(), list[int]()
    last = 0
    while rows:
        theirs = Issue.objects.filter(state__lte=State.IN_PROGRESS, application__in=rows, id__gt=last)
        issues = list(theirs.order_by("id").values_list(*_COLUMNS)[:_PIECE])
        if not issues:
            break
        last = issues[-1][0]
        standings.prepare((rows[application], asset) for _, application, asset, *_ in issues)
        moved += [row[0] for row in issues if _stands_elsewhere(standings, *row[1:])]
    rescore(moved)
    return len(moved)


def _stands_elsewhere(
    standings: Standings, application: int, asset: int, place: str, cwe: int | None, facts: Any
) -> bool:
    known = decode(facts)
    now = standings.of(application, asset, place)
    return _stood(known) != now or known.controls != standings.controls(application, asset, place, cwe or 0)


def _stood(facts: Facts) -> Standing:
    """Return where an issue stood when its facts were put together."""
    origins = tuple(pair for pair in facts.origins if pair[0] != "reach")
    return Standing(**{name: getattr(facts, name) for name in Standing._fields if name != "origins"}, origins=origins)


def restand_around(assets: Collection[int]) -> int:
    """Score anew what stands elsewhere once these assets changed."""
    return restand(concerned(assets))
