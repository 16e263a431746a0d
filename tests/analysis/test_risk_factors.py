"""The declarations of the factors: whole, true to the profile, and true to what they look at."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from seamark.analysis.risk import Facts, default_profile, receipt, score
from seamark.analysis.risk.danger import danger, listed
from seamark.analysis.risk.factors import FACTORS, FACTORS_BY_NAME, Direction, Factor
from seamark.core.kind import Kind, Reach, Verification
from seamark.core.severity import Severity

from .risk_facts import WORDS, facts

PROFILE = default_profile()
PLAIN = Facts(severity=Severity.MEDIUM, kind=Kind.CODE)
VERSIONS = {4: "11a27a6d10c57e40"}
"""Digests of what the product's profiles contain. Scores name the version, so that other content needs another one."""
each = pytest.mark.parametrize("factor", FACTORS, ids=lambda factor: factor.name)


def test_the_profile_weighs_every_factor_as_it_is_declared() -> None:
    assert {factor.name: factor.weight for factor in FACTORS} == PROFILE.weights
    assert list(PROFILE.weights) == [factor.name for factor in FACTORS]
    assert len(FACTORS_BY_NAME) == len(FACTORS)


def test_other_weights_are_another_version() -> None:
    content = msgspec.json.encode(msgspec.to_builtins(PROFILE), order="sorted")
    assert hashlib.sha256(content).hexdigest()[:16] == VERSIONS[PROFILE.version]


@each
def test_a_declaration_is_whole(factor: Factor) -> None:
    assert factor.definition.endswith(".")
    assert factor.title
    assert factor.unit
    assert factor.range
    assert factor.source
    assert set(factor.fields) <= set(Facts.__struct_fields__)
    assert factor.fields
    assert bool(factor.raises) == (factor.direction is not Direction.LOWERS)
    assert bool(factor.lowers) == (factor.direction is not Direction.RAISES)


def test_every_fact_counts_or_says_where_from() -> None:
    looked_at = {field for factor in FACTORS for field in factor.fields}
    beside = {"epss_date", "context", "origins", "certainty"}
    assert looked_at | beside == set(Facts.__struct_fields__)


@each
@settings(max_examples=30)
@given(one=facts, other=facts)
def test_a_factor_keeps_to_its_range_its_direction_and_its_facts(factor: Factor, one: Facts, other: Facts) -> None:
    value = factor.value(one)
    if value is None:
        assert isinstance(factor.missing(one), str)
    else:
        assert -1 <= value <= 1
        assert value >= 0 or factor.direction is not Direction.RAISES
        assert value <= 0 or factor.direction is not Direction.LOWERS
        assert factor.state(one)
        label, _, _ = factor.told(one)
        assert label
    seen = {name: getattr(one, name) for name in (*factor.fields, "kind")}
    assert factor.value(replace(other, **seen)) == value


@given(facts)
def test_what_might_be_moves_only_what_the_factor_looks_at(one: Facts) -> None:
    for factor in FACTORS:
        for sentence, changed in factor.what_ifs(one):
            moved = {name for name in WORDS if getattr(changed, name) != getattr(one, name)}
            assert moved, sentence
            assert sentence.startswith("If ")
            assert factor.value(changed) is not None or factor.name == "controls"


@given(facts)
def test_what_is_not_known_neither_raises_nor_lowers(one: Facts) -> None:
    now = score([one], PROFILE)[0]
    for factor in FACTORS:
        if factor.value(one) is None:
            without = msgspec.structs.replace(PROFILE, weights=PROFILE.weights | {factor.name: 0.0})
            assert score([one], without)[0] == now


class TestWeakness:
    def test_places_of_three_years(self) -> None:
        assert listed()[79] == pytest.approx((24 + 25 + 25) / 75)
        assert listed()[276] == pytest.approx(1 / 75)
        assert len(listed()) == 33

    def test_a_case_of_a_listed_one_is_less_dangerous(self) -> None:
        whole, case = danger(89), danger(564)
        assert whole is not None
        assert case is not None
        assert (case.listed, case.value) == (89, pytest.approx(whole.value * 0.8))

    def test_a_general_class_says_nothing_of_its_cases(self) -> None:
        assert danger(284) is not None
        assert danger(1004) is None
        assert danger(0) is None
        assert danger(999_999) is None

    def test_counts_only_without_a_score_of_the_flaw(self) -> None:
        assert FACTORS_BY_NAME["weakness"].value(replace(PLAIN, cwe=89)) == listed()[89]
        assert FACTORS_BY_NAME["weakness"].value(replace(PLAIN, cwe=1004)) == 0
        for known in ({"cvss": 50}, {"epss": 0.1}):
            assert FACTORS_BY_NAME["weakness"].value(replace(PLAIN, cwe=89, **known)) is None

    def test_the_receipt_names_the_class_and_the_years(self) -> None:
        (part,) = (part for part in receipt(replace(PLAIN, cwe=564), PROFILE).parts if part.factor == "weakness")
        assert (part.label, part.detail) == ("Weakness: CWE-564", "among the most dangerous ones, a case of CWE-89")
        assert part.source == "MITRE CWE Top 25, 2023 to 2025"


