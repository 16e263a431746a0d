"""Connections that fail: left alone for a while, tried again, and told of where somebody looks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.pipeline.outbox.connections import check
from seamark.store.models import ChannelConnection, Event, News

TRIPS: Final = 10
"""Failures in a row that pause a connection."""
SHORTEST: Final = timedelta(minutes=5)
LONGEST: Final = timedelta(hours=6)


def well(connection: ChannelConnection, now: datetime) -> None:
    """Note that a connection did what was asked."""
    mine = ChannelConnection.objects.filter(pk=connection.pk)
    if not mine.filter(failures=0, pauses=0, why_paused="").update(good_at=now):
        mine.update(failures=0, pauses=0, paused_until=None, why_paused="", good_at=now)


def counted(connection: ChannelConnection, error: RemoteFailure, now: datetime) -> None:
    """Note a failure. The connection is left alone for as long as it asks, and for longer where it fails again and again."""
    mine = ChannelConnection.objects.filter(pk=connection.pk)
    mine.update(failures=F("failures") + 1)
    connection.refresh_from_db(fields=["failures", "pauses", "paused_until"])
    if connection.failures >= TRIPS:
        trip(connection, str(error), now)
    elif error.retry_after > 0:
        until = now + timedelta(seconds=error.retry_after)
        mine.filter(Q(paused_until=None) | Q(paused_until__lt=until)).update(
            paused_until=until, why_paused="It asked to wait"
        )


def at_fault(connection: ChannelConnection) -> bool:
    """Tell whether a connection as a whole is refused, such as by a revoked token, and not one act only."""
    try:
        check(connection)
    except SeamarkError:
        return True
    except Exception:  # noqa: BLE001 - a channel is a plug-in; one that cannot even check is not trusted with more acts
        return True
    return False


@transaction.atomic
def trip(connection: ChannelConnection, words: str, now: datetime) -> None:
    """Pause a connection, each time for twice as long, and tell of it when it begins."""
    connection.refresh_from_db(fields=["pauses", "paused_until", "failures"])
    if connection.paused_until is not None and connection.paused_until > now and connection.pauses:
        return
    until = now + min(SHORTEST * 2 ** min(connection.pauses, 10), LONGEST)
    mine = ChannelConnection.objects.filter(pk=connection.pk)
    mine.update(paused_until=until, pauses=F("pauses") + 1, why_paused=words[:1000])
    if not connection.pauses:
        alarm(connection, f"paused:{connection.pk}:{now:%Y%m%d%H%M%S}", f"{connection.name} is paused: {words}", now)


def alarm(connection: ChannelConnection, key: str, words: str, now: datetime) -> None:
    """Tell those who look after connections, by an event and through the other channels; once for a key."""
    details = {"connection": connection.pk, "name": connection.name, "words": words[:1000]}
    _, fresh = News.objects.get_or_create(key=key, defaults={"kind": "alarm", "details": details, "at": now})
    if fresh:
        Event.objects.create(kind="alarm", details=details, at=now)
