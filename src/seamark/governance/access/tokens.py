"""API tokens: shown once, kept as a digest, limited to scopes and applications, expiring."""

from __future__ import annotations

import contextlib
import secrets
import string
import zlib
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from django.db import OperationalError, transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.access.changes import tell
from seamark.governance.access.places import check_above, check_right, reach_of
from seamark.governance.ledger.attested import row_of
from seamark.store.connection import waiting_little
from seamark.store.models import Application, Token, User
from seamark.store.models.people import Limit
from seamark.store.permissions import SCOPES, Permission, allowed_by

PREFIX: Final = "smk_"
"""What every token starts with, so that secret scanners know it."""
_SIGNS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _SUM = 34, 6
PATTERN: Final = rf"\b{PREFIX}[0-9A-Za-z]{{{_RANDOM + _SUM}}}\b"
"""What tokens look like, for secret scanners; `well_formed` checks the sum as well."""
LONGEST: Final = timedelta(days=3651)
USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Made(NamedTuple):
    """A token, and its text, which is kept nowhere."""

    text: str
    row: Token


def new_text() -> str:
    """Return the text of a token: 34 random signs (202 bits) and their checksum (CRC-32)."""
    drawn = "".join(secrets.choice(_SIGNS) for _ in range(_RANDOM))
    return f"{PREFIX}{drawn}{_checksum(drawn)}"


def well_formed(text: str) -> bool:
    """Tell whether a text can be a token: what a scanner or a slip of the hand made up is told without asking the database."""
    body = text.removeprefix(PREFIX)
    if body == text or len(body) != _RANDOM + _SUM:
        return False
    return secrets.compare_digest(_checksum(body[:_RANDOM]).encode(), body[_RANDOM:].encode("utf-8", "replace"))


def digest_of(text: str) -> str:
    """Return the digest under which a token is kept."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()


def make(
    owner: User, name: str, *, scopes: Collection[str], expires_at: datetime, applications: Collection[Application] = (),
    actor: User | None = None, origin: str = "",
) -> Made:  # fmt: skip
    """Make a token for oneself or, with `token.manage`, for a service account that may do no more than the actor.

    Raises `NotAllowed`. `actor` None is whoever holds the database, or a pipeline whose identity was checked (`origin`).
    """
    _check_maker(actor, owner, applications)
    name, now = name.strip(), timezone.now()
    if not name or len(name) > 100 or not name.isprintable():
        raise NotAllowed("A token needs a name of at most 100 characters")
    if unknown := sorted(set(scopes) - SCOPES.keys()):
        raise NotAllowed(f"There is no scope {unknown[0]!r}; there are {', '.join(SCOPES)}")
    if not scopes:
        raise NotAllowed(f"A token needs at least one scope of {', '.join(SCOPES)}")
    if not now < expires_at <= now + LONGEST:
        raise NotAllowed("A token expires within ten years")
    text = new_text()
    with transaction.atomic():
        row = Token.objects.create(
            user=owner, name=name, digest=digest_of(text), hint=text[:8], scopes=[one for one in SCOPES if one in scopes],
            applications=sorted(one.pk for one in applications), expires_at=expires_at, origin=origin,
        )  # fmt: skip
        _tell(row, actor)
    return Made(text, row)


def _check_maker(actor: User | None, owner: User, applications: Collection[Application]) -> None:
    if not owner.is_active:
        raise NotAllowed(f"{owner.get_username()} is switched off")
    if actor is None:
        return
    if owner.pk != actor.pk:
        if not owner.is_service:
            raise NotAllowed("Nobody makes tokens for another person; a service account is what to make them for")
        check_right(actor, Permission.TOKEN_MANAGE)
        check_above(actor, owner)
    reach = actor.limit.applications if actor.limit is not None else None
    if reach is not None and not (applications and {one.pk for one in applications} <= reach):
        raise NotAllowed("The token in use is limited to applications: so has the new one to be, to no others")


@transaction.atomic
def revoke(row: Token, actor: User | None = None) -> None:
    """End a token, unless it has ended already. Raises `NotAllowed` for another's without `token.manage`."""
    if actor is not None and row.user_id != actor.pk:
        check_right(actor, Permission.TOKEN_MANAGE)
    _end(row, actor)


def revoke_all(account: User, actor: User | None) -> int:
    """End all tokens of an account, and return how many there were. The caller has checked the right."""
    rows = list(Token.objects.filter(user=account, revoked_at=None, expires_at__gt=timezone.now()))
    for row in rows:
        _end(row, actor)
    return len(rows)


def _end(row: Token, actor: User | None) -> None:
    if row.revoked_at is None:
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        _tell(row, actor)


def live(text: str) -> Token | None:
    """Return the token of that text with its owner, if both are good still, and note its use at most once a minute.

    The owner has the rights that the token leaves, and no others: `User.limit` is set.
    """
    if not well_formed(text):
        return None
    now = timezone.now()
    good = Token.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    found = good.select_related("user").filter(digest=digest_of(text)).first()
    if found is None:
        return None
    if found.last_used_at is None or now - found.last_used_at >= USE_NOTED_EVERY:
        # An import may hold SQLite's lock for long: nobody waits for this note, and the next request makes it.
        with contextlib.suppress(OperationalError), waiting_little():
            Token.objects.filter(pk=found.pk).update(last_used_at=now)
    found.user.limit = Limit(allowed_by(found.scopes), reach_of(found))
    return found


def _tell(row: Token, actor: User | None) -> None:
    told = {
        "name": row.name, "hint": row.hint, "scopes": row.scopes, "applications": row.applications,
        "expires_at": row.expires_at.isoformat(),
    }  # fmt: skip
    given = row.revoked_at is None
    tell(
        "token", f"user {row.user.get_username()}", actor=actor, before=None if given else told, after=told if given else None,
        body={**told, "granted": given, "origin": row.origin}, rows=[row_of(row)],
    )  # fmt: skip


def _checksum(drawn: str) -> str:
    rest, signs = zlib.crc32(drawn.encode("utf-8", "replace")), ""
    for _ in range(_SUM):
        rest, place = divmod(rest, len(_SIGNS))
        signs = _SIGNS[place] + signs
    return signs
