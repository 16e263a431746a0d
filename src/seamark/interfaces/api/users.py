"""People and service accounts."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.governance.access import accounts, reading
from seamark.governance.access.grants import role_of
from seamark.governance.access.places import check_right, grants_of, place_of
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, turned_page
from seamark.interfaces.api.authentication import ADMIN, READ, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.store.models import User
from seamark.store.permissions import Permission, permissions_of

router = Router()
RowNumber = Annotated[int, Path(ge=1, lt=2**62)]
Name = Annotated[str, Field(max_length=150)]


class UserRow(Answer):
    """An account as lists show it."""

    id: int
    username: str
    email: str
    first_name: str
    last_name: str
    active: bool
    service: bool
    responsible: str = Field(description="For a service account: who answers for it.")


class UserPage(Answer):
    """A page of accounts, the newest first."""

    items: list[UserRow]
    next: str | None
    previous: str | None
    count: Number


class Held(Answer):
    """A role that is held."""

    role: str
    on: str = Field(description="`everything`, `unit Retail`, `application shop`.")
    group: str = Field(description="The group that holds it; empty where the account itself does.")
    permissions: list[str]


class UserAccount(UserRow):
    """An account with what it holds."""

    groups: list[str]
    grants: list[Held]


class Which(Turn):
    """Which accounts."""

    name: Line = Field("", max_length=150, description="Part of the user name.")
    service: bool | None = None


class NewUser(Schema):
    """An account that is to be made. A person made here has no password: they log in by single sign-on, or reset it by mail."""

    model_config = ConfigDict(extra="forbid")
    username: Name
    email: str = Field("", max_length=254)
    first_name: Name = ""
    last_name: Name = ""
    service: bool = False
    responsible: int | None = Field(
        None, ge=1, lt=2**62, description="For a service account; you, where none is named."
    )


class UserChanges(Schema):
    """What is to be changed of an account."""

    model_config = ConfigDict(extra="forbid")
    username: Name | None = None
    email: str | None = Field(None, max_length=254)
    first_name: Name | None = None
    last_name: Name | None = None
    active: bool | None = Field(None, description="false ends all sessions and tokens for good.")


@router.get("/me", auth=READ, response={200: UserAccount, **declared()}, summary="Show who you are and what you hold")
def show_me(request: HttpRequest) -> HttpResponse:
    """Show the account that asks, with its roles and rights. A token may leave less of them."""
    return answer(_account(actor_of(request).person))


@router.get("/users", auth=ADMIN, response={200: UserPage, **declared()}, summary="List accounts")
def list_users(request: HttpRequest, which: Query[Which]) -> HttpResponse:
    """List people and service accounts. It takes `user.manage` somewhere."""
    rows = reading.accounts(actor_of(request).seen).select_related("responsible").filter(username__icontains=which.name)
    if which.service is not None:
        rows = rows.filter(is_service=which.service)
    return answer(turned_page(rows, which, lambda found: map(_row, found)))


@router.post("/users", auth=ADMIN, response={201: UserAccount, **declared(400, 413)}, summary="Make an account")
def make_user(request: HttpRequest, asked: NewUser) -> HttpResponse:
    """Make a person or a service account, without any grant. It takes `user.manage` on everything."""
    actor = actor_of(request)
    if asked.service:
        answers = None
        if asked.responsible is not None:
            answers = reading.accounts(actor.seen).filter(pk=asked.responsible).first()
            if answers is None:
                raise refused_field("body.responsible", "there is no such account")
        row = accounts.create_service(actor.person, asked.username, responsible=answers)
    else:
        row = accounts.create(
            actor.person, asked.username, email=asked.email, first_name=asked.first_name, last_name=asked.last_name
        )
    return answer(_account(row), status=201)


@router.get("/users/{int:number}", auth=ADMIN, response={200: UserAccount, **declared(404)}, summary="Show an account")
def show_user(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Show an account with its groups and all that it holds. It takes `user.manage` on everything."""
    return answer(_account(_found(request, number)))


@router.patch(
    "/users/{int:number}", auth=ADMIN, response={200: UserAccount, **declared(400, 404, 412, 413)}, summary="Change an account"
)  # fmt: skip
def change_user(request: HttpRequest, number: RowNumber, asked: UserChanges) -> HttpResponse:
    """Change an account, or switch it on or off. It takes `user.manage` on everything, and no less than the account holds."""
    person, row = actor_of(request).person, _found(request, number)
    given = asked.dict(exclude_none=True)
    active = given.pop("active", None)
    accounts.change(person, row, **given)
    if active is not None:
        accounts.switch(person, row, on=active)
    return answer(_account(row))


@router.delete(
    "/users/{int:number}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Remove an account"
)
def remove_user(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Let somebody leave: no way in, no grant, no group. Their name stays under what they did."""
    accounts.remove(actor_of(request).person, _found(request, number))
    return HttpResponse(status=204)


def _found(request: HttpRequest, number: int) -> User:
    actor = actor_of(request)
    check_right(actor.person, Permission.USER_MANAGE)
    return get_object_or_404(reading.accounts(actor.seen), pk=number)


def _row(row: User) -> dict[str, Any]:
    return {
        "id": row.pk, "username": row.username, "email": row.email, "first_name": row.first_name, "last_name": row.last_name,
        "active": row.is_active, "service": row.is_service, "responsible": row.responsible.username if row.responsible else "",
    }  # fmt: skip


def _account(row: User) -> dict[str, Any]:
    held = [
        {"role": role_of(one), "on": str(place_of(one)), "group": one.group.name if one.group else "", "permissions": sorted(permissions_of(one))}
        for one in grants_of(row)
    ]  # fmt: skip
    return {**_row(row), "groups": sorted(row.teams.values_list("name", flat=True)), "grants": held}
