"""Factors about where the flaw is: who gets at it, what runs it, and what the business loses."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from seamark.analysis.risk.factors.factor import Direction, Factor, WhatIf
from seamark.analysis.risk.facts import Facts
from seamark.core.kind import Kind

SENSITIVE = frozenset({"PII", "PHI", "PCI", "SECRETS"})
_EXPOSURE = {"internet": 1.0, "partner": 0.4, "internal": -0.6, "none": -1.0}
_EXPOSURE_WORDS = {
    "internet": "Internet-facing", "partner": "Open to partners", "internal": "Internal only", "none": "Not exposed",
}  # fmt: skip
_ENVIRONMENT = {
    "production": 0.4, "prod": 0.4, "live": 0.4, "staging": -0.4, "preproduction": -0.4, "acceptance": -0.4, "qa": -0.8, "test": -0.8,
    "testing": -0.8, "development": -1.0, "dev": -1.0, "local": -1.0, "sandbox": -1.0,
}  # fmt: skip
_DEPLOYED = {"running": 0.4, "not_running": -1.0}
_PRIVILEGES = {"privileged": 1.0, "root": 0.5, "restricted": -0.5}
_PRIVILEGES_WORDS = {"privileged": "Runs with all privileges", "root": "Runs as root", "restricted": "Runs with few privileges"}  # fmt: skip
_CRITICALITY = {1: 1.0, 2: 0.3, 3: -0.3, 4: -1.0}
_SLA = {"platinum": 1.0, "gold": 1.0, "silver": 0.3, "bronze": -0.5}
_NEUTRAL_REVENUE, _FULL_REVENUE = 3, 6
"""Powers of ten, in whatever currency."""
_FULL_BLAST = 3
"""A power of ten."""


def _stands(facts: Facts) -> bool:
    """Tell whether it matters where the issue stands: a licence is the same question everywhere."""
    return facts.kind is not Kind.LICENCE


def _if_exposed(facts: Facts) -> Sequence[WhatIf]:
    changes = []
    if facts.exposure != "internet":
        changes.append(("If it were internet-facing", replace(facts, exposure="internet")))
    if facts.exposure in {"internet", "partner"}:
        changes.append(("If it were internal only", replace(facts, exposure="internal")))
    return changes


def _environment(facts: Facts) -> float | None:
    return _ENVIRONMENT.get(facts.environment.strip().lower())


def _if_productive(facts: Facts) -> Sequence[WhatIf]:
    value = _environment(facts)
    return (("If it ran in production", replace(facts, environment="production")),) if (value or 0) < 0 else ()


def _if_deployed(facts: Facts) -> Sequence[WhatIf]:
    if facts.deployed == "not_running":
        return (("If it were running", replace(facts, deployed="running")),)
    return (("If it were not running", replace(facts, deployed="not_running")),)


def _controls(facts: Facts) -> float | None:
    """Each further control halves what is left."""
    return 0.5 ** min(len(facts.controls), 60) - 1 if facts.controls else None


def _if_controlled(facts: Facts) -> Sequence[WhatIf]:
    if facts.controls:
        return (("If its compensating controls were gone", replace(facts, controls=())),)
    return (("If a compensating control covered it", replace(facts, controls=("assumed",))),)


def _data(facts: Facts) -> float | None:
    if not facts.data_classes:
        return None
    return 1.0 if SENSITIVE & {name.upper() for name in facts.data_classes} else 0.0


def _if_sensitive(facts: Facts) -> Sequence[WhatIf]:
    if _data(facts) == 1.0:
        return ()
    return (("If it handled personal data", replace(facts, data_classes=(*facts.data_classes, "PII"))),)


def _sla(facts: Facts) -> float | None:
    return _SLA.get(facts.sla_tier.strip().lower())


def _revenue(facts: Facts) -> float | None:
    if facts.revenue_per_hour is None:
        return None
    power = math.log10(max(facts.revenue_per_hour, 1.0))
    return max(-0.5, min(1.0, (power - _NEUTRAL_REVENUE) / (_FULL_REVENUE - _NEUTRAL_REVENUE)))


def _blast(facts: Facts) -> float | None:
    return None if facts.blast < 0 else min(1.0, math.log10(max(facts.blast, 1)) / _FULL_BLAST)


PLACE: tuple[Factor, ...] = (
    Factor(
        name="exposure", title="Exposure", weight=0.5, direction=Direction.BOTH, fields=("exposure",),
        definition="Who can reach it.",
        unit="word", range=", ".join(_EXPOSURE), source="manifests, running systems, the application's context",
        raises="internet, partner", lowers="internal, none",
        value=lambda f: _EXPOSURE.get(f.exposure),
        words=lambda f: (_EXPOSURE_WORDS[f.exposure], "", f.context),
        state=lambda f: f.exposure,
        missing=lambda f: "exposure (is it open to the internet?)" if _stands(f) else "",
        what_ifs=_if_exposed,
    ),
    Factor(
        name="environment", title="Environment", weight=0.2, direction=Direction.BOTH, fields=("environment",),
        definition="The most productive environment that it runs in.",
        unit="word", range="production, staging, test, development …", source="manifests, running systems, the application's context",
        raises="production", lowers="staging, test, development",
        value=_environment,
        words=lambda f: (f"Environment: {f.environment}", "", f.context),
        state=lambda f: f.environment,
        missing=lambda f: "environment" if _stands(f) and not f.environment else "",
        what_ifs=_if_productive,
    ),
    Factor(
        name="deployed", title="Deployed", weight=0.5, direction=Direction.BOTH, fields=("deployed",),
        definition="Whether it runs anywhere; not running only where all places were looked at.",
        unit="word", range="running, not running", source="running systems",
        raises="running", lowers="not running",
        value=lambda f: _DEPLOYED.get(f.deployed),
        words=lambda f: ("Running" if f.deployed == "running" else "Not running", "", "running systems"),
        state=lambda f: f.deployed.replace("_", " "),
        missing=lambda f: "whether it runs anywhere" if _stands(f) else "",
        what_ifs=_if_deployed,
    ),
    Factor(
        name="privileges", title="Privileges", weight=0.2, direction=Direction.BOTH, fields=("privileges",),
        definition="What the process that runs it may do.",
        unit="word", range=", ".join(_PRIVILEGES), source="manifests, running systems",
        raises="privileged, root by half", lowers="restricted, by half",
        value=lambda f: _PRIVILEGES.get(f.privileges),
        words=lambda f: (_PRIVILEGES_WORDS[f.privileges], "", "running systems"),
        state=lambda f: f.privileges,
        missing=lambda f: "what the process may do" if _stands(f) else "",
    ),
    Factor(
        name="controls", title="Compensating controls", weight=0.8, direction=Direction.LOWERS, fields=("controls",),
        definition="Controls in force that cover it; each further one counts half as much as the one before.",
        unit="controls", range="0 and more", source="the application's context, with evidence and expiry",
        neutral="none", lowers="each one that is in force",
        value=_controls,
        words=lambda f: (f"{len(f.controls)} compensating controls" if len(f.controls) > 1 else "Compensating control", ", ".join(f.controls), f.context),
        state=lambda f: ", ".join(f.controls),
        what_ifs=_if_controlled,
    ),
    Factor(
        name="data", title="Data", weight=0.3, direction=Direction.RAISES, fields=("data_classes",),
        definition="Sensitive data is handled: personal, health, card data or secrets.",
        unit="classes", range="PII, PHI, PCI, SECRETS, others", source="the code, the application's context",
        neutral="other data", raises="personal, health, card data, secrets",
        value=_data,
        words=lambda f: (f"Data: {', '.join(f.data_classes)}", "", f.context),
        state=lambda f: ", ".join(f.data_classes),
        missing=lambda f: "which data it handles" if _stands(f) else "",
        what_ifs=_if_sensitive,
    ),
    Factor(
        name="criticality", title="Criticality", weight=0.35, direction=Direction.BOTH, fields=("criticality",),
        definition="How much the business depends on the application.",
        unit="tier", range="1 (most critical) to 4", source="the application's context",
        raises="tier 1, tier 2", lowers="tier 3, tier 4",
        value=lambda f: _CRITICALITY.get(f.criticality),
        words=lambda f: (f"Business criticality: tier {f.criticality}", "", f.context),
        state=lambda f: f"tier {f.criticality}",
        missing=lambda f: "business criticality of the application" if _stands(f) else "",
        what_ifs=lambda f: () if f.criticality == 1 else (("If the application were tier 1", replace(f, criticality=1)),),
    ),
    Factor(
        name="sla_tier", title="SLA tier", weight=0.1, direction=Direction.BOTH, fields=("sla_tier",),
        definition="What customers were promised; words other than these say nothing.",
        unit="word", range="platinum, gold, silver, bronze", source="the application's context",
        raises="platinum, gold; silver a little", lowers="bronze",
        value=_sla,
        words=lambda f: (f"SLA tier: {f.sla_tier}", "", f.context),
        state=lambda f: f.sla_tier,
        missing=lambda f: "SLA tier of the application" if _stands(f) and not f.sla_tier else "",
    ),
    Factor(
        name="revenue", title="Revenue", weight=0.1, direction=Direction.BOTH, fields=("revenue_per_hour",),
        definition="What an hour without the application costs, on a logarithmic scale; 1,000 is neutral, a million counts in full.",
        unit="money an hour", range="0 and more", source="the application's context",
        neutral="1,000", raises="more", lowers="less",
        value=_revenue,
        words=lambda f: (f"Revenue: {f.revenue_per_hour or 0:,.0f} an hour", "", f.context),
        state=lambda f: f"{f.revenue_per_hour or 0:,.0f} an hour",
        missing=lambda f: "revenue of the application" if _stands(f) else "",
    ),
    Factor(
        name="blast", title="Blast radius", weight=0.15, direction=Direction.RAISES, fields=("blast",),
        definition="How many assets a flaw in it reaches, on a logarithmic scale; a thousand count in full.",
        unit="assets", range="0 and more", source="the graph",
        neutral="one or none", raises="more",
        value=_blast,
        words=lambda f: (f"Reaches {f.blast:,} assets" if f.blast != 1 else "Reaches 1 asset", "", "graph"),
        state=lambda f: f"{f.blast:,} assets",
        missing=lambda f: "how many assets it reaches" if _stands(f) else "",
    ),
)  # fmt: skip
