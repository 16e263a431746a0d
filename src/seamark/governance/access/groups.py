"""Groups of people that are granted together."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.db import transaction

from seamark.core.errors import NotAllowed
from seamark.governance.access.administrators import keeping_one
from seamark.governance.access.changes import tell
from seamark.governance.access.grants import withdraw_all
from seamark.governance.access.places import check_covers, check_right, place_of
from seamark.store.models import Grant, Group, User
from seamark.store.permissions import Permission, permissions_of

LONGEST_NAME: Final = 200


@transaction.atomic
def create(actor: User | None, name: str, *, members: Collection[User] = (), external_id: str = "") -> Group:
    """Make a group. Raises `NotAllowed` without `user.manage`, or where the name is taken."""
    check_right(actor, Permission.USER_MANAGE)
    row = Group.objects.create(name=_free(name), external_id=external_id)
    row.members.set(members)
    tell("group", f"group {row.name}", actor=actor, before=None, after=_state(row))
    return row


@transaction.atomic
def rename(actor: User | None, row: Group, name: str, *, external_id: str | None = None) -> None:
    """Give a group another name. Raises `NotAllowed`."""
    check_right(actor, Permission.USER_MANAGE)
    before = {"name": row.name, "external_id": row.external_id}
    if name.strip() != row.name:
        row.name = _free(name, but=row)
    if external_id is not None:
        row.external_id = external_id
    after = {"name": row.name, "external_id": row.external_id}
    if before != after:
        row.save(update_fields=["name", "external_id"])
        tell("group", f"group {row.name}", actor=actor, before=before, after=after)


def set_members(actor: User | None, row: Group, members: Collection[User]) -> None:
    """Let a group have these members and no others.

    Raises `NotAllowed` without `user.manage`, for whoever lets somebody in to more than they hold, and for the last administrator.
    """
    check_right(actor, Permission.USER_MANAGE)
    with keeping_one():
        row = Group.objects.select_for_update().get(pk=row.pk)
        there = set(row.members.values_list("pk", flat=True))
        wanted = {one.pk for one in members}
        if there == wanted:
            return
        if wanted - there:
            for grant in Grant.objects.filter(group=row).select_related("custom", "unit", "application"):
                check_covers(actor, permissions_of(grant), place_of(grant))
        before = _state(row)
        row.members.set(members)
        tell("group", f"group {row.name}", actor=actor, before=before, after=_state(row))


def change_members(
    actor: User | None, row: Group, *, add: Collection[User] = (), remove: Collection[User] = ()
) -> None:
    """Let people into a group and out of it. Raises `NotAllowed`, as `set_members` does."""
    gone = {one.pk for one in remove}
    kept = [one for one in row.members.all() if one.pk not in gone]
    set_members(actor, row, [*kept, *add])


def remove(actor: User | None, row: Group) -> None:
    """Remove a group with what it was granted. Raises `NotAllowed`, for the last administrators' too."""
    check_right(actor, Permission.USER_MANAGE)
    with keeping_one():
        before = _state(row)
        withdraw_all(actor, row)
        tell("group", f"group {row.name}", actor=actor, before=before, after=None)
        Group.objects.filter(pk=row.pk).delete()


def _state(row: Group) -> dict[str, Any]:
    return {"name": row.name, "members": sorted(row.members.values_list("username", flat=True))}


def _free(name: str, but: Group | None = None) -> str:
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NotAllowed(f"A group's name has 1 to {LONGEST_NAME} characters, on one line")
    taken = Group.objects.filter(name__iexact=name)
    if (taken.exclude(pk=but.pk) if but is not None else taken).exists():
        raise NotAllowed(f"There is a group {name!r} already")
    return name
