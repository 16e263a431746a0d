"""Telling addresses what happens. Messages are made from what was written down anyway, so that none is lost and nobody waits for one.

Rows that are written side by side become visible out of order: what is younger than `OVERLAP` is looked through again, and a message is
made once. A message is sent until it is taken; a receiver that fails gets its other messages later too.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.utils import timezone

from seamark.core.errors import InvalidSetting, NotAllowed, RemoteFailure
from seamark.intake.connectors import guard
from seamark.pipeline.hearing import KINDS, SOURCES, Source
from seamark.pipeline.outbox import lease
from seamark.response.webhooks import signature
from seamark.response.webhooks.send import Sent, send
from seamark.store import secretbox
from seamark.store.access import visible_to
from seamark.store.models import Application, User, Webhook, WebhookMessage
from seamark.store.models.webhooks import MessageState

PAUSES: Final = tuple(timedelta(seconds=one) for one in (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400))
"""Between attempts: the message is given up after the last one, some three days on."""
OVERLAP: Final = timedelta(hours=1)
GIVEN_UP: Final = 5
"""Messages in a row that are given up until the address is turned off."""
BOTH_KEYS: Final = timedelta(hours=24)
MOST: Final = 50
"""Webhooks of one person."""
_LEASE: Final = timedelta(minutes=2)
_AT_ONCE: Final = 500
_EVERY: Final = 2.0
_looked = [0.0]


def add(
    owner: User, name: str, url: str, kinds: Iterable[str], application: Application | None = None
) -> tuple[Webhook, str]:
    """Keep an address and return it with its key, which is shown once. Raises `NotAllowed` and `RemoteFailure`."""
    if Webhook.objects.filter(owner=owner).count() >= MOST:
        raise NotAllowed(f"A person has at most {MOST} webhooks")
    check_address(url)
    key = signature.new_secret()
    now = timezone.now()
    cursors = {one.name: _cursor(_newest(one), now) for one in SOURCES}
    for cursor in cursors.values():
        cursor["settled"] = cursor["seen"]
    made = Webhook.objects.create(
        owner=owner, name=name, url=url, kinds=sorted(set(kinds)), application=application, secret=secretbox.seal(key), cursors=cursors
    )  # fmt: skip
    return made, key


def check_address(url: str) -> None:
    """Refuse an address that can be none. Raises `RemoteFailure`."""
    guard.check_url(url, settings.SEAMARK_INTERNAL_HOSTS)


def of(owner: User) -> QuerySet[Webhook]:
    """Return a person's webhooks: nobody else sees them."""
    return Webhook.objects.filter(owner=owner)


def change_key(hook: Webhook) -> str:
    """Give a webhook a new key and return it; for a day messages are signed with the one before too."""
    key = signature.new_secret()
    hook.earlier_secret, hook.secret, hook.changed_at = hook.secret, secretbox.seal(key), timezone.now()
    hook.save(update_fields=["earlier_secret", "secret", "changed_at"])
    return key


def turn(hook: Webhook, *, active: bool) -> None:
    """Turn a webhook on or off. What happened while it was off is not told afterwards."""
    now = timezone.now()
    if active and not hook.active:
        hook.cursors = {one.name: {**_cursor(_newest(one), now), "settled": _newest(one)} for one in SOURCES}
        hook.failures, hook.why_off = 0, ""
    hook.active = active


def greet(hook: Webhook) -> WebhookMessage:
    """Queue a message that says nothing, to try an address."""
    body = _body("webhook.test", timezone.now(), {"webhook": hook.pk, "name": hook.name})
    number = (hook.messages.filter(source="test").aggregate(newest=Max("number"))["newest"] or 0) + 1
    return WebhookMessage.objects.create(
        webhook=hook, reference=_reference(), kind="webhook.test", source="test", number=number, body=body, due_at=timezone.now()
    )  # fmt: skip


def replay(message: WebhookMessage) -> WebhookMessage:
    """Queue a message again, from its first attempt; the receiver knows by its id that it is the same."""
    message.state, message.attempt, message.due_at = MessageState.QUEUED, 0, timezone.now()
    message.lease_until = message.finished_at = None
    message.save(update_fields=["state", "attempt", "due_at", "lease_until", "finished_at"])
    return message


def work_once() -> bool:
    """Make messages of what is new, now and then, and send one that is due. Returns False where none was."""
    if time.monotonic() - _looked[0] >= _EVERY:
        _looked[0] = time.monotonic()
        for hook in Webhook.objects.filter(active=True).select_related("owner"):
            collect(hook)
    message = _claim()
    if message is None:
        return False
    deliver(message)
    return True


def collect(hook: Webhook) -> int:
    """Make messages of what a webhook's owner may see and has not been told, and return how many."""
    made = 0
    for source in SOURCES:
        kinds = [kind for kind in hook.kinds if KINDS[kind] == source.name] if hook.kinds else []
        if kinds:
            made += _collect_from(hook, source, kinds)
    return made


