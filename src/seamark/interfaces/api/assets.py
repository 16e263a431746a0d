"""The inventory: which assets there are, what is known of one and who says so, and who answers for it."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.analysis.graph.nodes import described
from seamark.core.assets import AssetKind
from seamark.core.errors import NotAllowed
from seamark.governance.triage import owners as ownership
from seamark.insight.analytics import inventory
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, answer, tagged, turned_page
from seamark.interfaces.api.authentication import WRITE, Actor, actor_of
from seamark.interfaces.api.problems import declared, refused_field
from seamark.interfaces.api.shapes import NodeShape
from seamark.store.models import Asset
from seamark.store.permissions import Permission, needed

router = Router()
_KINDS = [kind.value for kind in AssetKind]


class Which(Schema):
    """Which assets are asked for; what is left out does not matter."""

    kind: str = Field("", max_length=20, json_schema_extra={"enum": ["", *_KINDS]})
    application: Line = Field("", max_length=200, description="Slug.")
    exposure: Line = Field("", max_length=20, description="`internet`, `partner`, `internal` or `none`.")
    environment: Line = Field("", max_length=50)
    owner: Annotated[str, Field(pattern="^(none)?$")] = Field("", description="`none`: those that nobody owns.")
    gone: bool = Field(
        default=False, description="Those that nobody tells of any more, instead of those that are there."
    )
    q: Line = Field("", max_length=500, description="Words that stand in name or key, all of them.")

    def asked(self) -> inventory.Filter:
        """Return the filter. Raises `Refusal` for a kind that is none."""
        if self.kind and self.kind not in _KINDS:
            raise refused_field("query.kind", f"there is no kind {self.kind!r}; there are {', '.join(_KINDS)}")
        return inventory.Filter(
            kind=self.kind, application=self.application, exposure=self.exposure, environment=self.environment, unowned=self.owner == "none",
            gone=self.gone, words=self.q,
        )  # fmt: skip


class WhichPage(Which, Turn):
    """Which assets are asked for, and which page of them."""


class AssetPage(Answer):
    """A page of assets in the order in which they were found."""

    items: list[NodeShape]
    next: str | None
    previous: str | None
    count: Number


class FacetsShape(Answer):
    """How many assets there are by a property; each field counted as if it were not asked for."""

    total: Number
    kind: dict[str, Number]
    application: dict[str, Number] = Field(description="By slug.")
    exposure: dict[str, Number]
    environment: dict[str, Number]
    unowned: Number
    gone: Number


class FactShape(Answer):
    """One fact, and who says so."""

    name: str
    value: Any
    origin: str = Field(description="Which reader of the source: `dockerfile`, `kubernetes`.")
    source: str = Field(description="The survey.")
    at: str = Field(description="Place in the source.")
    confidence: float
    since: str
    holds: bool = Field(description="Whether it is what the asset's facts come to: somebody surer may say otherwise.")


class EdgeShape(Answer):
    """One relation, from the asset's side."""

    asset: NodeShape
    origin: str
    source: str
    at: str
    confidence: float
    since: str


class RelatedShape(Answer):
    """Relations of one kind and direction."""

    kind: str
    reads: str = Field(description="From the asset's side: `runs`, `run by`.")
    number: int
    items: list[EdgeShape] = Field(description="The surest ones, at most 50.")


class OwnerShape(Answer):
    """Who answers for it."""

    owner: NodeShape
    rank: int
    confidence: float
    reason: str
    by_person: bool


class InventoryShape(Answer):
    """An inventory of software, now or before."""

    id: int
    components: int
    source: str
    commit: str
    image_digest: str
    since: str
    until: str | None


class LookedShape(Answer):
    """The newest scan of one stream."""

    tool: str
    ref: str
    at: str
    findings: int
    good: bool = Field(description="Whether it proves that what it does not report is not there.")
    why: str


class AssetAccount(Answer):
    """Everything that is known of an asset."""

    asset: NodeShape
    facts: list[FactShape]
    owners: list[OwnerShape]
    relations: list[RelatedShape]
    inventories: list[InventoryShape] = Field(description="The newest first, at most 20.")
    scans: list[LookedShape]
    open_issues: dict[str, Number] = Field(description="By severity; `/issues?q=asset:7` lists them.")
    first_seen: str
    gone_at: str | None


class Owners(Schema):
    """Who answers for an asset, the first one first; an empty list takes a decision back."""

    model_config = ConfigDict(extra="forbid")
    owners: list[Line] = Field(
        max_length=ownership.MOST_OWNERS,
        description="`acme/orders` or `team:platform` for teams, `ada@shop.example` or `@ada` for people.",
    )
    reason: str = Field("", max_length=1000, pattern=r"^[^\x00]*$")


@router.get("/assets", response={200: AssetPage, **declared()}, summary="List assets")
def list_assets(request: HttpRequest, asked: Query[WhichPage]) -> HttpResponse:
    """List assets of the inventory, in the order in which they were found."""
    rows = inventory.assets(actor_of(request).seen, asked.asked())
    return answer(turned_page(rows, asked, lambda found: described([row.pk for row in found]), descending=False))


@router.get("/assets/facets", response={200: FacetsShape, **declared()}, summary="Count assets")
def count_assets(request: HttpRequest, asked: Query[Which]) -> HttpResponse:
    """Count assets by kind, application, exposure and environment: of more than 10,000 the first ones."""
    found = inventory.facets(actor_of(request).seen, asked.asked())
    return answer({"total": found.total, **found.values, "unowned": found.unowned, "gone": found.gone})


@router.get("/assets/{int:number}", response={200: AssetAccount, 304: None, **declared(404)}, summary="Show an asset")
def show_asset(request: HttpRequest, number: int) -> HttpResponse:
    """Show everything that is known of an asset: each fact, relation and owner with who says so."""
    actor = actor_of(request)
    return tagged(request, inventory.account_of(actor.seen, _asset(actor, number)))


@router.put(
    "/assets/{int:number}/owners",
    auth=WRITE,
    response={200: AssetAccount, **declared(400, 404, 413)},
    summary="Say who owns an asset",
)
def set_owners(request: HttpRequest, number: int, told: Owners) -> HttpResponse:
    """Decide who answers for an asset. It wins over what files, catalogues and histories say, now and later."""
    actor = actor_of(request)
    asset = _asset(actor, number)
    if not actor.seen.may(Permission.ASSET_EDIT, asset.application):
        where = asset.application or "all applications"
        raise NotAllowed(needed(Permission.ASSET_EDIT, where))
    try:
        refs = [ownership.owner_ref(text) for text in told.owners]
    except NotAllowed as error:
        raise refused_field("body.owners", str(error)) from None
    ownership.decide(actor.person, asset, refs, told.reason)
    return answer(inventory.account_of(actor.seen, asset))


def _asset(actor: Actor, number: int) -> Asset:
    return get_object_or_404(actor.seen.assets().select_related("application"), pk=number)
