"""Virtual patches of issues: suggested from their findings, and kept as compensating controls once somebody put one in place."""

from __future__ import annotations

import glob
from datetime import date, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from seamark.analysis.correlation.weakness import ancestors
from seamark.analysis.graph.places import path_of
from seamark.core.errors import NotAllowed
from seamark.core.kind import KIND_CODES, Kind
from seamark.governance.access.changes import tell
from seamark.pipeline.restanding import restand
from seamark.response.remediation.shields import Shield, shields
from seamark.store import evidence
from seamark.store.access import APPROVES_WAIVERS, Visible, visible_to
from seamark.store.models import Control, Finding, Issue, User
from seamark.store.permissions import needed

LONGEST: Final = timedelta(days=90)
"""For so long a virtual patch may stand in for a fix."""
SHIELDED: Final = frozenset({KIND_CODES[Kind.WEB], KIND_CODES[Kind.PENTEST], KIND_CODES[Kind.CONTAINER]})
"""Kinds of issues that there may be a virtual patch for."""
_FINDINGS: Final = 50
_ORIGIN: Final = "virtual patch "


def suggested(issue: Issue) -> tuple[Shield, ...]:
    """Return the virtual patches that fit an issue, none where nothing of the kind does."""
    rows = list(Finding.objects.filter(issue=issue, closed_in=None).order_by("id")[:_FINDINGS])
    found: dict[tuple[str, str], Shield] = {}
    for one in evidence.read(rows).values():
        above = tuple(sorted({number for cwe in one.cwes for number in ancestors(cwe)}))
        for each in shields(one, issue.pk, above):
            found.setdefault((each.kind, each.text), each)
    return tuple(found.values())


@transaction.atomic
def put_in_place(actor: User | None, issue: Issue, kind: str, proof: str, until: date) -> Control:
    """Keep that a suggested virtual patch is in force, with its proof and until when; it covers this issue's place and weakness alone.

    `actor` is None for whoever holds the database. It lowers the risk, so that it takes the right to decide about waivers. Raises
    `NotAllowed`.
    """
    if actor is not None and not visible_to(actor).may(APPROVES_WAIVERS, issue.application_id):
        raise NotAllowed(needed(APPROVES_WAIVERS, issue.application))
    shield = next((one for one in suggested(issue) if one.kind == kind), None)
    if shield is None:
        raise NotAllowed(f"No virtual patch of the kind {kind!r} is suggested for {issue.reference}")
    today = timezone.now().date()
    if not today <= until <= today + LONGEST:
        raise NotAllowed(f"A virtual patch stands in for a fix for {LONGEST.days} days at most, from today on")
    if not proof.strip():
        raise NotAllowed("Say what shows that it is in force: a change, a test, an address")
    name = f"Virtual patch of {issue.reference} ({kind})"
    told = {"kind": kind, "covers": _covers(issue), "evidence": proof.strip()[:4000], "expires": until, "origin": _origin(issue)}  # fmt: skip
    row, _ = Control.objects.update_or_create(application=issue.application, name=name, defaults=told)
    after = {**told, "expires": until.isoformat(), "rule": shield.text}
    tell("control", name, actor=actor, before=None, after=after, application=issue.application)
    restand([issue.application_id])
    return row


def may_keep(seen: Visible, issue: Issue) -> bool:
    """Tell whether somebody may say that a virtual patch of an issue is in force."""
    return seen.may(APPROVES_WAIVERS, issue.application_id)


def of_issue(issue: Issue) -> QuerySet[Control]:
    """Return the virtual patches that are kept of an issue, those that count longest first."""
    return Control.objects.filter(application=issue.application_id, origin=_origin(issue)).order_by("-expires", "pk")


def all_of(seen: Visible) -> QuerySet[Control]:
    """Return the virtual patches that are kept in the applications that somebody may see, those that end first at the front."""
    rows = Control.objects.filter(origin__startswith=_ORIGIN, application__in=seen.applications().values("id"))
    return rows.select_related("application").order_by("expires", "pk")


def counts(row: Control) -> bool:
    """Tell whether a virtual patch still lowers the risk: its last day is not over."""
    return row.expires is None or row.expires >= timezone.now().date()


def issue_number(row: Control) -> int:
    """Return the number of the issue that a virtual patch is for."""
    digits = row.origin.removeprefix(f"{_ORIGIN}SM-")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


@transaction.atomic
def withdraw(actor: User | None, row: Control) -> None:
    """Take back that a virtual patch is in force: its issue is scored without it. Raises `NotAllowed`."""
    if actor is not None and not visible_to(actor).may(APPROVES_WAIVERS, row.application_id):
        raise NotAllowed(needed(APPROVES_WAIVERS, row.application))
    before = {"kind": row.kind, "covers": row.covers, "evidence": row.evidence, "expires": row.expires.isoformat() if row.expires else None, "origin": row.origin}  # fmt: skip
    tell("control", row.name, actor=actor, before=before, after=None, application=row.application)
    application = row.application_id
    row.delete()
    restand([application])


def _origin(issue: Issue) -> str:
    return f"{_ORIGIN}{issue.reference}"


def _covers(issue: Issue) -> dict[str, list[str]]:
    """Return what the control covers, as patterns of `pipeline.standing.controls`: never more than the issue's own place. Raises `NotAllowed` where that cannot be told."""
    path = path_of(issue.place)
    if not path or not issue.cwe:
        raise NotAllowed(
            f"What a control of {issue.reference} would cover cannot be told narrowly: keep a waiver instead"
        )
    return {"assets": [issue.asset.key], "paths": [glob.escape(path)], "weaknesses": [f"CWE-{issue.cwe}"]}
