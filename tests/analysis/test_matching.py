"""Which findings of different tools are one issue, case by case."""

from __future__ import annotations

import pytest

from seamark.analysis.correlation.evidence import MERGE, SUGGEST, Sighting
from seamark.analysis.correlation.matching import match


def bandit(rule, line, **more):
    return Sighting("bandit", rule, "app.py", line, **more)


def semgrep(rule, line, **more):
    return Sighting("semgrep", f"python.lang.{rule}", "app.py", line, **more)


def other(tool, cwe, line, **more):
    return Sighting(tool, f"{tool}-{cwe}", "app.py", line, cwes=(cwe,), **more)


def clusters(*sightings):
    return sorted(sorted(members) for members in match(sightings).clusters)


def test_one_line_and_one_family_of_rules_is_one_issue():
    outcome = match([bandit("B602", 7), Sighting("ruff", "S602", "app.py", 7), semgrep("subprocess-shell-true", 7)])
    assert outcome.clusters == [[0, 1, 2]]
    assert all(link.confidence >= MERGE for link in outcome.merges)
    assert {name for link in outcome.merges for name, _ in link.reasons} == {"same line", "rules of one family"}
    assert not outcome.suggestions


def test_one_line_and_one_weakness_is_one_issue_for_tools_nobody_knows():
    assert clusters(other("one", 89, 7), other("two", 564, 7)) == [[0, 1]]


def test_weakness_alone_never_merges():
    assert clusters(other("one", 89, 7), other("two", 89, 400)) == []
    assert clusters(other("one", 89, 7), other("two", 89, 7)._replace(path="else.py")) == []
    assert clusters(other("one", 89, 7), other("two", 89, 7)._replace(asset="another repository")) == []


def test_a_line_alone_never_merges():
    assert clusters(other("one", 89, 7), other("two", 79, 7)) == []
    assert clusters(Sighting("one", "r", "app.py", 7), Sighting("two", "r", "app.py", 7)) == []


def test_general_weaknesses_do_not_merge():
    assert clusters(other("one", 20, 7), other("two", 20, 7)) == []


def test_siblings_are_suggested_and_need_a_column_to_merge():
    one, two = other("one", 80, 7), other("two", 83, 7)
    suggested = match([one, two])
    assert suggested.clusters == []
    assert [link.confidence for link in suggested.suggestions] == [0.8]
    assert clusters(one._replace(column=5), two._replace(column=5)) == [[0, 1]]
    assert clusters(one._replace(snippet="send(a)"), two._replace(snippet="send(a)")) == [[0, 1]]


def test_a_text_built_above_the_call_that_runs_it():
    outcome = match([bandit("B608", 10, end_line=12), semgrep("formatted-sql-query", 14)])
    assert outcome.clusters == [[0, 1]]
    assert outcome.merges[0].reasons[0][0] == "a few lines apart"


def test_one_span_within_another():
    assert clusters(other("one", 502, 10, end_line=18), other("two", 502, 17)) == [[0, 1]]


def test_a_long_span_over_several_places_is_only_suggested():
    rows = [other("one", 502, 10, end_line=60), other("two", 502, 20), other("two", 502, 40)]
    outcome = match(rows)
    assert outcome.clusters == []
    assert {(link.left, link.right) for link in outcome.suggestions} == {(0, 1), (0, 2)}
    assert all(SUGGEST <= link.confidence < MERGE for link in outcome.suggestions)


def test_no_third_tool_joins_what_one_tool_tells_apart():
    rows = [other("one", 89, 10), other("one", 89, 14), other("two", 89, 12)]
    outcome = match(rows)
    assert outcome.clusters == []
    assert {(link.left, link.right) for link in outcome.suggestions} == {(0, 2), (2, 1)}


def test_two_streams_of_one_tool_may_speak_of_one_line_by_different_rules():
    first, second = semgrep("sqli-old", 10, stream=1, cwes=(89,)), semgrep("sqli-new", 12, stream=2, cwes=(89,))
    assert clusters(first, second) == [[0, 1]]
    assert clusters(first, second._replace(stream=1)) == []
    assert clusters(first, second._replace(rule=first.rule)) == []


