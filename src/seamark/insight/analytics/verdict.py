"""Whether one is affected by a flaw, and why one may say so. Nobody is told "not affected" without a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from seamark.analysis.software.query import Query
from seamark.core.finding import Finding
from seamark.core.kind import VexState
from seamark.governance.triage.lifecycle import RESOLUTIONS
from seamark.insight.analytics.affected import Package, Runs
from seamark.store.access import Visible
from seamark.store.models import Event, Issue
from seamark.store.models.issues import State

Said = tuple[str, Finding]
"""A tool and one of its findings in full."""
MOST_REASONS: Final = 12
SETTLED: Final = {
    VexState.NOT_AFFECTED: "not affected",
    VexState.FIXED: "fixed",
    VexState.FALSE_POSITIVE: "a false positive",
}


class Verdict(Struct, frozen=True, kw_only=True):
    """Whether one is affected, and why."""

    status: str
    """`affected`, `accepted` (the risk is), `possible`, `set_aside` (suppressed or a duplicate), `not_affected`, or `unknown`."""
    words: str
    reasons: list[str]


def verdict_on(
    visible: Visible,
    where: Runs,
    packages: Sequence[Package],
    query: Query | None,
    listed: Sequence[Issue],
    said: Sequence[Said],
) -> Verdict:
    """Say whether one is affected. What is open counts before what was accepted, that before what inventories hint at."""
    counts = where.counts
    if counts.open > counts.waived:
        words = f"Affected: {_many(counts.open, 'open issue', more=counts.more)} in {_many(counts.applications, 'application')}"
        return Verdict(status="affected", words=words, reasons=_hints(where))
    exceptions = [
        f"{one.waiver} covers {_many(one.issues, 'issue')} for {_many(one.days_left, 'more day')}"
        for one in where.waivers[:MOST_REASONS]
    ]
    if accepted := counts.waived + counts.accepted:
        words = f"Affected, and the risk is accepted: {_many(accepted, 'issue')}"
        return Verdict(
            status="accepted", words=words, reasons=[*exceptions, *_decisions(visible, listed), *_hints(where)]
        )
    settled = [*_settled(where), *_decisions(visible, listed), *_statements(said)]
    if where.holdings or counts.elsewhere:
        reasons = _hints(where)
        if counts.elsewhere:
            reasons.insert(0, f"{_many(counts.elsewhere, 'issue')} on other branches than the default one")
        words = "Possibly affected: no tool reports it where it counts"
        return Verdict(status="possible", words=words, reasons=[*reasons, *settled])
    looked = _looked_through(where, packages, query)
    if counts.set_aside:
        words = f"Set aside: {_many(counts.set_aside, 'issue')} suppressed by a tool, or a duplicate"
        return Verdict(status="set_aside", words=words, reasons=[*settled, *looked])
    if settled:
        return Verdict(status="not_affected", words="Not affected, as far as is known", reasons=[*settled, *looked])
    never = "No report that you may see has named it"
    if query is not None and where.inventories.number:
        words = "Not affected, as far as inventories tell"
        return Verdict(status="not_affected", words=words, reasons=[never, *looked])
    ask = [] if query is not None else ["Name the package that it is in, and the inventories are looked through"]
    return Verdict(status="unknown", words="Never seen, and so not known", reasons=[never, *looked, *ask])


def _many(number: int, word: str, *, more: bool = False) -> str:
    return f"{number:,}{'+' if more else ''} {word}{'' if number == 1 else 's'}"


def _hints(where: Runs) -> list[str]:
    if not where.holdings:
        return []
    sure = sum(one.sure for one in where.holdings)
    more = "+" if where.more_holdings else ""
    doubtful = len(where.holdings) - sure
    one = len(where.holdings) == 1
    what = "component in an inventory matches" if one else "components in inventories match"
    words = f"{len(where.holdings)}{more} {what}, though no tool reports it there"
    return [f"{words}, {doubtful} of them perhaps" if doubtful else words]


def _settled(where: Runs) -> list[str]:
    fixed = where.counts.resolved
    return [f"{_many(fixed, 'issue')} fixed: no tool reports it there any more"] if fixed else []


def _decisions(visible: Visible, listed: Sequence[Issue]) -> list[str]:
    """Return who dismissed what, when and why; for what no person dismissed, that a tool's statement did."""
    dismissed = [one for one in listed if one.state == State.DISMISSED]
    few = dismissed[:MOST_REASONS]
    events = visible.events().filter(issue__in=[one.pk for one in few], kind="state").select_related("actor")
    last: dict[int | None, Event] = {}
    for event in events.order_by("id") if few else ():
        if event.details.get("after") == State.DISMISSED.label:
            last[event.issue_id] = event
    sentences = [_decision(one, last.get(one.pk)) for one in few]
    return [*sentences, f"and {len(dismissed) - len(few)} more"] if len(dismissed) > len(few) else sentences


def _decision(issue: Issue, event: Event | None) -> str:
    words = RESOLUTIONS.get(issue.resolution, issue.resolution.replace("_", " ")).lower()
    if event is None or event.actor is None:
        return f"{issue.reference} is dismissed by what a tool says of it: {words}"
    comment = str(event.details.get("comment") or "")
    return (
        f"{issue.reference} was dismissed by {event.actor.get_username()} on {event.at.date().isoformat()}: {words}"
        + (f", because: {comment}" if comment else "")
    )


def _statements(said: Sequence[Said]) -> list[str]:
    """Return what VEX documents say, each sentence once."""
    found: dict[str, None] = {}
    for tool, one in said:
        if one.vex is not None and one.vex.state in SETTLED:
            component = f" {one.component.name} {one.component.version}".rstrip() if one.component else ""
            why = ", ".join(word for word in (one.vex.justification.replace("_", " "), one.vex.detail) if word)
            found[f"VEX of {tool}:{component} {SETTLED[one.vex.state]}" + (f" ({why})" if why else "")] = None
    return list(found)[:MOST_REASONS]


def _looked_through(where: Runs, packages: Sequence[Package], query: Query | None) -> list[str]:
    told = where.inventories
    if not told.number:
        return ["No inventory of software is kept, so other places cannot be asked"]
    asked = [query.text] if query is not None else [one.name for one in packages]
    if not asked:
        return []
    days = told.newest if told.oldest == told.newest else f"{told.oldest} to {told.newest}"
    what = ", ".join(asked[:5]) + (" and others" if len(asked) > 5 else "")
    if told.number == 1:
        return [f"The one inventory that is kept, of {days}, holds no version of {what} that may have it"]
    return [f"None of {told.number:,} inventories (of {days}) holds a version of {what} that may have it"]
