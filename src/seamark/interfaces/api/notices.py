"""What you hear of, where and when."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, Line, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import READ, WRITE, Actor, actor_of
from seamark.interfaces.api.problems import Refusal, declared
from seamark.pipeline.notices import subscriptions
from seamark.pipeline.notices.kinds import KINDS
from seamark.pipeline.outbox.connections import choosable
from seamark.response.actions.contract import Role
from seamark.store.models import Application, Subscription

router = Router(auth=READ)
Hour = Annotated[int, Field(ge=0, le=23)]
NewsKind = Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]


class SubscriptionShape(Answer):
    """What a person or team hears through one channel."""

    id: int
    connection: str
    team: str | None
    to: str | None
    kinds: list[str]
    applications: list[str] = Field(description="Slugs of the only applications; none for all.")
    digest: bool
    weekly: bool = Field(description="The numbers of the week, on Mondays.")
    quarterly: bool = Field(description="That the pack of a quarter that ended is there.")
    daily_delta: bool = Field(description="A day's changes in PCI DSS, for the applications in its scope.")
    hour: int
    zone: str | None
    quiet_from: int | None
    quiet_to: int | None
    active: bool


class SubscriptionPage(Answer):
    """A page of subscriptions, newest first."""

    items: list[SubscriptionShape]
    next: str | None
    previous: str | None
    count: Number


class NewSubscription(Schema):
    """What you want to hear, and where."""

    model_config = ConfigDict(extra="forbid")
    connection: Annotated[Line, Field(max_length=100)] = Field(
        description="The name of a connection that takes messages."
    )
    team: Annotated[Line, Field(max_length=200)] | None = Field(
        None, description="One of your teams, instead of yourself; any team with the right to manage people."
    )
    to: Annotated[Line, Field(max_length=300)] = ""
    kinds: Annotated[list[NewsKind], Field(max_length=50)] | None = Field(
        None, description="What is told at once; null for everything urgent."
    )
    applications: list[Annotated[Line, Field(max_length=200)]] = Field(default_factory=list, max_length=500)
    digest: bool = True
    weekly: bool = False
    quarterly: bool = False
    daily_delta: bool = False
    hour: Hour = 8
    zone: Annotated[Line, Field(max_length=60)] = ""
    quiet_from: Hour | None = None
    quiet_to: Hour | None = None


class ChangedSubscription(Schema):
    """What is to be different; what is left out stays. Quiet hours are given together, both null for none."""

    model_config = ConfigDict(extra="forbid")
    kinds: Annotated[list[NewsKind], Field(max_length=50)] | None = None
    applications: list[Annotated[Line, Field(max_length=200)]] | None = Field(None, max_length=500)
    digest: bool | None = None
    weekly: bool | None = None
    quarterly: bool | None = None
    daily_delta: bool | None = None
    hour: Hour | None = None
    zone: Annotated[Line, Field(max_length=60)] | None = None
    quiet_from: Hour | None = None
    quiet_to: Hour | None = None
    active: bool | None = None


@router.get("/subscriptions", response={200: SubscriptionPage, **declared()}, summary="List your subscriptions")
def list_subscriptions(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List what you and your teams hear of."""
    return answer(turned_page(subscriptions.of(actor_of(request).person), turn, lambda found: map(_shown, found)))


@router.post("/subscriptions", response={201: SubscriptionShape, **declared(400, 404)}, auth=WRITE, summary="Subscribe")
def add_subscription(request: HttpRequest, asked: NewSubscription) -> HttpResponse:
    """Hear of what happens from now on, as far as you may see it."""
    actor = actor_of(request)
    connection = choosable(Role.MESSAGE).filter(name__iexact=asked.connection).first()
    group = subscriptions.teams_of(actor.person).filter(name__iexact=asked.team).first() if asked.team else None
    applications = _applications(actor, asked.applications)
    if connection is None or (asked.team and group is None):
        raise Refusal(404, "There is no such connection, team of yours or application", type="not-found")
    quiet = _quiet(asked.quiet_from, asked.quiet_to)
    made = subscriptions.add(
        actor.person, connection, group=group, to=asked.to, kinds=asked.kinds, applications=applications, digest=asked.digest, weekly=asked.weekly,
        quarterly=asked.quarterly, daily_delta=asked.daily_delta, hour=asked.hour, zone=asked.zone, quiet=quiet,
    )  # fmt: skip
    return answer(_shown(made), status=201)


@router.patch(
    "/subscriptions/{int:number}",
    response={200: SubscriptionShape, **declared(400, 404)},
    auth=WRITE,
    summary="Change a subscription",
)
def change_subscription(request: HttpRequest, number: int, asked: ChangedSubscription) -> HttpResponse:
    """Change a subscription of yours or of a team of yours, or switch it on or off."""
    actor = actor_of(request)
    row, given = _row(actor, number), asked.model_dump(exclude_unset=True)
    wanted: dict[str, Any] = {
        name: given[name]
        for name in ("kinds", "digest", "weekly", "quarterly", "daily_delta", "hour", "zone", "active")
        if given.get(name) is not None
    }
    if asked.applications is not None:
        wanted["applications"] = _applications(actor, asked.applications)
    if {"quiet_from", "quiet_to"} & given.keys():
        wanted["quiet"] = _quiet(asked.quiet_from, asked.quiet_to)
    subscriptions.change(actor.person, row, **wanted)
    return answer(_shown(row))


@router.delete(
    "/subscriptions/{int:number}", response={204: None, **declared(404)}, auth=WRITE, summary="End a subscription"
)
def remove_subscription(request: HttpRequest, number: int) -> HttpResponse:
    """End a subscription of yours or of a team of yours."""
    subscriptions.remove(actor_of(request).person, _row(actor_of(request), number))
    return HttpResponse(status=204)


def _applications(actor: Actor, slugs: list[str]) -> list[Application]:
    found = list(actor.seen.applications().filter(slug__in=slugs))
    if len(found) < len(set(slugs)):
        raise Refusal(404, "There is no such application", type="not-found")
    return found


def _quiet(start: int | None, end: int | None) -> tuple[int, int] | None:
    if start is None or end is None:
        if start is not end:
            raise Refusal(400, "Quiet hours have a beginning and an end", type="malformed")
        return None
    return start, end


def _row(actor: Actor, number: int) -> Subscription:
    return get_object_or_404(subscriptions.of(actor.person), pk=min(number, 2**63 - 1))


def _shown(row: Subscription) -> dict[str, Any]:
    return {
        "id": row.pk, "connection": row.connection.name, "team": row.group.name if row.group else None, "to": row.to or None, "kinds": row.kinds,
        "applications": subscriptions.slugs_of(row),
        "digest": row.digest, "weekly": row.weekly, "quarterly": row.quarterly, "daily_delta": row.daily_delta, "hour": row.hour, "zone": row.zone or None, "quiet_from": row.quiet_from, "quiet_to": row.quiet_to,
        "active": row.active,
    }  # fmt: skip
