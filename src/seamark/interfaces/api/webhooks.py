"""Webhooks: addresses that hear what happens, and what became of each message."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import ConfigDict, Field

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.interfaces.api.answers import Answer, Line, Number, Turn, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import Actor, Session, Token, actor_of
from seamark.interfaces.api.problems import Refusal, declared, refused_field
from seamark.pipeline import hearing, webhooks
from seamark.store.models import Application, Webhook, WebhookMessage
from seamark.store.permissions import Permission

router = Router(auth=[Token("admin"), Session("admin")])
Kind = Annotated[str, Field(json_schema_extra={"enum": list(hearing.KINDS)})]
Name = Annotated[Line, Field(min_length=1, max_length=100)]
Address = Annotated[Line, Field(min_length=1, max_length=2000)]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=50)]


class WebhookShape(Answer):
    """An address that hears what its owner may see."""

    id: int
    name: str
    url: str
    kinds: list[str]
    application: str | None = Field(description="Slug of the only application that it hears of.")
    active: bool
    why_off: str | None = Field(description="Why it was turned off, where nobody did so.")
    created_at: str


class WebhookWithKey(WebhookShape):
    """A webhook with its key, which is shown once."""

    secret: str = Field(description="`whsec_…`: what the receiver checks signatures with.")


class WebhookPage(Answer):
    """A page of webhooks, newest first."""

    items: list[WebhookShape]
    next: str | None
    previous: str | None
    count: Number


class NewWebhook(Schema):
    """An address, and what it is to hear of."""

    model_config = ConfigDict(extra="forbid")
    name: Name
    url: Address = Field(description="`https://…`; hosts in private networks have to be allowed by the operator.")
    kinds: Kinds
    application: Annotated[Line, Field(max_length=200)] | None = Field(
        None, description="Slug of the only application."
    )


class ChangedWebhook(Schema):
    """What is to change; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    name: Name | None = None
    url: Address | None = None
    kinds: Kinds | None = None
    active: bool | None = None


class MessageShape(Answer):
    """A message, and what became of it."""

    id: int
    reference: str = Field(description="`webhook-id`: the same at every attempt.")
    kind: str
    state: Literal["queued", "delivered", "failed"]
    attempts: int
    due_at: str | None
    status: int | None = Field(description="The receiver's latest answer.")
    error: str | None
    body: str
    created_at: str
    finished_at: str | None


class MessagePage(Answer):
    """A page of messages, newest first."""

    items: list[MessageShape]
    next: str | None
    previous: str | None
    count: Number


class Narrowed(Turn):
    """Which messages are asked for."""

    state: Literal["", "queued", "delivered", "failed"] = ""


