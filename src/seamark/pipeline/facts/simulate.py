"""What policies hold for today, before anybody enforces them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct

from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.evaluate import matches
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.message import written
from seamark.pipeline.facts.exempt import Exceptions
from seamark.pipeline.facts.platform import platform_facts
from seamark.store.access import Visible

MOST_SHOWN: Final = 100


class Hit(Struct, frozen=True, kw_only=True):
    """Something that a policy holds for, or of which that cannot be decided."""

    ref: str
    application: str
    message: str
    unknown: tuple[str, ...] = ()
    """Where it cannot be decided: the facts that are not known."""


class Simulated(Struct, frozen=True, kw_only=True):
    """What one policy would say today, on all that it is for: existing debt and grace are not taken off."""

    policy: str
    looked_at: int
    """How many records are about its subject."""
    holds: int
    undecided: int
    applications: dict[str, int]
    """How many of those that it holds for each application has, most first."""
    hits: tuple[Hit, ...]
    """At most so many as were asked for."""
    doubts: tuple[Hit, ...]
    """The same of those that cannot be decided."""


def simulate(
    visible: Visible, policies: Sequence[Policy], *, now: datetime, applications: Collection[int] | None = None,
    exceptions: Exceptions | None = None, most: int = MOST_SHOWN,
) -> list[Simulated]:  # fmt: skip
    """Ask policies about today's facts, whatever their modes and stages."""
    subjects = {policy.subject for policy in policies}
    facts = platform_facts(visible, now=now, subjects=subjects, applications=applications, exceptions=exceptions)
    about = Counter(one.subject for one in facts)
    return [_simulated(policy.enforced(), facts, about[policy.subject], now, most) for policy in policies]


def _simulated(policy: Policy, facts: Sequence[Facts], looked_at: int, now: datetime, most: int) -> Simulated:
    applications = Counter[str]()
    hits: list[Hit] = []
    doubts: list[Hit] = []
    holds = undecided = 0
    for match in matches([policy], facts, now=now):
        name = (match.facts.application.name or "") if match.facts.application is not None else ""
        if match.decided:
            holds += 1
            applications[name] += 1
        else:
            undecided += 1
        shown = hits if match.decided else doubts
        if len(shown) < most:
            unknown = () if match.decided else policy.condition.unknown(match.facts)
            shown.append(
                Hit(
                    ref=match.facts.ref,
                    application=name,
                    message=written(policy.template, match.facts),
                    unknown=unknown,
                )
            )
    return Simulated(
        policy=policy.name, looked_at=looked_at, holds=holds, undecided=undecided,
        applications=dict(sorted(applications.items(), key=lambda one: (-one[1], one[0]))), hits=tuple(hits), doubts=tuple(doubts),
    )  # fmt: skip
