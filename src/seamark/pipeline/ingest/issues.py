"""Issues: made for new keys, and brought up to date when their findings change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from seamark.analysis.risk import Facts, Profile, score
from seamark.analysis.risk.facts import encode
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, KINDS_BY_CODE, Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity
from seamark.pipeline.ingest.names import Flaw
from seamark.pipeline.ingest.rows import Prepared, component_text, issue_place
from seamark.store import writer
from seamark.store.models import Application, Event, Exploitation, Issue, Stream
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State

ISSUE_COLUMNS = (
    "id", "application", "asset", "kind", "title", "place", "component", "rule", "vulnerability", "cwe", "severity", "risk",
    "priority", "facts", "profile", "state", "resolution", "open", "regression", "branch_only", "kev", "fixable", "tools",
    "owner", "assignee", "due", "fix", "opened_at", "resolved_at",
)  # fmt: skip
_SETTLED = FindingFlag.SUPPRESSED.value | FindingFlag.NOT_AFFECTED.value | FindingFlag.REFUTED.value


def facts_of(
    severity: int,
    kind: Kind,
    cvss: int | None,
    flags: int,
    tools: int,
    flaw: Exploitation | None,
    application: Application,
) -> Facts:
    """Return the inputs of an issue's score."""
    verification = confidence = reach = None
    if flags & FindingFlag.VERIFIED:
        verification = Verification.VERIFIED
    elif flags & FindingFlag.REFUTED:
        verification = Verification.REFUTED
    if flags & FindingFlag.CONFIDENT:
        confidence = Confidence.HIGH
    elif flags & FindingFlag.UNSURE:
        confidence = Confidence.LOW
    if flags & FindingFlag.REACHABLE:
        reach = Reach.STATIC
    elif flags & FindingFlag.UNREACHABLE:
        reach = Reach.UNREACHABLE
    facts = Facts(
        severity=Severity(severity), kind=kind, cvss=cvss, verification=verification, confidence=confidence, reach=reach,
        development=bool(flags & FindingFlag.DEVELOPMENT), fixable=bool(flags & FindingFlag.FIXABLE), tools=tools,
        criticality=application.criticality, exposure=application.exposure, data_classes=tuple(application.data_classes),
        context=_context(application),
    )  # fmt: skip
    return with_intelligence(facts, flaw)


def _context(application: Application) -> str:
    origins = sorted({str(origin) for origin in application.origins.values()})
    return ", ".join(origins)


