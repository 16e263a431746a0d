"""People and groups as SCIM resources: listed, made, replaced, removed."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec
from django.db import transaction
from django.db.models import Q, QuerySet

from seamark.governance.access import accounts, groups
from seamark.governance.access.places import check_right
from seamark.governance.access.scim.filters import Comparison, Filter, ScimError, Several, fits, read_filter
from seamark.store.models import Group, User
from seamark.store.permissions import Permission

USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
_USER_COLUMNS: Final = {
    "id": "pk", "username": "username", "externalid": "external_id", "active": "is_active", "name.givenname": "first_name",
    "name.familyname": "last_name", "emails": "email", "emails.value": "email",
}  # fmt: skip
_GROUP_COLUMNS: Final = {
    "id": "pk", "displayname": "name", "externalid": "external_id", "members": "members__pk", "members.value": "members__pk",
}  # fmt: skip
_EXACT: Final = frozenset({"external_id", "pk", "members__pk", "is_active"})
_LOOKUPS: Final = {"eq": "iexact", "ne": "iexact", "co": "icontains", "sw": "istartswith", "ew": "iendswith"}


def people(actor: User, filter_text: str = "") -> QuerySet[User]:
    """Return people, without service accounts and those who left. Raises `NotAllowed` without `user.manage`, and `ScimError`."""
    check_right(actor, Permission.USER_MANAGE)
    rows = User.objects.filter(is_service=False, left_at=None).order_by("pk")
    return rows.filter(_condition(read_filter(filter_text), _USER_COLUMNS)) if filter_text.strip() else rows


def teams(actor: User, filter_text: str = "") -> QuerySet[Group]:
    """Return groups. Raises `NotAllowed` without `user.manage`, and `ScimError`."""
    check_right(actor, Permission.USER_MANAGE)
    rows = Group.objects.order_by("pk")
    return rows.filter(_condition(read_filter(filter_text), _GROUP_COLUMNS)).distinct() if filter_text.strip() else rows


def of_person(row: User, root: str) -> dict[str, Any]:
    """Return a person as a resource; `root` is the address of the service."""
    work = [{"value": row.email, "type": "work", "primary": True}] if row.email else []
    return _finished(
        {
            "schemas": [USER], "id": str(row.pk), **_external(row.external_id), "userName": row.username,
            "name": {"givenName": row.first_name, "familyName": row.last_name, "formatted": row.get_full_name()},
            "displayName": row.get_full_name() or row.username, "emails": work, "active": row.is_active,
            "groups": [
                {"value": str(team.pk), "display": team.name, "$ref": f"{root}/Groups/{team.pk}"} for team in row.teams.order_by("pk")
            ],
        },
        "User", f"{root}/Users/{row.pk}", row.date_joined.isoformat(),
    )  # fmt: skip


def of_group(row: Group, root: str) -> dict[str, Any]:
    """Return a group as a resource."""
    members = row.members.filter(left_at=None).order_by("pk")
    return _finished(
        {
            "schemas": [GROUP], "id": str(row.pk), **_external(row.external_id), "displayName": row.name,
            "members": [{"value": str(one.pk), "display": one.username, "$ref": f"{root}/Users/{one.pk}"} for one in members],
        },
        "Group", f"{root}/Groups/{row.pk}", row.created_at.isoformat(),
    )  # fmt: skip


def make_person(actor: User, given: Mapping[str, Any]) -> User:
    """Make a person. Raises `ScimError`, for a name that is taken with 409, and `NotAllowed`."""
    told = _person(given)
    if not told["username"]:
        raise ScimError("A user needs a userName", kind="invalidValue")
    if User.objects.filter(username__iexact=told["username"], left_at=None).exists():
        raise ScimError(f"There is a user {told['username']!r} already", status=409, kind="uniqueness")
    name, active = told.pop("username"), _active(given, default=True)
    return accounts.create(actor, name, active=active, **told)


@transaction.atomic
def replace_person(actor: User, row: User, given: Mapping[str, Any]) -> User:
    """Let a person be as given. Whether the account is on is left alone where that is not said. Raises as `make_person` does."""
    told = _person(given)
    told["username"] = told["username"] or row.username
    if User.objects.filter(username__iexact=told["username"]).exclude(pk=row.pk).exists():
        raise ScimError(f"There is a user {told['username']!r} already", status=409, kind="uniqueness")
    accounts.change(actor, row, **told)
    accounts.switch(actor, row, on=_active(given, default=row.is_active))
    return row


def make_group(actor: User, given: Mapping[str, Any]) -> Group:
    """Make a group. Raises `ScimError`, for a name that is taken with 409, and `NotAllowed`."""
    name = _text(given, "displayName")
    if Group.objects.filter(name__iexact=name.strip()).exists():
        raise ScimError(f"There is a group {name!r} already", status=409, kind="uniqueness")
    members = _members(given)
    return groups.create(actor, name, members=members, external_id=_text(given, "externalId"))


@transaction.atomic
def replace_group(actor: User, row: Group, given: Mapping[str, Any]) -> Group:
    """Let a group be as given. Raises `ScimError` and `NotAllowed`."""
    name = _text(given, "displayName") or row.name
    if Group.objects.filter(name__iexact=name.strip()).exclude(pk=row.pk).exists():
        raise ScimError(f"There is a group {name!r} already", status=409, kind="uniqueness")
    groups.rename(actor, row, name, external_id=_text(given, "externalId"))
    # Service accounts are members by hand: no directory knows them.
    kept = list(row.members.filter(is_service=True))
    groups.set_members(actor, row, [*_members(given), *kept])
    return row


def _person(given: Mapping[str, Any]) -> dict[str, str]:
    name = given.get("name")
    parts = name if isinstance(name, dict) else {}
    emails = [one for one in given.get("emails") or () if isinstance(one, dict) and one.get("value")]
    best = next((one for one in emails if one.get("primary")), emails[0] if emails else {})
    return {
        "username": _text(given, "userName"), "external_id": _text(given, "externalId"), "email": str(best.get("value") or ""),
        "first_name": _text(parts, "givenName"), "last_name": _text(parts, "familyName"),
    }  # fmt: skip


def _active(given: Mapping[str, Any], *, default: bool) -> bool:
    value = given.get("active")
    if value is None:
        return default
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ScimError("active is true or false", kind="invalidValue")
    return value


def _members(given: Mapping[str, Any]) -> list[User]:
    listed = given.get("members") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ScimError("members is a list of objects", kind="invalidValue")
    wanted = {str(one.get("value", "")) for one in listed}
    numbers = {int(one) for one in wanted if one.isascii() and one.isdigit() and len(one) < 19}
    rows = list(User.objects.filter(pk__in=numbers, is_service=False, left_at=None))
    if len(rows) != len(wanted):
        missing = min(wanted - {str(row.pk) for row in rows})
        raise ScimError(f"There is no user {missing[:50]!r}", kind="invalidValue")
    return rows


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ScimError(f"{name} is a text", kind="invalidValue")
    return value.strip()


def _external(value: str) -> dict[str, str]:
    return {"externalId": value} if value else {}


def _finished(resource: dict[str, Any], kind: str, location: str, created: str) -> dict[str, Any]:
    version = f'W/"{sha256(msgspec.json.encode(resource, order="sorted")).hexdigest()[:32]}"'
    meta = {"resourceType": kind, "location": location, "created": created, "version": version}
    return {**resource, "meta": meta}


def _condition(found: Filter, columns: Mapping[str, str]) -> Q:
    if isinstance(found, Several):
        parts = [_condition(part, columns) for part in found.parts]
        if found.word == "not":
            return ~parts[0]
        return Q(*parts, _connector=Q.AND if found.word == "and" else Q.OR)
    column = columns.get(found.path)
    if column is None:
        raise ScimError(
            f"There is no filter by {found.path[:50]!r}; there are {', '.join(columns)}", kind="invalidFilter"
        )
    if found.within is not None and not fits(found.within, {"type": "work", "primary": True}):
        return Q(pk__in=[])
    return _compared(column, found)


def _compared(column: str, test: Comparison) -> Q:
    if test.operator == "pr":
        if column in {"pk", "is_active"}:
            return Q()
        return Q(members__isnull=False) if column == "members__pk" else ~Q(**{column: ""})
    value: object = test.value
    if column in _EXACT and test.operator not in {"eq", "ne"} and column != "external_id":
        raise ScimError(f"{test.path} is compared with eq and ne only", kind="invalidFilter")
    if column == "is_active":
        value = str(value).lower() == "true"
    elif column in {"pk", "members__pk"}:
        text = str(value)
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    elif value is None or isinstance(value, bool):
        raise ScimError(f"{test.path} is compared with a text", kind="invalidFilter")
    lookup = "exact" if column in _EXACT and test.operator in {"eq", "ne"} else _LOOKUPS[test.operator]
    condition = Q(**{f"{column}__{lookup}": value})
    return ~condition if test.operator == "ne" else condition
