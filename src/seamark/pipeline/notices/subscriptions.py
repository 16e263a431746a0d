"""Who hears what, where and when."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.pipeline.notices.kinds import KINDS, PERSONAL
from seamark.response.actions.contract import Role
from seamark.store.access import Visible, visible_to
from seamark.store.models import Application, ChannelConnection, Group, News, Subscription, User
from seamark.store.permissions import Permission, needed

MOST: Final = 20
"""Subscriptions of one person or team."""
TEAMS: Final = Permission.USER_MANAGE
"""The right to subscribe a team whose member one is not."""


MAIL: Final = "email"
"""The channel that people hear by who have not said how."""
LATE: Final = timedelta(minutes=10)
"""How long news written beside others may take to turn up."""


def of(person: User) -> QuerySet[Subscription]:
    """Return a person's subscriptions, and those of the teams that the person may subscribe."""
    rows = Subscription.objects.select_related("connection", "group", "user", "author")
    return rows.filter(Q(user=person) | Q(group__in=teams_of(person).values("pk")))


def teams_of(person: User) -> QuerySet[Group]:
    """Return the teams that somebody may subscribe: their own, or all by right."""
    if visible_to(person).may(TEAMS):
        return Group.objects.order_by("name")
    return Group.objects.filter(members=person).order_by("name")


def stand_in(now: datetime) -> int:
    """Subscribe those by mail who have news of their own and have never said how they want to hear of it; return how many."""
    mail = ChannelConnection.objects.filter(channel=MAIL, role=Role.MESSAGE.value, active=True).order_by("pk").first()
    if mail is None:
        return 0
    said = Subscription.objects.filter(user=OuterRef("person"))
    news = News.objects.filter(~Exists(said), kind__in=PERSONAL, at__gte=now - LATE, person__is_active=True)
    people = list(User.objects.filter(pk__in=news.values("person"), is_service=False).exclude(email=""))
    made = [
        Subscription(user=one, author=one, connection=mail, to=one.email, kinds=sorted(PERSONAL), digest=False, digest_until=now)
        for one in people
    ]  # fmt: skip
    Subscription.objects.bulk_create(made, batch_size=500, ignore_conflicts=True)
    for at in range(0, len(people), 500):
        Subscription.objects.filter(user__in=people[at : at + 500], connection=mail).update(created_at=now - LATE)
    return len(made)


@transaction.atomic
def add(
    actor: User, connection: ChannelConnection, *, group: Group | None = None, to: str = "", kinds: Collection[str] | None = None,
    applications: Collection[Application] = (), digest: bool = True, weekly: bool = False, quarterly: bool = False,
    daily_delta: bool = False, hour: int = 8, zone: str = "", quiet: tuple[int, int] | None = None,
) -> Subscription:  # fmt: skip
    """Subscribe oneself, or a team. It hears of what happens from now on, as far as `actor` sees it. Raises `NotAllowed`."""
    _check_actor(actor, group)
    if connection.role != Role.MESSAGE.value or not connection.active:
        raise NotAllowed(f"{connection.name} takes no messages")
    mine = Subscription.objects.filter(group=group) if group is not None else Subscription.objects.filter(user=actor)
    if mine.count() >= MOST:
        raise NotAllowed(f"At most {MOST} subscriptions")
    wanted, seen = _kinds(KINDS if kinds is None else kinds, group), _seen(actor, applications)
    _check_times(hour, zone, quiet)
    now = timezone.now()
    try:
        with transaction.atomic():
            return Subscription.objects.create(
                user=None if group is not None else actor, group=group, author=actor, connection=connection, to=_address(actor, group, connection, to),
                kinds=wanted, applications=seen, digest=digest, weekly=weekly, quarterly=quarterly, daily_delta=daily_delta, hour=hour, zone=zone,
                quiet_from=quiet[0] if quiet else None, quiet_to=quiet[1] if quiet else None, cursor=News.objects.aggregate(newest=Max("pk"))["newest"] or 0, digest_until=now,
            )  # fmt: skip
    except IntegrityError:
        raise NotAllowed("There is a subscription for this place already: change that one") from None


