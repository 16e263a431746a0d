"""SCIM 2.0 (RFC 7644): the service that a directory such as Okta or Entra ID provisions people and groups by."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.utils.http import parse_etags
from django.views.decorators.csrf import csrf_exempt

from seamark.core.errors import NotAllowed
from seamark.governance.access import accounts, groups
from seamark.governance.access.scim import directory
from seamark.governance.access.scim.filters import ScimError
from seamark.governance.access.scim.patch import patched
from seamark.governance.access.scim.schemas import config, resource_types, schemas
from seamark.pipeline.people import live_token
from seamark.store.models import Group, User

MEDIA_TYPE: Final = "application/scim+json"
SCOPE: Final = "admin"
LARGEST: Final = 4 * 1024 * 1024
MOST: Final = 200
"""Resources on a page."""
_LIST: Final = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
_PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
_ERROR: Final = "urn:ietf:params:scim:api:messages:2.0:Error"
_LOGGER: Final = logging.getLogger("seamark.scim")
View = Callable[..., HttpResponse]
Row = TypeVar("Row", bound=Model)


def endpoint(*methods: str, open_to_all: bool = False) -> Callable[[View], View]:
    """Make a view of a function that takes the request and the token's owner, and raises `ScimError` and `NotAllowed`."""

    def made(view: View) -> View:
        @csrf_exempt
        @login_not_required
        @functools.wraps(view)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            try:
                if request.method not in methods:
                    return _error(405, f"Only {', '.join(methods)} work here", headers={"Allow": ", ".join(methods)})
                actor = None if open_to_all else _actor(request)
                with transaction.atomic():
                    return view(request, actor, *args, **kwargs)
            except ScimError as error:
                return _error(error.status, str(error), error.kind)
            except NotAllowed as error:
                return _error(403, str(error))
            except IntegrityError:
                return _error(409, "There is such a resource already", "uniqueness")
            except Exception:
                _LOGGER.exception("%s %s failed", request.method, request.path)
                return _error(500, "Something went wrong on our side; the server's log has the details")

        return answered

    return made


@endpoint("GET", open_to_all=True)
def service(request: HttpRequest, _: None) -> HttpResponse:
    """Say what of SCIM is supported."""
    return _answer(config(_root(request)))


@endpoint("GET", open_to_all=True)
def described(request: HttpRequest, _: None, what: str, name: str = "") -> HttpResponse:
    """List the sorts of resources or their schemas, or show one."""
    found = {one["id"]: one for one in (resource_types if what == "ResourceTypes" else schemas)(_root(request))}
    if not name:
        return _answer(_listed(list(found.values()), len(found), 1))
    if name not in found:
        raise _nothing()
    return _answer(found[name])


@endpoint("GET", "POST")
def users(request: HttpRequest, actor: User) -> HttpResponse:
    """List people, or make one."""
    if request.method == "GET":
        return _page(request, directory.people(actor, request.GET.get("filter", "")), directory.of_person)
    row = directory.make_person(actor, _body(request))
    return _shown(request, directory.of_person(row, _root(request)), status=201)


@endpoint("GET", "PUT", "PATCH", "DELETE")
def user(request: HttpRequest, actor: User, number: str) -> HttpResponse:
    """Show, replace, change or remove a person."""
    row = _row(directory.people(actor), number)
    shown = directory.of_person(row, _root(request))
    if request.method == "GET":
        return _shown(request, shown)
    _check_version(request, shown)
    if request.method == "DELETE":
        accounts.remove(actor, row)
        return HttpResponse(status=204)
    row = directory.replace_person(actor, row, _wanted(request, shown))
    return _shown(request, directory.of_person(row, _root(request)))


@endpoint("GET", "POST")
def teams(request: HttpRequest, actor: User) -> HttpResponse:
    """List groups, or make one."""
    if request.method == "GET":
        return _page(request, directory.teams(actor, request.GET.get("filter", "")), directory.of_group)
    row = directory.make_group(actor, _body(request))
    return _shown(request, directory.of_group(row, _root(request)), status=201)


@endpoint("GET", "PUT", "PATCH", "DELETE")
def team(request: HttpRequest, actor: User, number: str) -> HttpResponse:
    """Show, replace, change or remove a group."""
    row: Group = _row(directory.teams(actor), number)
    shown = directory.of_group(row, _root(request))
    if request.method == "GET":
        return _shown(request, shown)
    _check_version(request, shown)
    if request.method == "DELETE":
        groups.remove(actor, row)
        return HttpResponse(status=204)
    row = directory.replace_group(actor, row, _wanted(request, shown))
    return _shown(request, directory.of_group(row, _root(request)))


@endpoint("GET", "POST", "PUT", "PATCH", "DELETE")
def nothing(request: HttpRequest, _: User) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """Say that there is nothing else."""
    raise _nothing()


