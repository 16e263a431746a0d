"""Federation: a pipeline shows the identity that its CI system attests, and gets a short-lived token of a service account."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.access import tokens
from seamark.governance.access.changes import tell
from seamark.governance.access.identity import Fetch, fits, opened, verified
from seamark.governance.access.places import check_above, check_right
from seamark.governance.ledger.attested import removed, row_of
from seamark.store.models import Application, Federation, User
from seamark.store.permissions import Permission

SCOPES: Final = ("import", "gate")
LONGEST: Final = 60
"""Minutes that a token may be good."""
MOST_CLAIMS: Final = 20
NARROWS: Final = (
    "sub", "repository", "repository_id", "repository_owner", "repository_owner_id", "job_workflow_ref", "project_path", "project_id",
    "namespace_path", "namespace_id",
)  # fmt: skip
"""Claims that say whose pipeline it is: one of them has to be asked for, or everybody who uses that CI system could get in."""
_REFUSED: Final = "No federation takes this identity: its issuer, audience or claims are others"


class Exchanged(NamedTuple):
    """A token that a pipeline got, and for how many seconds it is good."""

    text: str
    scopes: tuple[str, ...]
    seconds: int


@transaction.atomic
def create(
    actor: User | None, name: str, *, issuer: str, audience: str, claims: Mapping[str, str], account: User,
    scopes: Collection[str] = SCOPES, applications: Collection[Application] = (), minutes: int = 15,
) -> Federation:  # fmt: skip
    """Let pipelines of this issuer, with these claims, get tokens of a service account.

    Raises `NotAllowed` without `token.manage`, for an account that may do more than the actor, and for what would let anybody in.
    """
    check_right(actor, Permission.TOKEN_MANAGE)
    if not account.is_service:
        raise NotAllowed("Pipelines get tokens of a service account, not of a person")
    check_above(actor, account)
    name = name.strip()
    if not name or len(name) > 100 or not name.isprintable() or Federation.objects.filter(name__iexact=name).exists():
        raise NotAllowed("A federation needs a name of at most 100 characters that no other has")
    if not scopes or set(scopes) - set(SCOPES):
        raise NotAllowed(f"A pipeline's token has the scopes {' and '.join(SCOPES)}, or one of them")
    if not 1 <= minutes <= LONGEST:
        raise NotAllowed(f"A pipeline's token is good for 1 to {LONGEST} minutes")
    row = Federation.objects.create(
        name=name, issuer=_issuer(issuer), audience=_audience(audience), claims=_claims(claims), account=account, minutes=minutes,
        scopes=[one for one in SCOPES if one in scopes], applications=sorted(one.pk for one in applications),
    )  # fmt: skip
    tell("federation", f"federation {row.name}", actor=actor, before=None, after=_state(row), rows=[row_of(row)])
    return row


@transaction.atomic
def remove(actor: User | None, row: Federation) -> None:
    """Let no more pipelines in by a federation; tokens that they have end soon by themselves. Raises `NotAllowed`."""
    check_right(actor, Permission.TOKEN_MANAGE)
    tell("federation", f"federation {row.name}", actor=actor, before=_state(row), after=None, rows=[removed(row)])
    row.delete()


def exchange(text: str, fetch: Fetch, *, scopes: Collection[str] = (), now: float | None = None) -> Exchanged:
    """Return a token for an identity that a federation takes; `scopes` narrows what it is for.

    Raises `NotAllowed` for every other identity, and `RemoteFailure` where the issuer's keys cannot be had.
    """
    token = opened(text)
    rows = list(
        Federation.objects.filter(issuer=token.issuer, account__is_active=True).select_related("account").order_by("pk")
    )
    if not rows:
        raise NotAllowed(_REFUSED)
    keys = fetch(token.issuer, token.key)
    moment = time.time() if now is None else now
    refused: NotAllowed | None = None
    for row in rows:
        try:
            claims = verified(token, keys, audience=row.audience, now=moment)
        except NotAllowed as error:
            refused = error
            continue
        if fits(claims, row.claims) and (granted := [one for one in row.scopes if not scopes or one in scopes]):
            return _granted(row, claims, granted)
        refused = NotAllowed(_REFUSED)
    raise refused or NotAllowed(_REFUSED)


def _granted(row: Federation, claims: Mapping[str, Any], scopes: list[str]) -> Exchanged:
    subject = "".join(sign for sign in str(claims.get("sub", "")) if sign.isprintable())
    length = timedelta(minutes=row.minutes)
    applications = list(Application.objects.filter(pk__in=row.applications))
    if row.applications and not applications:
        raise NotAllowed("The applications of this federation are gone")
    made = tokens.make(
        row.account, f"{row.name}: {subject}"[:100].strip(), scopes=scopes, expires_at=timezone.now() + length, applications=applications,
        origin=f"{row.issuer} {subject}"[:200],
    )  # fmt: skip
    return Exchanged(made.text, tuple(made.row.scopes), int(length.total_seconds()))


def _state(row: Federation) -> dict[str, Any]:
    told = ("issuer", "audience", "claims", "scopes", "applications", "minutes")
    return {"account": row.account.get_username(), **{name: getattr(row, name) for name in told}}


def _issuer(text: str) -> str:
    text = text.strip()
    try:
        parts = urlsplit(text)
        good = (
            parts.scheme in {"https", "http"}
            and bool(parts.hostname)
            and not (parts.query or parts.fragment or parts.username)
        )
    except ValueError:
        good = False
    if not good or len(text) > 500 or not text.isascii() or not text.isprintable():
        raise NotAllowed("The issuer is an address such as https://token.actions.githubusercontent.com")
    return text


def _audience(text: str) -> str:
    text = text.strip()
    if not text or len(text) > 300 or not text.isprintable():
        raise NotAllowed("The audience is what pipelines ask their token for, such as the address of this server")
    return text


def _claims(given: Mapping[str, str]) -> dict[str, str]:
    claims = {name.strip(): pattern.strip() for name, pattern in given.items()}
    if len(claims) > MOST_CLAIMS or any(
        not name or not pattern or len(name + pattern) > 1000 for name, pattern in claims.items()
    ):
        raise NotAllowed(f"At most {MOST_CLAIMS} claims, each with a pattern")
    if not any(name in claims and _narrow(name, claims[name]) for name in NARROWS):
        raise NotAllowed(f"Say whose pipelines these are: one of the claims {', '.join(NARROWS)}, and not just *")
    return claims


def _narrow(name: str, pattern: str) -> bool:
    """Tell whether a pattern names somebody: `repo:*` says no more than `*`."""
    start, star, _ = pattern.partition("*")
    if name == "sub" and star:
        start = start.partition(":")[2]
    return bool(start.strip("/:"))
