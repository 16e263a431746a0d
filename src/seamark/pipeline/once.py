"""Requests that may be sent twice: who carries one out, and the answer that the second one gets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from typing import Final

from django.utils import timezone

from seamark.store.models import SentRequest, User

KEPT: Final = timedelta(hours=24)
"""How long an answer is given again."""
_LOST: Final = timedelta(minutes=10)
"""After this long a request without an answer is taken for one whose server went down."""


class Claim(Enum):
    """What came of asking to carry a request out."""

    MINE = 1
    """Nobody has: go on."""
    ANSWERED = 2
    """It was, and its answer is kept in the row."""
    BUSY = 3
    """Somebody is at it."""
    OTHER = 4
    """The key was used for another request."""


def claim(person: User, key: str, fingerprint: str) -> tuple[SentRequest, Claim]:
    """Ask to carry out a person's request; `fingerprint` tells requests apart that have one key."""
    now = timezone.now()
    SentRequest.objects.filter(person=person, started_at__lt=now - KEPT).delete()
    row, made = SentRequest.objects.get_or_create(
        person=person, key=key, defaults={"fingerprint": fingerprint, "started_at": now}
    )
    if made:
        return row, Claim.MINE
    if row.fingerprint != fingerprint:
        return row, Claim.OTHER
    if row.status is not None:
        return row, Claim.ANSWERED
    taken = SentRequest.objects.filter(pk=row.pk, status=None, started_at__lt=now - _LOST).update(started_at=now)
    return row, Claim.MINE if taken else Claim.BUSY


def keep(row: SentRequest, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keep the answer to a request."""
    SentRequest.objects.filter(pk=row.pk).update(status=status, headers=dict(headers), body=body)
