"""What people decided: pairs that must not be one issue, and pairs that are one."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from seamark.analysis.correlation.evidence import MERGE, SUGGEST, Sighting
from seamark.analysis.correlation.groups import Groups
from seamark.analysis.correlation.matching import match
from tests.analysis.test_matching_properties import findings, told


def sqli(tool, line, **more):
    return Sighting(tool, "r", "a.py", line, cwes=(89,), **more)


def decided(*pairs):
    known = {frozenset(pair) for pair in pairs}
    return lambda left, right: frozenset((left, right)) in known


def test_a_pair_that_was_set_apart_is_not_joined_and_not_suggested():
    outcome = match([sqli("one", 7), sqli("two", 7)], decided((0, 1)))
    assert (outcome.clusters, outcome.suggestions) == ([], [])


def test_not_even_through_a_third_and_then_it_is_a_suggestion():
    outcome = match([sqli("one", 7), sqli("two", 7), sqli("three", 7)], decided((0, 2)))
    assert len(outcome.clusters) == 1
    assert set(outcome.clusters[0]) in ({0, 1}, {1, 2})
    (link,) = outcome.suggestions
    assert {link.left, link.right} == {0, 1, 2} - set(outcome.clusters[0]) | {1}
    assert SUGGEST <= link.confidence < MERGE
    assert link.reasons[-1][0] == "set apart from another of its findings"


def test_apart_holds_at_a_route_and_in_a_package():
    route = Sighting("zap", "1", kind="web", cwes=(89,), url="/a", parameter="q")
    package = Sighting("trivy", "CVE-1", kind="container", flaw="17", component="openssl")
    for one in (route, package):
        rows = [one, one._replace(tool="second"), one._replace(tool="third")]
        assert match(rows).clusters == [[0, 1, 2]]
        outcome = match(rows, decided((0, 1), (1, 2)))
        assert outcome.clusters == [[0, 2]]


def test_what_was_set_apart_leaves_the_next_nearest_free():
    rows = [sqli("one", 10), sqli("two", 11), sqli("two", 13)]
    assert match(rows).clusters == [[0, 1]]
    assert match(rows, decided((0, 1))).clusters == [[0, 2]]


def test_what_is_together_stays_together_whatever_the_evidence():
    rows = [sqli("one", 7), Sighting("two", "x", "b.py", 900), sqli("three", 7)]
    assert match(rows, together=[(0, 1)]).clusters == [[0, 1, 2]]
    assert match(rows, decided((0, 1)), [(0, 1)]).clusters == [[0, 2]], "setting apart outweighs it"


def test_a_finding_joined_before_is_the_counterpart_of_no_second_one():
    rows = [sqli("one", 10), sqli("two", 12), sqli("two", 8), sqli("three", 60)]
    assert match(rows).clusters == []
    assert match(rows, together=[(0, 1)]).clusters == [[0, 1]]


def test_nothing_is_asked_about_findings_that_do_not_meet():
    asked = []
    match([sqli("one", 7), sqli("two", 400)], lambda *pair: asked.append(pair) or False)
    assert asked == []


PAIRS = st.sets(st.tuples(st.integers(0, 17), st.integers(0, 17)), max_size=12)


def within(pairs, count):
    return {(left, right) for left, right in pairs if left < count and right < count and left != right}


@settings(max_examples=150)
@given(st.lists(findings(), max_size=18), PAIRS, PAIRS)
def test_no_cluster_holds_a_pair_that_was_set_apart_and_all_others_together_are_one(rows, split, joined):
    split, joined = within(split, len(rows)), within(joined, len(rows))
    apart = decided(*split)
    outcome = match(rows, apart, sorted(joined))
    home = {at: number for number, members in enumerate(outcome.clusters) for at in members}
    assert not any(left in home and home[left] == home.get(right) for left, right in split)
    assert not any(apart(link.left, link.right) for link in outcome.suggestions)
    free = match(rows, together=sorted(joined))
    home = {at: number for number, members in enumerate(free.clusters) for at in members}
    assert all(home[left] == home[right] for left, right in joined)


@settings(max_examples=100)
@given(st.lists(findings(), max_size=18, unique=True), PAIRS, PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_findings_and_decisions_changes_nothing(rows, split, joined, dice):
    split, joined = within(split, len(rows)), within(joined, len(rows))
    places = list(range(len(rows)))
    dice.shuffle(places)
    shuffled = [rows[at] for at in places]
    to = {at: place for place, at in enumerate(places)}
    first = match(rows, decided(*split), sorted(joined))
    second = match(
        shuffled,
        decided(*((to[left], to[right]) for left, right in split)),
        [(to[right], to[left]) for left, right in joined],
    )
    assert told(first, rows) == told(second, shuffled)


def test_groups_join_and_refuse():
    groups = Groups(5, lambda left, right: {left, right} == {0, 3})
    assert groups.join(0, 1)
    assert groups.join(2, 3)
    assert not groups.join(1, 2), "0 and 3 would meet"
    assert groups.join(4, 1)
    assert groups.join(0, 4), "they are one already"
    assert groups.clusters() == [[0, 1, 4], [2, 3]]
