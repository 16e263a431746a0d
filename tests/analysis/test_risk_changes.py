"""Why a score moved, and what another profile would move."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from seamark.analysis.risk import Change, Facts, default_profile, preview, receipt, score, why
from seamark.analysis.risk.sheet import Sheet, in_tenths
from seamark.core.kind import Kind, Reach
from seamark.core.severity import Severity

from .risk_facts import facts

PROFILE = default_profile()
OTHER = msgspec.structs.replace(
    PROFILE, version=5, intercept=-0.8, weights=PROFILE.weights | {"epss": 1.0, "exposure": 2.0}
)
PLAIN = Facts(severity=Severity.MEDIUM, kind=Kind.DEPENDENCY)
profiles = st.sampled_from([PROFILE, OTHER])


@given(facts, facts, profiles, profiles)
def test_the_points_add_up_to_the_difference(before: Facts, after: Facts, old: object, new: object) -> None:
    told = why(before, after, old, new)
    assert sum(change.points for change in told) == int(score([after], new)[0]) - int(score([before], old)[0])
    assert all(change.points and change.words for change in told)
    assert len({change.factor for change in told}) == len(told)


@given(facts, profiles)
def test_nothing_moved_nothing_told(one: Facts, profile: object) -> None:
    assert why(one, one, profile, profile) == ()


def test_words_of_facts_and_profiles() -> None:
    before = replace(PLAIN, epss=0.02)
    after = replace(PLAIN, epss=0.61, exposure="internet", reach=Reach.UNREACHABLE)
    told = why(before, after, PROFILE, OTHER)
    assert [change.words for change in told] == [
        "EPSS 0.02 → 0.61", "Reach unknown → unreachable", "Exposure unknown → internet", "profile default v4 → default v5",
    ]  # fmt: skip
    assert [change.points > 0 for change in told[:3]] == [True, False, True]


def test_a_floor_is_a_reason_of_its_own() -> None:
    listed = replace(PLAIN, kev_added="2026-05-03", intelligence="KEV 2026-05-03")
    told = why(PLAIN, listed, PROFILE, PROFILE)
    assert [change.words for change in told] == ["Exploited unknown → listed", "Least score for what is exploited"]
    back = why(listed, PLAIN, PROFILE, PROFILE)
    assert "no longer: Least score for what is exploited" in [change.words for change in back]
    assert why(listed, replace(listed, exposure="internal"), PROFILE, PROFILE) == ()


def test_a_change_is_plain_values() -> None:
    (change,) = why(PLAIN, replace(PLAIN, criticality=1), PROFILE, PROFILE)
    assert change == Change("criticality", "Criticality unknown → tier 1", change.points)
    assert msgspec.to_builtins(change)["words"] == change.words


GROUPS = [
    (replace(PLAIN, severity=severity, exposure=exposure), count)
    for severity, exposure, count in [
        (Severity.LOW, "", 7), (Severity.HIGH, "internet", 3), (Severity.CRITICAL, "internal", 2), (Severity.INFO, "none", 0),
    ]
]  # fmt: skip


class TestPreview:
    def test_counts_are_of_issues(self) -> None:
        found = preview(GROUPS, PROFILE, OTHER)
        assert found.issues == sum(found.before) == sum(found.after) == 12
        singly = [one for one, count in GROUPS for _ in range(count)]
        for profile, counts in ((PROFILE, found.before), (OTHER, found.after)):
            priorities = [receipt(one, profile).priority for one in singly]
            assert list(counts) == [priorities.count(number) for number in range(5)]
        pairs = [(receipt(one, PROFILE), receipt(one, OTHER)) for one in singly]
        assert found.moved == sum(old.score != new.score for old, new in pairs) > 0
        assert found.raised == sum(new.priority < old.priority for old, new in pairs) > 0
        assert found.lowered == sum(new.priority > old.priority for old, new in pairs)
        assert all(
            found.flows[a][b] == sum((old.priority, new.priority) == (a, b) for old, new in pairs)
            for a in range(5)
            for b in range(5)
        )

    def test_the_way_back_is_the_other_way_round(self) -> None:
        there, back = preview(GROUPS, PROFILE, OTHER), preview(GROUPS, OTHER, PROFILE)
        assert (there.raised, there.lowered, there.before) == (back.lowered, back.raised, back.after)

    def test_the_farthest_first(self) -> None:
        moves = preview(GROUPS, PROFILE, OTHER).moves
        farness = [abs(move.after - move.before) for move in moves]
        assert farness == sorted(farness, reverse=True)
        first = moves[0]
        one = GROUPS[first.group][0]
        assert (first.before, first.after) == (score([one], PROFILE)[0], score([one], OTHER)[0])
        assert (first.priority_before, first.priority_after) == (
            receipt(one, PROFILE).priority, receipt(one, OTHER).priority,
        )  # fmt: skip

    def test_at_most_twenty(self) -> None:
        many = [(replace(PLAIN, epss=number / 100), 1) for number in range(1, 60)]
        assert len(preview(many, PROFILE, OTHER).moves) == 20

    def test_nothing_moves_with_the_same_profile(self) -> None:
        found = preview(GROUPS, PROFILE, PROFILE)
        assert (found.moved, found.moves, found.before) == (0, (), found.after)

    def test_no_groups(self) -> None:
        assert preview([], PROFILE, OTHER).before == (0, 0, 0, 0, 0)

    def test_a_sheet_that_is_kept_says_the_same(self) -> None:
        sheet = Sheet([one for one, _ in GROUPS])
        assert preview(GROUPS, PROFILE, OTHER, sheet=sheet) == preview(GROUPS, PROFILE, OTHER)

    @given(st.lists(facts, max_size=8))
    def test_a_sheet_scores_like_a_receipt(self, many: list[Facts]) -> None:
        for profile in (PROFILE, OTHER):
            assert Sheet(many).scores(profile).tolist() == [receipt(one, profile).score for one in many]


@pytest.mark.parametrize(("odds", "tenths"), [(0, 500), (-1e9, 0), (1e9, 1000), (2.2, 900)])
def test_any_log_odds_have_a_score(odds: float, tenths: int) -> None:
    assert in_tenths(odds) == tenths