@router.get("/webhooks", response={200: WebhookPage, **declared()}, summary="List webhooks")
def list_webhooks(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List your webhooks, newest first."""
    rows = webhooks.of(_manager(request).person).select_related("application")
    return answer(turned_page(rows, turn, lambda found: map(_shown, found)))


@router.post("/webhooks", response={201: WebhookWithKey, **declared(400, 404, 413)}, summary="Add a webhook")
def add_webhook(request: HttpRequest, asked: NewWebhook) -> HttpResponse:
    """Let an address hear what happens, as far as you may see it. Its key is shown once: keep it."""
    actor = _manager(request)
    application = _application(actor, asked.application) if asked.application is not None else None
    try:
        made, key = webhooks.add(actor.person, asked.name, asked.url, _kinds(asked.kinds), application)
    except RemoteFailure as error:
        raise refused_field("body.url", str(error)) from None
    return answer({**_shown(made), "secret": key}, status=201)


@router.get("/webhooks/{int:number}", response={200: WebhookShape, **declared(404)}, summary="Show a webhook")
def show_webhook(request: HttpRequest, number: int) -> HttpResponse:
    """Show a webhook."""
    return tagged(request, _shown(_hook(request, number)))


@router.patch(
    "/webhooks/{int:number}", response={200: WebhookShape, **declared(400, 404, 413)}, summary="Change a webhook"
)
def change_webhook(request: HttpRequest, number: int, asked: ChangedWebhook) -> HttpResponse:
    """Change a webhook, or turn it on or off. What happens while it is off is not told afterwards."""
    hook = _hook(request, number)
    if asked.url is not None:
        try:
            webhooks.check_address(asked.url)
        except RemoteFailure as error:
            raise refused_field("body.url", str(error)) from None
    hook.name = asked.name if asked.name is not None else hook.name
    hook.url = asked.url if asked.url is not None else hook.url
    hook.kinds = _kinds(asked.kinds) if asked.kinds is not None else hook.kinds
    if asked.active is not None:
        webhooks.turn(hook, active=asked.active)
    hook.save()
    return answer(_shown(hook))


@router.delete("/webhooks/{int:number}", response={204: None, **declared(404)}, summary="Remove a webhook")
def remove_webhook(request: HttpRequest, number: int) -> HttpResponse:
    """Remove a webhook with its messages."""
    _hook(request, number).delete()
    return HttpResponse(status=204)


@router.post(
    "/webhooks/{int:number}/key", response={200: WebhookWithKey, **declared(404)}, summary="Change a webhook's key"
)
def change_webhook_key(request: HttpRequest, number: int) -> HttpResponse:
    """Give a webhook a new key. For a day messages carry a signature of the old one too."""
    hook = _hook(request, number)
    key = webhooks.change_key(hook)
    return answer({**_shown(hook), "secret": key})


@router.post("/webhooks/{int:number}/test", response={202: MessageShape, **declared(404)}, summary="Try a webhook")
def try_webhook(request: HttpRequest, number: int) -> HttpResponse:
    """Send a message that says nothing."""
    return answer(_message(webhooks.greet(_hook(request, number))), status=202)


@router.get(
    "/webhooks/{int:number}/messages", response={200: MessagePage, **declared(404)}, summary="List a webhook's messages"
)
def list_messages(request: HttpRequest, number: int, asked: Query[Narrowed]) -> HttpResponse:
    """List the messages to an address, newest first, with what became of them."""
    rows = _hook(request, number).messages.all()
    rows = rows.filter(state=asked.state) if asked.state else rows
    return answer(turned_page(rows, asked, lambda found: map(_message, found)))


@router.post(
    "/webhooks/{int:number}/messages/{int:message}/replay",
    response={202: MessageShape, **declared(404)},
    summary="Send a message again",
)
def replay_message(request: HttpRequest, number: int, message: int) -> HttpResponse:
    """Send a message again, under the same id: a receiver that has it may pass over it."""
    found = get_object_or_404(_hook(request, number).messages, pk=message)
    return answer(_message(webhooks.replay(found)), status=202)


def _manager(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.seen.may_anywhere(Permission.TOKEN_MANAGE):
        raise NotAllowed("This needs the role admin on something")
    return actor


def _hook(request: HttpRequest, number: int) -> Webhook:
    return get_object_or_404(
        webhooks.of(_manager(request).person).select_related("application"), pk=min(number, 2**63 - 1)
    )


def _application(actor: Actor, slug: str) -> Application:
    found = actor.seen.applications().filter(slug=slug).first()
    if found is None:
        raise Refusal(404, f"There is no application {slug!r} that you may see", type="not-found")
    return found


def _kinds(names: list[str]) -> list[str]:
    if unknown := next((name for name in names if name not in hearing.KINDS), None):
        raise refused_field("body.kinds", f"there is no kind {unknown!r}; there are {', '.join(hearing.KINDS)}")
    return sorted(set(names))


def _shown(hook: Webhook) -> dict[str, Any]:
    return {
        "id": hook.pk, "name": hook.name, "url": hook.url, "kinds": hook.kinds,
        "application": hook.application.slug if hook.application else None, "active": hook.active, "why_off": hook.why_off or None,
        "created_at": hook.created_at.isoformat(),
    }  # fmt: skip


def _message(message: WebhookMessage) -> dict[str, Any]:
    return {
        "id": message.pk, "reference": message.reference, "kind": message.kind, "state": str(message.state), "attempts": message.attempt,
        "due_at": message.due_at.isoformat() if message.due_at else None, "status": message.status, "error": message.told or None,
        "body": message.body, "created_at": message.created_at.isoformat(),
        "finished_at": message.finished_at.isoformat() if message.finished_at else None,
    }  # fmt: skip
