"""Brings issues up to date with their open findings: severity, facts, score, tools and state. Writes what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from seamark.analysis.risk import Facts, Profile, load_profile
from seamark.analysis.risk.changes import why
from seamark.analysis.risk.facts import decode, encode
from seamark.core.severity import Severity
from seamark.pipeline.ingest.issues import SETTLED, Scorer, reporters_of, resolution_of, write_events
from seamark.pipeline.ingest.names import worst
from seamark.pipeline.ingest.told import effort_of, least_effort
from seamark.pipeline.ingest.weighing import Inputs, Weighing, with_intelligence
from seamark.store import writer
from seamark.store.models import Application, Exploitation, Issue, RiskProfile
from seamark.store.models.issues import State

_PIECE = 5_000
"""Issues that are brought up to date together: their rows, facts and receipts take some ten kB each."""


class _Row(NamedTuple):
    """An issue as its row has it."""

    number: int
    application: int
    asset: int
    place: str
    component: str
    cwe: int | None
    opened_at: datetime
    kind: int
    vulnerability: int | None
    severity: int
    risk: int
    priority: int
    facts: str
    profile: int
    state: int
    resolution: str
    open: bool
    regression: bool
    branch_only: bool
    kev: bool
    fixable: bool
    tools: int
    reporters: str


_COLUMNS = (
    "id, application_id, asset_id, place, component, cwe, opened_at, kind, vulnerability_id, severity, risk, priority, facts, profile_id, "
    "state, resolution, open, regression, branch_only, kev, fixable, tools, reporters"
)
_UPDATED = (
    "severity", "risk", "priority", "facts", "profile", "state", "resolution", "open", "regression", "branch_only", "kev", "fixable",
    "tools", "reporters",
)  # fmt: skip
_FIXED = _Row._fields.index("severity")
"""Where the columns begin that may change."""


class _Now:
    """What the open findings of one issue say together."""

    __slots__ = ("cvss", "default", "efforts", "flags", "settled", "severity", "tools")

    def __init__(self) -> None:
        self.severity = 0
        self.cvss: int | None = None
        self.flags = 0
        self.settled = SETTLED
        self.tools: set[str] = set()
        self.efforts: set[str] = set()
        self.default = False

    def add(self, severity: int, cvss: int | None, flags: int, tool: str, effort: str, *, default: bool) -> None:
        self.severity = max(self.severity, severity)
        if cvss is not None:
            self.cvss = max(self.cvss or 0, cvss)
        self.flags |= flags
        self.settled &= flags
        self.tools.add(tool)
        self.efforts.add(effort)
        self.default = self.default or default


Happened = tuple[str, dict[str, Any]]


def refresh(
    numbers: Iterable[int], *, scorer: Scorer, profile_id: int, scan: int | None, now: datetime
) -> dict[str, int]:
    """Bring issues up to date. Returns how many were resolved and reopened.

    An issue that no open finding of a default branch speaks of is resolved; one that was resolved as fixed and is seen there again is
    a regression. An issue that only other branches ever had lives as long as one of them has it. What people dismissed stays dismissed.
    """
    wanted = sorted(set(numbers))
    counts = {"resolved": 0, "reopened": 0}
    refreshing = _Refresh(scorer, profile_id, now, counts)
    for at in range(0, len(wanted), _PIECE):
        refreshing.run(wanted[at : at + _PIECE], scan)
    return counts


class _Refresh:
    def __init__(self, scorer: Scorer, profile_id: int, now: datetime, counts: dict[str, int]) -> None:
        self._scorer, self._profile, self._now, self._counts = scorer, profile_id, now, counts
        self._applications: dict[int, Application] = {}
        self._weighing = Weighing()
        self._profiles: dict[int, Profile] = {profile_id: scorer.profile}
        self._why: dict[tuple[str, str, int], list[list[Any]]] = {}

    def run(self, numbers: Sequence[int], scan: int | None) -> None:
        columns = f"SELECT {_COLUMNS} FROM store_issue WHERE id {{values}}"  # noqa: S608 - columns of ours
        rows = [_row(*row) for row in writer.select_in(columns, numbers)]
        told = _told(numbers)
        known = _known(rows)
        confirmed = _corroborated(numbers)
        self._load({row.application for row in rows})
        facts = self._of_all(rows, told, known, confirmed)
        changed, settled, events = [], [], []
        for row, one, (tenths, priority, text) in zip(rows, facts, self._scorer.score(facts), strict=True):
            after, happened = self._after(row, told.get(row.number), one, tenths, priority, text)
            if after != row:
                changed.append((row.number, *after[_FIXED:]))
            if (after.state >= State.RESOLVED) != (row.state >= State.RESOLVED):
                settled.append((row.number, self._now if after.state >= State.RESOLVED else None))
            for kind, details in happened:
                self._counts["resolved"] += kind == "fixed"
                self._counts["reopened"] += kind == "reopened"
                events.append((row.number, row.application, kind, details))
        writer.update(Issue, _UPDATED, changed)
        writer.update(Issue, ["resolved_at"], settled)
        write_events(events, scan=scan, now=self._now)

    def _load(self, applications: set[int]) -> None:
        fresh = applications - self._applications.keys()
        self._applications |= {one.pk: one for one in Application.objects.filter(pk__in=fresh)}

    def _of_all(
        self, rows: Sequence[_Row], told: dict[int, _Now], known: dict[int, Exploitation], confirmed: dict[int, str]
    ) -> list[Facts]:
        """Return the inputs of the issues' scores: those they had where nobody reports them any more."""
        reported = [row for row in rows if row.number in told]
        inputs = [
            self._inputs(row, told[row.number], known.get(row.number), confirmed.get(row.number, ""))
            for row in reported
        ]
        fresh = dict(
            zip((row.number for row in reported), self._weighing.facts(inputs, self._applications), strict=True)
        )
        return [fresh[row.number] if row.number in fresh else self._kept(row, known) for row in rows]

    def _kept(self, row: _Row, known: dict[int, Exploitation]) -> Facts:
        facts = decode(row.facts)
        return with_intelligence(facts, known.get(row.number), facts.epss_before)

    def _inputs(self, row: _Row, told: _Now, flaw: Exploitation | None, confirmed: str) -> Inputs:
        flags = (told.flags & ~SETTLED) | told.settled
        return Inputs(
            row.application, row.asset, row.place, row.component, row.vulnerability or 0, row.kind, told.severity, told.cvss,
            flags, len(told.tools), row.cwe or 0, decode(row.facts).depth, least_effort(told.efforts), row.opened_at, flaw, confirmed,
        )  # fmt: skip

    def _reasons(self, row: _Row, facts: Facts, text: str) -> list[list[Any]]:
        """Return why a score is another one, as pairs of words and tenths."""
        key = (row.facts, text, row.profile)
        if (found := self._why.get(key)) is None:
            if row.profile not in self._profiles:
                self._profiles[row.profile] = load_profile(RiskProfile.objects.get(pk=row.profile).content)
            changes = why(decode(row.facts), facts, self._profiles[row.profile], self._scorer.profile)
            found = self._why[key] = [[change.words, change.points] for change in changes]
        return found

    def _after(
        self, row: _Row, told: _Now | None, facts: Facts, tenths: int, priority: int, text: str
    ) -> tuple[_Row, list[Happened]]:
        """Return the issue's new row and what happened to it."""
        happened: list[Happened] = []
        state, resolution, regression = row.state, row.resolution, row.regression
        settled = told is not None and bool(told.settled)
        seen = told is not None and (told.default or row.branch_only)
        if not seen and state <= State.IN_PROGRESS:
            state, resolution = State.RESOLVED.value, "fixed"
            happened.append(("fixed", {}))
        elif seen and not settled and (state == State.RESOLVED or resolution == "suppressed"):
            regression = regression or state == State.RESOLVED
            happened.append(("reopened", {"regression": state == State.RESOLVED}))
            state, resolution = State.OPEN.value, ""
        elif settled and told is not None and state <= State.IN_PROGRESS:
            before, resolution = State(state).label, resolution_of(told.settled)
            state = State.DISMISSED.value
            happened.append(("state", {"before": before, "after": "dismissed", "reason": resolution}))
        branch_only = row.branch_only and not (told is not None and told.default)
        if told is not None:
            if facts.severity.value != row.severity:
                happened.append(("severity", {"before": Severity(row.severity).word, "after": facts.severity.word}))
            if tenths != row.risk:
                happened.append(("risk", {"before": row.risk, "after": tenths, "why": self._reasons(row, facts, text)}))
        after = row._replace(
            severity=facts.severity.value, risk=tenths, priority=priority, facts=text, profile=self._profile, state=state,
            resolution=resolution, open=state <= State.IN_PROGRESS and not branch_only, regression=regression, branch_only=branch_only,
            kev=bool(facts.kev_added), fixable=facts.fixable, tools=row.tools if told is None else len(told.tools),
            reporters="" if told is None else reporters_of(told.tools),
        )  # fmt: skip
        return after, happened


