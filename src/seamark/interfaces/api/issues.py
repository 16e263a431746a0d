"""Issues: the prioritised list, one in full, and the account of its score."""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Query, Router, Schema
from pydantic import Field

from seamark.interfaces.api import rows
from seamark.interfaces.api.answers import Answer, Number, Turned, answer, tagged, turned_page
from seamark.interfaces.api.authentication import Actor, actor_of
from seamark.interfaces.api.problems import declared
from seamark.pipeline.account import account_of
from seamark.pipeline.scoring import receipt_of
from seamark.store.models import Issue
from seamark.store.query import ordered, parse, select
from seamark.store.query.layers import layer_at

router = Router()


class IssueRow(Answer):
    """An issue in a list. With `fields`, only those."""

    id: str = Field("", description="Its reference, such as SM-1042.")
    title: str = ""
    reason: str = Field("", description="Why it stands where it does, in one line.")
    risk: float = Field(0, ge=0, le=100)
    priority: str = Field("", pattern="^P[0-4]$")
    severity: str = ""
    kind: str = ""
    application: str = ""
    state: str = ""
    resolution: str | None = None
    place: str = ""
    component: str | None = None
    layer: str | None = Field(
        None, description="Of a package in an image: `base` or `own` layer; null where it is not known."
    )
    base_image: str | None = None
    rule: str = ""
    cwe: int | None = None
    kev: bool = False
    fixable: bool = False
    regression: bool = False
    branch_only: bool = False
    ai_written: bool = Field(
        False, description="Its place is known to be AI-written code. False says nothing: a lower bound."
    )
    tools: int = Field(0, description="How many tools report it now.")
    owner: str | None = None
    assignee: str | None = None
    due: str | None = None
    fix: int | None = None
    opened_at: str = ""
    resolved_at: str | None = None


class IssuePage(Answer):
    """A page of issues in the query's order, the riskiest first where it names none."""

    items: list[IssueRow]
    next: str | None
    previous: str | None
    count: Number


class Part(Answer):
    """One line of a receipt. Points are tenths."""

    factor: str
    label: str
    detail: str
    source: str
    points: int


class ReceiptShape(Answer):
    """The account of a score: its parts add up to it exactly."""

    score: int = Field(description="Tenths, 0 to 1000.")
    priority: int
    parts: list[Part]
    unknown: list[str]
    counterfactuals: list[tuple[str, int]]
    reason: str
    profile: str


class FindingShape(Answer):
    """What one tool says."""

    finding: int
    tool: str
    rule: str
    severity: str
    place: str
    component: str | None
    fixed_version: str | None
    ref: str | None
    since: str
    state: str
    scan: int
    report_index: int | None
    title: str
    description: str
    snippet: str


class Happened(Answer):
    """Something that happened to an issue."""

    at: str
    kind: str
    text: str
    details: dict[str, Any]
    actor: str | None


class LinkShape(Answer):
    """Why one finding belongs to the issue."""

    finding: int
    other: int | None = Field(description="The finding that it was linked to.")
    how: Literal["opened", "matched", "compared", "flaw", "rule", "merged", "joined", "kept"] = Field(
        description="`matched`: by the matcher; `compared`: the same, worked out now; `flaw`: same flaw in the same package; `rule`: same rule "
        "on another branch; `merged`: two issues, by the matcher; `joined`: by people; `kept`: recognised where it stood before."
    )
    text: str
    confidence: float | None
    reasons: list[tuple[str, float]] = Field(description="Words and weights, which add up to the confidence.")
    issue: str | None = Field(description="The issue that it came from.")
    by: str | None
    at: str | None
    decision: int | None


class Decided(Answer):
    """A decision that holds."""

    decision: int
    verdict: str
    issue: str
    text: str
    by: str | None
    by_person: bool
    at: str


class Suggested(Answer):
    """A finding of another issue that may be this one."""

    suggestion: int
    finding: int
    other: int
    issue: str
    confidence: float
    reasons: list[tuple[str, float]]


class WhyShape(Answer):
    """Why the findings are one issue, what is kept apart from it, and what may belong to it."""

    links: list[LinkShape]
    joined: list[Decided]
    apart: list[Decided]
    suggestions: list[Suggested]


class IssueAccount(IssueRow):
    """An issue in full, with at most 100 of its findings."""

    merged_into: str | None = Field(description="The issue that its findings belong to now.")
    ai_evidence: str | None = Field(description="What says that an AI agent wrote its line.")
    why: WhyShape
    findings: list[FindingShape]
    receipt: ReceiptShape
    history: list[Happened]


class Selection(Schema):
    """Which issues are asked for."""

    q: str = Field(
        "", max_length=1000, description="The query language: `severity:critical app:shop age:>30d sort:-risk`."
    )
    fields: str = Field("", max_length=500, description="Only these fields, separated by commas.")


@router.get("/issues", response={200: IssuePage, **declared()}, summary="List issues")
def list_issues(request: HttpRequest, asked: Query[Selection], turn: Turned) -> HttpResponse:
    """List the issues that a query asks for; open ones, the riskiest first, where it says nothing else."""
    query = parse(asked.q)
    fields = rows.chosen(asked.fields)
    column, descending = ordered(query)
    found = rows.columns(select(actor_of(request).seen.issues(), query), fields, column)
    return answer(turned_page(found, turn, lambda one: rows.written(one, fields), column=column, descending=descending))


@router.get("/issues/{reference}", response={200: IssueAccount, 304: None, **declared(404)}, summary="Show an issue")
def show_issue(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an issue with what each tool says of it, the account of its score, and what happened to it."""
    return tagged(request, account(issue_of(actor_of(request), reference)))


@router.get(
    "/issues/{reference}/receipt",
    response={200: ReceiptShape, 304: None, **declared(404)},
    summary="Show an issue's receipt",
)
def show_receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """Show how an issue's score comes about, factor by factor."""
    return tagged(request, msgspec.to_builtins(receipt_of(issue_of(actor_of(request), reference))))


def issue_of(actor: Actor, reference: str) -> Issue:
    """Return the issue of a reference such as SM-1042. Raises `Http404`, also for those that one may not see."""
    found = re.fullmatch(r"SM-([0-9]{1,18})", reference, re.IGNORECASE)
    if found is None:
        raise Http404
    return get_object_or_404(actor.seen.issues().select_related("application", "assignee"), pk=int(found[1]))


def account(issue: Issue) -> dict[str, Any]:
    """Return an issue in full as plain values."""
    layer, base_image = layer_at(issue.pk)
    return {
        **account_of(issue),
        "assignee": issue.assignee.get_username() if issue.assignee else None,
        "layer": layer or None,
        "base_image": base_image or None,
    }
