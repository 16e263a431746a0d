"""What a gate came to, as it is shown: the shape of `seamark gate --format json` and of the API's answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final, Literal

from msgspec import Struct

PASSED: Final = 0
VIOLATED: Final = 1
UNDECIDED: Final = 2
"""Exit codes."""


class Breach(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that violates a policy, or of which that could not be decided."""

    policy: str
    subject: str
    """The group of facts that the policy is about: `issue`, `component`, `asset` …"""
    ref: str
    """`SM-1042`, or the issue's identity where no server keeps it."""
    effect: str
    """What it comes to: `block`, `warn`, `ticket`, `log`."""
    severity: str
    """How bad the policy calls it."""
    message: str = ""
    title: str = ""
    """What the issue is called."""
    issue_severity: str = ""
    path: str = ""
    line: int = 0
    """First line, from 1; 0 where there is none."""
    end_line: int = 0
    tools: tuple[str, ...] = ()
    rule: str = ""
    fix: str = ""
    """The change that clears it, as far as the tools tell."""
    decided: bool = True
    """False: facts were missing, and `onError` decided."""
    unknown: tuple[str, ...] = ()
    """The facts that are not known, where that was in the way."""
    because: str = ""
    """Why it comes to less than the policy says: `existing`, `grace`, `waived`, `unknown`."""
    grace_until: str = ""
    waiver: str = ""
    url: str = ""
    """Where the issue is shown."""


class Asked(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy that was asked."""

    name: str
    digest: str
    mode: str
    severity: str
    description: str = ""
    explanation: str = ""
    remediation: str = ""


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a gate came to."""

    outcome: Literal["pass", "warn", "block", "indeterminate"]
    """`indeterminate`: nothing blocks, but something that fails closed could not be decided."""
    stage: str
    at: str
    bundle: str
    """Digest of the policies."""
    facts: str
    """Digest of what they were asked about."""
    commit: str = ""
    """Commit that the policies come from."""
    application: str = ""
    issues: int = 0
    """Issues that were looked at."""
    new: int = 0
    """Those of them that the change brings."""
    compared: bool = True
    """Whether there was something to tell new issues from old ones by."""
    set_aside: int = 0
    """Issues that tools or sources suppress."""
    policies: tuple[Asked, ...] = ()
    breaches: tuple[Breach, ...] = ()
    """Worst first."""
    counts: dict[str, int] = {}
    """Breaches by effect, and those that were not decided as `indeterminate`."""
    notes: tuple[str, ...] = ()
    """What whoever reads the outcome should know of how it came about."""
    verdict: int = 0
    """Number under which the server keeps it; 0 where none does."""
    stale: bool = False
    """A newer verdict has taken its place."""
    url: str = ""

    @property
    def exit_code(self) -> int:
        """Return what the command ends with."""
        return {"block": VIOLATED, "indeterminate": UNDECIDED}.get(self.outcome, PASSED)

    @property
    def blocking(self) -> list[Breach]:
        """Return what blocks."""
        return [one for one in self.breaches if one.effect == "block" and one.decided]

    @property
    def undecided(self) -> list[Breach]:
        """Return what blocks because it could not be decided."""
        return [one for one in self.breaches if one.effect == "block" and not one.decided]

    @property
    def warnings(self) -> list[Breach]:
        """Return what warns."""
        return [one for one in self.breaches if one.effect == "warn"]

    def passed_over(self) -> dict[str, int]:
        """Return how many breaches neither block nor warn, by the reason: `existing`, `grace`, `waived`, `unknown`, or empty."""
        found: dict[str, int] = {}
        for one in self.breaches:
            if one.effect not in {"block", "warn"}:
                found[one.because] = found.get(one.because, 0) + 1
        return dict(sorted(found.items()))

    def policy(self, name: str) -> Asked | None:
        """Return a policy that was asked by its name."""
        return next((one for one in self.policies if one.name == name), None)


HEADLINES: Final = {
    "pass": "Passed", "warn": "Passed with warnings", "block": "Blocked", "indeterminate": "Could not be decided",
}  # fmt: skip
SECTIONS: Final = (
    ("blocking", "Blocks"),
    ("undecided", "Could not be decided, and fails closed"),
    ("warnings", "Warns"),
)
"""Parts of an outcome that need somebody's eyes: attribute and heading."""
_REASONS: Final = {
    "existing": "stood there before", "grace": "in grace", "waived": "waived", "unknown": "not decided and let through", "": "recorded only",
}  # fmt: skip


def sections(outcome: Outcome) -> Iterator[tuple[str, str, list[Breach]]]:
    """Yield the parts that are there: name, heading, breaches."""
    for name, heading in SECTIONS:
        found: list[Breach] = getattr(outcome, name)
        if found:
            yield name, heading, found


def by_policy(breaches: Iterable[Breach]) -> Iterator[tuple[str, list[Breach]]]:
    """Yield breaches policy by policy, in the order of the policies' names."""
    for name, several in groupby(sorted(breaches, key=lambda one: one.policy), key=lambda one: one.policy):
        yield name, list(several)


def place(breach: Breach) -> str:
    """Return where it is: `src/app.py:12`, or what stands for a place; empty where there is none."""
    return f"{breach.path}:{breach.line}" if breach.path and breach.line else breach.path


def words(breach: Breach) -> str:
    """Return what is said of a breach; of what was not decided only what it is about, since the policy's message would claim more."""
    return (breach.message if breach.decided else "") or breach.title or breach.message


def sentence(outcome: Outcome) -> str:
    """Return the outcome in a sentence."""
    parts = [
        f"{number:,} {word}"
        for number, word in (
            (len(outcome.blocking), "block"),
            (len(outcome.undecided), "not decided"),
            (len(outcome.warnings), "warn"),
        )
        if number
    ]
    new = f", {outcome.new:,} new" if outcome.compared else ""
    looked = f"{outcome.issues:,} issues{new}, {len(outcome.policies):,} policies at {outcome.stage.replace('_', ' ')}"
    return f"{HEADLINES[outcome.outcome]}: {', '.join(parts) or 'no violation'} ({looked})"


def rest(outcome: Outcome) -> str:
    """Return what neither blocks nor warns in a sentence; empty where there is nothing."""
    told = [f"{number:,} {_REASONS[reason]}" for reason, number in outcome.passed_over().items()]
    if outcome.set_aside:
        told.append(f"{outcome.set_aside:,} set aside in source or tool")
    return f"Let through: {', '.join(told)}" if told else ""


def how_to_waive(outcome: Outcome, breach: Breach) -> str:
    """Return how to ask for an exception to what blocks."""
    if breach.url:
        return f"ask for a waiver at {breach.url}"
    if outcome.verdict:
        return f"ask for a waiver: seamark waiver request --issue {breach.ref} --policy {breach.policy}"
    return "waivers need a Seamark server: seamark gate --application NAME --url URL"


def undecided_facts(breaches: Iterable[Breach]) -> str:
    """Return which facts were not known, in words."""
    names = sorted({name for one in breaches for name in one.unknown})
    told = ", ".join(names)
    if any(name.endswith(".new") for name in names):
        told += " (name what to compare with: --baseline or --base)"
    return told
