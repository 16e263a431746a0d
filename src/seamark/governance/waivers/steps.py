"""Writing down what was done with a waiver: its own history, the history of what it covers, and the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.governance.waivers.scope import Reach, covered_issues, in_words
from seamark.store.models import Application, Event, User, Waiver, WaiverStep
from seamark.store.models.waivers import Scope

MOST_EVENTS: Final = 1_000
"""Issues in whose history a step stands: the riskiest ones."""
_BATCH: Final = 500


def take(waiver: Waiver, kind: str, actor: User | None, at: datetime, comment: str, reach: Reach | None) -> WaiverStep:
    """Write a step down: `requested`, `approved`, `refused`, `revoked`, `expired`, `renewed` or `reminded`. `actor` is None for what happens by itself.

    `reach` is what it covers at this moment, where that was looked at.
    """
    details: dict[str, Any] = {"expires_at": waiver.expires_at.isoformat()}
    if reach is not None:
        details |= {"count": reach.count, "issues": list(reach.references), "priority": reach.priority}
    return _written(waiver, kind, actor, at, comment, details)


def remind(waiver: Waiver, days: int, at: datetime) -> WaiverStep:
    """Write down that a waiver ends in some days."""
    return _written(waiver, "reminded", None, at, "", {"expires_at": waiver.expires_at.isoformat(), "days": days})


def _written(
    waiver: Waiver, kind: str, actor: User | None, at: datetime, comment: str, details: dict[str, Any]
) -> WaiverStep:
    step = WaiverStep.objects.create(
        waiver=waiver, kind=kind, actor=actor, at=at, comment=comment.strip(), details=details
    )
    _tell(waiver, step)
    named = list(waiver.issues.order_by("pk"))
    body = {
        "step": kind, "waiver": waiver.reference, "scope": waiver.scope, "for": in_words(waiver), "reason": waiver.reason, "text": waiver.text,
        "comment": step.comment, "control": waiver.control_text, "evidence": waiver.evidence, "expires_at": waiver.expires_at,
        "requester": waiver.requester.get_username(), "renews": waiver.renews.reference if waiver.renews is not None else None,
        "application": waiver.application.slug if waiver.application is not None else None, "policy": waiver.policy, "query": waiver.query,
        "fix": waiver.fix_id, "named": [f"SM-{one.issue_id}" for one in named],
    }  # fmt: skip
    rows = [row_of(waiver), row_of(step), *(row_of(one) for one in named)] if kind != "reminded" else [row_of(step)]
    record("waiver", waiver.reference, body, actor=actor or "waivers", inputs=details, rows=rows)
    return step


def _tell(waiver: Waiver, step: WaiverStep) -> None:
    """Write the step into the history of what it is about; a gate that asked before learns by it that it has to ask again."""
    told = {
        "waiver": waiver.reference, "until": waiver.expires_at.date().isoformat(), "comment": step.comment, "policy": waiver.policy,
    }  # fmt: skip
    if step.kind == "reminded":
        told["days"] = step.details["days"]
    about: list[tuple[int | None, int | None]] = []
    if waiver.scope != Scope.POLICY and step.kind != "reminded":
        about += covered_issues(waiver).order_by("-risk", "-pk").values_list("pk", "application_id")[:MOST_EVENTS]
    # Applications are told as a whole where not every issue is, or where it is about something else than issues.
    known = {application for _, application in about}
    if waiver.application_id is not None:
        about += [(None, waiver.application_id)] if waiver.application_id not in known else []
    else:
        about += [(None, number) for number in Application.objects.values_list("pk", flat=True) if number not in known]
    Event.objects.bulk_create(
        (
            Event(
                issue_id=issue,
                application_id=application,
                kind=f"waiver_{step.kind}",
                details=told,
                actor=step.actor,
                at=step.at,
            )
            for issue, application in about
        ),
        batch_size=_BATCH,
    )
