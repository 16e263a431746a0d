"""People and their tokens, as far as they are made without a form."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import ImportRefused, NotAllowed
from seamark.governance.access import accounts, grants, roles, tokens
from seamark.governance.access.places import Place
from seamark.store.models import Application, User
from seamark.store.models.people import Role
from seamark.store.permissions import SCOPES as _SCOPES

SCOPES = tuple(_SCOPES)
TOKEN_PREFIX = tokens.PREFIX
live_token = tokens.live
revoke_token = tokens.revoke


class Login(NamedTuple):
    """A name with the password that was generated for it."""

    name: str
    password: str


def generate_password() -> str:
    """Return a password nobody has seen: 20 characters, 119 bits."""
    return "-".join(secrets.token_urlsafe(8)[:5].replace("-", "x").replace("_", "y") for _ in range(4))


def first_administrator(name: str = "admin") -> Login | None:
    """Make an administrator with a generated password where there is nobody yet, else return None."""
    with transaction.atomic():
        if User.objects.exists():
            return None
        return add_user(name, Role.ADMIN)


def add_user(name: str, role: str, *, application: Application | None = None) -> Login:
    """Make a user with a generated password and a grant. Raises `ImportRefused` where the name is taken or cannot be one."""
    password = generate_password()
    try:
        with transaction.atomic():
            user = accounts.create(None, name, password=password)
            grants.give(None, user, roles.named(role), Place(application=application))
    except NotAllowed as error:
        raise ImportRefused(str(error)) from None
    return Login(name, password)


def reset_password(user: User) -> Login:
    """Give a user a new generated password."""
    password = generate_password()
    user.set_password(password)
    user.save(update_fields=["password"])
    return Login(user.get_username(), password)


def make_token(
    user: User, name: str, *, scopes: tuple[str, ...] = ("read", "import"), days: int = 90, actor: User | None = None
) -> str:
    """Make an API token and return its text, which is kept nowhere: the database has its digest.

    `actor` is who makes it, None for whoever holds the database. Raises `NotAllowed`.
    """
    end = timezone.now() + timedelta(days=days)
    return tokens.make(user, name, scopes=scopes, expires_at=end, actor=actor).text
