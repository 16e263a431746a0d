"""What the endpoints of compliance take and answer."""

from __future__ import annotations

from datetime import date
from typing import Literal

from ninja import Schema
from pydantic import AwareDatetime, ConfigDict, Field

from seamark.governance.compliance.framework import LARGEST
from seamark.interfaces.api.answers import Answer, Line

OutcomeWord = Literal["pass", "partial", "fail", "not_known", "not_applicable", "not_covered"]


class CompliancePlace(Schema):
    """What is asked about; everything that one may see where neither is named."""

    application: Line = Field("", max_length=200, description="Short name of an application.")
    unit: Line = Field("", max_length=200, description="Name of a business unit.")


class ComplianceWhen(CompliancePlace):
    """What is asked about, and as of when."""

    at: AwareDatetime | None = Field(None, description="A time in the past; now where none is given.")


class OfControl(ComplianceWhen):
    """Which control is asked about."""

    framework: Line = Field(max_length=60)
    control: Line = Field(max_length=60)


class OfRecords(CompliancePlace):
    """Which records are asked for."""

    answer: Literal["", "yes", "no", "unknown"] = ""


class FrameworkRow(Answer):
    """A framework, with how many of its controls come to what."""

    name: str
    title: str
    version: str
    publisher: str
    own: bool = Field(description="Whether this installation brought it.")
    applications: int = Field(description="How many applications name it as theirs.")
    controls: int
    counts: dict[str, int] = Field(description="Controls by outcome.")


class FrameworkList(Answer):
    """All frameworks."""

    scope: str
    items: list[FrameworkRow]


class ControlRow(Answer):
    """A control as lists show it."""

    id: str
    title: str
    family: str
    outcome: OutcomeWord
    reason: str = Field(description="Why nothing covers it.")
    need: str = Field(description="What has to be shown by hand.")
    checks: list[str]
    evidence: int
    gaps: int


class FrameworkAccount(Answer):
    """A framework with all of its controls."""

    name: str
    title: str
    version: str
    publisher: str
    url: str
    source: str = Field(description="Where the ids come from, and how they were verified.")
    digest: str
    scope: str
    at: str
    counts: dict[str, int]
    controls: list[ControlRow]


class ComplianceCheck(Answer):
    """What a check comes to."""

    name: str
    title: str
    question: str
    about: str
    facts: list[str]
    enough: float
    partly: float
    digest: str
    outcome: OutcomeWord
    yes: int
    no: int
    unknown: int
    since: str | None


class ComplianceCheckList(Answer):
    """All checks."""

    scope: str
    items: list[ComplianceCheck]


class CheckMoment(Answer):
    """What a check came to from a time on, in an application or for the installation."""

    application: str
    outcome: OutcomeWord
    yes: int
    no: int
    unknown: int
    since: str
    until: str | None


class ComplianceCheckAccount(ComplianceCheck):
    """A check with its history, newest first."""

    history: list[CheckMoment]


class CheckRecord(Answer):
    """Something that a check was asked of."""

    ref: str
    application: str
    answer: Literal["yes", "no", "unknown"]


class CheckRecords(Answer):
    """The records behind a check's numbers, as they answer now; at most 500, `total` counts all."""

    total: int
    items: list[CheckRecord]


class EvidenceShape(Answer):
    """Evidence without its content."""

    number: int
    reference: str
    kind: Literal["snapshot", "file", "link"]
    name: str
    title: str
    scope: str
    query: str
    sources: list[str]
    link: str
    filename: str
    digest: str = Field(description="SHA-256 of the content, hexadecimal.")
    size: int
    author: str
    owner: str
    frozen_at: str
    renew_by: str | None
    keep_until: str
    entry: int | None = Field(description="Number of its entry in the ledger.")
    current: bool
    readable: bool


class EvidenceList(Answer):
    """Evidence, newest first, at most 500."""

    items: list[EvidenceShape]


class ComplianceGapShape(Answer):
    """Something that somebody has to do."""

    number: int
    reference: str
    check: str
    framework: str
    control: str
    title: str
    application: str
    outcome: OutcomeWord
    owner: str
    due: str | None
    overdue: bool
    note: str
    opened_at: str
    closed_at: str | None


class ComplianceGapList(Answer):
    """Gaps, the first due first, at most 500; `total` counts all."""

    total: int
    items: list[ComplianceGapShape]


class ControlAccount(Answer):
    """A control in full."""

    framework: str
    id: str
    title: str
    family: str
    family_title: str
    outcome: OutcomeWord
    reason: str
    need: str
    need_days: int
    by_hand: OutcomeWord | None
    checks: list[ComplianceCheck]
    evidence: list[EvidenceShape]
    gaps: list[ComplianceGapShape]
    crosswalk: list[str] = Field(
        description="Controls of other frameworks that ask for the same, as `framework/control`."
    )


class GapChange(Schema):
    """Who closes a gap, until when."""

    model_config = ConfigDict(extra="forbid")
    owner: Line = Field("", max_length=150, description="User name; empty for nobody.")
    due: date | None = None
    note: str = Field("", max_length=2000)


class SnapshotWish(CompliancePlace):
    """What is to be asked and frozen."""

    model_config = ConfigDict(extra="forbid")
    name: Line = Field(
        max_length=60,
        description="`scan-coverage`, `policy-versions`, `verdicts`, `waivers`, `sboms`, `attestations`, `posture`, `access-review`.",
    )


class EvidenceGiven(CompliancePlace):
    """Evidence that somebody gives."""

    model_config = ConfigDict(extra="forbid")
    title: Line = Field(min_length=1, max_length=300)
    controls: list[Line] = Field(max_length=500, description="`framework/control`, each.")
    link: Line = Field("", max_length=2000, description="An address, instead of a file.")
    renew_by: date | None = None
    keep_until: date | None = Field(None, description="Until when its content is kept; three years unless said.")
    owner: Line = Field("", max_length=150)


class OwnFramework(Schema):
    """A framework of one's own."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=LARGEST, description="YAML; see the documentation.")


class OwnFrameworkAccount(Answer):
    """A framework that was taken over."""

    name: str
    version: int
    digest: str
    active: bool
