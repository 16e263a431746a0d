"""The score: its receipt adds up, unknown is not zero, and what should raise it does."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from seamark.analysis.risk import Facts, default_profile, load_profile, receipt, score
from seamark.analysis.risk.facts import decode, encode
from seamark.core.errors import InvalidSetting
from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity

from .risk_facts import WORDS, facts

PROFILE = default_profile()
PLAIN = Facts(severity=Severity.MEDIUM, kind=Kind.CODE)


@given(facts)
def test_the_parts_add_up_to_the_score_exactly(one: Facts) -> None:
    told = receipt(one, PROFILE)
    assert sum(part.points for part in told.parts) == told.score == score([one], PROFILE)[0]
    assert 0 <= told.score <= 1000


def test_every_fact_is_generated() -> None:
    assert set(WORDS) == set(Facts.__struct_fields__)


@given(facts)
def test_facts_survive_being_stored(one: Facts) -> None:
    assert decode(encode(one)) == one
    assert decode(msgspec.json.decode(encode(one))) == one


@given(st.lists(facts, max_size=20))
def test_many_are_scored_like_one(many: list[Facts]) -> None:
    assert score(many, PROFILE).tolist() == [receipt(one, PROFILE).score for one in many]


def test_severities_are_in_order() -> None:
    scores = score([replace(PLAIN, severity=severity) for severity in Severity], PROFILE).tolist()
    assert all(lower < higher for lower, higher in pairwise(scores))


@pytest.mark.parametrize(
    "change",
    [
        {"kev_added": "2024-01-01"}, {"epss": 0.5}, {"verification": Verification.VERIFIED}, {"reach": Reach.STATIC}, {"tools": 3},
        {"fixable": True}, {"exposure": "internet"}, {"data_classes": ("PHI",)}, {"criticality": 1}, {"cvss": 98},
        {"corroborated": "dast"}, {"corroborated": "dast,runtime"}, {"cwe": 79}, {"cwe": 564}, {"impact": "total"}, {"automatable": "yes"},
        {"epss": 0.001, "epss_before": 0.0001}, {"secret_state": "valid"}, {"depth": 1}, {"effort": "patch"}, {"age": 365},
        {"environment": "production"}, {"deployed": "running"}, {"privileges": "privileged"}, {"privileges": "root"}, {"blast": 40},
        {"sla_tier": "Gold"}, {"revenue_per_hour": 250_000.0},
    ],
)  # fmt: skip
def test_what_makes_it_worse_raises_the_score(change: dict[str, object]) -> None:
    assert score([replace(PLAIN, **change)], PROFILE)[0] > score([PLAIN], PROFILE)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"reach": Reach.UNREACHABLE},
        {"development": True},
        {"exposure": "none"},
        {"criticality": 4},
        {"confidence": Confidence.LOW},
        {"epss": 0.00005},
        {"epss": 0.001, "epss_before": 0.01},
        {"impact": "partial"},
        {"automatable": "no"},
        {"secret_state": "revoked"},
        {"secret_state": "test"},
        {"verification": Verification.REFUTED},
        {"depth": 4},
        {"test": True},
        {"effort": "major"},
        {"environment": "staging"},
        {"environment": "Development"},
        {"deployed": "not_running"},
        {"privileges": "restricted"},
        {"controls": ("waf (until 2027-01-31)",)},
        {"sla_tier": "bronze"},
        {"revenue_per_hour": 50.0},
    ],
)
def test_what_makes_it_better_lowers_the_score(change: dict[str, object]) -> None:
    assert score([replace(PLAIN, **change)], PROFILE)[0] < score([PLAIN], PROFILE)[0]


def test_what_is_exploited_has_a_least_score() -> None:
    harmless = replace(
        PLAIN, severity=Severity.INFO, kev_added="2024-01-01", exposure="none", development=True, cvss=10
    )
    assert receipt(harmless, PROFILE).score == 800
    assert receipt(replace(harmless, ransomware=True), PROFILE).score == 900


def test_what_is_not_known_is_listed_and_adds_nothing() -> None:
    told = receipt(replace(PLAIN, kind=Kind.DEPENDENCY), PROFILE)
    assert "EPSS" in told.unknown
    assert not {"epss", "exposure", "criticality"} & {part.factor for part in told.parts}


def test_the_surest_confirmation_counts_and_each_is_named() -> None:
    ways = ["", "dast", "pentest", "runtime", "dast,runtime"]
    scores = score([replace(PLAIN, corroborated=way) for way in ways], PROFILE).tolist()
    assert scores == sorted(scores)
    assert len(set(scores)) == 4
    assert scores[3] == scores[4]
    told = receipt(replace(PLAIN, corroborated="dast,runtime"), PROFILE)
    (part,) = (part for part in told.parts if part.factor == "corroborated")
    assert part.label == "Confirmed by an attack from outside and an alert at run time"
    assert part.points > 0
    assert "Confirmed by an attack from outside and an alert at run time" in told.reason


def test_that_nothing_confirms_it_is_not_known_and_adds_nothing() -> None:
    for words in ("", "rumour"):
        told = receipt(replace(PLAIN, corroborated=words), PROFILE)
        assert told.score == receipt(PLAIN, PROFILE).score
        assert "whether a test from outside or an alert confirms it" in told.unknown
        assert "corroborated" not in {part.factor for part in told.parts}
    assert not any("confirms it" in words for words in receipt(replace(PLAIN, kind=Kind.LICENCE), PROFILE).unknown)


def test_what_an_attack_would_change_is_said_of_code() -> None:
    settled = replace(PLAIN, exposure="internal", criticality=1)
    told = dict(receipt(settled, PROFILE).counterfactuals)
    assert told["If an attack from outside confirmed it"] == score([replace(settled, corroborated="dast")], PROFILE)[0]
    assert "If an attack from outside confirmed it" not in dict(
        receipt(replace(settled, corroborated="dast"), PROFILE).counterfactuals
    )


def test_facts_of_before_are_facts_still() -> None:
    assert decode('{"severity":2,"kind":"code"}').corroborated == ""
    assert "corroborated" not in encode(PLAIN)


def test_a_profile_without_a_weight_for_a_factor_gives_it_none() -> None:
    content = msgspec.to_builtins(PROFILE)
    del content["weights"]["corroborated"]
    older = load_profile(content)
    one = replace(PLAIN, corroborated="runtime")
    assert (
        receipt(one, older).score
        == receipt(PLAIN, older).score
        == sum(part.points for part in receipt(one, older).parts)
    )


def test_a_counterfactual_is_what_would_then_be_scored() -> None:
    one = replace(PLAIN, severity=Severity.HIGH, exposure="internet")
    told = dict(receipt(one, PROFILE).counterfactuals)
    assert told["If it were internal only"] == score([replace(one, exposure="internal")], PROFILE)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": {"luck": 1.0}}, "unknown factors: luck"),
        ({"weights": {"epss": -1.0}}, "negative"),
        ({"bands": {"P0": 10, "P1": 60, "P2": 40, "P3": 15}}, "must fall"),
        ({"intercept": "low"}, "not valid"),
        ({"colour": "red"}, "not valid"),
        ({"intercept": float("nan")}, "sets intercept to nan"),
        ({"weights": {"epss": float("inf")}}, "sets epss to inf"),
        ({"weights": {"epss": 21}}, "between -20 and 20"),
        ({"floors": {"exploited": 101}}, "A floor"),
        ({"ceilings": {"asleep": {"most": 10}}}, "unknown ceilings: asleep"),
        ({"ceilings": {"unreachable": {"most": 101}}}, "The ceiling unreachable"),
        ({"ceilings": {"unreachable": {"most": 10, "confidence": 2}}}, "The ceiling unreachable"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_reason(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        load_profile(msgspec.to_builtins(PROFILE) | change)