@transaction.atomic
def change(actor: User, row: Subscription, **wanted: Any) -> None:
    """Change `kinds`, `applications`, `digest`, `weekly`, `quarterly`, `daily_delta`, `hour`, `zone`, `quiet` (a pair or None) or `active`.

    Raises `NotAllowed`.
    """
    _check_actor(actor, row.group, row)
    quiet = wanted.pop("quiet", (row.quiet_from, row.quiet_to) if row.quiet_from is not None else None)
    if "kinds" in wanted:
        wanted["kinds"] = _kinds(wanted["kinds"], row.group)
    if "applications" in wanted:
        wanted["applications"] = _seen(actor, wanted["applications"])
    for name, value in wanted.items():
        setattr(row, name, value)
    _check_times(row.hour, row.zone, quiet)
    row.quiet_from, row.quiet_to = quiet or (None, None)
    row.save()


def remove(actor: User, row: Subscription) -> None:
    """End a subscription. One's mail is switched off instead: without any word, it would come by itself. Raises `NotAllowed`."""
    _check_actor(actor, row.group, row)
    if row.user_id is not None and row.connection.channel == MAIL:
        Subscription.objects.filter(pk=row.pk).update(active=False)
    else:
        row.delete()


def first_of_each(wanted: Q) -> Iterator[Subscription]:
    """Yield the first subscription that is at work and wanted of each person and each team, with what it points at."""
    rows = Subscription.objects.filter(wanted, active=True, connection__active=True, author__is_active=True)
    served: set[tuple[int | None, int | None]] = set()
    for row in rows.select_related("user", "author", "group", "connection").order_by("pk"):
        whose = (row.user_id, row.group_id)
        if whose not in served:
            served.add(whose)
            yield row


def slugs_of(row: Subscription) -> list[str]:
    """Return the only applications of a subscription, by their names in addresses; none for all."""
    if not row.applications:
        return []
    return list(Application.objects.filter(pk__in=row.applications).order_by("slug").values_list("slug", flat=True))


def reader_of(row: Subscription) -> Visible:
    """Return what a subscription may tell: what its person sees, for a team's what its author sees as long as that is a member."""
    return visible_to(row.user if row.user is not None else row.author)


def zone_of(row: Subscription) -> ZoneInfo:
    """Return the time zone of a subscription; UTC where its name is none any more."""
    name = row.zone or (row.user.time_zone if row.user is not None else "") or "UTC"
    return ZoneInfo(name if name in available_timezones() else "UTC")


def _check_actor(actor: User, group: Group | None, row: Subscription | None = None) -> None:
    if actor.is_service or not actor.is_active:
        raise NotAllowed("Messages go to people and teams, not to service accounts")
    if row is not None and row.user_id is not None and row.user_id != actor.pk:
        raise NotAllowed("This is somebody else's subscription")
    if group is not None and not group.members.filter(pk=actor.pk).exists() and not visible_to(actor).may(TEAMS):
        raise NotAllowed(needed(TEAMS))


def _kinds(wanted: Collection[str], group: Group | None) -> list[str]:
    if unknown := set(wanted) - set(KINDS):
        raise NotAllowed(f"There is no kind {min(unknown)!r}; there are {', '.join(KINDS)}")
    return sorted(set(wanted) - (PERSONAL if group is not None else frozenset()))


def _seen(actor: User, applications: Collection[Application]) -> list[int]:
    wanted = {one.pk for one in applications}
    seen = sorted(visible_to(actor).applications().filter(pk__in=wanted).values_list("pk", flat=True))
    if len(seen) < len(wanted):
        raise NotAllowed("Choose applications that you may see")
    return seen


def _address(actor: User, group: Group | None, connection: ChannelConnection, to: str) -> str:
    """Return where messages go. A person's mail goes to the person's own address: nobody has others mailed."""
    to = to.strip()
    if len(to) > 300 or not to.isprintable():
        raise NotAllowed("An address has at most 300 characters")
    if connection.channel == "email" and group is None:
        if not actor.email:
            raise NotAllowed("Your account has no mail address")
        if to and to.lower() != actor.email.lower():
            raise NotAllowed("Your mail goes to the address of your account")
        return actor.email
    return to


def _check_times(hour: int, zone: str, quiet: tuple[int, int] | None) -> None:
    if not all(0 <= one <= 23 for one in (hour, *(quiet or ()))):
        raise NotAllowed("Hours go from 0 to 23")
    if zone and zone not in available_timezones():
        raise NotAllowed(f"There is no time zone {zone!r}; write one such as Europe/Berlin")