def test_further_apart_only_where_nothing_else_is_of_the_kind():
    assert clusters(other("one", 89, 10), other("two", 89, 19)) == [[0, 1]]
    assert clusters(other("one", 89, 10), other("two", 89, 19), other("three", 89, 28)) == [[0, 1, 2]]
    crowd = match([other("one", 89, 10), other("two", 89, 19), other("one", 89, 60)])
    assert crowd.clusters == []
    assert [(link.left, link.right) for link in crowd.suggestions] == [(0, 1)]
    assert clusters(other("one", 89, 10), other("two", 89, 31)) == []


def test_a_steady_step_pairs_a_whole_file():
    rows = [other(tool, 89, 40 * at + step) for at in range(1, 6) for tool, step in (("one", 0), ("two", 9))]
    assert clusters(*rows) == [[at, at + 1] for at in range(0, 10, 2)]


def test_a_step_may_differ_by_two_lines():
    steps = (8, 9, 10, 9, 8, 10)
    rows = [
        other(tool, 89, 40 * at + more)
        for at, step in enumerate(steps, 1)
        for tool, more in (("one", 0), ("two", step))
    ]
    assert clusters(*rows) == [[at, at + 1] for at in range(0, 12, 2)]


def test_rules_that_meet_elsewhere_in_the_file_are_not_suggested_lines_apart():
    apart = [other("one", 89, 40 * at + more) for at in (1, 2) for more in (0,)]
    apart += [other("two", 89, 40 * at + 9) for at in (1, 2)]
    assert {(link.left, link.right) for link in match(apart).suggestions} == {(0, 2), (1, 3)}
    assert match([*apart, other("one", 89, 400), other("two", 89, 400)]).suggestions == []


def test_a_finding_without_a_line_belongs_to_the_only_one_of_its_kind_in_the_file():
    whole = other("three", 89, 0)
    outcome = match([whole, other("one", 89, 10), other("two", 89, 10), other("one", 79, 30)])
    assert outcome.clusters == [[0, 1, 2]]
    assert outcome.merges[-1].reasons[0][0] == "the only one of its kind in the file"
    assert clusters(whole, other("one", 89, 10), other("two", 89, 90)) == [], "of which is it?"
    assert clusters(whole, other("three", 89, 10)) == [], "a tool that gives a line means another"
    assert clusters(whole, other("one", 79, 10)) == []


def test_one_tool_points_at_the_source_and_another_at_the_sink():
    rows = [other("one", 89, 60, flow=(20,)), other("two", 89, 20), other("one", 89, 200), other("two", 89, 300)]
    outcome = match(rows)
    assert outcome.clusters == [[0, 1]]
    assert outcome.merges[0].reasons[0][0] == "at an end of the other's data flow"
    assert clusters(*[row._replace(flow=()) for row in rows]) == []
    assert clusters(rows[0], other("two", 79, 20), *rows[2:]) == [], "another problem at the source"


def test_a_source_of_two_flows_is_of_neither_for_sure():
    rows = [other("one", 89, 60, flow=(20,)), other("one", 89, 90, flow=(20,)), other("two", 89, 20)]
    outcome = match(rows)
    assert outcome.clusters == []
    assert {frozenset((link.left, link.right)) for link in outcome.suggestions} == {
        frozenset((0, 2)),
        frozenset((1, 2)),
    }


def test_different_functions_are_different_issues():
    assert clusters(bandit("B608", 10, scope="Orders.find"), semgrep("sqli", 12, scope="Orders.add")) == []
    assert clusters(bandit("B608", 10, scope="Orders.find"), semgrep("sqli", 12, scope="find")) == [[0, 1]]


def test_an_import_belongs_to_its_only_use():
    assert clusters(bandit("B403", 3), bandit("B301", 20)) == [[0, 1]]
    several = match([bandit("B403", 3), bandit("B301", 20), bandit("B301", 30)])
    assert several.clusters == []
    assert [(link.left, link.right) for link in several.suggestions] == [(0, 1)]
    assert clusters(bandit("B403", 3), bandit("B301", 300)) == []
    assert clusters(bandit("B403", 3), bandit("B506", 20)) == [], "YAML does not need pickle"


def test_imports_and_uses_by_turns():
    rows = [bandit(rule, 20 * at + step) for at in range(4) for rule, step in (("B404", 1), ("B603", 12))]
    assert clusters(*rows) == [[0, 1], [2, 3], [4, 5], [6, 7]]


