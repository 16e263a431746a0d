"""Issues: made for new keys, and brought up to date when their findings change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from seamark.analysis.risk import Facts, Profile, score
from seamark.analysis.risk.facts import encode
from seamark.core.finding import Finding
from seamark.core.kind import KIND_CODES, Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity
from seamark.pipeline.ingest.names import Flaw
from seamark.pipeline.ingest.rows import Prepared, component_text, issue_place
from seamark.store import writer
from seamark.store.models import Application, Event, Exploitation, Issue
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State

ISSUE_COLUMNS = (
    "id", "application", "asset", "kind", "title", "place", "component", "rule", "vulnerability", "cwe", "severity", "risk",
    "priority", "facts", "profile", "state", "resolution", "open", "regression", "branch_only", "kev", "fixable", "tools",
    "owner", "assignee", "due", "fix", "fix_key", "opened_at", "resolved_at",
)  # fmt: skip
SETTLED = FindingFlag.SUPPRESSED.value | FindingFlag.NOT_AFFECTED.value | FindingFlag.REFUTED.value


_OPEN, _DISMISSED = State.OPEN.value, State.DISMISSED.value


class Cleared(NamedTuple):
    """The fix of an issue, or the hash of the change that would be its fix, were there another one that needs it."""

    fix: int | None = None
    key: int | None = None


NO_FIX = Cleared()


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
        exploit=_exploit(flaw), cvss=flaw.cvss if facts.cvss is None else facts.cvss,
    )  # fmt: skip


def _exploit(flaw: Exploitation) -> str:
    """Return how ready what is public is, by who has it; empty where nobody looked."""
    listed = set(flaw.exploits.split(",")) - {""}
    stated = flaw.ssvc.partition("/")[0]
    if "Metasploit" in listed or stated == "active":
        return "weaponised"
    if "Nuclei" in listed:
        return "template"
    if listed or stated == "poc":
        return "poc"
    return "none" if stated == "none" else ""


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
    groups: dict[int, list[Prepared]], numbers: dict[int, int], *, asset: int, on_default: bool, application: Application,
    flaws: dict[int, Flaw | None], fixes: Mapping[int, Cleared], scorer: Scorer, profile_id: int, now: datetime,
) -> list[tuple[Any, ...]]:  # fmt: skip
    """Return rows, in the order of `ISSUE_COLUMNS`, for new issues by some key, each with the findings that opened it."""
    drafts = [_draft(members, flaws.get(key)) for key, members in groups.items()]
    # Thousands of issues share a handful of inputs: each is weighed once.
    facts: dict[_Inputs, Facts] = {}
    for _, inputs, flaw in drafts:
        if inputs not in facts:
            told = flaw.exploitation if flaw else None
            facts[inputs] = facts_of(inputs.severity, inputs.kind, inputs.cvss, inputs.flags, 1, told, application)
    number = application.pk
    scored = dict(zip(facts, scorer.score(list(facts.values())), strict=True))
    rows = []
    for key, (first, inputs, flaw) in zip(groups, drafts, strict=True):
        tenths, priority, text = scored[inputs]
        one = facts[inputs]
        finding = first.read.finding
        settled = bool(inputs.flags & SETTLED)
        cwes = finding.cwes or (first.read.about.cwes if first.read.about else ())
        rows.append((
            numbers[key], number, asset, KIND_CODES[one.kind], finding.title, issue_place(finding),
            component_text(finding.component), finding.rule, flaw.number if flaw else None, cwes[0] if cwes else None, inputs.severity,
            tenths, priority, text, profile_id, _DISMISSED if settled else _OPEN,
            resolution_of(inputs.flags) if settled else "", on_default and not settled, False, not on_default,
            bool(one.kev_added), one.fixable, 1, "", None, None, *fixes.get(key, NO_FIX), now, now if settled else None,
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
    flags, cvss, severity = first.flags, first.cvss, int(first.read.finding.severity)
    if len(members) > 1:
        first = max(members, key=lambda one: one.read.finding.severity)
        flags, cvss, severity = _together(members)
    return first, _Inputs(severity, first.read.finding.kind or Kind.CODE, cvss, flags, flaw.number if flaw else 0), flaw


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
