"""Telling at once what is urgent: bundled by fix, held back in quiet hours, a few messages an hour at most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Max, QuerySet

from seamark.pipeline.notices import words
from seamark.pipeline.notices.kinds import NOT_WAITING, PERSONAL
from seamark.pipeline.notices.subscriptions import LATE, TEAMS, reader_of, stand_in, zone_of
from seamark.pipeline.outbox.connections import manages
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.store.access import Visible
from seamark.store.models import Issue, News, Subscription, Waiting

MOST_AN_HOUR: Final = 6
APART: Final = 3
"""Fixes that get a message of their own in one pass; more are told in one."""
_PIECE: Final = 500


def tell(now: datetime) -> int:
    """Tell every subscription what it has not heard; return how many messages were written."""
    stand_in(now)
    rows = Subscription.objects.filter(active=True, connection__active=True, author__is_active=True)
    return sum(_told(row, now) for row in rows.select_related("user", "author", "group", "connection").order_by("pk"))


@transaction.atomic
def _told(row: Subscription, now: datetime) -> int:
    fresh = _fresh(row)
    due = row.waiting.filter(due_at__lte=now)
    waited = list(News.objects.filter(pk__in=due.values("news")).select_related("issue__fix").order_by("pk"))
    late = [one for one in waited if _still(one)]
    _hold(row, [one for one in waited if one not in late], None)
    sent = 0
    if fresh or late:
        until = _quiet_until(row, now)
        held = [one for one in (*fresh, *late) if until is not None and one.kind not in NOT_WAITING]
        told = [one for one in (*fresh, *late) if one not in held]
        _hold(row, held, until)
        sent = _messages(row, told, now)
    _settle(row, now)
    return sent


def _fresh(row: Subscription) -> list[News]:
    """Return the news that a subscription is to hear and has not heard, as far as its reader sees it."""
    if (
        row.group is not None
        and not row.group.members.filter(pk=row.author_id).exists()
        and not reader_of(row).may(TEAMS)
    ):
        return []
    seen = reader_of(row)
    rows = News.objects.filter(pk__gt=row.cursor, kind__in=row.kinds, at__gte=row.created_at)
    rows = rows.exclude(pk__in=row.waiting.values("news"))
    if row.user_id is not None:
        rows = rows.filter(person=None) | rows.filter(person=row.user_id)
    else:
        rows = rows.filter(person=None).exclude(kind__in=PERSONAL)
    found = _visible(rows, seen, row)
    return [one for one in found if one.details.get("group") in {None, row.group_id} and _still(one)]


def _visible(rows: QuerySet[News], seen: Visible, row: Subscription) -> list[News]:
    mine = rows.filter(application__in=seen.applications().values("pk"))
    if row.applications:
        mine = mine.filter(application__in=row.applications)
    if manages(seen):
        mine = mine | rows.filter(kind="alarm")
    found = mine.select_related("issue__fix").order_by("pk")
    # A connection that takes nothing is not told so through itself.
    return [one for one in found if one.details.get("connection") != row.connection_id]


def _still(one: News) -> bool:
    """Tell whether news about an issue is still any: what was fixed meanwhile is told to nobody."""
    return one.issue is None or one.issue.open or one.kind in PERSONAL


def _quiet_until(row: Subscription, now: datetime) -> datetime | None:
    """Return the end of the quiet hours that it is in, None where it is in none."""
    if row.quiet_from is None or row.quiet_to is None or row.quiet_from == row.quiet_to:
        return None
    local = now.astimezone(zone_of(row))
    inside = (
        row.quiet_from <= local.hour < row.quiet_to
        if row.quiet_from < row.quiet_to
        else local.hour >= row.quiet_from or local.hour < row.quiet_to
    )
    if not inside:
        return None
    end = local.replace(hour=row.quiet_to, minute=0, second=0, microsecond=0)
    return (end if end > local else end + timedelta(days=1)).astimezone(now.tzinfo)


def _hold(row: Subscription, news: Sequence[News], until: datetime | None) -> None:
    Waiting.objects.bulk_create(
        [Waiting(subscription=row, news=one, due_at=until) for one in news], batch_size=_PIECE, update_conflicts=True,
        unique_fields=["subscription", "news"], update_fields=["due_at"],
    )  # fmt: skip


def _messages(row: Subscription, news: list[News], now: datetime) -> int:
    """Write messages, one for each fix or one for all, and hold back what is too much for this hour."""
    if not news:
        return 0
    if row.hour_from is None or now - row.hour_from >= timedelta(hours=1):
        row.hour_from, row.hour_sent = now, 0
    room = MOST_AN_HOUR - row.hour_sent
    if room <= 0:
        _hold(row, news, row.hour_from + timedelta(hours=1))
        return 0
    bundles = _bundles(news)
    if len(bundles) > min(APART, room):
        bundles = [news]
    for bundle in bundles:
        message = words.urgent(bundle, to=row.to, personal=row.user_id is not None)
        application = bundle[0].application if len({one.application_id for one in bundle}) == 1 else None
        key = key_of("news", row.connection_id, row.to, row.user_id, row.group_id, *(one.key for one in bundle))
        put_message(row.connection, message, key, about="tells news", application=application)
    row.hour_sent += len(bundles)
    row.save(update_fields=["hour_from", "hour_sent"])
    _hold(row, news, None)
    return len(bundles)


def _bundles(news: Sequence[News]) -> list[list[News]]:
    """Return news by what one change settles: the flaws of one base image are one message, in whatever applications it is."""
    found: dict[tuple[object, ...], list[News]] = defaultdict(list)
    for one in news:
        issue: Issue | None = one.issue
        place = words.change_of(issue) if issue is not None else _alone(one)
        found[(*place, one.kind == "mention")].append(one)
    return list(found.values())


def _alone(one: News) -> tuple[object, ...]:
    """Return what names news about no issue: a ticket that several applications share was deleted once."""
    return ("ticket", one.details.get("reference")) if one.kind == "ticket" else ("news", one.pk)


def _settle(row: Subscription, now: datetime) -> None:
    """Move the cursor over news that is old enough that none beside it can still turn up."""
    settled = News.objects.filter(at__lte=now - LATE, pk__gt=row.cursor).aggregate(newest=Max("pk"))["newest"]
    if settled is not None and not News.objects.filter(pk__lte=settled, pk__gt=row.cursor, at__gt=now - LATE).exists():
        row.cursor = settled
        row.save(update_fields=["cursor"])
    row.waiting.filter(due_at=None, news__lte=row.cursor).delete()