def test_interleaved_imports_pair_by_order_only_at_one_step():
    rows = [bandit("B404", 1), bandit("B404", 9), bandit("B603", 12), bandit("B603", 20)]
    assert clusters(*rows) == [[0, 2], [1, 3]]
    assert clusters(*rows[:3], bandit("B603", 29)) == []


def test_on_a_minified_line_only_the_column_says_what_is_one():
    line = [Sighting("eslint", "no-eval", "app.min.js", 1, column=100 * at) for at in range(1, 9)]
    twin = Sighting("njsscan", "eval_nodejs", "app.min.js", 1, column=300)
    assert clusters(*line, twin) == [[2, 8]]


@pytest.mark.parametrize(
    ("checkov", "trivy"), [("CKV_AWS_18", "AVD-AWS-0089"), ("CKV_AWS_3", "aws-ebs-enable-volume-encryption")]
)
def test_checks_of_a_resource(checkov, trivy):
    block = Sighting("checkov", checkov, "main.tf", 1, 30, kind="misconfiguration", scope="aws_s3_bucket.bills")
    line = Sighting("trivy", trivy, "main.tf", 4, kind="misconfiguration", scope="aws_s3_bucket.bills")
    assert clusters(block, line) == [[0, 1]]
    assert clusters(block, line._replace(rule="AVD-AWS-0090")) == []
    assert clusters(block, line._replace(line=40)) == [[0, 1]], "the same check of the same resource"
    assert clusters(block, line._replace(line=40, scope="aws_s3_bucket.else")) == []


def test_in_configuration_a_weakness_is_not_enough():
    one = Sighting("one", "a", "main.tf", 3, cwes=(326,), kind="misconfiguration")
    outcome = match([one, one._replace(tool="two", rule="b")])
    assert outcome.clusters == []
    assert [link.confidence for link in outcome.suggestions] == [0.75]


def test_checks_of_one_tool_stay_apart():
    one = Sighting("checkov", "CKV_AWS_38", "main.tf", 3, kind="misconfiguration")
    assert clusters(one, one._replace(rule="CKV_AWS_39")) == []


def test_cloud_resources():
    one = Sighting("checkov", "CKV_AWS_21", kind="cloud", resource="arn:aws:s3:::bills")
    same = one._replace(tool="trivy", rule="AVD-AWS-0090")
    assert clusters(one, same) == [[0, 1]]
    assert clusters(one, same._replace(resource="arn:aws:s3:::else")) == []


def test_packages():
    one = Sighting("trivy", "CVE-1", kind="container", flaw="17", component="openssl")
    assert clusters(one, one._replace(tool="grype", rule="GHSA-1")) == [[0, 1]]
    assert clusters(one, one._replace(tool="grype", flaw="18")) == []
    assert clusters(one, one._replace(tool="grype", component="curl")) == []


def test_routes():
    one = Sighting("zap", "40018", kind="web", cwes=(89,), url="/orders/{id}", method="GET", parameter="q")
    two = one._replace(tool="wapiti", rule="sql")
    assert clusters(one, two) == [[0, 1]]
    assert clusters(one, two._replace(method="POST")) == []
    assert clusters(one, two._replace(parameter="sort")) == []
    silent = match([one, two._replace(parameter="")])
    assert silent.clusters == []
    assert [link.confidence for link in silent.suggestions] == [0.75]


def test_secrets_of_whatever_tool_on_one_line():
    rows = [
        Sighting("gitleaks", "aws-access-token", "app.py", 3, kind="secret"),
        bandit("B105", 3, cwes=(259,)),
        Sighting("in-house", "secret", "app.py", 3, kind="secret"),
    ]
    assert clusters(*rows) == [[0, 1, 2]]


def test_nothing_to_do():
    assert match([]).clusters == []
    assert match([Sighting("one", "r")]).clusters == []


def test_two_rules_of_one_tool_with_near_weaknesses_are_two_problems():
    one = Sighting("semgrep", "cookie-no-httponly", "server.js", 78, cwes=(1004,))
    other = one._replace(rule="cookie-no-secure", cwes=(614,))
    assert clusters(one, other) == []
    assert clusters(one, other._replace(tool="njsscan")) == [[0, 1]]
