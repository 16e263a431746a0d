"""Waivers as lists and accounts show them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q, QuerySet
from django.utils import timezone

from seamark.governance.waivers.scope import Reach, in_words
from seamark.governance.waivers.words import REASONS
from seamark.store.access import APPROVES_WAIVERS, Visible
from seamark.store.models import Waiver
from seamark.store.models.waivers import WaiverState
from seamark.store.query.fields import EXPIRING
from seamark.store.query.waived import in_force

STATES: Final = ("requested", "in_force", "expiring", "approved", "refused", "expired", "revoked", "renewed")
"""What a list can be of; `in_force` and `expiring` are told by the dates."""
RELATED: Final = ("application", "requester", "decider", "renews", "fix")


class Filter(NamedTuple):
    """Which waivers are asked for; empty for all."""

    state: str = ""
    application: str = ""
    """Short name."""
    policy: str = ""
    issue: int = 0
    """One that names this issue."""


def are_there_any(now: datetime | None = None) -> bool:
    """Tell whether any waiver is in force or asked for: most pages need nothing else."""
    return Waiver.objects.filter(in_force(now or timezone.now()) | Q(state=WaiverState.REQUESTED)).exists()


def listed(seen: Visible, asked: Filter, now: datetime | None = None) -> QuerySet[Waiver]:
    """Return the waivers that are asked for, among those that somebody may see."""
    at = now or timezone.now()
    rows = seen.waivers().select_related(*RELATED)
    match asked.state:
        case "in_force":
            rows = rows.filter(in_force(at))
        case "expiring":
            rows = rows.filter(in_force(at), expires_at__lte=at + EXPIRING)
        case "expired":
            rows = rows.filter(Q(state=WaiverState.EXPIRED) | Q(state=WaiverState.APPROVED, expires_at__lte=at))
        case "approved":
            rows = rows.filter(state=WaiverState.APPROVED, expires_at__gt=at)
        case "":
            pass
        case state:
            rows = rows.filter(state=state)
    if asked.application:
        rows = rows.filter(application__slug=asked.application)
    if asked.policy:
        rows = rows.filter(policy=asked.policy)
    if asked.issue:
        rows = rows.filter(issues__issue=asked.issue)
    return rows


def waiting(seen: Visible) -> QuerySet[Waiver]:
    """Return the requests that somebody may decide about, as far as the role goes."""
    rows = seen.waivers().filter(state=WaiverState.REQUESTED)
    if seen.may(APPROVES_WAIVERS):
        return rows
    return rows.filter(application__in=seen.applications(APPROVES_WAIVERS))


def stand(waiver: Waiver, now: datetime | None = None) -> str:
    """Return where a waiver stands by its dates: one that has ended is expired, whether or not a pass has marked it."""
    ended = waiver.state == WaiverState.APPROVED and waiver.expires_at <= (now or timezone.now())
    return WaiverState.EXPIRED.value if ended else str(waiver.state)


def row(waiver: Waiver) -> dict[str, Any]:
    """Return a waiver as plain values for a list."""
    return {
        "waiver": waiver.reference, "state": stand(waiver), "scope": waiver.scope, "about": in_words(waiver),
        "application": waiver.application.slug if waiver.application is not None else "", "policy": waiver.policy, "query": waiver.query,
        "fix": waiver.fix_id, "reason": waiver.reason, "reason_words": REASONS.get(waiver.reason, waiver.reason), "text": waiver.text,
        "control": waiver.control_text, "evidence": waiver.evidence, "expires_at": waiver.expires_at.isoformat(),
        "requester": waiver.requester.get_username(), "requested_at": waiver.requested_at.isoformat(),
        "decider": waiver.decider.get_username() if waiver.decider is not None else "",
        "decided_at": waiver.decided_at.isoformat() if waiver.decided_at is not None else None,
        "ended_at": waiver.ended_at.isoformat() if waiver.ended_at is not None else None,
        "renews": waiver.renews.reference if waiver.renews is not None else None, "code": waiver.code,
    }  # fmt: skip


def account(waiver: Waiver, reach: Reach) -> dict[str, Any]:
    """Return a waiver in full: with what it covers now, and all that was done with it."""
    steps = waiver.steps.select_related("actor").order_by("pk")
    return {
        **row(waiver), "count": reach.count, "issues": list(reach.references), "priority": reach.priority,
        "named": [f"SM-{number}" for number in waiver.issues.order_by("issue").values_list("issue", flat=True)],
        "history": [
            {
                "step": step.kind, "actor": step.actor.get_username() if step.actor is not None else "", "at": step.at.isoformat(),
                "comment": step.comment, "details": step.details,
            }
            for step in steps
        ],
    }  # fmt: skip
