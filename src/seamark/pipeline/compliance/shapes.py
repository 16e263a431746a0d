"""What is told of compliance: checks, controls, frameworks, evidence and gaps as they stand at a time."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from seamark.governance.compliance.outcome import Outcome


class CheckResult(Struct, frozen=True, kw_only=True):
    """What a check comes to in a scope."""

    name: str
    title: str
    """The question."""
    question: str
    """As it is computed: CEL, or bounds of facts of the installation."""
    about: str
    """The group of facts that it is about, or `installation`."""
    facts: tuple[str, ...]
    """The facts that it looks at: `issue.severity`."""
    enough: float
    partly: float
    """Percentages of yes that pass, and that pass in part."""
    digest: str
    """The check's version."""
    outcome: Outcome
    yes: int = 0
    no: int = 0
    unknown: int = 0
    """How many records answer so."""
    since: datetime | None = None
    """Since when the newest of the answers stands; None where it was never asked."""


class Example(Struct, frozen=True):
    """A record that says no, or cannot be told."""

    application: str
    """Short name; empty for what belongs to none."""
    ref: str
    answer: str
    """`no` or `unknown`."""


class EvidenceItem(Struct, frozen=True, kw_only=True):
    """Evidence that was frozen; its content is read with `evidence.content_for`."""

    number: int
    reference: str
    """`E-12`."""
    kind: str
    """`snapshot`, `file` or `link`."""
    name: str
    """Which snapshot; empty for what people gave."""
    title: str
    scope: str
    """`everything`, `unit Retail`, `application shop`."""
    query: str
    sources: tuple[str, ...]
    link: str
    filename: str
    digest: str
    """SHA-256 of the content, hexadecimal."""
    size: int
    author: str
    owner: str
    frozen_at: datetime
    renew_by: date | None
    keep_until: date
    entry: int | None
    """Number of its entry in the ledger."""
    current: bool
    """Whether it counts at the time that was asked about."""
    readable: bool
    """Whether the content is still kept, and the person may read it."""


class GapItem(Struct, frozen=True, kw_only=True):
    """Something that somebody has to do; the number never changes and is never used again."""

    number: int
    reference: str
    """`G-12`."""
    check: str
    """Name of the check; empty for manual evidence that is missing."""
    framework: str
    control: str
    """Of missing evidence; empty for a check's gap."""
    title: str
    application: str
    """Short name; empty for what concerns the installation."""
    outcome: Outcome
    owner: str
    due: date | None
    overdue: bool
    note: str
    opened_at: datetime
    closed_at: datetime | None


class ControlStanding(Struct, frozen=True, kw_only=True):
    """Where a control stands in a scope."""

    framework: str
    id: str
    title: str
    family: str
    family_title: str
    outcome: Outcome
    reason: str
    """Why nothing covers it; empty where something does."""
    need: str
    """What has to be shown by hand; empty where nothing."""
    need_days: int
    """After how many days that has to be renewed."""
    by_hand: Outcome | None
    """What the evidence by hand comes to; None where none is needed."""
    checks: tuple[CheckResult, ...]
    evidence: tuple[EvidenceItem, ...]
    """For this control, newest first; with what has lapsed."""
    gaps: tuple[GapItem, ...]
    """Those that were open at the time."""
    crosswalk: tuple[str, ...]
    """Controls of other frameworks that ask for the same, as `framework/control`."""


class FrameworkStanding(Struct, frozen=True, kw_only=True):
    """Where a framework stands in a scope."""

    name: str
    title: str
    version: str
    publisher: str
    url: str
    source: str
    digest: str
    """SHA-256 of the framework's content."""
    scope: str
    at: datetime
    applications: tuple[str, ...]
    """Short names of the applications of the scope that the person may see and that there were then."""
    controls: tuple[ControlStanding, ...]
    counts: dict[str, int]
    """Controls by outcome, with zeros."""


class FrameworkShare(Struct, frozen=True, kw_only=True):
    """A framework with how many of its controls come to what."""

    name: str
    title: str
    version: str
    publisher: str
    own: bool
    """Whether this installation brought it."""
    applications: int
    """How many applications of the scope name it as theirs."""
    controls: int
    counts: dict[str, int]


class Moment(Struct, frozen=True, kw_only=True):
    """What a check came to from a time on, in one application or for the installation."""

    application: str
    outcome: Outcome
    yes: int
    no: int
    unknown: int
    since: datetime
    until: datetime | None
