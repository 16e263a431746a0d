"""The changes of all plans in one list: those first that remove most risk for the effort that they take."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from seamark.response.remediation.plan.make import Plan, Step


class Ranked(Struct, frozen=True, kw_only=True):
    """A change, or changes of one project that only pay together."""

    plan: Plan
    steps: tuple[Step, ...]

    @property
    def gain(self) -> float:
        """Return the risk that they remove less what they bring."""
        return round(sum(one.gain for one in self.steps), 4)

    @property
    def effort(self) -> float:
        """Return what they cost."""
        return round(sum(one.effort for one in self.steps), 2)

    @property
    def rate(self) -> float:
        """Return the gain for one of effort."""
        return round(self.gain / self.effort, 4) if self.effort else self.gain


def ranked(plans: Iterable[Plan]) -> tuple[Ranked, ...]:
    """Return the changes of plans by what each removes for its effort; of equals the cheapest first."""
    found = [Ranked(plan=plan, steps=steps) for plan in plans for steps in _bundles(plan)]
    return tuple(sorted(found, key=lambda one: (-one.rate, one.effort, one.plan.project, one.steps[0].change.name)))


def _bundles(plan: Plan) -> Iterable[tuple[Step, ...]]:
    groups: dict[int, list[Step]] = {}
    for at, step in enumerate(plan.steps):
        # What pays alone has no number; the negative ones are nobody's.
        groups.setdefault(step.together or -1 - at, []).append(step)
    return (tuple(one) for one in groups.values())