def with_intelligence(facts: Facts, flaw: Exploitation | None) -> Facts:
    """Return the facts with what is known of the flaw's exploitation."""
    if flaw is None:
        return facts
    return replace(
        facts, epss=flaw.epss, epss_date=flaw.epss_date.isoformat() if flaw.epss_date else "",
        kev_added=flaw.kev_added.isoformat() if flaw.kev_added else "", ransomware=flaw.ransomware, intelligence=flaw.snapshot,
    )  # fmt: skip


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
    groups: dict[int, list[Prepared]], numbers: dict[int, int], *, stream: Stream, application: Application,
    flaws: dict[int, Flaw | None], fixes: dict[int, int | None], scorer: Scorer, profile_id: int, now: datetime,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Return rows, in the order of `ISSUE_COLUMNS`, for new merge keys, each with the findings that opened it."""
    drafts = [_draft(members, flaws.get(key)) for key, members in groups.items()]
    # Thousands of issues share a handful of inputs: each is weighed once.
    facts: dict[_Inputs, Facts] = {}
    for _, inputs, flaw in drafts:
        if inputs not in facts:
            told = flaw.exploitation if flaw else None
            facts[inputs] = facts_of(inputs.severity, inputs.kind, inputs.cvss, inputs.flags, 1, told, application)
    scored = dict(zip(facts, scorer.score(list(facts.values())), strict=True))
    rows = []
    for key, (first, inputs, flaw) in zip(groups, drafts, strict=True):
        tenths, priority, text = scored[inputs]
        one = facts[inputs]
        finding = first.read.finding
        settled = bool(inputs.flags & _SETTLED)
        cwes = finding.cwes or (first.read.about.cwes if first.read.about else ())
        rows.append((
            numbers[key], application.pk, stream.asset_id, KIND_CODES[one.kind], finding.title, issue_place(finding),
            component_text(finding.component), finding.rule, flaw.number if flaw else None, cwes[0] if cwes else None, inputs.severity,
            tenths, priority, text, profile_id, State.DISMISSED.value if settled else State.OPEN.value,
            _resolution(inputs.flags) if settled else "", stream.is_default and not settled, False, not stream.is_default,
            bool(one.kev_added), one.fixable, 1, "", None, None, fixes.get(key), now, now if settled else None,
        ))  # fmt: skip
    return rows


class _Inputs(NamedTuple):
    """What the facts of a new issue are made from."""

    severity: int
    kind: Kind
    cvss: int | None
    flags: int
    flaw: int


def _draft(members: list[Prepared], flaw: Flaw | None) -> tuple[Prepared, _Inputs, Flaw | None]:
    """Return the finding that names a new issue, the inputs of its facts, and its flaw."""
    first = members[0]
    flags, cvss, severity = first.flags, first.cvss, first.read.finding.severity.value
    if len(members) > 1:
        first = max(members, key=lambda one: one.read.finding.severity)
        flags, cvss, severity = _together(members)
    return first, _Inputs(severity, first.read.finding.kind or Kind.CODE, cvss, flags, flaw.number if flaw else 0), flaw


def _together(members: list[Prepared]) -> tuple[int, int | None, int]:
    flags = 0
    settled = _SETTLED
    for one in members:
        flags |= one.flags
        settled &= one.flags
    scores = [one.cvss for one in members if one.cvss is not None]
    severity = max(one.read.finding.severity.value for one in members)
    return (flags & ~_SETTLED) | settled, max(scores, default=None), severity


def _resolution(flags: int) -> str:
    if flags & FindingFlag.NOT_AFFECTED:
        return "not_affected"
    if flags & FindingFlag.REFUTED:
        return "false_positive"
    return "suppressed"


class _Now:
    """What the open findings of one issue say together."""

    def __init__(self) -> None:
        self.severity = 0
        self.cvss: int | None = None
        self.flags = 0
        self.settled = _SETTLED
        self.tools: set[str] = set()
        self.default = False

    def add(self, severity: int, cvss: int | None, flags: int, tool: str, *, default: bool) -> None:
        self.severity = max(self.severity, severity)
        if cvss is not None:
            self.cvss = max(self.cvss or 0, cvss)
        self.flags |= flags
        self.settled &= flags
        self.tools.add(tool)
        self.default = self.default or default


def refresh(
    numbers: Iterable[int], *, scorer: Scorer, profile_id: int, scan: int | None, now: datetime
) -> dict[str, int]:
    """Bring issues up to date with their open findings: severity, facts, score, tools and state. Writes what changed.

    An issue without an open finding is resolved; one that was resolved as fixed and has findings again is a regression.
    What people dismissed stays dismissed. Returns how many were resolved and reopened.
    """
    wanted = sorted(set(numbers))
    told: dict[int, _Now] = defaultdict(_Now)
    for issue, severity, cvss, flags, tool, default in writer.select_in(
        "SELECT f.issue_id, f.severity, f.cvss, f.flags, s.tool, s.is_default FROM store_finding f "
        "JOIN store_stream s ON s.id = f.stream_id WHERE f.closed_in_id IS NULL AND f.issue_id {values}", wanted,
    ):  # fmt: skip
        told[issue].add(severity, cvss, flags, tool, default=bool(default))
    issues = [
        issue
        for at in range(0, len(wanted), 5000)
        for issue in Issue.objects.select_related("application").filter(pk__in=wanted[at : at + 5000])
    ]
    known = _intelligence(issues)
    all_facts = [_facts(issue, told.get(issue.pk), known.get(issue.vulnerability_id or 0)) for issue in issues]
    counts = {"resolved": 0, "reopened": 0}
    updates, events = [], []
    for issue, facts, (tenths, priority, text) in zip(issues, all_facts, scorer.score(all_facts), strict=True):
        changed, happened = _changed(issue, told.get(issue.pk), facts, tenths, priority, text, profile_id, now)
        if changed is not None:
            updates.append(changed)
        for kind, details in happened:
            counts["resolved"] += kind == "fixed"
            counts["reopened"] += kind == "reopened"
            events.append((issue.pk, issue.application_id, kind, details))
    writer.update(Issue, _UPDATED, updates)
    write_events(events, scan=scan, now=now)
    return counts


_UPDATED = (
    "severity", "risk", "priority", "facts", "profile", "state", "resolution", "open", "regression", "branch_only", "kev",
    "fixable", "tools", "resolved_at",
)  # fmt: skip


def _intelligence(issues: list[Issue]) -> dict[int, Exploitation]:
    """Return the most alarming statement on each vulnerability of these issues."""
    from seamark.pipeline.ingest.names import worst

    groups = sorted({issue.vulnerability_id for issue in issues if issue.vulnerability_id})
    names = dict(writer.select_in("SELECT name, group_id FROM store_vulnerabilityname WHERE group_id {values}", groups))
    rows: dict[int, list[Exploitation]] = defaultdict(list)
    for at in range(0, len(names), 5000):
        for row in Exploitation.objects.filter(name__in=list(names)[at : at + 5000]):
            rows[names[row.name]].append(row)
    return {group: found for group, members in rows.items() if (found := worst(members)) is not None}


def _facts(issue: Issue, told: _Now | None, flaw: Exploitation | None) -> Facts:
    kind = KINDS_BY_CODE[issue.kind]
    if told is None:
        before = msgspec.convert(issue.facts, Facts)
        return with_intelligence(before, flaw)
    flags = (told.flags & ~_SETTLED) | told.settled
    return facts_of(told.severity, kind, told.cvss, flags, len(told.tools), flaw, issue.application)


def _changed(
    issue: Issue, told: _Now | None, facts: Facts, tenths: int, priority: int, text: str, profile_id: int, now: datetime
) -> tuple[tuple[Any, ...] | None, list[tuple[str, dict[str, Any]]]]:
    """Return the issue's new row, or None where nothing changed, and what happened to it."""
    happened: list[tuple[str, dict[str, Any]]] = []
    state, resolution, regression, resolved_at = issue.state, issue.resolution, issue.regression, issue.resolved_at
    settled = told is not None and bool(told.settled)
    if told is None and state <= State.IN_PROGRESS:
        state, resolution, resolved_at = State.RESOLVED.value, "fixed", now
        happened.append(("fixed", {}))
    elif told is not None and not settled and (state == State.RESOLVED or resolution == "suppressed"):
        regression = regression or state == State.RESOLVED
        state, resolution, resolved_at = State.OPEN.value, "", None
        happened.append(("reopened", {"regression": regression}))
    elif settled and told is not None and state <= State.IN_PROGRESS:
        state, resolution, resolved_at = State.DISMISSED.value, _resolution(told.settled), now
        happened.append(("state", {"before": issue.get_state_display(), "after": "dismissed", "reason": resolution}))
    branch_only = issue.branch_only if told is None else not told.default
    is_open = state <= State.IN_PROGRESS and not branch_only
    tools = issue.tools if told is None else len(told.tools)
    if facts.severity.value != issue.severity and told is not None:
        happened.append(("severity", {"before": Severity(issue.severity).word, "after": facts.severity.word}))
    if tenths != issue.risk and told is not None:
        happened.append(("risk", {"before": issue.risk, "after": tenths}))
    row = (
        issue.pk, facts.severity.value, tenths, priority, text, profile_id, state, resolution, is_open, regression, branch_only,
        bool(facts.kev_added), facts.fixable, tools, resolved_at,
    )  # fmt: skip
    before = (
        issue.pk, issue.severity, issue.risk, issue.priority, encode(msgspec.convert(issue.facts, Facts)), issue.profile_id, issue.state,
        issue.resolution, issue.open, issue.regression, issue.branch_only, issue.kev, issue.fixable, issue.tools, issue.resolved_at,
    )  # fmt: skip
    return (row if row != before else None), happened


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


def write_events(events: Iterable[tuple[int, int, str, dict[str, Any]]], *, scan: int | None, now: datetime) -> None:
    """Write events (issue, application, kind, details), all at once."""
    listed = list(events)
    numbers = writer.reserve(Event, len(listed))
    writer.insert(
        Event,
        ["id", "issue", "application", "kind", "details", "actor", "scan", "at"],
        [
            (number, issue, application, kind, msgspec.json.encode(details).decode(), None, scan, now)
            for number, (issue, application, kind, details) in zip(numbers, listed, strict=True)
        ],
    )
