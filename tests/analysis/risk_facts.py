"""Facts of every sort for property tests: each field by itself, sensible values and such as only a broken report has."""

from __future__ import annotations

from hypothesis import strategies as st

from seamark.analysis.risk import Facts
from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity

_share = st.floats(0, 1)
_origin = st.sampled_from(["exposure", "deployed", "reach", "cvss", "controls", "criticality"])

WORDS = {
    "severity": st.sampled_from(Severity),
    "kind": st.sampled_from(Kind),
    "cvss": st.none() | st.integers(-5, 200),
    "epss": st.none() | _share,
    "epss_date": st.just("2026-06-01"),
    "kev_added": st.sampled_from(["", "2021-12-10"]),
    "ransomware": st.booleans(),
    "exploit": st.sampled_from(["", "none", "poc", "template", "weaponised", "rumour"]),
    "intelligence": st.sampled_from(["", "EPSS 2026-06-01", "EPSS 2026-06-01, KEV 2026-06-02"]),
    "verification": st.none() | st.sampled_from(Verification),
    "confidence": st.none() | st.sampled_from(Confidence),
    "reach": st.none() | st.sampled_from(Reach),
    "development": st.booleans(),
    "fixable": st.booleans(),
    "tools": st.integers(0, 9),
    "corroborated": st.sampled_from(["", "dast", "dast,runtime", "pentest", "dast,pentest,runtime", "rumour"]),
    "criticality": st.integers(0, 5),
    "exposure": st.sampled_from(["", "internet", "partner", "internal", "none", "moon"]),
    "data_classes": st.sampled_from([(), ("PII",), ("PUBLIC",), ("phi", "PUBLIC")]),
    "context": st.sampled_from(["", "seamark.yaml"]),
    "cwe": st.sampled_from([0, 20, 79, 89, 564, 1004, 787, 999_999]),
    "test": st.booleans(),
    "depth": st.integers(-1, 9),
    "impact": st.sampled_from(["", "partial", "total", "huge"]),
    "automatable": st.sampled_from(["", "yes", "no", "perhaps"]),
    "epss_before": st.none() | _share,
    "secret_state": st.sampled_from(["", "valid", "revoked", "test", "lost"]),
    "effort": st.sampled_from(["", "patch", "minor", "major", "configuration", "rotate", "code", "none", "magic"]),
    "environment": st.sampled_from(["", "production", "staging", "test", "development", "Prod", "elsewhere"]),
    "deployed": st.sampled_from(["", "running", "not_running", "perhaps"]),
    "privileges": st.sampled_from(["", "privileged", "root", "restricted", "some"]),
    "blast": st.integers(-1, 10**9),
    "controls": st.sampled_from([(), ("waf (until 2027-01-31)",), ("waf", "segmentation", "monitoring")]),
    "sla_tier": st.sampled_from(["", "gold", "Silver", "bronze", "tin"]),
    "revenue_per_hour": st.none() | st.floats(0, 1e12),
    "age": st.sampled_from([0, 30, 90, 180, 365, -1]),
    "origins": st.lists(st.tuples(_origin, st.sampled_from(["deploy/ingress.yaml:4", "k8s"])), max_size=3).map(
        lambda rows: tuple(sorted(rows))
    ),
    "certainty": st.lists(st.tuples(st.sampled_from(["reach", "deployed", "verification"]), _share), max_size=2).map(
        lambda rows: tuple(sorted(rows))
    ),
}
facts = st.builds(Facts, **WORDS)
