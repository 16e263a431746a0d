"""The policies that are in force as lists show them: what each says, where it comes from, and how much violates it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.kept.sync import Kept, current, in_force
from seamark.governance.policy.model import Effect, Stage
from seamark.insight.analytics.violations import Number, numbers, trends
from seamark.store.access import Visible


class Line(Struct, frozen=True, kw_only=True):
    """A policy in force."""

    policy: Policy
    kept: Kept
    mode: str
    """Today's."""
    next: tuple[tuple[date, str], ...]
    """Modes that it moves to by itself, with their days."""
    monitored: bool
    """Whether it is asked outside of builds, so that it has violations that stand."""
    number: Number
    trend: list[int | None]

    @property
    def name(self) -> str:
        """Return the policy's name."""
        return self.policy.name

    @property
    def stages(self) -> list[tuple[str, str]]:
        """Return the stages at which it is asked, and what a violation comes to there."""
        return [(stage.value, effect.value) for stage, effect in sorted(self.policy.spec.stages.items())]


def lines(visible: Visible, now: datetime) -> list[Line]:
    """Return the policies in force by name, with the numbers that a person may see."""
    kept = {one.name: one for one in current()}
    counted, moved = numbers(visible), trends(visible, now)
    return [
        _line(one, kept[one.name], now, counted.get(one.name, Number()), moved.get(one.name, []))
        for one in in_force().policies
        if one.name in kept
    ]


def line(visible: Visible, name: str, now: datetime) -> Line | None:
    """Return one policy in force; None where there is none of that name."""
    policy = in_force().named(name)
    kept = next((one for one in current() if one.name == name), None)
    if policy is None or kept is None:
        return None
    counted, moved = numbers(visible, name), trends(visible, now, name)
    return _line(policy, kept, now, counted.get(name, Number()), moved.get(name, []))


def _line(policy: Policy, kept: Kept, now: datetime, number: Number, trend: list[int | None]) -> Line:
    today = now.date()
    after = sorted((since, mode.value) for mode, since in policy.spec.schedule.items() if since > today)
    monitored = policy.effect(Stage.MONITOR, today) is not Effect.OFF
    return Line(
        policy=policy, kept=kept, mode=policy.mode(today).value, next=tuple(after), monitored=monitored, number=number, trend=trend,
    )  # fmt: skip


def as_json(one: Line) -> dict[str, Any]:
    """Return a policy as plain values."""
    spec = one.policy.spec
    return {
        "name": one.name, "description": spec.description, "type": spec.type.value, "subject": one.policy.subject, "severity": spec.severity,
        "mode": one.mode, "schedule": {mode: day.isoformat() for day, mode in one.next}, "stages": dict(one.stages),
        "bundle": one.kept.bundle, "kind": one.kept.kind, "file": one.kept.file, "commit": one.kept.commit, "version": one.kept.version,
        "digest": one.kept.digest, "changed_at": one.kept.since.isoformat(), "author": one.kept.author or None, "monitored": one.monitored,
        "violations": one.number.violates, "undecided": one.number.undecided, "waived": one.number.waived, "trend": one.trend,
    }  # fmt: skip
