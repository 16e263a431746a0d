"""The numbers of the week, on Mondays, to those who asked for them: of what they may see, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from msgspec import structs

from seamark.core.errors import InvalidQuery
from seamark.insight.metrics.scope import recorded, scope
from seamark.pipeline.metrics.packs import weekly
from seamark.pipeline.notices.subscriptions import reader_of, zone_of
from seamark.pipeline.notices.words import address
from seamark.pipeline.outbox.passes import claim_pass, finish_pass
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.response.actions.contract import Message
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

    A person or a team gets one a week, at the first subscription that asks for it. A server that was off on Monday sends it later.
    """
    rows = Subscription.objects.filter(active=True, weekly=True, connection__active=True, author__is_active=True)
    sent = 0
    served: set[tuple[int | None, int | None]] = set()
    for row in rows.select_related("user", "author", "group", "connection").order_by("pk"):
        whose = (row.user_id, row.group_id)
        if whose not in served:
            served.add(whose)
            sent += _sent(row, now)
    return sent


def _sent(row: Subscription, now: datetime) -> int:
    local = now.astimezone(zone_of(row))
    monday = (local - timedelta(days=local.weekday())).replace(hour=row.hour, minute=0, second=0, microsecond=0)
    key = key_of("weekly", row.user_id, row.group_id, monday.date())
    if local < monday or row.created_at >= monday or OutboxAct.objects.filter(key=key).exists():
        return 0
    message = _message(row, now)
    if message is None:
        return 0
    put_message(row.connection, message, key, about="the numbers of the week")
    return 1


def _message(row: Subscription, now: datetime) -> Message | None:
    """Return the message; None where nothing is recorded, or nothing can be seen any more."""
    if recorded() is None:
        return None
    try:
        asked = scope(reader_of(row), now)
    except InvalidQuery:
        return None
    if row.applications:
        asked = structs.replace(asked, applications=[one for one in asked.applications if one.pk in row.applications])
    if not asked.applications:
        return None
    subject, text = weekly(asked)
    return Message(title=subject, text=text, to=row.to, url=address("/analytics/"))
