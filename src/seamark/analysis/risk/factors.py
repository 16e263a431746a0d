"""The factors of the score, each declared once: definition, words, value and what is missing.

A factor's value lies between -1 and 1: 0 says nothing either way, so that an unknown factor adds nothing. Its effect on the
log-odds is value times the profile's weight.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from seamark.analysis.risk.facts import Facts
from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity

Words = tuple[str, str, str]
"""Label, detail and source of a factor for one issue."""


@dataclass(frozen=True)
class Factor:
    """One factor of the score."""

    name: str
    definition: str
    value: Callable[[Facts], float | None]
    """From -1 to 1; None where it is not known or does not apply."""
    words: Callable[[Facts], Words]
    missing: Callable[[Facts], str]
    """What to find out where the value is None; empty where it does not apply."""


_SEVERITY = {Severity.INFO: -1.0, Severity.LOW: -0.5, Severity.MEDIUM: 0.0, Severity.HIGH: 0.5, Severity.CRITICAL: 1.0}
_KIND = {
    Kind.SECRET: 0.5, Kind.RUNTIME: 0.5, Kind.PENTEST: 0.5, Kind.WEB: 0.25, Kind.CODE: 0.0, Kind.DEPENDENCY: 0.0,
    Kind.CLOUD: 0.0, Kind.HOST: 0.0, Kind.CONTAINER: -0.15, Kind.MISCONFIGURATION: -0.25, Kind.LICENCE: -1.0,
}  # fmt: skip
_KIND_WORDS = {
    Kind.SECRET: "a secret in the open", Kind.RUNTIME: "seen at run time", Kind.PENTEST: "found by a person",
    Kind.WEB: "found from outside", Kind.CODE: "a weakness in own code", Kind.DEPENDENCY: "a vulnerable dependency",
    Kind.CLOUD: "a cloud setting", Kind.HOST: "a host", Kind.CONTAINER: "a package of an image",
    Kind.MISCONFIGURATION: "a configuration", Kind.LICENCE: "a licence question",
}  # fmt: skip
_VERIFICATION = {Verification.VERIFIED: 1.0, Verification.UNVERIFIED: 0.0, Verification.REFUTED: -1.0}
_CONFIDENCE = {Confidence.HIGH: 0.4, Confidence.MEDIUM: 0.0, Confidence.LOW: -1.0}
_REACH = {Reach.RUNTIME: 1.0, Reach.STATIC: 0.7, Reach.POTENTIAL: 0.2, Reach.UNREACHABLE: -1.0}
_REACH_WORDS = {
    Reach.RUNTIME: "reached at run time", Reach.STATIC: "reachable from own code",
    Reach.POTENTIAL: "potentially reachable", Reach.UNREACHABLE: "not reachable",
}  # fmt: skip
_CRITICALITY = {1: 1.0, 2: 0.3, 3: -0.3, 4: -1.0}
_EXPOSURE = {"internet": 1.0, "partner": 0.4, "internal": -0.6, "none": -1.0}
_EXPOSURE_WORDS = {
    "internet": "internet-facing", "partner": "open to partners", "internal": "internal only", "none": "not exposed",
}  # fmt: skip
NEUTRAL_CVSS = 70
"""Tenths. Half of all CVEs are scored lower, half higher: a CVE of which no score is known stands among them."""
_EXPLOIT = {"none": 0.0, "poc": 0.4, "template": 0.7, "weaponised": 1.0}
_EXPLOIT_WORDS = {
    "none": "No public exploit", "poc": "Proof of concept", "template": "A scanner's template", "weaponised": "Exploit ready to use",
}  # fmt: skip
SENSITIVE = frozenset({"PII", "PHI", "PCI", "SECRETS"})
_LINKED = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST})


def _epss(facts: Facts) -> float | None:
    if facts.epss is None:
        return None
    return max(-0.33, min(1.0, (math.log10(max(facts.epss, 1e-5)) + 3) / 3))


def _data(facts: Facts) -> float | None:
    if not facts.data_classes:
        return None
    return 1.0 if SENSITIVE & {name.upper() for name in facts.data_classes} else 0.0


_CONFIRMED = {"runtime": 1.0, "pentest": 0.8, "dast": 0.6}
_CONFIRMED_WORDS = {"runtime": "an alert at run time", "pentest": "a tester", "dast": "an attack from outside"}
_CONFIRMABLE = frozenset({Kind.CODE, Kind.DEPENDENCY, Kind.CONTAINER})


def _corroborated(facts: Facts) -> float | None:
    return max((_CONFIRMED[word] for word in confirmations(facts)), default=None)


def confirmations(facts: Facts) -> tuple[str, ...]:
    """Return what of another kind confirms the issue, in the order of the words; words that nobody knows say nothing."""
    return tuple(word for word in facts.corroborated.split(",") if word in _CONFIRMED)


def confirmed_by(facts: Facts) -> str:
    """Return the same in words: `an attack from outside and an alert at run time`."""
    return " and ".join(_CONFIRMED_WORDS[word] for word in confirmations(facts))


def _tools(facts: Facts) -> float:
    return min(1.0, (facts.tools - 1) / 2)


def _feed(facts: Facts, *words: str) -> str:
    """Return the part of the intelligence snapshot that speaks of a feed."""
    parts = [part for part in facts.intelligence.split(", ") if any(word in part for word in words)]
    return ", ".join(parts) or facts.intelligence


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.2g} %"


FACTORS: tuple[Factor, ...] = (
    Factor(
        "severity", "Severity as the tools give it; the worst of them.",
        lambda f: _SEVERITY[f.severity],
        lambda f: (f"Severity: {f.severity.word}", "worst word of the tools", "tools"),
        lambda f: "",
    ),
    Factor(
        "cvss", "Highest CVSS base score; 7.0, the usual one, is neutral.",
        lambda f: None if f.cvss is None else (f.cvss - NEUTRAL_CVSS) / (30 if f.cvss > NEUTRAL_CVSS else 70),
        lambda f: (f"CVSS {(f.cvss or 0) / 10:.1f}", "base score", "advisory"),
        lambda f: "CVSS score" if f.kind in _LINKED else "",
    ),
    Factor(
        "kind", "How problems of this kind fare in general.",
        lambda f: _KIND[f.kind],
        lambda f: (f"Kind: {f.kind.value}", _KIND_WORDS[f.kind], "kind"),
        lambda f: "",
    ),
    Factor(
        "exploited", "Listed as exploited in the wild; ransomware counts in full.",
        lambda f: (1.0 if f.ransomware else 0.8) if f.kev_added else (0.0 if f.intelligence else None),
        lambda f: (
            "Known exploited" + (", by ransomware" if f.ransomware else ""), f"in the catalogue since {f.kev_added}", _feed(f, "KEV", "Exploited", "EUVD", "VulnCheck"),
        ),
        lambda f: "whether it is exploited in the wild (no intelligence loaded)" if f.kind in _LINKED else "",
    ),
    Factor(
        "epss", "Probability of exploitation in the next 30 days, on a logarithmic scale; 0.1 % is neutral.",
        _epss,
        lambda f: (f"EPSS {_percent(f.epss or 0)}", "chance of exploitation within 30 days", _feed(f, "EPSS")),
        lambda f: "EPSS" if f.kind in _LINKED else "",
    ),
    Factor(
        "exploit", "What is public to exploit it: a proof of concept, a scanner's template, a ready exploit in full.",
        lambda f: _EXPLOIT.get(f.exploit),
        lambda f: (_EXPLOIT_WORDS[f.exploit], "", _feed(f, "Exploit-DB", "Metasploit", "Nuclei", "Vulnrichment")),
        lambda f: "whether an exploit is public" if f.kind in _LINKED else "",
    ),
    Factor(
        "verified", "The tool proved the problem, or proved that it is none.",
        lambda f: None if f.verification is None else _VERIFICATION[f.verification],
        lambda f: ("Proved by the tool" if f.verification is Verification.VERIFIED else "Not proved", "", "tool"),
        lambda f: "whether the secret is still valid" if f.kind is Kind.SECRET else "",
    ),
    Factor(
        "confidence", "How sure the tool is of itself.",
        lambda f: None if f.confidence is None else _CONFIDENCE[f.confidence],
        lambda f: (f"Tool's confidence: {f.confidence.value if f.confidence else ''}", "", "tool"),
        lambda f: "",
    ),
    Factor(
        "reach", "Whether the vulnerable code can run.",
        lambda f: None if f.reach is None else _REACH[f.reach],
        lambda f: (_REACH_WORDS[f.reach].capitalize() if f.reach else "", "verdict of the tool", "tool"),
        lambda f: "whether the vulnerable code is reached" if f.kind is Kind.DEPENDENCY else "",
    ),
    Factor(
        "development", "Used for development only, so not shipped.",
        lambda f: -1.0 if f.development else None,
        lambda f: ("Development dependency", "not shipped", "report"),
        lambda f: "",
    ),
    Factor(
        "corroboration", "Several tools report it independently.",
        _tools,
        lambda f: (f"{f.tools} tools agree", "", "tools"),
        lambda f: "",
    ),
    Factor(
        "corroborated", "A finding of another kind confirms it: an alert at run time in full, a tester, an attack from outside.",
        _corroborated,
        lambda f: (f"Confirmed by {confirmed_by(f)}", "linked findings of another kind", "correlation"),
        lambda f: "whether a test from outside or an alert confirms it" if f.kind in _CONFIRMABLE else "",
    ),
    Factor(
        "fixable", "A fix is known: acting on it is cheap.",
        lambda f: 1.0 if f.fixable else 0.0,
        lambda f: ("Fix available", "", "advisory"),
        lambda f: "",
    ),
    Factor(
        "exposure", "Who can reach it.",
        lambda f: _EXPOSURE.get(f.exposure),
        lambda f: (_EXPOSURE_WORDS.get(f.exposure, "").capitalize(), "", f.context),
        lambda f: "exposure (is it open to the internet?)",
    ),
    Factor(
        "data", "Sensitive data is handled: personal, health, card data or secrets.",
        _data,
        lambda f: (f"Data: {', '.join(f.data_classes)}", "", f.context),
        lambda f: "which data it handles",
    ),
    Factor(
        "criticality", "How much the business depends on the application.",
        lambda f: _CRITICALITY.get(f.criticality),
        lambda f: (f"Business criticality: tier {f.criticality}", "", f.context),
        lambda f: "business criticality of the application",
    ),
)  # fmt: skip
"""In the order in which the receipt shows them."""
