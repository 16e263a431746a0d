"""Policies as values: the document that people write, and what became wrong with one."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from seamark.core.errors import SeamarkError


class Stage(StrEnum):
    """Where a policy is asked."""

    PULL_REQUEST = "pull_request"
    BUILD = "build"
    DEPLOY = "deploy"
    MONITOR = "monitor"


class Effect(StrEnum):
    """What a violation comes to, from least to most."""

    OFF = "off"
    LOG = "log"
    TICKET = "ticket"
    WARN = "warn"
    BLOCK = "block"


class Mode(StrEnum):
    """How much of a policy is in force."""

    OFF = "off"
    """It is not asked."""
    LOG = "log"
    """Violations are recorded, nothing else."""
    WARN = "warn"
    """What would block warns."""
    ENFORCE = "enforce"


class OnError(StrEnum):
    """What a gate does where a condition cannot be decided."""

    OPEN = "open"
    """Record it and go on."""
    CLOSED = "closed"
    """Do what a violation would do."""
    WARN = "warn"


class Type(StrEnum):
    """What a policy is for."""

    GATE = "gate"
    SLA = "sla"
    TRIAGE = "triage"
    DEPLOY = "deploy"
    COVERAGE = "coverage"
    LICENCE = "licence"
    PIPELINE = "pipeline"


Word = Annotated[str, Meta(max_length=200)]
Text = Annotated[str, Meta(max_length=4_000)]
Condition = Annotated[str, Meta(min_length=1, max_length=4_000)]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$")]
Grace = Annotated[str, Meta(pattern=r"^[0-9]{1,4}d$")]


class _Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Keys are written in camel case; a key that is not known is a mistake."""


class Metadata(_Part, frozen=True):
    """Who the policy is and why it is there."""

    name: Name
    """Small letters, digits and hyphens; once in a bundle."""
    owner: Word = ""
    """Who answers for it: a team or a person."""
    explanation: Text = ""
    """Why it is there, for those whom it stops."""
    remediation: Text = ""
    """What to do about a violation."""
    frameworks: tuple[Word, ...] = ()
    """Controls that it serves: `pci-dss-4/6.3.3`, `owasp-2021/A03`."""


class Selector(_Part, frozen=True):
    """Which applications a policy is for: those that fit every list that is there. `*` and `?` stand for any characters."""

    applications: tuple[Word, ...] = ()
    """Names or short names."""
    units: tuple[Word, ...] = ()
    """Business units; those below count as well."""
    tags: tuple[Word, ...] = ()
    """One of these labels."""
    exclude: tuple[Word, ...] = ()
    """Names or short names of applications that it is not for."""


class Calendar(_Part, frozen=True):
    """Which time counts: without one, every hour of every day in UTC."""

    zone: Word = "UTC"
    """Name of the time zone: `Europe/Berlin`."""
    weekend: tuple[Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"], ...] = ()
    """Days of the week that do not count."""
    holidays: tuple[date, ...] = ()
    """Days that do not count."""
    hours: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    """`09:00-17:00`: what of a day counts. A day of the agreement is then one such working day."""


class Sla(_Part, frozen=True):
    """For `type: sla`: how long what fits may stay open. `days`, `kevDue` or both: then the earlier date counts."""

    days: Annotated[int, Meta(ge=0, le=3650)] | None = None
    """Days of the calendar, from when the issue was opened, or came back."""
    kev_due: bool = False
    """The due date that the catalogue of exploited vulnerabilities gives, at the end of that day."""
    calendar: Calendar | None = None
    stops: tuple[Literal["waived", "dismissed", "in_progress"], ...] = ()
    """What stops the clock, and nothing else does: an approved waiver, a confirmed dismissal, work that has begun."""
    at_risk: Annotated[int, Meta(ge=1, le=99)] = 80
    """From how many percent of the time it is nearly late."""


Justification = Literal[
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
]  # fmt: skip
Label = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,59}$")]


class Suppress(_Part, frozen=True):
    """Findings that are kept off the list: an issue is, where each of its findings is one of them."""

    paths: tuple[Word, ...]
    """Patterns of paths: `*` stands for anything within a folder, `**` for any folders."""
    tools: tuple[Word, ...] = ()
    """Names of tools; none for all."""


