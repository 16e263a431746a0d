"""Groups of people."""

from __future__ import annotations

from typing import Annotated, Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.governance.access import groups, reading
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import ADMIN, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.interfaces.api.users import RowNumber
from seamark.store.models import Group, User

router = Router()
Members = Annotated[list[Annotated[int, Field(ge=1, lt=2**62)]], Field(max_length=1000)]


class GroupRow(Answer):
    """A group as lists show it."""

    id: int
    name: str


class GroupPage(Answer):
    """A page of groups, the newest first."""

    items: list[GroupRow]
    next: str | None
    previous: str | None
    count: Number


class GroupAccount(GroupRow):
    """A group with its members."""

    members: list[str] = Field(description="User names.")


class NewGroup(Schema):
    """A group that is to be made."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    members: Members = Field([], description="Numbers of accounts.")


class GroupChanges(Schema):
    """What is to be changed of a group."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(None, max_length=200)
    add: Members = Field([], description="Numbers of accounts.")
    remove: Members = Field([], description="Numbers of accounts.")


@router.get("/groups", auth=ADMIN, response={200: GroupPage, **declared()}, summary="List groups")
def list_groups(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List groups. It takes `user.manage` somewhere."""
    return answer(turned_page(reading.groups(actor_of(request).seen), turn, lambda found: map(_row, found)))


@router.post("/groups", auth=ADMIN, response={201: GroupAccount, **declared(400, 413)}, summary="Make a group")
def make_group(request: HttpRequest, asked: NewGroup) -> HttpResponse:
    """Make a group, which holds nothing yet. It takes `user.manage` on everything."""
    row = groups.create(actor_of(request).person, asked.name, members=_people(request, asked.members, "members"))
    return answer(_account(row), status=201)


@router.get("/groups/{int:number}", auth=ADMIN, response={200: GroupAccount, **declared(404)}, summary="Show a group")
def show_group(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Show a group with its members."""
    return answer(_account(_found(request, number)))


@router.patch(
    "/groups/{int:number}", auth=ADMIN, response={200: GroupAccount, **declared(400, 404, 412, 413)}, summary="Change a group"
)  # fmt: skip
def change_group(request: HttpRequest, number: RowNumber, asked: GroupChanges) -> HttpResponse:
    """Rename a group, let people in and out. Nobody lets others in to more than they hold themselves."""
    person, row = actor_of(request).person, _found(request, number)
    with transaction.atomic():
        if asked.name is not None:
            groups.rename(person, row, asked.name)
        groups.change_members(
            person, row, add=_people(request, asked.add, "add"), remove=_people(request, asked.remove, "remove")
        )
    return answer(_account(row))


@router.delete("/groups/{int:number}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Remove a group")
def remove_group(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Remove a group with what it was granted."""
    groups.remove(actor_of(request).person, _found(request, number))
    return HttpResponse(status=204)


def _found(request: HttpRequest, number: int) -> Group:
    return get_object_or_404(reading.groups(actor_of(request).seen), pk=number)


def _people(request: HttpRequest, numbers: list[int], field: str) -> list[User]:
    rows = list(reading.accounts(actor_of(request).seen).filter(pk__in=numbers))
    if missing := set(numbers) - {row.pk for row in rows}:
        raise refused_field(f"body.{field}", f"there is no account {min(missing)}")
    return rows


def _row(row: Group) -> dict[str, Any]:
    return {"id": row.pk, "name": row.name}


def _account(row: Group) -> dict[str, Any]:
    return {**_row(row), "members": sorted(row.members.values_list("username", flat=True))}
