"""Policies in words, and advice on what would make them better."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from seamark.governance.policy import shapes
from seamark.governance.policy.bundle import Bundle, Policy
from seamark.governance.policy.facts import GROUPS
from seamark.governance.policy.model import Effect, Mode, OnError, Selector, Type

_EFFECTS = {
    Effect.BLOCK: "blocks", Effect.WARN: "warns", Effect.TICKET: "opens a ticket", Effect.LOG: "is recorded", Effect.OFF: "is not asked",
}  # fmt: skip
_MODES = {
    Mode.OFF: "It is off.", Mode.LOG: "It only records.", Mode.WARN: "It warns where it would block.", Mode.ENFORCE: "It is enforced.",
}  # fmt: skip
_ON_ERROR = {
    OnError.OPEN: "What cannot be decided is recorded and let through.",
    OnError.CLOSED: "What cannot be decided is treated as a violation.",
    OnError.WARN: "What cannot be decided warns.",
}


class Used(Struct, frozen=True):
    """A fact that a policy looks at."""

    name: str
    type: str
    sentence: str


def sentences(policy: Policy, day: date) -> list[str]:
    """Return what a policy does, in sentences."""
    spec = policy.spec
    found = [spec.description.rstrip(".") + "." if spec.description else f"{policy.name}."]
    found.append(f"It looks at each {policy.subject} and holds where: {' '.join(spec.match.split())}")
    if spec.stages:
        stages = ", ".join(
            f"{stage.value.replace('_', ' ')}: {_EFFECTS[effect]}" for stage, effect in sorted(spec.stages.items())
        )
        found.append(f"A violation comes to, at {stages}.")
    if spec.sla is not None:
        found.append(f"What fits is due {spec.sla.days} days after it was first seen.")
    if spec.triage is not None:
        found.append(
            f"What fits becomes {spec.triage.state or 'as it was'}{f', for {spec.triage.assign}' if spec.triage.assign else ''}."
        )
    if spec.new_only:
        found.append("Existing debt does not block: only what the change brings counts.")
    if policy.grace_days:
        found.append(f"What the change did not bring has {policy.grace_days} days of grace.")
    if spec.applies_to != Selector():
        found.append(f"It is for {_selected(spec.applies_to)}.")
    if spec.type not in {Type.SLA, Type.TRIAGE}:
        found.append(_ON_ERROR[spec.on_error])
    found.append(_MODES[policy.mode(day)])
    found += [
        f"From {since}: {_MODES[mode][3:]}"
        for mode, since in sorted(spec.schedule.items(), key=lambda one: one[1])
        if since > day
    ]
    return found


def used(policy: Policy) -> list[Used]:
    """Return the facts that a policy looks at, with what they mean."""
    return [
        Used(f"{group}.{field}", shapes.fields(GROUPS[group])[field].words, shapes.sentences(GROUPS[group])[field])
        for group, field in policy.condition.uses
    ]


def advice(bundle: Bundle) -> list[str]:
    """Return what is not wrong, and would be better otherwise."""
    found = []
    for policy in bundle.policies:
        expected = {example.expect for example in policy.spec.examples}
        if not expected >= {"violation", "pass"}:
            found.append(f"{policy.name}: give it an example of a violation and one that passes; they are its tests")
        if not policy.metadata.explanation:
            found.append(f"{policy.name}: metadata.explanation tells those whom it stops why it is there")
        if not policy.metadata.remediation and policy.spec.type not in {Type.SLA, Type.TRIAGE}:
            found.append(f"{policy.name}: metadata.remediation tells what to do about a violation")
    return found


def _selected(selector: Selector) -> str:
    parts = [
        f"{word} {' or '.join(patterns)}"
        for word, patterns in (("applications called", selector.applications), ("units called", selector.units), ("applications with the tag", selector.tags))
        if patterns
    ]  # fmt: skip
    told = " and ".join(parts) or "all applications"
    return f"{told}, but not {' or '.join(selector.exclude)}" if selector.exclude else told
