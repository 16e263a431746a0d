"""Whether a pull request may be merged by itself: every condition with its answer, and one that is not known is not met."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from seamark.response.forges.pulls.contract import Standing
from seamark.response.remediation.pulls.facts import Facts
from seamark.response.remediation.pulls.terms import MACHINE, Terms

_ORDER: Final = {"patch": 0, "minor": 1}


class Condition(NamedTuple):
    """One condition: what it asks, whether it is met, and why, in a few words."""

    name: str
    met: bool
    why: str


class Decision(NamedTuple):
    """All conditions."""

    conditions: tuple[Condition, ...]

    @property
    def merge(self) -> bool:
        """Tell whether all are met."""
        return bool(self.conditions) and all(one.met for one in self.conditions)

    @property
    def missing(self) -> str:
        """Return what keeps it, in a sentence; empty where nothing does."""
        return "; ".join(one.why for one in self.conditions if not one.met)


def decide(terms: Terms, facts: Facts, standing: Standing, pushed: str, now: datetime) -> Decision:
    """Decide about an open pull request. `pushed` is the commit that we pushed last."""
    return Decision((
        _distance(terms, facts),
        Condition("proven", facts.proven, "all that it claims is proven" if facts.proven else "what it claims is not all proven"),
        Condition("introduces nothing", not facts.introduced, f"it brings {', '.join(facts.introduced[:3])}" if facts.introduced else "it brings no known flaw"),
        Condition("tests", facts.tests, "the repository has tests" if facts.tests else "the repository has no tests that we know of"),
        Condition("checks", standing.checks == "green", f"the checks are {standing.checks}"),
        Condition("mergeable", standing.mergeable is not False, "it has conflicts or is blocked" if standing.mergeable is False else "nothing blocks it"),
        Condition("unchanged", bool(pushed) and bool(standing.head) and pushed.startswith(standing.head), "it is as it was pushed" if pushed.startswith(standing.head or "-") else "somebody else pushed to its branch"),
        Condition("no objection", not standing.objections, f"{', '.join(standing.objections[:3])} objected" if standing.objections else "nobody objected"),
        _waited("time to object", facts.pushed_at, timedelta(hours=terms.merge_after_hours), now, "it was pushed"),
        _waited("age of the release", facts.known_since, timedelta(days=terms.merge_release_days), now, "the new version is known"),
        _frozen(terms, now),
    ))  # fmt: skip


def _distance(terms: Terms, facts: Facts) -> Condition:
    far = [f"{name} moves from {before} to {after} ({how})" for name, before, after, how in facts.moves if _ORDER.get(how, 9) > _ORDER[terms.merge_distance]]  # fmt: skip
    if facts.made_by == MACHINE:
        return Condition("distance", met=False, why="a model wrote it, and only people merge that")
    if facts.made_by != "plan" or not facts.moves:
        return Condition("distance", met=False, why="only moves of versions are merged by themselves")
    return Condition("distance", not far, "; ".join(far) or f"no version moves further than {terms.merge_distance}")


def _waited(name: str, since: str, least: timedelta, now: datetime, words: str) -> Condition:
    if not least:
        return Condition(name, met=True, why="no time is asked for")
    if not since:
        return Condition(name, met=False, why=f"nobody knows since when {words}")
    then = datetime.fromisoformat(since)
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return Condition(name, now - then >= least, f"{words} since {then:%Y-%m-%d %H:%M} UTC")


def _frozen(terms: Terms, now: datetime) -> Condition:
    met = not any(one.holds(now) for one in terms.freezes)
    return Condition("no freeze", met, "no freeze holds" if met else "a freeze holds")
