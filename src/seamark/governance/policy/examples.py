"""Runs the examples that policies carry: they are the policies' tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from msgspec import Struct

from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.facts import examples_from

NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""What examples take for now, so that they say the same on every day."""


class Ran(Struct, frozen=True, kw_only=True):
    """What came of an example."""

    policy: str
    number: int
    """From 1."""
    name: str
    expected: str
    found: str
    unknown: tuple[str, ...] = ()
    """Where it could not be decided: the facts that it leaves out."""

    @property
    def right(self) -> bool:
        """Whether the policy said what the example expects."""
        return self.expected == self.found


def run(bundle: Bundle) -> list[Ran]:
    """Run the examples of all policies, whatever their mode and stages."""
    return [one for policy in bundle.policies for one in run_policy(policy)]


def run_policy(policy: Policy) -> list[Ran]:
    """Run the examples of a policy."""
    found = []
    for number, example in enumerate(policy.spec.examples, start=1):
        facts = examples_from(example.facts)
        applies = policy.applies_to(facts.application)
        held = False if applies is False else policy.condition.decide(facts, NOW)
        said = "pass" if held is False else "violation" if held and applies else "indeterminate"
        missing = policy.condition.unknown(facts) if said == "indeterminate" else ()
        found.append(
            Ran(
                policy=policy.name,
                number=number,
                name=example.name,
                expected=example.expect,
                found=said,
                unknown=missing,
            )
        )
    return found
