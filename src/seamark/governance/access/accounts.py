"""Accounts: people and service accounts, switched on and off. How people log in is another matter."""

from __future__ import annotations

from typing import Any, Final, cast

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Field
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.access import tokens
from seamark.governance.access.administrators import keeping_one
from seamark.governance.access.changes import tell
from seamark.governance.access.grants import withdraw_all
from seamark.governance.access.places import EVERYWHERE, check_above, check_right
from seamark.governance.ledger.attested import row_of
from seamark.store.models import User
from seamark.store.permissions import Permission

_ATTESTED: Final = ("is_active", "is_service")
_TOLD: Final = ("username", "email", "first_name", "last_name", "external_id", "is_active")


@transaction.atomic
def create(
    actor: User | None, name: str, *, password: str | None = None, email: str = "", first_name: str = "", last_name: str = "",
    external_id: str = "", active: bool = True,
) -> User:  # fmt: skip
    """Make a person without any grant; without a password there is no logging in by one.

    Raises `NotAllowed` without `user.manage`, or for a name that is taken or cannot be one. Somebody who left and comes back
    gets the account again, without what it was granted.
    """
    check_right(actor, Permission.USER_MANAGE)
    given = {"email": email, "first_name": first_name, "last_name": last_name, "external_id": external_id}
    left = User.objects.filter(username__iexact=name, left_at__isnull=False, is_service=False).first()
    if left is not None:
        left.left_at, left.username = None, name
        left.set_password(password)
        left.save(update_fields=["left_at", "username", "password"])
        change(actor, left, **given)
        if active:
            switch(actor, left, on=True)
        return left
    row = User(username=_free(name), is_active=active)
    for field, value in given.items():
        setattr(row, field, _checked(field, value))
    row.set_password(password)
    row.save()
    _tell(actor, row, None)
    return row


@transaction.atomic
def create_service(actor: User | None, name: str, *, responsible: User | None = None) -> User:
    """Make a service account: it has no password, only tokens. `responsible` is who answers for it, the actor by default."""
    check_right(actor, Permission.USER_MANAGE)
    answers = responsible or actor
    if answers is not None and answers.is_service:
        raise NotAllowed("A person answers for a service account, not another service account")
    row = User(username=_free(name), is_service=True, responsible=answers)
    row.set_unusable_password()
    row.save()
    _tell(actor, row, None)
    return row


@transaction.atomic
def change(actor: User | None, account: User, **given: str) -> None:
    """Change `username`, `email`, `first_name`, `last_name` or `external_id`.

    Raises `NotAllowed` without `user.manage`, or for an account that may do more than the actor: its mail resets its password.
    """
    check_right(actor, Permission.USER_MANAGE)
    wanted = {name: _checked(name, value) for name, value in given.items() if value != getattr(account, name)}
    if not wanted:
        return
    check_above(actor, account)
    if "username" in wanted:
        _free(wanted["username"], but=account)
    before = _state(account)
    for name, value in wanted.items():
        setattr(account, name, value)
    account.save(update_fields=list(wanted))
    _tell(actor, account, before)


def switch(actor: User | None, account: User, *, on: bool) -> None:
    """Switch an account off, which ends its sessions and tokens for good, or on. Raises `NotAllowed`."""
    check_right(actor, Permission.USER_MANAGE)
    check_above(actor, account)
    with keeping_one():
        row = User.objects.select_for_update(of=("self",)).select_related("responsible").get(pk=account.pk)
        if row.is_active != on:
            before = _state(row)
            row.is_active = on
            row.sessions_from += not on
            row.save(update_fields=["is_active", "sessions_from"])
            if not on:
                tokens.revoke_all(row, actor)
            _tell(actor, row, before)
    account.is_active, account.sessions_from = row.is_active, row.sessions_from


def remove(actor: User | None, account: User) -> None:
    """Let somebody leave: no grant, no group, no way in. What they did keeps their name. Raises `NotAllowed`."""
    check_right(actor, Permission.USER_MANAGE, EVERYWHERE)
    check_above(actor, account)
    with keeping_one():
        switch(actor, account, on=False)
        withdraw_all(actor, account)
        for group in account.teams.all():
            before = sorted(group.members.values_list("username", flat=True))
            group.members.remove(account)
            after = sorted(set(before) - {account.get_username()})
            tell("group", f"group {group.name}", actor=actor, before={"members": before}, after={"members": after})
        account.left_at, account.external_id = timezone.now(), ""
        account.save(update_fields=["left_at", "external_id"])


def _tell(actor: User | None, account: User, before: dict[str, Any] | None) -> None:
    subject = f"user {account.get_username()}"
    tell("user", subject, actor=actor, before=before, after=_state(account), rows=[row_of(account, _ATTESTED)])


def _state(account: User) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(account, name) for name in _TOLD}
    if account.is_service:
        told["responsible"] = account.responsible.get_username() if account.responsible else ""
    return told


def _free(name: str, but: User | None = None) -> str:
    name = _checked("username", name)
    taken = User.objects.filter(username__iexact=name)
    if (taken.exclude(pk=but.pk) if but is not None else taken).exists():
        raise NotAllowed(f"There is a user {name!r} already")
    return name


def _checked(field: str, value: str) -> str:
    """Return a value as its column keeps it. Raises `NotAllowed`."""
    value = value.strip()
    try:
        if field == "email" and value:
            validate_email(value)
        column = cast("Field[Any, Any]", User._meta.get_field(field))  # noqa: SLF001 - Django's documented way to a field
        column.clean(value, None)
    except ValidationError as error:
        raise NotAllowed(f"{value[:200]!r} cannot be the {field} of a user: {' '.join(error.messages)}") from None
    if not value.isprintable():
        raise NotAllowed(f"The {field} of a user stands on one line")
    return value
