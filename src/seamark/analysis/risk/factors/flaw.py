"""Factors about the flaw itself, wherever it is: how bad, of what kind, and whether somebody exploits it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from seamark.analysis.risk.danger import danger, years
from seamark.analysis.risk.factors.factor import Direction, Factor, WhatIf, Words
from seamark.analysis.risk.facts import Facts
from seamark.core.kind import Kind
from seamark.core.severity import Severity

LINKED = frozenset({Kind.DEPENDENCY, Kind.CONTAINER, Kind.HOST})
"""Kinds whose problems usually have a CVE."""
NEUTRAL_CVSS = 70
"""Tenths. Half of all CVEs are scored lower, half higher: a CVE of which no score is known stands among them."""
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
_EXPLOIT = {"none": 0.0, "poc": 0.4, "template": 0.7, "weaponised": 1.0}
_EXPLOIT_WORDS = {
    "none": "No public exploit", "poc": "Proof of concept", "template": "A scanner's template", "weaponised": "Exploit ready to use",
}  # fmt: skip
_IMPACT = {"total": 0.5, "partial": -0.5}
_AUTOMATABLE = {"yes": 1.0, "no": -0.3}
_LEAST_EPSS = 1e-5
"""Of the score: below it, the table's figures tell nothing apart."""


def _feed(facts: Facts, *words: str) -> str:
    """Return the part of the intelligence snapshot that speaks of a feed."""
    parts = [part for part in facts.intelligence.split(", ") if any(word in part for word in words)]
    return ", ".join(parts) or facts.intelligence


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share >= 0.1 else f"{share * 100:.2g} %"


def _cvss(facts: Facts) -> float | None:
    if facts.cvss is None:
        return None
    share = (facts.cvss - NEUTRAL_CVSS) / (100 - NEUTRAL_CVSS if facts.cvss > NEUTRAL_CVSS else NEUTRAL_CVSS)
    return max(-1.0, min(1.0, share))


def _weakness(facts: Facts) -> float | None:
    """Return the danger of the weakness, where nothing is known of the very flaw."""
    if not facts.cwe or facts.cvss is not None or facts.epss is not None:
        return None
    found = danger(facts.cwe)
    return found.value if found else 0.0


def _weakness_words(facts: Facts) -> Words:
    found = danger(facts.cwe)
    if found is None:
        return f"Weakness: CWE-{facts.cwe}", "not among the most dangerous ones", f"MITRE CWE Top 25, {years()}"
    above = "" if found.listed == facts.cwe else f", a case of CWE-{found.listed}"
    return (
        f"Weakness: CWE-{facts.cwe}", f"among the most dangerous ones{above}", f"MITRE CWE Top 25, {years()}",
    )  # fmt: skip


def _exploited(facts: Facts) -> float | None:
    if facts.kev_added:
        return 1.0 if facts.ransomware else 0.8
    return 0.0 if facts.intelligence else None


def _exploited_state(facts: Facts) -> str:
    if not facts.kev_added:
        return "not listed"
    return "listed, used by ransomware" if facts.ransomware else "listed"


def _if_exploited(facts: Facts) -> Sequence[WhatIf]:
    if facts.kev_added or (facts.cvss is None and facts.kind not in LINKED):
        return ()
    assumed = replace(facts, kev_added="assumed", intelligence=facts.intelligence or "assumed")
    return (("If it were exploited in the wild", assumed),)


def _epss(facts: Facts) -> float | None:
    if facts.epss is None:
        return None
    return max(-0.33, min(1.0, (math.log10(max(facts.epss, _LEAST_EPSS)) + 3) / 3))


def _epss_trend(facts: Facts) -> float | None:
    if facts.epss is None or facts.epss_before is None:
        return None
    ratio = max(facts.epss, _LEAST_EPSS) / max(facts.epss_before, _LEAST_EPSS)
    return max(-1.0, min(1.0, math.log10(ratio)))


def _trend_words(facts: Facts) -> Words:
    before, now = facts.epss_before or 0, facts.epss or 0
    way = "rising" if now > before else "falling" if now < before else "steady"
    return f"EPSS {way}", f"from {_percent(before)} to {_percent(now)} in 30 days", _feed(facts, "EPSS")


def _if_exploit(facts: Facts) -> Sequence[WhatIf]:
    if facts.exploit == "weaponised" or facts.kind not in LINKED:
        return ()
    return (("If a ready exploit were public", replace(facts, exploit="weaponised")),)


