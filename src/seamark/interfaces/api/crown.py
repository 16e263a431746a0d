"""Crown jewels: what the business would feel most, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.analysis.graph.crown import catalogue
from seamark.analysis.graph.nodes import described
from seamark.core.errors import NotAllowed
from seamark.interfaces.api.answers import Answer, answer
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.problems import declared, existing
from seamark.pipeline.crowns import name_jewel, withdraw_jewel
from seamark.store.access import APPROVES_WAIVERS
from seamark.store.models import User
from seamark.store.permissions import Permission, needed

router = Router()


class JewelShape(Answer):
    """One crown jewel; `asset` is null for a package."""

    asset: int | None
    kind: str
    key: str
    name: str
    reason: str
    origin: str


class JewelList(Answer):
    """All that may be seen, at most 5,000."""

    items: list[JewelShape]


class Named(Answer):
    """What was named, or is named no more."""

    asset: int | None
    package: str


class WhichJewel(Schema):
    """Names an asset (its number, `kind:key`, key or name) or a package (package URL, whose version does not count)."""

    model_config = ConfigDict(extra="forbid")
    what: str = Field(min_length=1, max_length=1000)


class NewJewel(WhichJewel):
    """What is a crown jewel, and why."""

    reason: str = Field(default="", max_length=2000)


@router.get("/crown-jewels", response={200: JewelList, **declared()}, summary="List crown jewels")
def list_jewels(request: HttpRequest) -> HttpResponse:
    """List the crown jewels among the assets that may be seen, and the packages that are."""
    jewels = catalogue()
    numbers = [one.asset for one in jewels if one.asset is not None]
    seen = set(actor_of(request).seen.assets().filter(pk__in=numbers).values_list("id", flat=True))
    nodes = {node.id: node for node in described(sorted(seen))}
    items = []
    for one in jewels:
        node = nodes.get(one.asset) if one.asset is not None else None
        if node is None and one.asset is not None:
            continue
        kind, key, name = (node.kind, node.key, node.name) if node else ("package", one.package, one.package)
        items.append(
            {"asset": one.asset, "kind": kind, "key": key, "name": name, "reason": one.reason, "origin": one.origin}
        )
    return answer({"items": items})


@router.post(
    "/crown-jewels", auth=WRITE, response={200: Named, **declared(400, 404, 413)}, summary="Name a crown jewel"
)
def add_jewel(request: HttpRequest, asked: NewJewel) -> HttpResponse:
    """Make an asset or a package a crown jewel, or change why. It takes a role on all applications."""
    person = _person(request)
    with existing():
        row = name_jewel(asked.what, asked.reason, by=person)
    return answer({"asset": row.asset_id, "package": row.package})


@router.post(
    "/crown-jewels/withdraw",
    auth=WRITE,
    response={200: Named, **declared(400, 404, 413)},
    summary="Withdraw a crown jewel",
)
def remove_jewel(request: HttpRequest, asked: WhichJewel) -> HttpResponse:
    """Take back that somebody named it; what files or facts say stays. It takes the role approver or admin on all applications."""
    # It lowers scores, which policies ask for.
    _person(request, APPROVES_WAIVERS)
    with existing():
        row = withdraw_jewel(asked.what)
    return answer({"asset": row.asset_id, "package": row.package})


def _person(request: HttpRequest, right: Permission = Permission.ASSET_EDIT) -> User:
    actor = actor_of(request)
    if not actor.seen.may(right):
        raise NotAllowed(needed(right, "all applications"))
    return actor.person