class Triage(_Part, frozen=True):
    """For `type: triage`: what becomes of an issue that fits, as long as it fits."""

    state: Literal["confirmed", "in_progress", "dismissed"] | None = None
    resolution: Literal["false_positive", "not_affected", "duplicate"] | None = None
    """With `state: dismissed`: why. To accept a risk takes a waiver."""
    justification: Justification | None = None
    """With `resolution: not_affected`: why not, in VEX's words."""
    suppress: Suppress | None = None
    """Keep findings of some tools at some paths off the list."""
    assign: Word = ""
    """User name of whoever shall have it."""
    owner: Word = ""
    """Who answers for it: a team or a person."""
    tags: tuple[Label, ...] = ()
    group: Label = ""
    """Name of a group that it belongs to."""
    priority: Annotated[int, Meta(ge=0, le=4)] | None = None
    """Band, 0 to 4. To lower it takes the right to approve waivers."""
    due_days: Annotated[int, Meta(ge=0, le=3650)] | None = None
    """Days after it was opened; an agreement on service levels is only ever tightened."""
    ticket: bool = False
    notify: tuple[Word, ...] = ()
    """Whom to tell: `owner`, `assignee`, a person, a team or a channel."""
    request_fix: bool = False
    comment: Text = ""
    """Why, for whoever checks it later; a dismissal needs one."""


class Example(_Part, frozen=True):
    """A test of the policy: facts, and what it says to them."""

    facts: dict[str, Any]
    expect: Literal["violation", "pass", "indeterminate"]
    name: Word = ""


class Spec(_Part, frozen=True):
    """What a policy says."""

    match: Condition
    """CEL over the facts: true for what violates the policy, or for what an `sla` or `triage` policy is about."""
    type: Type = Type.GATE
    description: Text = ""
    """What it demands, in a sentence."""
    stages: dict[Stage, Effect] = {}
    """What a violation comes to at each stage; a stage that is not named does not ask."""
    new_only: bool = False
    """Existing debt does not block: at pull request, build and deploy only what the change brings counts."""
    grace: Grace = "0d"
    """How long what the change did not bring may stand before it warns or blocks: `7d`, from when it was first seen."""
    on_error: OnError = OnError.CLOSED
    """What is done where facts that the condition needs are not known."""
    mode: Mode = Mode.ENFORCE
    """How much is in force until the first date of `schedule`."""
    schedule: dict[Mode, date] = {}
    """From which day which mode: `{warn: 2027-01-01, enforce: 2027-03-01}`. It moves by itself."""
    severity: Literal["critical", "high", "medium", "low", "info"] = "medium"
    """How bad a violation is."""
    message: Text = ""
    """What a violation says: text with facts in braces, such as `{issue.ref} in {application.name}`."""
    applies_to: Selector = Selector()
    sla: Sla | None = None
    triage: Triage | None = None
    examples: tuple[Example, ...] = ()


class Document(_Part, frozen=True):
    """A policy as it is written."""

    api_version: Literal["seamark.dev/v1"]
    kind: Literal["Policy"]
    metadata: Metadata
    spec: Spec


class Source(NamedTuple):
    """A file of a bundle."""

    name: str
    """Path within the bundle, for messages."""
    text: str


class Mistake(Struct, frozen=True):
    """Something that is wrong in a bundle, with its place."""

    file: str
    line: int
    """From 1; 0 where it concerns the whole file."""
    column: int
    """From 1, in characters; 0 where it concerns the whole file."""
    message: str
    """A sentence, with what may be meant."""
    policy: str = ""

    def __str__(self) -> str:
        """Return it as compilers do: `file:line:column: message`."""
        place = f":{self.line}:{self.column}" if self.line else ""
        return f"{self.file}{place}: {self.message}"


class InvalidPolicies(SeamarkError):
    """A bundle that cannot be used: `mistakes` has all that is wrong with it, in the order of the files."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(map(str, mistakes)))
