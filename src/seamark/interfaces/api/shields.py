"""Virtual patches: what may stand in for the fix of an issue for a while, and which of them are said to be in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Path, Router, Schema
from pydantic import ConfigDict, Field

from seamark.interfaces.api.answers import Answer, Number, Turned, answer, turned_page
from seamark.interfaces.api.authentication import WRITE, actor_of
from seamark.interfaces.api.issues import issue_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline import shielding
from seamark.store.models import Control

router = Router()
Numbered = Annotated[int, Path(ge=1, lt=2**63)]
ShieldKind = Literal["waf", "network", "admission"]


class SuggestedShield(Answer):
    """A rule or manifest that may stand in for a fix; nothing is put in place from here."""

    kind: ShieldKind
    title: str
    text: str
    note: str = Field(description="What to know before it is put in place, and what it does not do.")


class KeptShield(Answer):
    """A virtual patch that somebody said is in force."""

    id: int
    issue: str
    application: str
    kind: str
    proof: str
    until: str | None
    counts: bool = Field(description="Whether it still lowers the risk: its last day is not over.")


class IssueShields(Answer):
    """The virtual patches of an issue."""

    suggested: list[SuggestedShield]
    kept: list[KeptShield]
    may_keep: bool = Field(description="Whether you may say that one is in force.")


class ShieldPage(Answer):
    """A page of virtual patches, those that end first at the front."""

    items: list[KeptShield]
    next: str | None
    previous: str | None
    count: Number


class ShieldInForce(Schema):
    """That a suggested virtual patch is in force."""

    model_config = ConfigDict(extra="forbid")
    kind: ShieldKind
    proof: str = Field(min_length=1, max_length=4000, description="What shows that it is in force.")
    until: date = Field(description="The last day on which it counts; 90 days from now at most.")


@router.get("/virtual-patches", response={200: ShieldPage, **declared()}, summary="List virtual patches in force")
def list_virtual_patches(request: HttpRequest, turn: Turned) -> HttpResponse:
    """List the virtual patches that are kept in the applications that you may see."""
    return answer(turned_page(shielding.all_of(actor_of(request).seen), turn, lambda found: map(_shown, found)))


@router.get("/issues/{reference}/virtual-patches", response={200: IssueShields, **declared(404)}, summary="Suggest virtual patches of an issue")  # fmt: skip
def show_virtual_patches(request: HttpRequest, reference: str) -> HttpResponse:
    """Suggest what may stand in for the fix of an issue, and show what is said to be in force."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    return answer({
        "suggested": [{"kind": one.kind, "title": one.title, "text": one.text, "note": one.note} for one in shielding.suggested(issue)],
        "kept": [_shown(one) for one in shielding.of_issue(issue).select_related("application")], "may_keep": shielding.may_keep(actor.seen, issue),
    })  # fmt: skip


@router.post("/issues/{reference}/virtual-patches", auth=WRITE, response={201: KeptShield, **declared(400, 404)}, summary="Keep that a virtual patch is in force")  # fmt: skip
def keep_virtual_patch(request: HttpRequest, reference: str, asked: ShieldInForce) -> HttpResponse:
    """Keep that a suggestion is in force: a compensating control of this issue's place and weakness alone. It takes the right to approve waivers."""
    actor = actor_of(request)
    issue = issue_of(actor, reference)
    return answer(_shown(shielding.put_in_place(actor.person, issue, asked.kind, asked.proof, asked.until)), status=201)


@router.delete("/virtual-patches/{number}", auth=WRITE, response={204: None, **declared(404)}, summary="Withdraw a virtual patch")  # fmt: skip
def withdraw_virtual_patch(request: HttpRequest, number: Numbered) -> HttpResponse:
    """Take back that a virtual patch is in force. It takes the right to approve waivers."""
    actor = actor_of(request)
    shielding.withdraw(actor.person, get_object_or_404(shielding.all_of(actor.seen), pk=number))
    return HttpResponse(status=204)


def _shown(row: Control) -> dict[str, Any]:
    return {
        "id": row.pk, "issue": f"SM-{shielding.issue_number(row)}", "application": row.application.slug, "kind": row.kind, "proof": row.evidence,
        "until": row.expires.isoformat() if row.expires else None, "counts": shielding.counts(row),
    }  # fmt: skip
