"""Factors about what proves the problem, and what it takes to mend it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from seamark.analysis.risk.factors.factor import Direction, Factor, WhatIf, Words
from seamark.analysis.risk.factors.flaw import LINKED
from seamark.analysis.risk.facts import Facts
from seamark.core.kind import Confidence, Kind, Reach, Verification

_VERIFICATION = {Verification.VERIFIED: 1.0, Verification.UNVERIFIED: 0.0, Verification.REFUTED: -1.0}
_VERIFICATION_WORDS = {
    Verification.VERIFIED: "Proved by the tool", Verification.UNVERIFIED: "Not proved", Verification.REFUTED: "Refuted by the tool",
}  # fmt: skip
_SECRET = {"valid": 0.5, "test": -0.6, "revoked": -1.0}
_SECRET_WORDS = {"valid": "The secret is valid", "test": "A secret for tests", "revoked": "The secret is revoked"}
_CONFIDENCE = {Confidence.HIGH: 0.4, Confidence.MEDIUM: 0.0, Confidence.LOW: -1.0}
_REACH = {Reach.RUNTIME: 1.0, Reach.STATIC: 0.7, Reach.POTENTIAL: 0.2, Reach.UNREACHABLE: -1.0}
_REACH_WORDS = {
    Reach.RUNTIME: "reached at run time", Reach.STATIC: "reachable from own code",
    Reach.POTENTIAL: "potentially reachable", Reach.UNREACHABLE: "not reachable",
}  # fmt: skip
_CONFIRMED = {"runtime": 1.0, "pentest": 0.8, "dast": 0.6}
_CONFIRMED_WORDS = {"runtime": "an alert at run time", "pentest": "a tester", "dast": "an attack from outside"}
_CONFIRMABLE = frozenset({Kind.CODE, Kind.DEPENDENCY, Kind.CONTAINER})
_EFFORT = {
    "configuration": 1.0, "patch": 1.0, "rotate": 1.0, "minor": 0.5, "code": 0.0, "none": 0.0, "major": -0.5,
}  # fmt: skip
_EFFORT_WORDS = {
    "configuration": "Mended by a setting", "patch": "Mended by a patch release", "rotate": "Mended by a new secret",
    "minor": "Mended by a minor release", "code": "Mended in own code", "none": "No fix is known", "major": "Mended by a major release only",
}  # fmt: skip
_FULL_AGE = 365


def _verified(facts: Facts) -> float | None:
    """Of a secret, the state of the secret says the same: it must not count twice."""
    if facts.verification is None or facts.secret_state in _SECRET:
        return None
    return _VERIFICATION[facts.verification]


def _verified_missing(facts: Facts) -> str:
    if facts.kind is Kind.SECRET and facts.secret_state not in _SECRET:
        return "whether the secret is still valid"
    return ""


def _if_secret(facts: Facts) -> Sequence[WhatIf]:
    if facts.kind is not Kind.SECRET:
        return ()
    others = [state for state in ("revoked", "valid") if state != facts.secret_state]
    return [(f"If the secret were {state}", replace(facts, secret_state=state)) for state in others]


def _if_reached(facts: Facts) -> Sequence[WhatIf]:
    if facts.reach is None and facts.cvss is None and facts.kind not in LINKED:
        return ()
    changes = []
    if facts.reach is not Reach.UNREACHABLE:
        changes.append(("If it were not reachable", replace(facts, reach=Reach.UNREACHABLE)))
    if facts.reach not in {Reach.RUNTIME, Reach.STATIC}:
        changes.append(("If it were reachable from own code", replace(facts, reach=Reach.STATIC)))
    return changes


def _depth(facts: Facts) -> float | None:
    """A guess at reach: it counts only while nobody said whether the code is reached."""
    if facts.depth < 1 or facts.reach is not None:
        return None
    return max(-1.0, 0.5 - 0.5 * (facts.depth - 1))


def _depth_words(facts: Facts) -> Words:
    if facts.depth == 1:
        return "Direct dependency", "asked for by name", "report"
    return (
        "Indirect dependency",
        f"{facts.depth - 1} packages in between" if facts.depth > 2 else "1 package in between",
        "report",
    )


def _unshipped(facts: Facts) -> Words:
    if facts.test and not facts.development:
        what = "Test dependency" if facts.kind in LINKED else "In tests only"
        return what, "not shipped", "report"
    return "Development dependency", "not shipped", "report"


def _tools(facts: Facts) -> float:
    return max(0.0, min(1.0, (facts.tools - 1) / 2))


def confirmations(facts: Facts) -> tuple[str, ...]:
    """Return what of another kind confirms the issue, in the order of the words; words that nobody knows say nothing."""
    return tuple(word for word in facts.corroborated.split(",") if word in _CONFIRMED)


def confirmed_by(facts: Facts) -> str:
    """Return the same in words: `an attack from outside and an alert at run time`."""
    return " and ".join(_CONFIRMED_WORDS[word] for word in confirmations(facts))


def _corroborated(facts: Facts) -> float | None:
    return max((_CONFIRMED[word] for word in confirmations(facts)), default=None)


def _if_confirmed(facts: Facts) -> Sequence[WhatIf]:
    if facts.corroborated or facts.kind is not Kind.CODE:
        return ()
    return (("If an attack from outside confirmed it", replace(facts, corroborated="dast")),)


def _if_fixable(facts: Facts) -> Sequence[WhatIf]:
    if facts.fixable or facts.kind not in LINKED:
        return ()
    return (("If a fix were available", replace(facts, fixable=True, effort="patch" if facts.effort == "none" else facts.effort)),)  # fmt: skip


EVIDENCE: tuple[Factor, ...] = (
    Factor(
        name="verified", title="Proof", weight=1.2, direction=Direction.BOTH, fields=("verification", "secret_state"),
        definition="The tool proved the problem, or proved that it is none.",
        unit="word", range="verified, unverified, refuted", source="the tools",
        neutral="not proved", raises="the tool proved it", lowers="the tool refuted it",
        value=_verified,
        words=lambda f: (_VERIFICATION_WORDS[f.verification or Verification.UNVERIFIED], "", "tool"),
        state=lambda f: (f.verification or Verification.UNVERIFIED).value,
        missing=_verified_missing,
    ),
    Factor(
        name="secret", title="Secret", weight=2.5, direction=Direction.BOTH, fields=("secret_state",),
        definition="Whether a secret still opens anything.",
        unit="word", range="valid, revoked, test", source="the tool that tried it",
        raises="valid", lowers="revoked in full, one for tests",
        value=lambda f: _SECRET.get(f.secret_state),
        words=lambda f: (_SECRET_WORDS[f.secret_state], "", "tool"),
        state=lambda f: f.secret_state,
        what_ifs=_if_secret,
    ),
    Factor(
        name="confidence", title="Confidence", weight=0.6, direction=Direction.BOTH, fields=("confidence",),
        definition="How sure the tool is of itself.",
        unit="word", range="low, medium, high", source="the tools",
        neutral="medium", raises="high", lowers="low",
        value=lambda f: None if f.confidence is None else _CONFIDENCE[f.confidence],
        words=lambda f: (f"Tool's confidence: {f.confidence.value if f.confidence else ''}", "", "tool"),
        state=lambda f: f.confidence.value if f.confidence else "",
    ),
    Factor(
        name="reach", title="Reach", weight=1.3, direction=Direction.BOTH, fields=("reach",),
        definition="Whether the vulnerable code can run.",
        unit="verdict", range=", ".join(Reach), source="tools that look at calls; `seamark reach`",
        raises="reachable, at run time in full", lowers="unreachable",
        value=lambda f: None if f.reach is None else _REACH[f.reach],
        words=lambda f: (_REACH_WORDS[f.reach].capitalize() if f.reach else "", "verdict of the tool", "tool"),
        state=lambda f: f.reach.value if f.reach else "",
        missing=lambda f: "whether the vulnerable code is reached" if f.kind is Kind.DEPENDENCY else "",
        what_ifs=_if_reached,
    ),
    Factor(
        name="depth", title="Depth", weight=0.2, direction=Direction.BOTH, fields=("depth", "reach"),
        definition="How far down the dependencies it sits; counts only while nobody said whether it is reached.",
        unit="steps", range="1 and more", source="lock files, SBOMs",
        neutral="2", raises="1, asked for by name", lowers="3 and more",
        value=_depth, words=_depth_words,
        state=lambda f: str(f.depth),
        missing=lambda f: "how deep the dependency sits" if f.kind is Kind.DEPENDENCY and f.depth < 1 and f.reach is None else "",
    ),
    Factor(
        name="development", title="Not shipped", weight=1.0, direction=Direction.LOWERS, fields=("development", "test"),
        definition="Used for development or tests only, so not shipped.",
        unit="yes or no", range="yes, not known", source="lock files, SBOMs, the place in the code",
        lowers="only for development, only in tests",
        value=lambda f: -1.0 if f.development or f.test else None,
        words=_unshipped,
        state=lambda f: "development" if f.development else "test",
    ),
    Factor(
        name="corroboration", title="Agreement", weight=0.4, direction=Direction.RAISES, fields=("tools",),
        definition="Several tools report it independently.",
        unit="tools", range="1 and more", source="correlation",
        neutral="one tool", raises="two; three and more in full",
        value=_tools,
        words=lambda f: (f"{f.tools} tools agree", "", "tools"),
        state=lambda f: "1 tool" if f.tools == 1 else f"{f.tools} tools",
    ),
    Factor(
        name="corroborated", title="Confirmation", weight=0.8, direction=Direction.RAISES, fields=("corroborated",),
        definition="A finding of another kind confirms it: an alert at run time in full, a tester, an attack from outside.",
        unit="words", range=", ".join(_CONFIRMED), source="correlation",
        raises="confirmed at run time, by a tester, by an attack from outside",
        value=_corroborated,
        words=lambda f: (f"Confirmed by {confirmed_by(f)}", "linked findings of another kind", "correlation"),
        state=confirmed_by,
        missing=lambda f: "whether a test from outside or an alert confirms it" if f.kind in _CONFIRMABLE else "",
        what_ifs=_if_confirmed,
    ),
    Factor(
        name="fixable", title="Fix", weight=0.2, direction=Direction.RAISES, fields=("fixable",),
        definition="A fix is known: acting on it is cheap.",
        unit="yes or no", range="yes, no", source="advisories",
        neutral="none is known", raises="a fix is known",
        value=lambda f: 1.0 if f.fixable else 0.0,
        words=lambda f: ("Fix available" if f.fixable else "No fix known", "", "advisory"),
        state=lambda f: "known" if f.fixable else "none",
        what_ifs=_if_fixable,
    ),
    Factor(
        name="effort", title="Effort", weight=0.15, direction=Direction.BOTH, fields=("effort",),
        definition="What the fix takes; the cheaper, the sooner it pays.",
        unit="word", range=", ".join(_EFFORT), source="the fix and the installed version",
        neutral="a change of own code, no fix known", raises="a setting, a patch, a new secret; a minor release by half", lowers="a major release",
        value=lambda f: _EFFORT.get(f.effort),
        words=lambda f: (_EFFORT_WORDS[f.effort], "", "fix"),
        state=lambda f: f.effort,
        missing=lambda f: "what the fix takes" if f.fixable and f.effort not in _EFFORT else "",
    ),
    Factor(
        name="age", title="Age", weight=0.15, direction=Direction.RAISES, fields=("age",),
        definition="How long it is open: attackers had as much time. A year counts in full.",
        unit="days", range="0, 30, 90, 180, 365", source="the day it was opened",
        neutral="new", raises="older",
        value=lambda f: max(0.0, min(1.0, f.age / _FULL_AGE)),
        words=lambda f: (f"Open for {f.age} days or more", "", "history"),
        state=lambda f: f"{f.age} days",
    ),
)  # fmt: skip
