"""What comes by itself to those who asked for it: the week's numbers on Mondays, the quarter's pack, a day's changes in PCI DSS.

All of it tells of what they may see, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from msgspec import structs

from seamark.core.errors import InvalidQuery
from seamark.insight.metrics.scope import Scope, recorded, scope
from seamark.pipeline.metrics import morning
from seamark.pipeline.metrics.packs import kept_packs, last_quarter, quarterly, weekly
from seamark.pipeline.notices.subscriptions import first_of_each, reader_of, zone_of
from seamark.pipeline.notices.words import address
from seamark.pipeline.outbox.passes import claim_pass, finish_pass
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.response.actions.contract import Message
from seamark.store.access import everything
from seamark.store.models import OutboxAct, Subscription

EVERY: Final = timedelta(minutes=10)
NAME: Final = "weekly"


def work_once(now: datetime | None = None) -> bool:
    """Write the messages whose hour has come, where it is time to look. Any number of workers may ask."""
    moment = now or timezone.now()
    if not claim_pass(NAME, EVERY, moment):
        return False
    try:
        send_due(moment)
    finally:
        finish_pass(NAME)
    return True


def send_due(now: datetime) -> int:
    """Write what is due and was not written yet; return how many messages that were.

    A person or a team gets one a week, a quarter or a day, at the first subscription that asks for it. A server that was off when its hour
    came sends it later.
    """
    sent = sum(_weekly(row, now) for row in first_of_each(Q(weekly=True)))
    sent += sum(_quarterly(row, now) for row in first_of_each(Q(quarterly=True)))
    morning.keep_due(now)
    return sent + sum(_daily(row, now) for row in first_of_each(morning.WANTED))


def _weekly(row: Subscription, now: datetime) -> int:
    today = _today(row, now)
    monday = today - timedelta(days=today.weekday())
    return _sent(row, now, monday, ("weekly", monday.date()), "the numbers of the week", lambda: _week(row, now))


def _quarterly(row: Subscription, now: datetime) -> int:
    first = _today(row, now)
    first = first.replace(month=(first.month - 1) // 3 * 3 + 1, day=1)
    name = last_quarter(first)
    return _sent(row, now, first, ("quarterly", name), "the pack of the quarter", lambda: _quarter(row, now, name))


def _daily(row: Subscription, now: datetime) -> int:
    today = _today(row, now)
    day = today.astimezone(UTC).date() - timedelta(days=1)
    return _sent(row, now, today, ("daily delta", day), "the changes of a day", lambda: morning.message(row, day))


def _today(row: Subscription, now: datetime) -> datetime:
    """Return the subscription's hour of today, in its time zone."""
    return now.astimezone(zone_of(row)).replace(hour=row.hour, minute=0, second=0, microsecond=0)


def _sent(
    row: Subscription, now: datetime, due: datetime, which: tuple[str, object], about: str, make: Callable[[], Message | None]
) -> int:  # fmt: skip
    """Write a message that is due, once; `which` tells it from others to the same person or team."""
    key = key_of(which[0], row.user_id, row.group_id, which[1])
    if now < due or row.created_at >= due or OutboxAct.objects.filter(key=key).exists():
        return 0
    message = make()
    if message is None:
        return 0
    put_message(row.connection, message, key, about=about)
    return 1


def _week(row: Subscription, now: datetime) -> Message | None:
    """Return the numbers of the week; None where nothing is recorded, or nothing can be seen any more."""
    asked = _asked(row, now) if recorded() is not None else None
    if asked is None:
        return None
    subject, text = weekly(asked)
    return Message(title=subject, text=text, to=row.to, url=address("/analytics/"))


def _quarter(row: Subscription, now: datetime, name: str) -> Message | None:
    """Return where the pack of a quarter is; None where it is not made yet, or nothing can be seen any more."""
    if not kept_packs(everything(), name):
        return None
    asked = _asked(row, now, name)
    if asked is None:
        return None
    subject, text = quarterly(asked)
    return Message(title=subject, text=text, to=row.to, url=address(f"/analytics/?period={name}#packs"))


def _asked(row: Subscription, now: datetime, span: str = "90") -> Scope | None:
    """Return what a subscription is about; None where nothing can be seen any more."""
    try:
        asked = scope(reader_of(row), now, span=span)
    except InvalidQuery:
        return None
    if row.applications:
        asked = structs.replace(asked, applications=[one for one in asked.applications if one.pk in row.applications])
    return asked if asked.applications else None
