"""What changed in a framework in one day: two looks at what was kept, and the difference between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.compliance.outcome import Outcome
from seamark.governance.ledger.entry import moment
from seamark.insight.exports.pack.delta import Changed, Delta
from seamark.insight.exports.pack.shapes import Evidence, Gap, Pack, Period, counts
from seamark.pipeline.compliance.pack_reading import read
from seamark.pipeline.compliance.scope import Scope
from seamark.store.access import READS, Visible

REPORT: Final = "daily-delta"
"""Name of the evidence that a day's changes are kept as; it is no change of its own."""
SOON: Final = timedelta(days=14)


def yesterday() -> date:
    """Return the last day that is over (UTC)."""
    return timezone.now().date() - timedelta(days=1)


def delta_of(visible: Visible, framework: str, scope: Scope, day: date) -> Delta:
    """Return what changed on a day.

    Raises `NotFound` for a framework that there is not and for who may read nothing, `NotAllowed` for a day to come.
    """
    if not visible.may_anywhere(READS):
        raise NotFound("There is nothing here that you may read")
    now = timezone.now()
    first = datetime.combine(day, time(), UTC)
    if first > now:
        raise NotAllowed(f"{day} has not begun")
    last = min(datetime.combine(day, time.max, UTC), now)
    period = Period(day.isoformat(), day.isoformat(), day.isoformat())
    before = read(visible, framework, scope, period, first - timedelta(microseconds=1), past=True)
    after = read(visible, framework, scope, period, last, past=last < now)
    there = {one.number: one for one in before.gaps}
    return Delta(
        framework=after.framework.slug,
        title=after.framework.title,
        scope=str(scope),
        day=day.isoformat(),
        until=moment(last),
        before=_counted(before),
        after=_counted(after),
        controls=_changed(((one.id, one.title, one.outcome) for one in before.controls), ((one.id, one.title, one.outcome) for one in after.controls)),
        checks=_changed(((one.id, one.question, one.outcome) for one in before.checks), ((one.id, one.question, one.outcome) for one in after.checks)),
        opened=tuple(one for one in after.gaps if one.number not in there),
        closed=tuple(one for one in after.gaps if one.state == "closed"),
        overdue=tuple(one for one in after.gaps if one.overdue and not _was_overdue(there.get(one.number))),
        evidence=tuple(f"{one.id} {one.title}" for one in after.evidence if one.taken_at >= moment(first) and one.kind != REPORT),
        lapsing=tuple(_lapsing(after.evidence, day)),
    )  # fmt: skip


def _counted(pack: Pack) -> dict[str, int]:
    return {outcome.value: count for outcome, count in counts(pack).items()}


def _was_overdue(gap: Gap | None) -> bool:
    return gap is not None and gap.overdue


def _changed(
    before: Iterable[tuple[str, str, Outcome]], after: Iterable[tuple[str, str, Outcome]]
) -> tuple[Changed, ...]:
    earlier = {number: outcome for number, _, outcome in before}
    return tuple(
        Changed(number, title, earlier[number], outcome)
        for number, title, outcome in after
        if number in earlier and earlier[number] != outcome
    )


def _lapsing(evidence: Iterable[Evidence], day: date) -> Iterator[str]:
    for one in evidence:
        if one.renew_by and day <= date.fromisoformat(one.renew_by) <= day + SOON:
            yield f"{one.id} {one.title}, by {one.renew_by}"
