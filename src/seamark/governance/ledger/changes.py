"""Recording what a piece of work did to issues: what it merged and split, closed and reopened, each with the rows that it left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Max
from django.utils import timezone

from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.entry import Attested, Decision
from seamark.governance.ledger.record import name_of, record_all
from seamark.store import writer
from seamark.store.models import Event, Issue, MergeDecision, User

PIECE = 20_000
"""Issues that one entry speaks of at most."""
_MERGES = 500
"""Decisions on merges in one entry."""
_ISSUES = "store_issue"


class Since(NamedTuple):
    """What there was before the work began."""

    event: int
    decision: int
    at: datetime


def begin() -> Since:
    """Return where the work begins; call it inside its transaction."""
    event = Event.objects.aggregate(last=Max("id"))["last"] or 0
    decision = MergeDecision.objects.aggregate(last=Max("id"))["last"] or 0
    return Since(event, decision, timezone.now())


def issues_as_they_are(numbers: Iterable[int]) -> list[Attested]:
    """Return issues as an entry quotes them, those that stand alike together."""
    alike: dict[tuple[int, str, int | None], list[int]] = defaultdict(list)
    for number, *stand in writer.select_in(
        "SELECT id, state, resolution, merged_into_id FROM store_issue WHERE id {values}", sorted(set(numbers))
    ):
        alike[stand[0], stand[1], stand[2]].append(number)
    return [
        Attested(_ISSUES, ids, {"state": state, "resolution": resolution, "merged_into_id": into})
        for (state, resolution, into), ids in sorted(alike.items(), key=lambda one: one[1])
    ]


def record_merges(since: Since, actor: User | None) -> None:
    """Record the decisions on issues being one that were made, or taken back, since then; with the issues that they touch."""
    made = MergeDecision.objects.filter(pk__gt=since.decision)
    revoked = MergeDecision.objects.filter(pk__lte=since.decision, revoked_at__gte=since.at)
    _record_merges([*made.order_by("pk"), *revoked.order_by("pk")], name_of(actor))


def record_matches(since: Since, application: int, touched: Container[int]) -> None:
    """Record what the matcher made one since then, in an application or among the issues that were touched.

    Others may import at the same time: what they decide they record themselves.
    """
    made = MergeDecision.objects.filter(pk__gt=since.decision, by_person=False).select_related("left").order_by("pk")
    own = [row for row in made if row.left.application_id == application or row.left_id in touched]
    _record_merges(own, name_of("matcher"))


def _record_merges(rows: Sequence[MergeDecision], actor: str) -> None:
    record_all(_merged(rows[at : at + _MERGES], actor) for at in range(0, len(rows), _MERGES))


def _merged(rows: Sequence[MergeDecision], actor: str) -> Decision:
    issues = sorted({number for row in rows for number in (row.left_id, row.right_id)})
    subject = " ".join(f"SM-{number}" for number in issues[:2]) if len(issues) <= 2 else f"{len(issues)} issues"
    told = [_told(row) for row in rows]
    inputs = {"reasons": [{"decision": row.pk, "confidence": row.confidence, "reasons": row.reasons} for row in rows]}
    quoted = [*(row_of(row) for row in rows), *issues_as_they_are(issues)]
    return Decision("merge", subject, {"decisions": told}, actor, inputs, quoted)


def _told(row: MergeDecision) -> dict[str, object]:
    return {
        "decision": row.pk, "verdict": row.verdict, "left": f"SM-{row.left_id}", "right": f"SM-{row.right_id}", "reason": row.reason,
        "findings": row.findings, "revoked": row.revoked_at is not None,
    }  # fmt: skip


def record_closures(
    since: Since, subject: str, proof: Callable[[], Mapping[str, object]], scans: Sequence[int], actor: str
) -> None:
    """Record which issues scans have closed and brought back since then; `proof` says what makes each scan's word count."""
    happened: dict[str, set[int]] = defaultdict(set)
    events = Event.objects.filter(pk__gt=since.event, scan__in=scans, kind__in=["fixed", "reopened", "state"])
    for kind, issue in events.order_by().values_list("kind", "issue"):
        if issue is not None:
            happened["dismissed" if kind == "state" else kind].add(issue)
    numbers = sorted({number for found in happened.values() for number in found})
    if not numbers:
        return
    inputs = proof()
    record_all(
        Decision(
            "closure", subject, {kind: _within(found, part) for kind, found in sorted(happened.items())}, name_of(actor), inputs,
            issues_as_they_are(part),
        )
        for part in (numbers[at : at + PIECE] for at in range(0, len(numbers), PIECE))
    )  # fmt: skip


def _within(found: set[int], part: Sequence[int]) -> list[str]:
    return [f"SM-{number}" for number in part if number in found]


def record_triage(
    actor: User,
    issues: Sequence[Issue],
    events: Sequence[Event],
    inputs: Sequence[Mapping[str, Any]],
    stand: Sequence[tuple[int, str]],
) -> None:
    """Record what a person decided about issues, one entry each.

    `events` are the rows that tell it, `inputs` what the person had before them, `stand` state and resolution as they are now.
    """
    record_all(
        Decision(
            "triage",
            issue.reference,
            event.details,
            name_of(actor),
            told,
            (_triaged(issue, *now), row_of(event)),
        )
        for issue, event, told, now in zip(issues, events, inputs, stand, strict=True)
    )


def _triaged(issue: Issue, state: int, resolution: str) -> Attested:
    fields = {
        "state": int(state), "resolution": resolution, "merged_into_id": issue.merged_into_id,
        "dismissal_unconfirmed": issue.dismissal_unconfirmed,
    }  # fmt: skip
    return Attested(_ISSUES, [issue.pk], fields)
