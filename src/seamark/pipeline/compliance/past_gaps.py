"""Who was to close a gap until when, at a time: out of the ledger, which has every change, and for what nobody had changed yet from the check."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Q

from seamark.governance.compliance.outcome import Outcome
from seamark.governance.ledger.entry import read_entry
from seamark.pipeline.compliance.gaps import DUE
from seamark.store.models import CheckStanding, ComplianceGap, LedgerEntry

_KIND: Final = "gap"
_PIECE: Final = 500


class Planned(NamedTuple):
    """What people had said about a gap."""

    owner: str
    due: date | None
    note: str
    told: bool = True
    """False where nothing says any more when it was due at first."""


def planned_now(row: ComplianceGap) -> Planned:
    """Return what is said about a gap now; its owner has been read with it."""
    return Planned(row.owner.get_username() if row.owner is not None else "", row.due, row.note)


def planned_at(rows: Iterable[ComplianceGap], at: datetime) -> dict[int, Planned]:
    """Return what had been said about gaps at a time, by number; their owners have been read with them."""
    listed = list(rows)
    changes = _changes([row.reference for row in listed])
    return {row.pk: _planned(row, changes.get(row.reference, ()), at) for row in listed}


def _changes(references: Sequence[str]) -> dict[str, list[LedgerEntry]]:
    found: dict[str, list[LedgerEntry]] = defaultdict(list)
    for start in range(0, len(references), _PIECE):
        subjects = [f"gap {one}" for one in references[start : start + _PIECE]]
        for row in LedgerEntry.objects.filter(kind=_KIND, subject__in=subjects).order_by("number"):
            found[row.subject.removeprefix("gap ")].append(row)
    return found


def _planned(row: ComplianceGap, changes: Sequence[LedgerEntry], at: datetime) -> Planned:
    if not changes:
        return planned_now(row)
    before = [one for one in changes if one.at <= at]
    if before:
        body = read_entry(before[-1].content).body
        due = date.fromisoformat(body["due"]) if body.get("due") else None
        return Planned(str(body.get("owner") or ""), due, str(body.get("note") or ""))
    outcome = _outcome_at_first(row)
    due = row.opened_at.date() + timedelta(days=DUE[outcome]) if outcome in DUE else None
    return Planned("", due, "", told=due is not None)


def _outcome_at_first(row: ComplianceGap) -> Outcome:
    """Return what opened a gap; `PASS`, which opens none, where that is not kept any more."""
    if not row.check_name:
        return Outcome.NOT_KNOWN
    held = Q(until=None) | Q(until__gt=row.opened_at)
    rows = CheckStanding.objects.filter(held, check_name=row.check_name, application=row.application_id)
    found = rows.filter(since__lte=row.opened_at).values_list("outcome", flat=True).first()
    return Outcome(found) if found is not None else Outcome.PASS