def _row(*values: Any) -> _Row:
    """Return a row in one form, whichever database it comes from."""
    row = _Row(*values)
    # SQLite gives times as text.
    opened = row.opened_at if isinstance(row.opened_at, datetime) else datetime.fromisoformat(row.opened_at)
    facts = row.facts if isinstance(row.facts, str) else msgspec.json.encode(row.facts).decode()
    return row._replace(
        facts=_canonical(facts), opened_at=opened, open=bool(row.open), regression=bool(row.regression), branch_only=bool(row.branch_only),
        kev=bool(row.kev), fixable=bool(row.fixable),
    )  # fmt: skip


@lru_cache(maxsize=16_384)
def _canonical(facts: str) -> str:
    """Return facts as `encode` writes them: PostgreSQL keeps JSON in an order of its own."""
    return encode(decode(facts))


def _told(numbers: Sequence[int]) -> dict[int, _Now]:
    told: dict[int, _Now] = defaultdict(_Now)
    for issue, kind, severity, cvss, flags, component, fixed, tool, default in writer.select_in(
        "SELECT f.issue_id, f.kind, f.severity, f.cvss, f.flags, f.component, f.fixed_version, s.tool, s.is_default FROM store_finding f "
        "JOIN store_stream s ON s.id = f.stream_id WHERE f.closed_in_id IS NULL AND f.issue_id {values}", numbers,
    ):  # fmt: skip
        told[issue].add(severity, cvss, flags, tool, effort_of(kind, component, fixed), default=bool(default))
    return told


