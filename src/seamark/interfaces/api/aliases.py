"""The names of flaws: which mean the same, who says so, and what people revoked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from django.http import Http404, HttpRequest, HttpResponse
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed
from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.problems import declared, possible
from seamark.pipeline import aliasing
from seamark.store.access import APPROVES_WAIVERS
from seamark.store.permissions import needed

router = Router()
Name = Annotated[
    str, Path(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]*$", description="CVE, GHSA, OSV … id.")
]


class AssertionShape(Answer):
    """Who says that two names mean one flaw."""

    left: str
    right: str
    asserter: str
    since: str
    revoked_at: str | None
    revoked_by: str | None


class AssertionList(Answer):
    """All that is said of a flaw's names, revoked assertions too."""

    items: list[AssertionShape]


class Changed(Answer):
    """The issues that changed, new ones among them."""

    issues: list[str]


class OtherName(Schema):
    """The other of two names."""

    model_config = ConfigDict(extra="forbid")
    other: str = Field(max_length=120, pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]*$")


@router.get("/aliases/{name}", response={200: AssertionList, **declared(404)}, summary="List a flaw's names")
def list_aliases(request: HttpRequest, name: Name) -> HttpResponse:  # noqa: ARG001 - ninja's signature
    """List who says which names mean one flaw with this one."""
    try:
        told = aliasing.assertions_of(name)
    except NotAllowed:
        raise Http404 from None
    return answer({"items": [one._asdict() for one in told]})


@router.post(
    "/aliases/{name}/revoke",
    auth=WRITE,
    response={200: Changed, **declared(400, 404, 409, 413)},
    summary="Revoke an alias",
)
def revoke_alias(request: HttpRequest, name: Name, asked: OtherName) -> HttpResponse:
    """Say that two names are not one flaw, whoever says so now or later. It takes a role on all applications."""
    return _changed(request, lambda actor: aliasing.revoke(actor, name, asked.other))


@router.post(
    "/aliases/{name}/restore",
    auth=WRITE,
    response={200: Changed, **declared(400, 404, 409, 413)},
    summary="Restore an alias",
)
def restore_alias(request: HttpRequest, name: Name, asked: OtherName) -> HttpResponse:
    """Take a revocation back."""
    return _changed(request, lambda actor: aliasing.restore(actor, name, asked.other))


def _changed(request: HttpRequest, change: Callable[..., list[int]]) -> HttpResponse:
    actor = actor_of(request)
    if not actor.seen.may(APPROVES_WAIVERS):
        raise NotAllowed(needed(APPROVES_WAIVERS, "all applications"))
    with possible():
        numbers = change(actor.person)
    return answer({"issues": [f"SM-{number}" for number in numbers]})
