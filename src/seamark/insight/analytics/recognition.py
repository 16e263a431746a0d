"""Recognition of teams for what they mended: shares, never sizes, and never how much was found.

A team is an owner of issues that is no person. Three things count: what share of its risk a team has fixed, what share of its
agreements it kept, how soon it looks at what is new. Teams of which little is known are not listed, nor is a list of few teams: both
would speak of single people. Who opted out is left out, and so is what is theirs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils import timezone
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.store.access import Visible
from seamark.store.models import Event, Group, Issue, IssueClock, RecognitionChoice, User
from seamark.store.models.issues import State
from seamark.store.permissions import Permission

LEAST_ISSUES: Final = 5
"""Issues behind a share; below, it would speak of single pieces of work."""
LEAST_TEAMS: Final = 3
MOST_TEAMS: Final = 10
"""Who is recognised: a list has no bottom."""
MOST_ISSUES: Final = 50_000
"""Issues whose first look is looked up, the newest ones."""
_LOOKS: Final = ("state", "assigned", "comment")
"""Kinds of events that say that a person has looked."""


class Place(Struct, frozen=True, kw_only=True):
    """A team in a list: the share or the hours, and how many issues are behind it."""

    team: str
    rank: int
    """1 for the first; teams that are level share a rank."""
    value: float
    """A share, 0.0 to 1.0; for triage the median of hours."""
    issues: int


class Recognition(Struct, frozen=True, kw_only=True):
    """Three lists, each empty where too few teams could be listed."""

    since: datetime
    fixed: tuple[Place, ...]
    """Share of the risk that a team fixed of what it fixed and what is open."""
    kept: tuple[Place, ...]
    """Share of agreements kept, of all whose time is over; late and open counts as missed."""
    triage: tuple[Place, ...]
    """Median hours until a person looked; what nobody has looked at counts as never."""


def recognised(seen: Visible, now: datetime, days: int = 90) -> Recognition:
    """Return who is recognised among the issues that a person may see, for the last days."""
    since = now - timedelta(days=days)
    rows = _countable(seen)
    return Recognition(
        since=since, fixed=_placed(_fixed(rows, since)), kept=_placed(_kept(rows, now, since)),
        triage=_placed(_triage(rows, since), least_first=True),
    )  # fmt: skip


def _countable(seen: Visible) -> QuerySet[Issue]:
    """Return the issues that teams own, without those of people and teams that opted out."""
    out = RecognitionChoice.objects
    rows = seen.issues().filter(merged_into=None).exclude(owner="").exclude(owner__contains="@")
    rows = rows.exclude(owner__in=out.filter(team__isnull=False).values("team"))
    gone = list(out.filter(person__isnull=False).values_list("person", flat=True))
    return rows.exclude(assignee__in=gone) if gone else rows


def _fixed(rows: QuerySet[Issue], since: datetime) -> dict[str, tuple[float, int]]:
    mended = Q(state=State.RESOLVED, resolution__in=("fixed", "verified"), resolved_at__gte=since)
    told = (
        rows.filter(mended | Q(open=True))
        .order_by()
        .values_list("owner")
        .annotate(gone=Sum("risk", filter=mended, default=0), all=Sum("risk", default=0), number=Count("pk"))
    )
    return {owner: (gone / every, number) for owner, gone, every, number in told if every}


def _kept(rows: QuerySet[Issue], now: datetime, since: datetime) -> dict[str, tuple[float, int]]:
    late = Q(ended_at=None, stopped_since=None, due_at__lt=now)
    ended = Q(ended_at__gte=since, kept__isnull=False)
    told = (
        IssueClock.objects.filter(late | ended, issue__in=rows.values("pk"))
        .order_by()
        .values_list("issue__owner")
        .annotate(good=Count("pk", filter=Q(kept=True) & ended), number=Count("pk"))
    )
    return {owner: (good / number, number) for owner, good, number in told}


def _triage(rows: QuerySet[Issue], since: datetime) -> dict[str, tuple[float, int]]:
    fresh = list(
        rows.filter(opened_at__gte=since).order_by("-pk").values_list("pk", "owner", "opened_at")[:MOST_ISSUES]
    )
    looked = _first_looks([number for number, *_ in fresh])
    hours: dict[str, list[float]] = defaultdict(list)
    for number, owner, opened in fresh:
        at = looked.get(number)
        hours[owner].append(max((at - opened).total_seconds(), 0.0) / 3600 if at is not None else float("inf"))
    medians = {owner: (_median(each), len(each)) for owner, each in hours.items()}
    return {owner: told for owner, told in medians.items() if told[0] != float("inf")}


def _first_looks(numbers: list[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for at in range(0, len(numbers), 5000):
        events = Event.objects.filter(issue__in=numbers[at : at + 5000], kind__in=_LOOKS, actor__isnull=False)
        found.update(events.order_by().values_list("issue").annotate(first=Min("at")))
    return found


def _median(values: Iterable[float]) -> float:
    listed = sorted(values)
    return (
        listed[(len(listed) - 1) // 2]
        if len(listed) % 2
        else (listed[len(listed) // 2 - 1] + listed[len(listed) // 2]) / 2
    )


def _placed(told: dict[str, tuple[float, int]], *, least_first: bool = False) -> tuple[Place, ...]:
    """Return the first teams in order; none where few are left once small ones are taken out."""
    large = [(owner, value, number) for owner, (value, number) in told.items() if number >= LEAST_ISSUES]
    if len(large) < LEAST_TEAMS:
        return ()
    large.sort(key=lambda one: (one[1] if least_first else -one[1], one[0].casefold()))
    values = [value for _, value, _ in large]
    return tuple(
        Place(team=owner, rank=values.index(value) + 1, value=value, issues=number)
        for owner, value, number in large[:MOST_TEAMS]
    )


def opted_out(person: User) -> bool:
    """Tell whether somebody's work is left out."""
    return RecognitionChoice.objects.filter(person=person).exists()


def teams_of(seen: Visible) -> list[str]:
    """Return the teams for which a person may choose: those whose group they are in; all that opted out for whoever manages people."""
    if not isinstance(seen.actor, User) or not seen.actor.is_active:
        return []
    own = set(Group.objects.filter(members=seen.actor).values_list("name", flat=True))
    if seen.may(Permission.USER_MANAGE):
        own |= out_teams()
    return sorted(own)


def out_teams() -> frozenset[str]:
    """Return the teams that opted out."""
    rows = RecognitionChoice.objects.filter(team__isnull=False).values_list("team", flat=True)
    return frozenset(team for team in rows if team is not None)


def choose(person: User, *, out: bool) -> None:
    """Leave somebody's own work out of all lists, or take it in again. Nobody chooses for another person."""
    if out:
        RecognitionChoice.objects.get_or_create(person=person, defaults={"by": person, "at": timezone.now()})
    else:
        RecognitionChoice.objects.filter(person=person).delete()


def choose_team(seen: Visible, person: User, team: str, *, out: bool) -> None:
    """Leave a team out, or take it in again: by somebody of its group, or who manages people. Raises `NotAllowed`."""
    if team not in teams_of(seen) and not seen.may(Permission.USER_MANAGE):
        raise NotAllowed("Only who is in the group of that name, or manages people, chooses for a team")
    if not team or len(team) > 300:
        raise NotAllowed("Name a team")
    if out:
        RecognitionChoice.objects.get_or_create(team=team, defaults={"by": person, "at": timezone.now()})
    else:
        RecognitionChoice.objects.filter(team=team).delete()
