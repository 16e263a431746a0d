"""People and their tokens, as far as they are made without a form."""

from __future__ import annotations

import contextlib
import secrets
from datetime import timedelta
from hashlib import sha256
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.utils import timezone

from seamark.core.errors import ImportRefused
from seamark.store.connection import without_waiting
from seamark.store.models import Application, Grant, Token, User
from seamark.store.models.people import Role

SCOPES = ("read", "import", "write", "admin")
TOKEN_PREFIX = "smk_"  # noqa: S105 - what every token starts with, so that secret scanners know it


class Login(NamedTuple):
    """A name with the password that was generated for it."""

    name: str
    password: str


USE_NOTED_EVERY = timedelta(minutes=1)


def generate_password() -> str:
    """Return a password nobody has seen: 20 characters, 119 bits."""
    return "-".join(secrets.token_urlsafe(8)[:5].replace("-", "x").replace("_", "y") for _ in range(4))


def first_administrator(name: str = "admin") -> Login | None:
    """Make an administrator with a generated password where there is nobody yet, else return None."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        return add_user(name, Role.ADMIN)


def add_user(name: str, role: Role, *, application: Application | None = None) -> Login:
    """Make a user with a generated password and a grant. Raises `ImportRefused` where the name is taken or cannot be one."""
    try:
        User._meta.get_field("username").clean(name, None)  # noqa: SLF001 - Django's documented way to a field
    except ValidationError as error:
        raise ImportRefused(f"{name[:200]!r} cannot be a user's name: {' '.join(error.messages)}") from None
    if User.objects.filter(username__iexact=name).exists():
        raise ImportRefused(f"There is a user {name!r} already")
    password = generate_password()
    with transaction.atomic():
        user = User.objects.create_user(username=name, password=password)
        Grant.objects.create(user=user, role=role, application=application)
    return Login(name, password)


def reset_password(user: User) -> Login:
    """Give a user a new generated password."""
    password = generate_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    return Login(user.get_username(), password)


def make_token(user: User, name: str, *, scopes: tuple[str, ...] = ("read", "import"), days: int = 90) -> str:
    """Make an API token and return its text, which is kept nowhere: the database has its digest."""
    text = TOKEN_PREFIX + secrets.token_urlsafe(30)
    Token.objects.create(
        user=user,
        name=name[:100],
        digest=token_digest(text),
        hint=text[:8],
        scopes=list(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return text


def token_digest(text: str) -> str:
    """Return the digest under which a token is kept."""
    return sha256(text.encode()).hexdigest()


def live_token(text: str) -> Token | None:
    """Return the token of that text with its user, if both are still good, and note its use at most once a minute."""
    now = timezone.now()
    good = Token.objects.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)
    found = good.select_related("user").filter(digest=token_digest(text)).first()
    if found is not None and (found.last_used_at is None or now - found.last_used_at >= USE_NOTED_EVERY):
        # An import may hold SQLite's lock for long: nobody waits for this note, and the next request makes it.
        with contextlib.suppress(OperationalError), without_waiting():
            Token.objects.filter(pk=found.pk).update(last_used_at=now)
    return found