def _actor(request: HttpRequest) -> User:
    """Return the owner of the token in use. Raises `ScimError`."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    token = live_token(text.strip()) if scheme.lower() == "bearer" else None
    if token is None:
        raise ScimError("Send a token: Authorization: Bearer smk_…", status=401)
    if SCOPE not in token.scopes:
        raise ScimError(f"This needs a token with the scope {SCOPE}", status=403)
    return token.user


def _body(request: HttpRequest) -> dict[str, Any]:
    length = request.headers.get("Content-Length", "0")
    if not length.isdigit() or int(length) > LARGEST:
        raise ScimError(f"A request has at most {LARGEST // 1024**2} MB", status=413)
    try:
        found = msgspec.json.decode(request.read(LARGEST + 1))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        raise ScimError("The request is no JSON object", kind="invalidSyntax")
    if _has_null(found):
        raise ScimError("No text has a NUL character", kind="invalidValue")
    return found


def _has_null(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_null(one) for one in value.values())
    return isinstance(value, list) and any(_has_null(one) for one in value)


def _wanted(request: HttpRequest, shown: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the resource as the request wants it: the body of PUT, what a PATCH makes of the present one."""
    body = _body(request)
    if request.method == "PUT":
        return body
    if _PATCH not in (body.get("schemas") or []):
        raise ScimError(f"A change has the schema {_PATCH}", kind="invalidSyntax")
    return patched(shown, next((value for name, value in body.items() if name.lower() == "operations"), None))


def _row(rows: QuerySet[Row], number: str) -> Row:
    found = rows.filter(pk=int(number)).first() if number.isascii() and number.isdigit() and len(number) < 19 else None
    if found is None:
        raise _nothing()
    return found


def _nothing() -> ScimError:
    return ScimError("There is no such resource", status=404)


def _check_version(request: HttpRequest, shown: Mapping[str, Any]) -> None:
    known = request.headers.get("If-Match")
    if known is not None and not {"*", str(shown["meta"]["version"])}.intersection(parse_etags(known)):
        raise ScimError("The resource has changed since it was read", status=412)


def _shown(request: HttpRequest, resource: dict[str, Any], *, status: int = 200) -> HttpResponse:
    version = str(resource["meta"]["version"])
    if request.method == "GET" and version in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers={"ETag": version})
    headers = {"ETag": version, **({"Location": resource["meta"]["location"]} if status == 201 else {})}
    return _answer(_narrowed(request, resource), status=status, headers=headers)


def _narrowed(request: HttpRequest, resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource without what `excludedAttributes` names, or with no more than `attributes` does."""
    always = {"schemas", "id", "meta"}
    named = {
        one.strip().rpartition(":")[2].partition(".")[0].lower() for one in request.GET.get("attributes", "").split(",")
    } - {""}
    left_out = {
        one.strip().rpartition(":")[2].lower() for one in request.GET.get("excludedAttributes", "").split(",")
    } - {""}
    return {
        name: value for name, value in resource.items()
        if name in always or ((not named or name.lower() in named) and name.lower() not in left_out)
    }  # fmt: skip


def _page(request: HttpRequest, rows: QuerySet[Row], shown: Callable[[Row, str], dict[str, Any]]) -> HttpResponse:
    start = max(_number(request, "startIndex", 1), 1)
    count = min(max(_number(request, "count", 100), 0), MOST)
    root, total = _root(request), rows.count()
    found = rows[start - 1 : start - 1 + count] if start <= total else []
    return _answer(_listed([_narrowed(request, shown(row, root)) for row in found], total, start))


def _number(request: HttpRequest, name: str, default: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return default
    if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or len(text) > 15:
        raise ScimError(f"{name} is a number", kind="invalidValue")
    return int(text)


def _listed(resources: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    return {
        "schemas": [_LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(resources), "Resources": resources,
    }  # fmt: skip


def _root(request: HttpRequest) -> str:
    return f"{settings.SEAMARK_PUBLIC_URL or request.build_absolute_uri('/').rstrip('/')}/scim/v2"


def _answer(value: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    told = {"Cache-Control": "no-store", **(headers or {})}
    return HttpResponse(msgspec.json.encode(value), status=status, content_type=MEDIA_TYPE, headers=told)


def _error(status: int, detail: str, kind: str = "", *, headers: Mapping[str, str] | None = None) -> HttpResponse:
    told = {"schemas": [_ERROR], "status": str(status), "detail": detail, **({"scimType": kind} if kind else {})}
    challenge = {"WWW-Authenticate": 'Bearer realm="Seamark"'} if status == 401 else {}
    return _answer(told, status=status, headers={**challenge, **(headers or {})})


urlpatterns = [
    path("ServiceProviderConfig", service, name="scim-service"),
    re_path(r"^(?P<what>ResourceTypes|Schemas)$", described, name="scim-described"),
    re_path(r"^(?P<what>ResourceTypes|Schemas)/(?P<name>[^/]+)$", described, name="scim-described-one"),
    path("Users", users, name="scim-users"),
    path("Users/<str:number>", user, name="scim-user"),
    path("Groups", teams, name="scim-groups"),
    path("Groups/<str:number>", team, name="scim-group"),
    re_path(r"", nothing, name="scim-nothing"),
]
