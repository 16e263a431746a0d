"""What a pack says, as plain values: whoever fills them knows the database, whoever writes them does not."""

from __future__ import annotations

from msgspec import Struct

from seamark.governance.compliance.outcome import Outcome


class Period(Struct, frozen=True):
    """The time that a pack speaks of: from the first day's beginning to the last day's end, in UTC."""

    label: str
    """`2026-Q3`, or both days."""
    first: str
    """`2026-07-01`"""
    last: str


class Framework(Struct, frozen=True, kw_only=True):
    """What is asked for, and by whom."""

    slug: str
    title: str
    version: str = ""
    source: str = ""
    """Where its control ids are from, and how far they were verified."""
    url: str = ""
    digest: str = ""
    """SHA-256 of the framework's content: its controls, and the checks that each rests on."""


class Scope(Struct, frozen=True):
    """What a pack is about: an application, a business unit with those below it, or everything."""

    kind: str
    """`application`, `unit` or `whole`."""
    name: str
    applications: tuple[str, ...] = ()


class CheckResult(Struct, frozen=True, kw_only=True):
    """One question over the posture, and how it was answered."""

    id: str
    question: str
    outcome: Outcome
    asked: str = ""
    """As it is computed: a condition over facts."""
    digest: str = ""
    """SHA-256 of the check: its version."""
    result: str = ""
    """The answer in a sentence, with its numbers."""
    facts: tuple[str, ...] = ()
    yes: int = 0
    no: int = 0
    unknown: int = 0
    """How many things say yes, say no, or cannot be told."""
    since: str = ""
    """When it was answered so first."""


class Control(Struct, frozen=True, kw_only=True):
    """A requirement of the framework and where it stands."""

    id: str
    title: str
    family: str
    outcome: Outcome
    need: str = ""
    """What somebody has to show by hand; empty where nothing."""
    reason: str = ""
    """Why nothing covers it; empty where something does."""
    checks: tuple[str, ...] = ()
    """`CheckResult.id`s."""
    evidence: tuple[str, ...] = ()
    """`Evidence.id`s."""
    also: tuple[str, ...] = ()
    """What other frameworks ask for in its place: `nist-ssdf PW.7.2`."""


class Evidence(Struct, frozen=True, kw_only=True):
    """A frozen fact, as it lies in the pack."""

    id: str
    title: str
    kind: str
    taken_at: str
    file: str
    """Its path in the pack; empty for a link, or where retention has removed the content."""
    sha256: str
    """Of the file, in hexadecimal; of the text that was frozen where there is no file."""
    sources: tuple[str, ...] = ()
    owner: str = ""
    renew_by: str = ""
    link: str = ""
    entry: int | None = None
    """Number of its entry in the ledger."""


class Gap(Struct, frozen=True, kw_only=True):
    """An item of the plan of action: something that a control lacks. Its number stays the same in every pack."""

    number: str
    title: str
    controls: tuple[str, ...]
    check: str = ""
    state: str = "open"
    """`open`, `closed` or `accepted`."""
    opened_at: str = ""
    closed_at: str = ""
    due: str = ""
    owner: str = ""
    note: str = ""
    overdue: bool = False


class Pack(Struct, frozen=True, kw_only=True):
    """All that is known, at one moment, of one framework in one scope."""

    framework: Framework
    scope: Scope
    period: Period
    as_of: str
    """The moment that it shows, in UTC: the period's end, or the newest thing that it tells of."""
    made_with: str
    """`Seamark 0.1.0`"""
    installation: str = ""
    """The address under which people know it, empty where none is set."""
    controls: tuple[Control, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()
    """What whoever reads this has to know, a sentence each."""


def word(outcome: Outcome) -> str:
    """Return an outcome as people read it."""
    return outcome.value.replace("_", " ")


def rests_on(control: Control) -> str:
    """Return what a control rests on, in words."""
    parts = [text for text, there in (("checks", control.checks), ("evidence by hand", control.need)) if there]
    return " and ".join(parts) or "nothing here"


def counts(pack: Pack) -> dict[Outcome, int]:
    """Return how many controls came to each outcome."""
    return {outcome: sum(one.outcome is outcome for one in pack.controls) for outcome in Outcome}