FLAW: tuple[Factor, ...] = (
    Factor(
        name="severity", title="Severity", weight=1.8, direction=Direction.BOTH, fields=("severity",),
        definition="Severity as the tools give it; the worst of them.",
        unit="word", range="info, low, medium, high, critical", source="the tools",
        neutral="medium", raises="high, critical", lowers="low, info",
        value=lambda f: _SEVERITY[f.severity],
        words=lambda f: (f"Severity: {f.severity.word}", "worst word of the tools", "tools"),
        state=lambda f: f.severity.word,
    ),
    Factor(
        name="cvss", title="CVSS", weight=0.45, direction=Direction.BOTH, fields=("cvss",),
        definition="Highest CVSS base score; 7.0, the usual one, is neutral.",
        unit="base score", range="0 to 10", source="advisories",
        neutral="7.0", raises="higher", lowers="lower",
        value=_cvss,
        words=lambda f: (f"CVSS {(f.cvss or 0) / 10:.1f}", "base score", "advisory"),
        state=lambda f: f"{(f.cvss or 0) / 10:.1f}",
        missing=lambda f: "CVSS score" if f.kind in LINKED else "",
    ),
    Factor(
        name="weakness", title="Weakness", weight=0.4, direction=Direction.RAISES, fields=("cwe", "cvss", "epss"),
        definition="How dangerous weaknesses of this class are in general; counts only where neither CVSS nor EPSS is known of the very flaw.",
        unit="CWE", range="any number", source="the tools; MITRE CWE Top 25",
        neutral="not in the list", raises="in the list, or a case of a listed one; higher places more",
        value=_weakness, words=_weakness_words,
        state=lambda f: f"CWE-{f.cwe}",
    ),
    Factor(
        name="kind", title="Kind", weight=0.8, direction=Direction.BOTH, fields=("kind",),
        definition="How problems of this kind fare in general.",
        unit="word", range=", ".join(Kind), source="the tools",
        neutral="code, dependency, cloud, host", raises="secret, runtime, pen-test, web", lowers="container, misconfiguration, licence",
        value=lambda f: _KIND[f.kind],
        words=lambda f: (f"Kind: {f.kind.value}", _KIND_WORDS[f.kind], "kind"),
        state=lambda f: f.kind.value,
    ),
    Factor(
        name="exploited", title="Exploited", weight=1.4, direction=Direction.RAISES, fields=("kev_added", "ransomware", "intelligence"),
        definition="Listed as exploited in the wild; ransomware counts in full.",
        unit="listing", range="not listed, listed, used by ransomware", source="catalogues of known exploited vulnerabilities",
        neutral="not listed", raises="listed; used by ransomware in full",
        value=_exploited,
        words=lambda f: (
            "Known exploited" + (", by ransomware" if f.ransomware else ""), f"in the catalogue since {f.kev_added}",
            _feed(f, "KEV", "Exploited", "EUVD", "VulnCheck", "CSAF"),
        ) if f.kev_added else ("Not known exploited", "in no catalogue", _feed(f, "KEV", "Exploited", "EUVD", "VulnCheck", "CSAF")),
        state=_exploited_state,
        missing=lambda f: "whether it is exploited in the wild (no intelligence loaded)" if f.kind in LINKED else "",
        what_ifs=_if_exploited,
    ),
    Factor(
        name="epss", title="EPSS", weight=2.7, direction=Direction.BOTH, fields=("epss",),
        definition="Probability of exploitation in the next 30 days, on a logarithmic scale; 0.1 % is neutral.",
        unit="probability", range="0 to 1", source="EPSS",
        neutral="0.1 %", raises="higher, on a logarithmic scale", lowers="lower",
        value=_epss,
        words=lambda f: (f"EPSS {_percent(f.epss or 0)}", "chance of exploitation within 30 days", _feed(f, "EPSS")),
        state=lambda f: f"{f.epss or 0:.2g}",
        missing=lambda f: "EPSS" if f.kind in LINKED else "",
    ),
    Factor(
        name="epss_trend", title="EPSS trend", weight=0.4, direction=Direction.BOTH, fields=("epss_before", "epss"),
        definition="How EPSS moved in about 30 days; ten times more or less counts in full.",
        unit="ratio", range="any", source="EPSS, two snapshots",
        neutral="steady", raises="rising", lowers="falling",
        value=_epss_trend, words=_trend_words,
        state=lambda f: f"{f.epss_before or 0:.2g} to {f.epss or 0:.2g}",
    ),
    Factor(
        name="exploit", title="Exploit", weight=0.4, direction=Direction.RAISES, fields=("exploit",),
        definition="What is public to exploit it: a proof of concept, a scanner's template, a ready exploit in full.",
        unit="word", range=", ".join(_EXPLOIT), source="collections of exploits",
        neutral="none is public", raises="a proof of concept, a scanner's template, a ready exploit",
        value=lambda f: _EXPLOIT.get(f.exploit),
        words=lambda f: (_EXPLOIT_WORDS[f.exploit], "", _feed(f, "Exploit-DB", "Metasploit", "Nuclei", "Vulnrichment")),
        state=lambda f: f.exploit,
        missing=lambda f: "whether an exploit is public" if f.kind in LINKED else "",
        what_ifs=_if_exploit,
    ),
    Factor(
        name="impact", title="Technical impact", weight=0.4, direction=Direction.BOTH, fields=("impact", "cvss"),
        definition="What an attacker gains over the vulnerable component, in SSVC's words; counts only where no CVSS score says so more finely.",
        unit="word", range="partial, total", source="SSVC decisions (Vulnrichment)",
        raises="total", lowers="partial",
        value=lambda f: _IMPACT.get(f.impact) if f.cvss is None else None,
        words=lambda f: (f"Technical impact: {f.impact}", "control over the component", _feed(f, "Vulnrichment", "SSVC")),
        state=lambda f: f.impact,
        missing=lambda f: "technical impact (SSVC)" if f.kind in LINKED and f.cvss is None else "",
    ),
    Factor(
        name="automatable", title="Automatable", weight=0.3, direction=Direction.BOTH, fields=("automatable", "epss"),
        definition="Whether attackers can automate all steps up to exploitation, in SSVC's words; counts only where no EPSS takes it into account.",
        unit="word", range="yes, no", source="SSVC decisions (Vulnrichment)",
        raises="yes", lowers="no, a little",
        value=lambda f: _AUTOMATABLE.get(f.automatable) if f.epss is None else None,
        words=lambda f: (
            "Attack can be automated" if f.automatable == "yes" else "Attack cannot be automated", "", _feed(f, "Vulnrichment", "SSVC"),
        ),
        state=lambda f: f.automatable,
        missing=lambda f: "whether an attack can be automated (SSVC)" if f.kind in LINKED and f.epss is None else "",
    ),
)  # fmt: skip
