"""What does not go together in policies that act on issues instead of judging them: service levels and triage rules."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import available_timezones

from seamark.governance.policy.model import Calendar, Sla, Spec, Triage, Type

Contradiction = tuple[str, tuple[str, ...]]
"""A sentence, and the path below the policy's own part."""


def contradictions(spec: Spec) -> Iterator[Contradiction]:
    """Yield what is wrong with the acting part of a policy."""
    if spec.type is Type.SLA and spec.sla is not None:
        yield from _of_sla(spec.sla)
    if spec.type is Type.TRIAGE and spec.triage is not None:
        yield from _of_triage(spec.triage)


def _of_sla(sla: Sla) -> Iterator[Contradiction]:
    if sla.days is None and not sla.kev_due:
        yield "say how long: days, kevDue or both", ()
    if sla.calendar is not None:
        yield from _of_calendar(sla.calendar)


def _of_calendar(calendar: Calendar) -> Iterator[Contradiction]:
    if calendar.zone not in available_timezones():
        yield f"there is no time zone {calendar.zone}", ("calendar", "zone")
    if len(set(calendar.weekend)) == 7:
        yield "a week without a day that counts never ends", ("calendar", "weekend")
    if len(calendar.holidays) > 1_000:
        yield "more than 1,000 holidays", ("calendar", "holidays")
    if calendar.hours is not None:
        begin, _, end = calendar.hours.partition("-")
        if begin >= end:
            yield "the hours end before they begin", ("calendar", "hours")


def _of_triage(triage: Triage) -> Iterator[Contradiction]:
    if triage == Triage(comment=triage.comment):
        yield "say what becomes of the issue: state, suppress, tags, owner, ticket …", ()
    dismisses = triage.state == "dismissed"
    if dismisses and triage.resolution is None:
        yield "a dismissal says why: resolution", ("state",)
    if triage.resolution is not None and not dismisses:
        yield "a resolution is for state: dismissed", ("resolution",)
    if triage.justification is not None and triage.resolution != "not_affected":
        yield "a justification is for resolution: not_affected", ("justification",)
    if dismisses and triage.suppress is not None:
        yield "either dismiss or suppress", ("suppress",)
    if triage.suppress is not None and not triage.suppress.paths:
        yield "say which paths", ("suppress", "paths")
    if (dismisses or triage.suppress is not None) and not triage.comment.strip():
        yield "a rule that takes issues off the list needs a comment that another person can check later", ()
