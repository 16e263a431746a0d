"""Why an issue stands where it does, in one line."""

from __future__ import annotations

from seamark.analysis.risk.factors import SENSITIVE, confirmed_by
from seamark.analysis.risk.facts import Facts
from seamark.core.kind import Confidence, Reach, Verification
from seamark.core.severity import Severity


def reason(facts: Facts) -> str:
    """Return why an issue stands where it does, in one line, most telling fact first."""
    words = _of_proof(facts)
    words += _of_flaw(facts, told=len(words))
    words += [*_of_mending(facts), *_of_place(facts)]
    if not words:
        words.append(f"{facts.severity.word} severity, nothing else known")
    text = ", ".join(words)
    return text[0].upper() + text[1:]


def _of_proof(facts: Facts) -> list[str]:
    words = []
    if facts.secret_state == "revoked":  # noqa: S105 - a state
        words.append("the secret is revoked")
    if facts.verification is Verification.REFUTED:
        words.append("refuted by the tool")
    if facts.deployed == "not_running":
        words.append("not running")
    if facts.kev_added:
        words.append("known exploited by ransomware" if facts.ransomware else "known exploited")
    if facts.secret_state == "valid":  # noqa: S105 - a state
        words.append("the secret is valid")
    elif facts.verification is Verification.VERIFIED:
        words.append("proved by the tool")
    if confirming := confirmed_by(facts):
        words.append(f"confirmed by {confirming}")
    if facts.reach in {Reach.RUNTIME, Reach.STATIC}:
        words.append("reachable from own code")
    if facts.reach is Reach.UNREACHABLE:
        words.append("not reachable")
    return words


def _of_flaw(facts: Facts, *, told: int) -> list[str]:
    words = []
    if facts.epss is not None and facts.epss >= 0.05:
        words.append(f"exploitation likely (EPSS {facts.epss * 100:.0f} %)")
    if facts.exploit in {"weaponised", "template"}:
        words.append("exploit ready to use")
    if facts.tools >= 2:
        words.append(f"{facts.tools} tools agree")
    if facts.cvss is not None and (facts.cvss >= 70 or told + len(words) < 2):
        words.append(f"CVSS {facts.cvss / 10:.1f}")
    elif facts.severity >= Severity.HIGH:
        words.append(f"{facts.severity.word} severity")
    return words


def _of_mending(facts: Facts) -> list[str]:
    words = []
    if facts.development:
        words.append("development dependency only")
    elif facts.test:
        words.append("in tests only")
    if facts.confidence is Confidence.LOW:
        words.append("the tool is not sure")
    if facts.controls:
        words.append("compensating control in force")
    if facts.fixable:
        words.append("fix available")
    return words


def _of_place(facts: Facts) -> list[str]:
    """Return what holds for the whole application. It comes last: it is the same on every row of it."""
    words = []
    if facts.exposure == "internet":
        words.append("internet-facing")
    if sensitive := sorted(SENSITIVE & {name.upper() for name in facts.data_classes}):
        words.append(f"handles {' and '.join(sensitive)}")
    if facts.criticality == 1:
        words.append("tier 1 application")
    return words
