"""From facts to scores and receipts. Pure; scores of many issues are computed as arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from seamark.analysis.risk.factors import FACTORS, SENSITIVE, confirmed_by
from seamark.analysis.risk.facts import Facts
from seamark.analysis.risk.profile import Profile
from seamark.analysis.risk.receipt import Part, Receipt
from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity


def score(facts: Sequence[Facts], profile: Profile) -> NDArray[np.int16]:
    """Return the scores of many issues in tenths, 0 to 1000. Equal facts are computed once."""
    unique: dict[Facts, int] = {}
    rows = np.fromiter((unique.setdefault(one, len(unique)) for one in facts), dtype=np.int64, count=len(facts))
    if not unique:
        return np.zeros(0, dtype=np.int16)
    tenths = np.array([_tenths(odds) for odds in log_odds(tuple(unique), profile).tolist()], dtype=np.int64)
    least = np.array([_floor(one, profile)[0] for one in unique], dtype=np.int64)
    return np.maximum(tenths, least).astype(np.int16)[rows]


def log_odds(facts: Sequence[Facts], profile: Profile) -> NDArray[np.float64]:
    """Return the log-odds of many issues before floors and rounding."""
    values = np.array([[factor.value(one) or 0.0 for factor in FACTORS] for one in facts], dtype=np.float64)
    weights = np.array([profile.weights.get(factor.name, 0.0) for factor in FACTORS])
    # Added up factor by factor, in the order of the receipt, so that both round alike.
    total = np.full(len(facts), profile.intercept)
    for column, weight in enumerate(weights if len(facts) else ()):
        total = total + weight * values[:, column]
    return total


def _tenths(log_odds: float) -> int:
    return round(1000 / (1 + math.exp(-log_odds)))


def _floor(facts: Facts, profile: Profile) -> tuple[int, str]:
    if facts.kev_added and facts.ransomware:
        return round(profile.floors.ransomware * 10), "Least score for ransomware's choice"
    if facts.kev_added:
        return round(profile.floors.exploited * 10), "Least score for what is exploited"
    return 0, ""


def receipt(facts: Facts, profile: Profile) -> Receipt:
    """Return the account of one issue's score. Its parts add up to the score exactly."""
    odds = profile.intercept
    before = _tenths(odds)
    parts = [
        Part(
            "start",
            "Starting point",
            "an issue of which nothing else is known",
            f"profile {profile.name} v{profile.version}",
            before,
        )
    ]
    unknown = []
    for factor in FACTORS:
        value = factor.value(facts)
        if value is None:
            if sentence := factor.missing(facts):
                unknown.append(sentence)
            continue
        odds = odds + profile.weights.get(factor.name, 0.0) * value
        after = _tenths(odds)
        if after != before or abs(value) > 0.01:
            label, detail, source = factor.words(facts)
            parts.append(Part(factor.name, label, detail, source, after - before))
        before = after
    least, words = _floor(facts, profile)
    if least > before:
        parts.append(Part("floor", words, "", f"profile {profile.name} v{profile.version}", least - before))
    total = max(before, least)
    return Receipt(
        score=total,
        priority=profile.priority(total),
        parts=tuple(parts),
        unknown=tuple(unknown),
        counterfactuals=_counterfactuals(facts, profile, total),
        reason=reason(facts),
        profile=f"{profile.name} v{profile.version}",
    )


def _counterfactuals(facts: Facts, profile: Profile, now: int) -> tuple[tuple[str, int], ...]:
    changes: list[tuple[str, Facts]] = []
    if facts.exposure != "internet":
        changes.append(("If it were internet-facing", replace(facts, exposure="internet")))
    if facts.exposure in {"internet", "partner"}:
        changes.append(("If it were internal only", replace(facts, exposure="internal")))
    if facts.reach is None and facts.cvss is not None:
        changes.append(("If it were not reachable", replace(facts, reach=Reach.UNREACHABLE)))
    if facts.criticality != 1:
        changes.append(("If the application were tier 1", replace(facts, criticality=1)))
    if not facts.kev_added and facts.cvss is not None:
        changes.append(("If it were exploited in the wild", replace(facts, kev_added="today", intelligence="assumed")))
    if not facts.corroborated and facts.kind is Kind.CODE:
        changes.append(("If an attack from outside confirmed it", replace(facts, corroborated="dast")))
    scores = score([changed for _, changed in changes], profile).tolist()
    moved = [
        (sentence, tenths) for (sentence, _), tenths in zip(changes, scores, strict=True) if abs(tenths - now) >= 10
    ]
    return tuple(moved[:3])


def reason(facts: Facts) -> str:
    """Return why an issue stands where it does, in one line, most telling fact first."""
    words: list[str] = []
    if facts.kev_added:
        words.append("known exploited by ransomware" if facts.ransomware else "known exploited")
    if facts.verification is Verification.VERIFIED:
        words.append("proved by the tool")
    if confirming := confirmed_by(facts):
        words.append(f"confirmed by {confirming}")
    if facts.reach in {Reach.RUNTIME, Reach.STATIC}:
        words.append("reachable from own code")
    if facts.reach is Reach.UNREACHABLE:
        words.append("not reachable")
    if facts.epss is not None and facts.epss >= 0.05:
        words.append(f"exploitation likely (EPSS {facts.epss * 100:.0f} %)")
    if facts.exploit in {"weaponised", "template"}:
        words.append("exploit ready to use")
    if facts.tools >= 2:
        words.append(f"{facts.tools} tools agree")
    if facts.cvss is not None and (facts.cvss >= 70 or len(words) < 2):
        words.append(f"CVSS {facts.cvss / 10:.1f}")
    elif facts.severity >= Severity.HIGH:
        words.append(f"{facts.severity.word} severity")
    if facts.development:
        words.append("development dependency only")
    if facts.confidence is Confidence.LOW:
        words.append("the tool is not sure")
    if facts.fixable:
        words.append("fix available")
    # What holds for the whole application comes last: it is the same on every row of it.
    if facts.exposure == "internet":
        words.append("internet-facing")
    if sensitive := sorted(SENSITIVE & {name.upper() for name in facts.data_classes}):
        words.append(f"handles {' and '.join(sensitive)}")
    if facts.criticality == 1:
        words.append("tier 1 application")
    if not words:
        words.append(f"{facts.severity.word} severity, nothing else known")
    text = ", ".join(words)
    return text[0].upper() + text[1:]
