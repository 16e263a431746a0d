"""Floors and ceilings: which stands over which, and that only what is stated surely lowers."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from msgspec.structs import replace

from seamark.analysis.risk import Facts, default_profile, load_profile, receipt, score
from seamark.analysis.risk.limits import CEILINGS, FLOORS, bounded, bounds
from seamark.analysis.risk.profile import CEILINGS as NAMES
from seamark.analysis.risk.profile import Ceiling, Floors
from seamark.core.kind import Kind, Reach, Verification
from seamark.core.severity import Severity

from .risk_facts import facts

PROFILE = default_profile()
WORST = Facts(
    severity=Severity.CRITICAL, kind=Kind.DEPENDENCY, cvss=100, epss=0.9, exposure="internet", criticality=1
)  # fmt: skip
EXPLOITED = replace(WORST, kev_added="2024-01-01", intelligence="KEV 2026-06-01")


def at(one: Facts) -> int:
    return int(score([one], PROFILE)[0])


def test_each_rule_can_be_set_in_a_profile() -> None:
    assert tuple(rule.name for rule in CEILINGS) == NAMES == tuple(PROFILE.ceilings)
    assert {rule.name for rule in FLOORS} == set(Floors.__struct_fields__)


@pytest.mark.parametrize(
    ("change", "most"),
    [
        ({"reach": Reach.UNREACHABLE, "certainty": (("reach", 0.9),)}, 450),
        ({"deployed": "not_running"}, 390),
        ({"secret_state": "revoked"}, 100),
        ({"verification": Verification.REFUTED}, 140),
        ({"deployed": "not_running", "secret_state": "revoked"}, 100),
    ],
)
def test_a_ceiling_holds_and_is_told(change: dict[str, object], most: int) -> None:
    one = replace(WORST, **change)
    told = receipt(one, PROFILE)
    assert told.score == at(one) == most
    assert sum(part.points for part in told.parts) == most
    assert told.parts[-1].factor == "ceiling"
    assert "% sure" in told.parts[-1].detail


def test_a_ceiling_says_where_its_fact_is_known_from() -> None:
    one = replace(WORST, deployed="not_running", origins=(("deployed", "cluster prod, 2026-06-01"),))
    assert receipt(one, PROFILE).parts[-1].detail == "90 % sure, cluster prod, 2026-06-01"


@pytest.mark.parametrize(
    "change",
    [
        {"reach": Reach.UNREACHABLE},
        {"reach": Reach.UNREACHABLE, "certainty": (("reach", 0.79),)},
        {"deployed": "not_running", "certainty": (("deployed", 0.5),)},
        {"verification": Verification.REFUTED, "certainty": (("verification", 0.0),)},
        {"deployed": "", "certainty": (("deployed", 1.0),)},
    ],
)
def test_what_is_not_stated_surely_has_no_ceiling(change: dict[str, object]) -> None:
    one = replace(WORST, **change)
    assert at(one) > 500
    assert "ceiling" not in {part.factor for part in receipt(one, PROFILE).parts}


def test_a_floor_stands_over_a_verdict_and_under_a_proof() -> None:
    verdict = replace(EXPLOITED, deployed="not_running")
    assert [(part.factor, part.label) for part in receipt(verdict, PROFILE).parts[-2:]] == [
        ("ceiling", "Most for what is not running"), ("floor", "Least score for what is exploited"),
    ]  # fmt: skip
    assert at(verdict) == 800
    assert at(replace(verdict, ransomware=True)) == 900
    proof = replace(EXPLOITED, verification=Verification.REFUTED)
    assert at(proof) == 140
    both = replace(verdict, verification=Verification.REFUTED)
    assert [part.factor for part in receipt(both, PROFILE).parts[-3:]] == ["ceiling", "floor", "ceiling"]
    assert at(both) == 140


def test_a_profile_decides_how_sure_is_sure() -> None:
    strict = msgspec.structs.replace(PROFILE, ceilings={"not_running": Ceiling(most=39, confidence=0.95)})
    one = replace(WORST, deployed="not_running")
    assert score([one], strict)[0] > 500
    assert score([replace(one, certainty=(("deployed", 0.95),))], strict)[0] == 390


def test_the_higher_floor_counts_whatever_its_name() -> None:
    odd = msgspec.structs.replace(PROFILE, floors=Floors(exploited=95, ransomware=70))
    assert score([replace(EXPLOITED, ransomware=True, severity=Severity.INFO, epss=0.0001)], odd)[0] == 950


def test_a_profile_of_before_has_no_ceilings() -> None:
    content = msgspec.to_builtins(PROFILE)
    del content["ceilings"]
    older = load_profile(content)
    assert score([replace(WORST, secret_state="revoked")], older)[0] > 100


@given(facts)
def test_limits_of_one_are_limits_of_many(one: Facts) -> None:
    for tenths in (0, 300, 1000):
        moved = bounds(tenths, one, PROFILE)
        assert bounded(tenths, one, PROFILE) == (moved[-1].after if moved else tenths)
        befores = [tenths, *(bound.after for bound in moved)]
        assert all(
            (bound.after > before) == (bound.kind == "floor") for bound, before in zip(moved, befores, strict=False)
        )


@given(facts)
def test_not_to_know_never_caps(one: Facts) -> None:
    blind = replace(one, reach=None, deployed="", secret_state="", verification=None)
    assert "ceiling" not in {part.factor for part in receipt(blind, PROFILE).parts}
