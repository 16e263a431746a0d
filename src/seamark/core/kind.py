"""What sort of problem a finding is, and a few closed sets that describe it."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The sort of problem, which decides what makes two findings the same."""

    CODE = "code"
    DEPENDENCY = "dependency"
    SECRET = "secret"  # noqa: S105 - a kind of finding
    MISCONFIGURATION = "misconfiguration"
    WEB = "web"
    CONTAINER = "container"
    CLOUD = "cloud"
    HOST = "host"
    RUNTIME = "runtime"
    PENTEST = "pentest"
    LICENCE = "licence"


KIND_CODES: dict[Kind, int] = {kind: number for number, kind in enumerate(Kind, start=1)}
"""The small integers under which the database keeps kinds. Append only."""

KINDS_BY_CODE: dict[int, Kind] = {number: kind for kind, number in KIND_CODES.items()}


class Confidence(StrEnum):
    """How sure the tool says it is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Verification(StrEnum):
    """Whether the tool proved the problem: a secret that still works, an attack that succeeded."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    REFUTED = "refuted"


class Reach(StrEnum):
    """A tool's verdict on whether the vulnerable code can run."""

    RUNTIME = "runtime"
    STATIC = "static"
    POTENTIAL = "potential"
    UNREACHABLE = "unreachable"


class VexState(StrEnum):
    """The statement of a VEX document about a product and a vulnerability."""

    AFFECTED = "affected"
    NOT_AFFECTED = "not_affected"
    FIXED = "fixed"
    UNDER_INVESTIGATION = "under_investigation"
    FALSE_POSITIVE = "false_positive"