class TestScales:
    def test_a_trend_is_a_ratio(self) -> None:
        trend = FACTORS_BY_NAME["epss_trend"].value
        assert trend(replace(PLAIN, epss=0.02, epss_before=0.002)) == pytest.approx(1)
        assert trend(replace(PLAIN, epss=0.002, epss_before=0.02)) == pytest.approx(-1)
        assert trend(replace(PLAIN, epss=0.02, epss_before=0.02)) == 0
        assert trend(replace(PLAIN, epss=0.02)) is None
        assert trend(replace(PLAIN, epss=0.0, epss_before=0.0)) == 0

    def test_each_further_control_counts_half(self) -> None:
        value = FACTORS_BY_NAME["controls"].value
        assert [value(replace(PLAIN, controls=("c",) * number)) for number in range(4)] == [None, -0.5, -0.75, -0.875]

    def test_logarithmic_scales(self) -> None:
        blast, revenue = FACTORS_BY_NAME["blast"].value, FACTORS_BY_NAME["revenue"].value
        assert [blast(replace(PLAIN, blast=number)) for number in (-1, 0, 1, 1000, 10**6)] == [
            None,
            0,
            0,
            pytest.approx(1),
            1,
        ]
        assert [revenue(replace(PLAIN, revenue_per_hour=money)) for money in (None, 0.0, 1e3, 1e6, 1e12)] == [
            None, -0.5, 0, pytest.approx(1), 1,
        ]  # fmt: skip

    def test_a_secret_is_not_counted_twice(self) -> None:
        one = replace(PLAIN, kind=Kind.SECRET, verification=Verification.VERIFIED, secret_state="valid")
        assert {"verified", "secret"} & {part.factor for part in receipt(one, PROFILE).parts} == {"secret"}

    def test_depth_is_a_guess_at_reach(self) -> None:
        one = replace(PLAIN, kind=Kind.DEPENDENCY, depth=1)
        assert FACTORS_BY_NAME["depth"].value(one) == 0.5
        assert FACTORS_BY_NAME["depth"].value(replace(one, reach=Reach.STATIC)) is None


class TestWords:
    def test_where_a_fact_is_known_from_stands_in_the_receipt(self) -> None:
        one = replace(PLAIN, exposure="internet", context="seamark.yaml")
        (part,) = (part for part in receipt(one, PROFILE).parts if part.factor == "exposure")
        assert part.source == "seamark.yaml"
        proved = replace(one, origins=(("deployed", "k8s"), ("exposure", "deploy/ingress.yaml:4")))
        (part,) = (part for part in receipt(proved, PROFILE).parts if part.factor == "exposure")
        assert part.source == "deploy/ingress.yaml:4"

    def test_what_weighs_most_is_asked_for_first_and_only_what_applies(self) -> None:
        unknown = receipt(replace(PLAIN, kind=Kind.DEPENDENCY), PROFILE).unknown
        assert unknown[0] == "EPSS"
        assert receipt(replace(PLAIN, kind=Kind.LICENCE), PROFILE).unknown == ()
        assert not any("CVSS" in words or "EPSS" in words for words in receipt(PLAIN, PROFILE).unknown)

    def test_what_the_profile_does_not_weigh_is_not_asked_for(self) -> None:
        blind = msgspec.structs.replace(PROFILE, weights={"severity": 1.0})
        told = receipt(replace(PLAIN, kind=Kind.DEPENDENCY, exposure="internet"), blind)
        assert told.unknown == ()
        assert [part.factor for part in told.parts] == ["start"]


class TestWhatIf:
    def test_the_five_that_move_most(self) -> None:
        one = replace(
            PLAIN,
            kind=Kind.DEPENDENCY,
            severity=Severity.CRITICAL,
            cvss=98,
            epss=0.2,
            exposure="internet",
            controls=("waf",),
        )
        told = receipt(one, PROFILE)
        assert len(told.counterfactuals) == 5
        moves = [abs(tenths - told.score) for _, tenths in told.counterfactuals]
        assert moves == sorted(moves, reverse=True)
        assert moves[-1] >= 10

    @pytest.mark.parametrize(
        ("change", "sentence", "then"),
        [
            ({"kind": Kind.SECRET, "secret_state": "valid"}, "If the secret were revoked", {"secret_state": "revoked"}),
            ({"deployed": "running"}, "If it were not running", {"deployed": "not_running"}),
            ({"deployed": "not_running"}, "If it were running", {"deployed": "running"}),
            ({"controls": ("a", "b")}, "If its compensating controls were gone", {"controls": ()}),
            ({"kind": Kind.DEPENDENCY, "severity": Severity.LOW}, "If it were exploited in the wild", {"kev_added": "x", "intelligence": "x"}),
            ({"exposure": "internet"}, "If it were internal only", {"exposure": "internal"}),
            ({"environment": "development", "criticality": 1, "corroborated": "dast", "severity": Severity.HIGH}, "If it ran in production", {"environment": "production"}),
        ],
    )  # fmt: skip
    def test_each_is_what_would_then_be_scored(
        self, change: dict[str, object], sentence: str, then: dict[str, object]
    ) -> None:
        one = replace(PLAIN, **change)
        assert dict(receipt(one, PROFILE).counterfactuals)[sentence] == score([replace(one, **then)], PROFILE)[0]


def test_the_documentation_has_them_all() -> None:
    page = (Path(__file__).parents[2] / "docs" / "risk.md").read_text("utf-8")
    assert all(f"| {factor.title} |" in page for factor in FACTORS)
