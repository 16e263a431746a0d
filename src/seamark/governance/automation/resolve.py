"""What several rules together make of one issue. Plain values only: the same rules give the same, in whatever order they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final, NamedTuple

from seamark.governance.policy.facts import Finding
from seamark.governance.policy.model import Suppress, Triage
from seamark.governance.triage.lifecycle import EXCLUDED
from seamark.store.models.issues import State

STATE: Final = "state"
OWNER: Final = "owner"
ASSIGNEE: Final = "assignee"
PRIORITY: Final = "priority"
DUE: Final = "due"
TAG: Final = "tag:"
GROUP: Final = "group:"
_STATES: Final = {"confirmed": State.CONFIRMED, "in_progress": State.IN_PROGRESS, "dismissed": State.DISMISSED}
Value = Any
"""Of a field: what JSON keeps. A state is a mapping of `state`, `resolution`, `justification` and `unconfirmed`."""


class Stand(NamedTuple):
    """How an issue stands without rules."""

    state: int
    opened: date
    priority: int
    due: date | None
    decided: bool
    """A person has said where it stands: no rule says otherwise."""


class Ask(NamedTuple):
    """What one rule asks for, with what whoever stands for it may do to this issue's application."""

    rule: str
    act: Triage
    works: bool
    dismisses: bool
    owns: bool
    approves: bool
    """Whoever wrote or approved it may approve waivers there: a dismissal is sure, and a priority may be lowered."""
    assignee: int | None = None
    """Number of whom the rule names, where that person may see the issue."""
    findings: Sequence[Finding] = ()
    """What the tools say, for a rule that keeps paths off the list."""


class Choice(NamedTuple):
    """What a field is to be, and the rule that decides it."""

    rule: str
    value: Value


class Wish(NamedTuple):
    """Something that a rule wants others to do."""

    rule: str
    kind: str
    target: str = ""


def state_value(
    state: int, resolution: str = "", justification: str = "", *, unconfirmed: bool = False
) -> dict[str, Any]:
    """Return where an issue stands, as effects keep it."""
    return {"state": int(state), "resolution": resolution, "justification": justification, "unconfirmed": unconfirmed}


def resolve(stand: Stand, asks: Iterable[Ask]) -> dict[str, Choice]:
    """Return what rules make of an issue, by field. Where they contradict each other, what keeps the issue in sight wins.

    What is confirmed is not dismissed; the most urgent priority and the earliest date count; of owners, people and groups the
    first by the rule's name.
    """
    found: dict[str, Choice] = {}
    ordered = sorted(asks, key=lambda one: one.rule)
    for one in ordered:
        _labels(one, found)
    if stand.state == State.OPEN and not stand.decided:
        moves = [choice for one in ordered if (choice := _move(one)) is not None]
        if moves:
            found[STATE] = min(moves, key=_sight)
    bands = [
        (one.act.priority, one.rule)
        for one in ordered
        if one.act.priority is not None and one.works and (one.approves or one.act.priority < stand.priority)
    ]
    if bands and min(bands)[0] != stand.priority:
        found[PRIORITY] = Choice(min(bands)[1], min(bands)[0])
    dates = [
        (stand.opened + timedelta(days=one.act.due_days), one.rule)
        for one in ordered
        if one.act.due_days is not None and one.works
    ]
    if dates and (stand.due is None or min(dates)[0] < stand.due):
        found[DUE] = Choice(min(dates)[1], min(dates)[0].isoformat())
    return found


def wishes(asks: Iterable[Ask]) -> set[Wish]:
    """Return what rules want others to do about an issue."""
    found: set[Wish] = set()
    for one in asks:
        if not one.works:
            continue
        if one.act.ticket:
            found.add(Wish(one.rule, "ticket"))
        if one.act.request_fix:
            found.add(Wish(one.rule, "fix"))
        found |= {Wish(one.rule, "notify", target) for target in one.act.notify}
    return found


def _labels(one: Ask, found: dict[str, Choice]) -> None:
    act = one.act
    if one.works:
        for tag in act.tags:
            found.setdefault(f"{TAG}{tag}", Choice(one.rule, True))
        if act.group:
            found.setdefault(f"{GROUP}{act.group}", Choice(one.rule, True))
        if act.assign and one.assignee is not None:
            found.setdefault(ASSIGNEE, Choice(one.rule, one.assignee))
    if one.owns and act.owner:
        found.setdefault(OWNER, Choice(one.rule, act.owner))


def _move(one: Ask) -> Choice | None:
    act = one.act
    if act.state in {"confirmed", "in_progress"} and one.works:
        return Choice(one.rule, state_value(_STATES[act.state]))
    if not one.dismisses:
        return None
    if act.state == "dismissed":
        value = state_value(
            State.DISMISSED, act.resolution or "", act.justification or "", unconfirmed=not one.approves
        )
        return Choice(one.rule, value)
    if act.suppress is not None and one.findings and all(kept_off(act.suppress, each) for each in one.findings):
        return Choice(one.rule, state_value(State.DISMISSED, EXCLUDED, unconfirmed=not one.approves))
    return None


def _sight(choice: Choice) -> tuple[int, bool, str]:
    """Order moves: confirmed, in progress, then dismissals, sure ones first; then by the rule's name."""
    return choice.value["state"], choice.value["unconfirmed"], choice.rule


def kept_off(suppress: Suppress, finding: Finding) -> bool:
    """Tell whether a finding is one of those that a rule keeps off the list."""
    if suppress.tools and (finding.tool or "").casefold() not in {name.casefold() for name in suppress.tools}:
        return False
    return any(_pattern(path).fullmatch(finding.path or "") for path in suppress.paths)


@lru_cache(maxsize=1024)
def _pattern(path: str) -> re.Pattern[str]:
    """Return a pattern of paths as a regular expression without anything that goes back and forth."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", path)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(part, re.escape(part)) for part in parts))


def differing(before: Mapping[str, Choice], now: Mapping[str, Choice]) -> tuple[list[str], list[str]]:
    """Return the fields that no rule asks for any more, and those that a rule asks for now, or asks otherwise."""
    gone = [name for name in before if name not in now]
    return gone, [name for name, choice in now.items() if before.get(name) != choice]