def intelligence(groups: Iterable[int]) -> dict[int, Exploitation]:
    """Return the most alarming statement on each of these vulnerability groups."""
    wanted = sorted(set(groups))
    names = dict(writer.select_in("SELECT name, group_id FROM store_vulnerabilityname WHERE group_id {values}", wanted))
    rows: dict[int, list[Exploitation]] = defaultdict(list)
    listed = list(names)
    for at in range(0, len(listed), 5000):
        for row in Exploitation.objects.filter(name__in=listed[at : at + 5000]):
            rows[names[row.name]].append(row)
    return {group: found for group, members in rows.items() if (found := worst(members)) is not None}


def _known(rows: Sequence[_Row]) -> dict[int, Exploitation]:
    """Return what is known of the flaws of issues, by number of the issue: of several that people joined the most alarming."""
    flaws = flaws_of({row.number: row.vulnerability for row in rows})
    told = intelligence(flaw for several in flaws.values() for flaw in several)
    found = {}
    for number, several in flaws.items():
        known = [told[flaw] for flaw in several if flaw in told]
        alarming = worst(map(copy, known)) if len(known) > 1 else next(iter(known), None)
        if alarming is not None:
            found[number] = alarming
    return found


def flaws_of(own: Mapping[int, int | None]) -> dict[int, tuple[int, ...]]:
    """Return the vulnerability groups that issues are of: their `own`, and those of the issues that became part of them."""
    flaws = {number: {flaw} if flaw else set() for number, flaw in own.items()}
    level = {number: number for number in own}
    # What was joined may itself have taken others in before.
    while level:
        parts = writer.select_in(
            "SELECT id, merged_into_id, vulnerability_id FROM store_issue WHERE merged_into_id {values}", list(level)
        )
        above, level = level, {}
        for number, whole, flaw in parts:
            root = level[number] = above[whole]
            if flaw:
                flaws[root].add(flaw)
    return {number: tuple(sorted(several)) for number, several in flaws.items()}


def _corroborated(numbers: Sequence[int]) -> dict[int, str]:
    """Return what confirms issues, by the sources of the witnesses that are still open."""
    sources: dict[int, set[str]] = defaultdict(set)
    for issue, source in writer.select_in(
        "SELECT c.issue_id, c.source FROM store_corroboration c JOIN store_issue w ON w.id = c.witness_id "
        "WHERE w.state <= 3 AND c.issue_id {values}",
        numbers,
    ):
        sources[issue].add(source)
    return {issue: ", ".join(sorted(found)) for issue, found in sources.items()}
