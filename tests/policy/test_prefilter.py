"""The prefilter leaves out only what the engine calls false, lets through unasked only what it calls true."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as some

from seamark.core.severity import Severity
from seamark.governance.policy.condition import Condition
from seamark.governance.policy.facts import Application, Asset, Facts, Finding, Issue
from seamark.governance.policy.prefilter import Columns, sifted

from .written import NOW

SIMPLE = some.sampled_from([
    "issue.kev", "!issue.waived", "issue.severity >= HIGH", "CRITICAL == issue.severity", "3 > issue.priority", "issue.epss >= 0.5",
    "issue.epss != 1", "issue.cwe == 79", "issue.cwe != 79", "issue.cwe < 80", 'asset.exposure == "internet"', '"none" != asset.exposure',
    'issue.kind in ["code", "secret"]', "issue.kind in []", "has(issue.epss)", "!has(issue.kev)", "issue.kev == true", "false != issue.fixable",
    "application.criticality <= 2", "has(application.name)", 'issue.path.startsWith("src")', "issue.findings.exists(f, f.verified)",
    "size(issue.tools) > 1", "issue.cwe + 1 == 80", "issue.kev == issue.fixable", "true", "false", "(issue.kev ? issue.waived : issue.fixable)",
    "issue.cwe == 9007199254740993", "issue.cwe == 79.0", "issue.title == issue.rule", '"A" in issue.tools',
    'issue.path.endsWith(".py")', 'issue.path.contains("c/a")', 'issue.path.startsWith("")', 'application.name.contains("shop")',
    "issue.title.contains(issue.rule)", 'issue.kind.endsWith("ode")',
])  # fmt: skip


def joined(inner: some.SearchStrategy[str]) -> some.SearchStrategy[str]:
    """Return conditions out of smaller ones."""
    pair = some.tuples(inner, some.sampled_from(["&&", "||"]), inner)
    return pair.map(lambda one: f"({one[0]} {one[1]} {one[2]})") | inner.map(lambda one: f"!({one})")


CONDITIONS = some.recursive(SIMPLE, joined, max_leaves=6).map(lambda one: f"({one}) && (has(issue.kev) || true)")


def maybe(values: some.SearchStrategy[Any]) -> some.SearchStrategy[Any]:
    """Return values that may not be known."""
    return some.none() | values


ISSUES = some.builds(
    Issue, severity=maybe(some.sampled_from(Severity)), kev=maybe(some.booleans()), waived=maybe(some.booleans()), fixable=maybe(some.booleans()),
    priority=maybe(some.integers(0, 4)), epss=maybe(some.sampled_from([0.0, 0.5, 1.0])), cwe=maybe(some.sampled_from([0, 78, 79, 2**53, 2**53 + 1])),
    kind=maybe(some.sampled_from(["code", "secret", "web"])), path=maybe(some.sampled_from(["src/a.py", ""])), title=maybe(some.just("x")),
    rule=maybe(some.sampled_from(["x", "y"])), tools=maybe(some.sampled_from([(), ("A",), ("A", "B")])),
    findings=maybe(some.lists(some.builds(Finding, verified=maybe(some.booleans())), max_size=2).map(tuple)),
)  # fmt: skip
RECORDS = some.builds(
    Facts, issue=ISSUES, asset=maybe(some.builds(Asset, exposure=maybe(some.sampled_from(["internet", "none"])))),
    application=maybe(some.builds(Application, criticality=maybe(some.integers(1, 4)), name=maybe(some.just("Shop")))),
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(CONDITIONS, some.lists(RECORDS, min_size=1, max_size=12))
def test_what_the_engine_is_not_asked_about_it_would_answer_the_same(text: str, records: list[Facts]) -> None:
    condition = Condition(text)
    sure, rest = sifted(condition.tree, Columns(records))
    for number, one in enumerate(records):
        if number in sure:
            assert condition.decide(one, NOW) is True
        elif number not in rest:
            assert condition.decide(one, NOW) is False


def test_simple_conditions_leave_out_all_that_is_false() -> None:
    """The prefilter would hold the property above if it did nothing: it does."""
    text = 'issue.severity >= HIGH && asset.exposure == "internet" && !issue.waived && issue.kind in ["code"] && issue.epss > 0.5'
    good = Issue(severity=Severity.HIGH, waived=False, kind="code", epss=0.9)
    inside, outside = Asset(exposure="internal"), Asset(exposure="internet")
    records = [
        Facts(issue=good, asset=outside), Facts(issue=good, asset=inside), Facts(issue=good),
        Facts(issue=Issue(severity=Severity.LOW, waived=False, kind="code", epss=0.9), asset=outside),
        Facts(issue=Issue(severity=Severity.HIGH, waived=True, kind="code", epss=0.9), asset=outside),
        Facts(issue=Issue(severity=Severity.HIGH, waived=False, kind="web", epss=0.9), asset=outside),
        Facts(issue=Issue(severity=Severity.HIGH, waived=False, kind="code", epss=0.1), asset=outside),
    ]  # fmt: skip
    assert sifted(Condition(text).tree, Columns(records)) == ([0], [2])


def test_how_texts_begin_and_end_is_not_asked_of_the_engine() -> None:
    records = [Facts(issue=Issue(path=path)) for path in ("src/a.py", "lib/a.py", "src/b.c", None)]
    text = 'issue.path.startsWith("src/") && issue.path.endsWith(".py") || issue.path.contains("ib/")'
    assert sifted(Condition(text).tree, Columns(records)) == ([0, 1], [3])


def test_rows_are_the_facts_of_the_records() -> None:
    records = [Facts(issue=Issue(cwe=number)) for number in range(3)]
    columns = Columns(records)
    assert list(columns.rows((("asset", "key"), ("issue", "cwe")), [0, 2])) == [(None, 0), (None, 2)]
    assert np.isnan(columns.numbers("issue", "epss")).all()
