"""Who holds which role where, the roles, and what was changed of all that."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotFound
from seamark.governance.access import grants, reading, roles
from seamark.governance.access.places import place_of
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, Turned, answer, turned_page
from seamark.interfaces.api.authentication import ADMIN, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.interfaces.api.users import RowNumber
from seamark.store.models import CustomRole, Event, Grant, Group, User
from seamark.store.permissions import ROLES, WORDS

router = Router()
RoleName = Annotated[str, Path(max_length=60, pattern=r"^[^\x00]*$")]


class GrantRow(Answer):
    """A role that somebody holds somewhere."""

    id: int
    holder: str = Field(description="`user mia` or `group payments`.")
    role: str
    on: str = Field(description="`everything`, `unit Retail`, `application shop`.")
    at: str


class GrantPage(Answer):
    """A page of grants, the newest first."""

    items: list[GrantRow]
    next: str | None
    previous: str | None
    count: Number


class NewGrant(Schema):
    """A role that is to be given to a user or a group; everywhere, unless a unit or an application is named."""

    model_config = ConfigDict(extra="forbid")
    user: int | None = Field(None, ge=1, lt=2**62)
    group: int | None = Field(None, ge=1, lt=2**62)
    role: str = Field(max_length=60, pattern=r"^[^\x00]*$")
    unit: str = Field(
        "", max_length=200, pattern=r"^[^\x00]*$", description="Name of a business unit; those below it count too."
    )
    application: str = Field("", max_length=200, pattern=r"^[^\x00]*$", description="Name or short name.")


class RoleShape(Answer):
    """A role with its rights."""

    name: str
    description: str
    custom: bool = Field(description="false for the roles that come with the product, which never change.")
    permissions: list[str]


class RoleList(Answer):
    """All roles, and what each right allows."""

    items: list[RoleShape]
    permissions: dict[str, str]


class RoleEdit(Schema):
    """The rights of a role."""

    model_config = ConfigDict(extra="forbid")
    permissions: list[str] = Field(max_length=100)
    description: str = Field("", max_length=300)


class NewRole(RoleEdit):
    """A role that is to be made."""

    name: str = Field(max_length=60, pattern=r"^[^\x00]*$")


class ChangeRow(Answer):
    """Something that was changed of people and rights, or how somebody got in."""

    id: int
    at: str
    kind: str
    actor: str = Field(description="Empty for whoever holds the database, and for what happened by itself.")
    details: dict[str, Any] = Field(
        description="`about`, `before` (null for what is new) and `after` (null for what is gone)."
    )


class ChangePage(Answer):
    """A page of changes, the newest first."""

    items: list[ChangeRow]
    next: str | None
    previous: str | None
    count: Number


class Kind(Turn):
    """Which changes."""

    kind: Line = Field("", max_length=40)


@router.get("/grants", auth=ADMIN, response={200: GrantPage, **declared()}, summary="List grants")
def list_grants(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List who holds which role, on the places where you manage people."""
    return answer(turned_page(reading.grants(actor_of(request).seen), turn, lambda found: map(_row, found)))


@router.post("/grants", auth=ADMIN, response={201: GrantRow, **declared(400, 404, 413)}, summary="Give a role")
def give_role(request: HttpRequest, asked: NewGrant) -> HttpResponse:
    """Give a role to a user or a group. Nobody gives more than they hold there themselves; giving it twice is giving it once."""
    actor = actor_of(request)
    holder = _holder(request, asked)
    try:
        place = reading.place(actor.seen, asked.unit, asked.application)
        role = roles.named(asked.role)
    except NotFound as error:
        raise refused_field("body", str(error)) from None
    return answer(_row(grants.give(actor.person, holder, role, place)), status=201)


@router.delete(
    "/grants/{int:number}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Take a role away"
)
def withdraw_role(request: HttpRequest, number: RowNumber) -> HttpResponse:
    """Take a role away. The last administrator of everything stays one."""
    actor = actor_of(request)
    grants.withdraw(actor.person, get_object_or_404(reading.grants(actor.seen), pk=number))
    return HttpResponse(status=204)


@router.get("/roles", auth=ADMIN, response={200: RoleList, **declared()}, summary="List roles")
def list_roles(request: HttpRequest) -> HttpResponse:
    """List the roles that come with the product and those that were made here."""
    own = [_role(row) for row in reading.roles(actor_of(request).seen)]
    fixed = [
        {"name": str(role), "description": "", "custom": False, "permissions": sorted(rights)} for role, rights in ROLES.items()
    ]  # fmt: skip
    return answer({"items": [*fixed, *own], "permissions": {str(right): words for right, words in WORDS.items()}})


@router.post("/roles", auth=ADMIN, response={201: RoleShape, **declared(400, 413)}, summary="Make a role")
def make_role(request: HttpRequest, asked: NewRole) -> HttpResponse:
    """Make a role of rights that you hold yourself. It takes `user.manage` on everything."""
    row = roles.create(actor_of(request).person, asked.name, asked.permissions, asked.description)
    return answer(_role(row), status=201)


@router.put(
    "/roles/{name}", auth=ADMIN, response={200: RoleShape, **declared(400, 404, 412, 413)}, summary="Change a role"
)
def change_role(request: HttpRequest, name: RoleName, asked: RoleEdit) -> HttpResponse:
    """Give a role these rights, at once for everybody who holds it."""
    actor = actor_of(request)
    row = get_object_or_404(reading.roles(actor.seen), name=name.lower())
    return answer(_role(roles.edit(actor.person, row, asked.permissions, asked.description)))


@router.delete("/roles/{name}", auth=ADMIN, response={204: None, **declared(404, 412)}, summary="Remove a role")
def remove_role(request: HttpRequest, name: RoleName) -> HttpResponse:
    """Remove a role that nobody holds."""
    actor = actor_of(request)
    roles.remove(actor.person, get_object_or_404(reading.roles(actor.seen), name=name.lower()))
    return HttpResponse(status=204)


@router.get("/access/changes", auth=ADMIN, response={200: ChangePage, **declared()}, summary="List changes of rights")
def list_changes(request: HttpRequest, asked: Query[Kind]) -> HttpResponse:
    """List what was changed of people, groups, grants, roles and tokens. It takes `user.manage` or `ledger.read` on everything."""
    rows = reading.changes(actor_of(request).seen)
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    return answer(turned_page(rows, asked, lambda found: map(_change, found)))


def _holder(request: HttpRequest, asked: NewGrant) -> User | Group:
    seen = actor_of(request).seen
    if (asked.user is None) == (asked.group is None):
        raise refused_field("body", "name a user or a group, not both")
    found: User | Group | None = None
    if asked.user is not None:
        found = reading.accounts(seen).filter(pk=asked.user).first()
    elif asked.group is not None:
        found = reading.groups(seen).filter(pk=asked.group).first()
    if found is None:
        raise refused_field("body", "there is no such user or group")
    return found


def _row(row: Grant) -> dict[str, Any]:
    return {
        "id": row.pk, "holder": grants.holder_of(row), "role": grants.role_of(row), "on": str(place_of(row)),
        "at": row.created_at.isoformat(),
    }  # fmt: skip


def _role(row: CustomRole) -> dict[str, Any]:
    return {"name": row.name, "description": row.description, "custom": True, "permissions": sorted(row.permissions)}


def _change(row: Event) -> dict[str, Any]:
    actor = row.actor.get_username() if row.actor else ""
    return {"id": row.pk, "at": row.at.isoformat(), "kind": row.kind, "actor": actor, "details": row.details}
