"""Issues: made for new keys, and brought up to date when their findings change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from seamark.analysis.risk import Facts, Profile, score
from seamark.analysis.risk.facts import encode
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, Kind
from seamark.pipeline.ingest.names import Flaw
from seamark.pipeline.ingest.rows import Prepared, component_text, issue_place
from seamark.pipeline.ingest.told import depth_of, effort_of, least_effort
from seamark.pipeline.ingest.weighing import Inputs, Weighing
from seamark.store import writer
from seamark.store.models import Application, Event, Issue
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State

ISSUE_COLUMNS = (
    "id", "application", "asset", "kind", "title", "place", "component", "rule", "vulnerability", "cwe", "severity", "risk",
    "priority", "facts", "profile", "state", "resolution", "open", "regression", "branch_only", "kev", "fixable", "tools",
    "reporters", "owner", "assignee", "due", "fix", "fix_key", "opened_at", "resolved_at",
)  # fmt: skip
SETTLED = FindingFlag.SUPPRESSED.value | FindingFlag.NOT_AFFECTED.value | FindingFlag.REFUTED.value


_OPEN, _DISMISSED = State.OPEN.value, State.DISMISSED.value


class Cleared(NamedTuple):
    """The fix of an issue, or the hash of the change that would be its fix, were there another one that needs it."""

    fix: int | None = None
    key: int | None = None


NO_FIX = Cleared()


def reporters_of(tools: Iterable[str]) -> str:
    """Return the names of tools as an issue keeps them."""
    return "".join(f"|{tool.lower()}" for tool in sorted(tools))


class Scorer:
    """Scores facts, equal ones once."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._known: dict[Facts, tuple[int, int, str]] = {}

    def score(self, facts: list[Facts]) -> list[tuple[int, int, str]]:
        """Return for each the score in tenths, the priority and the facts as JSON."""
        fresh = list({one: None for one in facts if one not in self._known})
        for one, tenths in zip(fresh, score(fresh, self.profile).tolist(), strict=True):
            self._known[one] = (tenths, self.profile.priority(tenths), encode(one))
        return [self._known[one] for one in facts]


def new_issue_rows(
    groups: dict[int, list[Prepared]], numbers: dict[int, int], *, reporters: str, on_default: bool, application: Application,
    flaws: dict[int, Flaw | None], fixes: Mapping[int, Cleared], weighing: Weighing, scorer: Scorer, profile_id: int, now: datetime,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Return rows, in the order of `ISSUE_COLUMNS`, for new issues by some key, each with the findings that opened it.

    An issue is at the asset that owns the fix of its first finding.
    """
    number = application.pk
    drafts = [_draft(members, flaws.get(key), number, now) for key, members in groups.items()]
    facts = weighing.facts([inputs for _, inputs in drafts], {number: application})
    rows = []
    for key, (first, inputs), one, (tenths, priority, text) in zip(
        groups, drafts, facts, scorer.score(facts), strict=True
    ):
        finding = first.read.finding
        settled = bool(inputs.flags & SETTLED)
        rows.append((
            numbers[key], number, inputs.asset, inputs.kind, finding.title, inputs.place, inputs.component, finding.rule, inputs.group or None,
            inputs.cwe or None, inputs.severity, tenths, priority, text, profile_id, _DISMISSED if settled else _OPEN,
            resolution_of(inputs.flags) if settled else "", on_default and not settled, False, not on_default,
            bool(one.kev_added), one.fixable, 1, reporters, "", None, None, *fixes.get(key, NO_FIX), now, now if settled else None,
        ))  # fmt: skip
    return rows


def _draft(members: list[Prepared], flaw: Flaw | None, application: int, now: datetime) -> tuple[Prepared, Inputs]:
    """Return the finding that names a new issue, and the inputs of its facts."""
    first = members[0]
    root, flags, cvss, severity = first.root, first.flags, first.cvss, int(first.read.finding.severity)
    if len(members) > 1:
        first = max(members, key=lambda one: one.read.finding.severity)
        flags, cvss, severity = _together(members)
    finding = first.read.finding
    kind = KIND_CODES[finding.kind or Kind.CODE]
    component, depth = "", 0
    if finding.component is not None:
        component = component_text(finding.component)
        depth = min((one for each in members if (one := depth_of(each.read.finding))), default=0)
    effort = (
        _effort(finding, kind, component)
        if len(members) == 1
        else least_effort([_effort_of(one.read.finding) for one in members])
    )
    cwes = finding.cwes or (first.read.about.cwes if first.read.about else ())
    group, told = (flaw.number, flaw.exploitation) if flaw else (0, None)
    inputs = Inputs(
        application, root, issue_place(finding), component, group, kind, severity, cvss, flags, 1, cwes[0] if cwes else 0, depth, effort, now, told,
    )  # fmt: skip
    return first, inputs


def _effort_of(finding: Finding) -> str:
    return _effort(finding, KIND_CODES[finding.kind or Kind.CODE], component_text(finding.component))


def _effort(finding: Finding, kind: int, component: str) -> str:
    return effort_of(kind, component, " ".join(finding.fixed_versions)[:200] if finding.fixed_versions else "")


def _together(members: list[Prepared]) -> tuple[int, int | None, int]:
    flags = 0
    settled = SETTLED
    for one in members:
        flags |= one.flags
        settled &= one.flags
    scores = [one.cvss for one in members if one.cvss is not None]
    severity = max(one.read.finding.severity.value for one in members)
    return (flags & ~SETTLED) | settled, max(scores, default=None), severity


def resolution_of(flags: int) -> str:
    """Return why an issue is settled by what its findings say of themselves."""
    if flags & FindingFlag.NOT_AFFECTED:
        return "not_affected"
    if flags & FindingFlag.REFUTED:
        return "false_positive"
    return "suppressed"


def move_issues(changed: list[tuple[int, str, Finding]], *, scan: int, now: datetime) -> None:
    """Let issues follow the finding that names their place: (issue, the finding's place before, the finding now)."""
    by_issue = {issue: (before, finding) for issue, before, finding in changed}
    updates, events = [], []
    for number, application, place, component in writer.select_in(
        "SELECT id, application_id, place, component FROM store_issue WHERE id {values}", sorted(by_issue)
    ):
        before, finding = by_issue[number]
        now_at, now_package = issue_place(finding), component_text(finding.component)
        if place != before or (place, component) == (now_at, now_package):
            continue
        updates.append((number, now_at, now_package))
        if place != now_at:
            events.append((number, application, "moved", {"before": place, "after": now_at}))
    writer.update(Issue, ["place", "component"], updates)
    write_events(events, scan=scan, now=now)


def write_events(
    events: Iterable[tuple[int, int, str, dict[str, Any]]], *, scan: int | None, now: datetime, actor: int | None = None
) -> None:
    """Write events (issue, application, kind, details), all at once."""
    listed = list(events)
    numbers = writer.reserve(Event, len(listed))
    writer.insert(
        Event,
        ["id", "issue", "application", "kind", "details", "actor", "scan", "at"],
        [
            (number, issue, application, kind, msgspec.json.encode(details).decode(), actor, scan, now)
            for number, (issue, application, kind, details) in zip(numbers, listed, strict=True)
        ],
    )