@transaction.atomic
def _collect_from(hook: Webhook, source: Source, kinds: list[str]) -> int:
    now = timezone.now()
    cursor = hook.cursors.get(source.name) or _cursor(0, now)
    if now - datetime.fromisoformat(cursor["at"]) > OVERLAP:
        cursor = {**_cursor(_newest(source), now), "settled": cursor["seen"]}
        hook.cursors[source.name] = cursor
        Webhook.objects.filter(pk=hook.pk).update(cursors=hook.cursors)
    told = WebhookMessage.objects.filter(webhook=hook, source=source.name, number__gte=cursor["settled"])
    rows = source.rows(visible_to(hook.owner), kinds, cursor["settled"], hook.application).exclude(
        pk__in=told.values("number")
    )
    found = list(rows.order_by("pk")[:_AT_ONCE])
    messages = [_message(hook, source, row, now) for row in found]
    WebhookMessage.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


def _message(hook: Webhook, source: Source, row: Any, now: datetime) -> WebhookMessage:
    kind, at, data = source.tell(row)
    return WebhookMessage(
        webhook=hook, reference=_reference(), kind=kind, source=source.name, number=row.pk, body=_body(kind, at, data), due_at=now
    )  # fmt: skip


def _claim() -> WebhookMessage | None:
    now = timezone.now()
    due = WebhookMessage.objects.filter(
        lease.free(now), state=MessageState.QUEUED, due_at__lte=now, webhook__active=True
    ).order_by("due_at", "id")
    found = lease.claim(due, now, _LEASE)
    return None if found is None else WebhookMessage.objects.select_related("webhook__owner").get(pk=found.pk)


def deliver(message: WebhookMessage) -> None:
    """Send a message once, and keep what came of it."""
    hook, seconds = message.webhook, int(timezone.now().timestamp())
    sent: Sent | None = None
    permanent = False
    try:
        headers = {
            "webhook-id": message.reference,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature.sign(_keys(hook), message.reference, seconds, message.body),
        }
        sent = send(hook.url, message.body, headers, internal=settings.SEAMARK_INTERNAL_HOSTS)
        words = "" if sent.taken else sent.words
    except RemoteFailure as error:
        words, permanent = str(error), error.permanent
    status = sent.status if sent else None
    if sent is not None and sent.taken:
        _settle(message, MessageState.DELIVERED, status=status, told="")
        Webhook.objects.filter(pk=hook.pk).exclude(failures=0).update(failures=0)
    elif (sent is not None and sent.gone) or permanent or message.attempt > len(PAUSES):
        _settle(message, MessageState.FAILED, status=status, told=words[:1000])
        _gave_up(hook, gone=sent is not None and sent.gone)
    else:
        _put_off(message, status, words)


def _settle(message: WebhookMessage, state: MessageState, **more: Any) -> None:
    lease.settle(message, state=state, due_at=None, finished_at=timezone.now(), **more)


def _put_off(message: WebhookMessage, status: int | None, words: str) -> None:
    later = timezone.now() + PAUSES[message.attempt - 1]
    lease.settle(message, due_at=later, status=status, told=words[:1000])
    # A receiver that is away would make the worker wait for each of its messages.
    soon = min(later, timezone.now() + PAUSES[1])
    WebhookMessage.objects.filter(webhook=message.webhook, state=MessageState.QUEUED, due_at__lt=soon).exclude(
        pk=message.pk
    ).update(due_at=soon)


def _gave_up(hook: Webhook, *, gone: bool) -> None:
    Webhook.objects.filter(pk=hook.pk).update(failures=F("failures") + 1)
    hook.refresh_from_db(fields=["failures"])
    if gone or hook.failures >= GIVEN_UP:
        why = "The receiver said that it is gone" if gone else f"{hook.failures} messages in a row were given up"
        Webhook.objects.filter(pk=hook.pk).update(active=False, why_off=why)


def _keys(hook: Webhook) -> list[str]:
    both = hook.changed_at is not None and timezone.now() - hook.changed_at < BOTH_KEYS
    try:
        return [
            secretbox.unseal(one) for one in ((hook.secret, hook.earlier_secret) if both else (hook.secret,)) if one
        ]
    except InvalidSetting as error:
        raise RemoteFailure(f"The key of this webhook cannot be read: {error}", permanent=True) from None


def _newest(source: Source) -> int:
    return source.newest()


def _cursor(newest: int, now: datetime) -> dict[str, Any]:
    return {"settled": 0, "seen": newest, "at": now.isoformat()}


def _reference() -> str:
    return f"msg_{secrets.token_urlsafe(20)}"


def _body(kind: str, at: datetime, data: dict[str, Any]) -> str:
    return msgspec.json.encode({"type": kind, "timestamp": at.isoformat(), "data": data}).decode()
