"""Tries policies before they are enforced: over today's facts, and over the builds that were; approved exceptions count."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.model import Stage
from seamark.governance.waivers.effective import waived
from seamark.pipeline.facts import Exempt, Replay, Simulated, replay, simulate
from seamark.pipeline.facts.replay import MOST_BUILDS
from seamark.store.access import Visible

ISSUES: Final = frozenset({"issue", "finding", "drift", "deployment"})
"""Groups of facts that exceptions of issues matter to."""


def simulated(
    visible: Visible, policies: Sequence[Policy], *, now: datetime, applications: Collection[int] | None = None, most: int = 20
) -> list[Simulated]:  # fmt: skip
    """Return what policies hold for today, whatever their modes and stages, of what a person may see."""
    return simulate(
        visible, policies, now=now, applications=applications, exceptions=_exceptions(visible, policies, now, applications), most=most,
    )  # fmt: skip


def replayed(
    visible: Visible, bundle: Bundle, stage: Stage, *, now: datetime, since: datetime | None = None,
    applications: Collection[int] | None = None, most: int = MOST_BUILDS,
) -> Replay:  # fmt: skip
    """Return what policies would have said to past builds of what a person may see, had they been enforced."""
    return replay(
        visible, bundle, stage, now=now, since=since, applications=applications, most=most,
        exceptions=_exceptions(visible, bundle.policies, now, applications),
    )  # fmt: skip


def asked_at(policy: Policy, stage: Stage) -> Policy:
    """Return a policy as it would be asked at a stage: where it names none for it, as one that blocks there."""
    return policy if stage in policy.spec.stages else policy.blocking_at(stage)


def replay_as_json(found: Replay, most: int = 100) -> dict[str, Any]:
    """Return a replay as plain values, with the latest of its builds."""
    told: dict[str, Any] = msgspec.to_builtins(found)
    return {**told, "told": told["told"][:most], "sentence": found.sentence}


def _exceptions(
    visible: Visible, policies: Sequence[Policy], now: datetime, applications: Collection[int] | None
) -> dict[int, list[Exempt]]:
    if not {one.subject for one in policies} & ISSUES:
        return {}
    rows = visible.issues().filter(open=True)
    if applications is not None:
        rows = rows.filter(application__in=list(applications))
    found = waived(rows.order_by().values_list("pk", flat=True), now)
    return {number: [Exempt(*one) for one in several] for number, several in found.items()}
