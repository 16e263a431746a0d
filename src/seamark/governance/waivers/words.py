"""The words of waivers: why one is asked for, and what is asked."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from seamark.store.models import Application, Control
from seamark.store.models.waivers import Scope

REASONS: Final[dict[str, str]] = {
    "accepted": "The risk is accepted",
    "mitigated": "A control makes up for it",
    "no_fix": "No fix is available yet",
    "planned": "The fix is planned",
    "not_production": "It is not used in production",
    "business": "The business cannot wait",
}
"""Why a waiver may be asked for."""
NEEDS_CONTROL: Final = frozenset({"mitigated"})
"""Reasons that take a compensating control with evidence."""
LONGEST: Final = 10_000
"""Characters of a text."""
MOST_ISSUES: Final = 500
"""Issues that one waiver names; more are asked for by a fix, a query or a policy."""


class Asked(NamedTuple):
    """What somebody asks for."""

    scope: Scope
    reason: str
    text: str
    expires_at: datetime
    application: Application | None = None
    """None: everywhere; an issue and a fix have theirs."""
    issues: tuple[int, ...] = ()
    fix: int | None = None
    policy: str = ""
    """For the scope `policy` the policy; for the others the only one that it shall be an exception from, empty for all."""
    query: str = ""
    control: Control | None = None
    control_text: str = ""
    evidence: str = ""
