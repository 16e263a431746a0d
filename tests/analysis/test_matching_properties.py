"""What holds for whatever findings the matcher is given."""

from __future__ import annotations

import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from seamark.analysis.correlation.evidence import MERGE, SUGGEST, Sighting
from seamark.analysis.correlation.matching import match

TOOLS = {"bandit": ["B608", "B301", "B403", "B602"], "semgrep": ["sqli", "avoid-pickle"], "unknown": ["u1", "u2"]}


@st.composite
def findings(draw):
    tool = draw(st.sampled_from(sorted(TOOLS)))
    line = draw(st.integers(1, 60))
    return Sighting(
        tool,
        draw(st.sampled_from(TOOLS[tool])),
        draw(st.sampled_from(["a.py", "b.tf"])),
        line,
        line + draw(st.sampled_from([0, 0, 2, 30])),
        column=draw(st.sampled_from([0, 5])),
        scope=draw(st.sampled_from(["", "", "f", "g"])),
        cwes=draw(st.sampled_from([(), (89,), (502,), (564, 20)])),
        stream=draw(st.integers(0, 1)),
        flow=draw(st.sampled_from([(), (), (7,), (3, 40)])),
    )


def told(outcome, rows):
    """Return an outcome by what the findings say, so that positions do not matter."""
    named = sorted(sorted(rows[at] for at in members) for members in outcome.clusters)
    return named, sorted(sorted((rows[link.left], rows[link.right])) for link in outcome.suggestions)


@settings(max_examples=150)
@given(st.lists(findings(), max_size=24, unique=True), st.randoms(use_true_random=False))
def test_the_order_of_findings_changes_nothing(rows, dice):
    shuffled = list(rows)
    dice.shuffle(shuffled)
    assert told(match(rows), rows) == told(match(shuffled), shuffled)


@settings(max_examples=150)
@given(st.lists(findings(), max_size=24))
def test_every_merge_is_explained_and_no_rule_joins_two_lines(rows):
    outcome = match(rows)
    assert all(link.confidence >= MERGE and link.reasons for link in outcome.merges)
    assert all(SUGGEST <= link.confidence < MERGE for link in outcome.suggestions)
    seen = [at for members in outcome.clusters for at in members]
    assert len(seen) == len(set(seen))
    cluster = {at: number for number, members in enumerate(outcome.clusters) for at in members}
    assert all(cluster.get(link.left, -1) == cluster.get(link.right, -2) for link in outcome.merges)
    assert not any(
        link.left in cluster and cluster[link.left] == cluster.get(link.right) for link in outcome.suggestions
    )
    for members in outcome.clusters:
        assert len({(rows[at].asset, rows[at].path) for at in members}) == 1
        lines = {}
        for at in members:
            if rows[at].rule != "B403":  # imports side by side are one block
                assert lines.setdefault((rows[at].tool, rows[at].rule), rows[at].line) == rows[at].line


def test_thousands_of_overlapping_spans_in_one_file_stay_quick():
    """What is done grows with the findings, not with their pairs. Calls are counted: clocks tell of the machine as well."""
    _calls(1)  # what is read only once
    few, many = _calls(600), _calls(2_400)
    assert many < 4.5 * few


def _calls(lines: int) -> int:
    rows = [
        Sighting(tool, "r", "a.py", line, line + 300, cwes=(89,))
        for line in range(1, lines + 1)
        for tool in ("one", "two")
    ]
    done = 0

    def count(_frame, event, _what):
        nonlocal done
        done += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        match(rows)
    finally:
        sys.setprofile(before)
    return done
