"""The score: its receipt adds up, unknown is not zero, and what should raise it does."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from seamark.analysis.risk import Facts, default_profile, load_profile, receipt, score
from seamark.analysis.risk.factors import FACTORS
from seamark.analysis.risk.facts import decode, encode
from seamark.core.errors import InvalidSetting
from seamark.core.kind import Confidence, Kind, Reach, Verification
from seamark.core.severity import Severity

facts = st.builds(
    Facts,
    severity=st.sampled_from(Severity),
    kind=st.sampled_from(Kind),
    cvss=st.none() | st.integers(0, 100),
    epss=st.none() | st.floats(0, 1),
    epss_date=st.just("2026-06-01"),
    kev_added=st.sampled_from(["", "2021-12-10"]),
    ransomware=st.booleans(),
    intelligence=st.sampled_from(["", "EPSS 2026-06-01"]),
    verification=st.none() | st.sampled_from(Verification),
    confidence=st.none() | st.sampled_from(Confidence),
    reach=st.none() | st.sampled_from(Reach),
    development=st.booleans(),
    fixable=st.booleans(),
    tools=st.integers(1, 9),
    criticality=st.integers(0, 4),
    exposure=st.sampled_from(["", "internet", "partner", "internal", "none"]),
    data_classes=st.sampled_from([(), ("PII",), ("PUBLIC",)]),
)
PROFILE = default_profile()
PLAIN = Facts(severity=Severity.MEDIUM, kind=Kind.CODE)


@given(facts)
def test_the_parts_add_up_to_the_score_exactly(one: Facts) -> None:
    told = receipt(one, PROFILE)
    assert sum(part.points for part in told.parts) == told.score == score([one], PROFILE)[0]
    assert 0 <= told.score <= 1000


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


def test_a_counterfactual_is_what_would_then_be_scored() -> None:
    one = replace(PLAIN, severity=Severity.HIGH, exposure="internet")
    told = dict(receipt(one, PROFILE).counterfactuals)
    assert told["If it were internal only"] == score([replace(one, exposure="internal")], PROFILE)[0]


def test_every_factor_has_a_weight_and_words() -> None:
    assert {factor.name for factor in FACTORS} == set(PROFILE.weights)
    assert all(factor.definition.endswith(".") for factor in FACTORS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": {"luck": 1.0}}, "unknown factors: luck"),
        ({"weights": {"epss": -1.0}}, "negative"),
        ({"bands": {"P0": 10, "P1": 60, "P2": 40, "P3": 15}}, "must fall"),
        ({"intercept": "low"}, "not valid"),
        ({"colour": "red"}, "not valid"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_reason(change: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        load_profile(msgspec.to_builtins(PROFILE) | change)
