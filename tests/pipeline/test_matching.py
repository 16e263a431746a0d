"""Findings of several tools, branches and places become one issue, with reasons; and what must not, does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from seamark.core.component import Component
from seamark.core.finding import Finding as Read
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, ImageLocation, ResourceLocation, WebLocation
from seamark.core.severity import Severity
from seamark.pipeline.ingest import Outcome
from seamark.store.models import Event, Finding, Issue, Match, MergeDecision
from seamark.store.models.issues import State
from tests.factories import code, import_findings, package

from .reports import RULES, hit, sarif

Load = Callable[..., Outcome]
pytestmark = pytest.mark.django_db


def semgrep(line: int, path: str = "app.py", **more: Any) -> Read:
    return code("tainted-sql-string", "SQL built by hand", path, line, cwe=89, **more)


def bandit(line: int, path: str = "app.py", **more: Any) -> Read:
    return code("B608", "Possible SQL injection", path, line, **more)


def send(tool: str, *findings: Read, **where: Any) -> Outcome:
    return import_findings("shop", tool, findings, **where)


def open_issues() -> list[Issue]:
    return list(Issue.objects.filter(merged_into=None, state__lte=State.IN_PROGRESS).order_by("id"))


def test_two_tools_three_lines_apart_are_one_issue_with_reasons() -> None:
    send("Semgrep", semgrep(10), semgrep(90))
    outcome = send("Bandit", bandit(12))
    assert outcome.issues == 0
    first, second = open_issues()
    assert (first.tools, second.tools) == (2, 1)
    match = Match.objects.get(merged=True)
    assert {match.left.issue_id, match.right.issue_id} == {first.pk}
    assert match.confidence >= 850
    assert sum(weight for _, weight in match.reasons) == pytest.approx(match.confidence / 1000, abs=0.001)


def test_the_order_of_the_tools_changes_nothing() -> None:
    send("Bandit", bandit(12), bandit(60))
    send("Semgrep", semgrep(10), semgrep(90))
    assert sorted(issue.tools for issue in open_issues()) == [1, 1, 2]


def test_one_report_with_several_findings_on_a_line_opens_one_issue_for_what_means_the_same() -> None:
    outcome = send(
        "Semgrep",
        semgrep(10),
        code("sqlalchemy-raw-text", "Raw SQL", "app.py", 10, cwe=89),
        code("md5", "Weak hash", "app.py", 10, cwe=327),
    )
    assert outcome.new == 3
    assert len(open_issues()) == 2


def test_a_later_tool_joins_what_people_have_dismissed() -> None:
    send("Semgrep", semgrep(10))
    Issue.objects.update(state=State.DISMISSED, resolution="false_positive", open=False)
    send("Bandit", bandit(10))
    issue = Issue.objects.get()
    assert (issue.state, issue.resolution, issue.tools) == (State.DISMISSED, "false_positive", 2)


def test_unlike_checks_of_one_resource_stay_apart() -> None:
    check = {"kind": Kind.MISCONFIGURATION, "scope": "aws_s3_bucket.logs"}
    send(
        "Checkov",
        code("CKV_AWS_19", "Not encrypted", "s3.tf", 3, cwe=311, **check),
        code("CKV_AWS_21", "No versions", "s3.tf", 3, cwe=311, **check),
    )
    assert len(open_issues()) == 2


def test_an_ambiguous_pair_is_suggested_once_and_not_again() -> None:
    send("Semgrep", semgrep(10), semgrep(14))
    send("Bandit", bandit(12))
    waiting = Match.objects.filter(pending=True)
    assert len(open_issues()) == 3
    assert waiting.count() >= 1
    before = waiting.count()
    send("Bandit", bandit(12))
    send("Bandit", bandit(13))
    assert waiting.count() == before


def test_a_later_finding_makes_one_of_two_issues_and_the_triaged_one_survives() -> None:
    def unknown(rule: str, line: int, *cwes: int) -> Read:
        return code(rule, "Statement", "app.py", line, cwe=cwes[0] if cwes else 0)

    send("Alpha", unknown("a1", 10, 89))
    send("Beta", unknown("b1", 10))
    first, second = open_issues()
    Issue.objects.filter(pk=second.pk).update(state=State.CONFIRMED)
    # Beta's report now gives its rule a weakness: the next tool that speaks of it sees that all three are one.
    send("Beta", unknown("b1", 10, 89))
    send("Gamma", unknown("c1", 10, 89))
    (issue,) = open_issues()
    assert (issue.pk, issue.state, issue.tools) == (second.pk, State.CONFIRMED, 3)
    first.refresh_from_db()
    assert (first.merged_into_id, first.state, first.resolution) == (second.pk, State.DISMISSED, "duplicate")
    assert set(Event.objects.filter(kind__startswith="merged").values_list("issue", "kind")) == {
        (second.pk, "merged"),
        (first.pk, "merged_into"),
    }


def test_issues_triaged_differently_are_left_to_people() -> None:
    send("Semgrep", semgrep(10))
    send("Bandit", bandit(90))
    first, second = open_issues()
    Issue.objects.filter(pk=first.pk).update(state=State.DISMISSED, resolution="accepted", open=False)
    Issue.objects.filter(pk=second.pk).update(state=State.CONFIRMED)
    send("Ruff", code("S608", "Possible SQL injection", "app.py", 10))
    send("Bandit", bandit(10))
    assert Issue.objects.filter(merged_into=None).count() == 2
    assert not MergeDecision.objects.exists()


def test_the_same_flaw_by_two_ids_in_one_package_is_one_issue() -> None:
    lodash = ("npm/lodash", "4.17.15", "4.17.20", Severity.HIGH, 7.4, "Prototype pollution")
    send("Trivy", package("CVE-2020-8203", *lodash))
    send("Grype", package("GHSA-p6mc-m468-83gw", *lodash))
    assert len(open_issues()) == 2
    both = package("CVE-2020-8203", *lodash)
    send("OSV-Scanner", Read(**{name: getattr(both, name) for name in ("title", "severity", "kind", "component", "location")}, rule="GHSA-p6mc-m468-83gw",
                             vulnerabilities=("CVE-2020-8203", "GHSA-p6mc-m468-83gw")))  # fmt: skip
    (issue,) = open_issues()
    assert issue.tools == 3
    assert MergeDecision.objects.get().by_person is False


def test_an_advisory_of_several_flaws_is_one_finding_of_each() -> None:
    openssl = {
        "component": Component(name="openssl", version="1.1.1", purl="pkg:rpm/redhat/openssl@1.1.1"),
        "kind": Kind.CONTAINER,
        "severity": Severity.HIGH,
    }
    location = ImageLocation(image="registry.example/shop:1")
    send(
        "Clair",
        Read(
            rule="RHSA-2024:1",
            title="openssl",
            vulnerabilities=("CVE-2024-1", "CVE-2024-2", "RHSA-2024:1"),
            location=location,
            **openssl,
        ),
    )
    send("Trivy", Read(rule="CVE-2024-1", title="one", vulnerabilities=("CVE-2024-1",), location=location, **openssl),
         Read(rule="CVE-2024-2", title="two", vulnerabilities=("CVE-2024-2",), location=location, **openssl))  # fmt: skip
    assert [issue.tools for issue in open_issues()] == [2, 2]


def test_web_findings_on_one_route_and_parameter_are_one() -> None:
    def web(rule: str, number: int) -> Read:
        location = WebLocation(url=f"https://shop.example/orders/{number}?x=1", method="GET", parameter="q")
        return Read(rule=rule, title="XSS", severity=Severity.HIGH, kind=Kind.WEB, cwes=(79,), location=location)

    send("ZAP", web("40012", 1))
    send("Nuclei", web("reflected-xss", 2))
    assert [issue.tools for issue in open_issues()] == [2]


def test_a_cloud_resource_seen_by_two_tools() -> None:
    def check(rule: str, cwe: int) -> Read:
        place = ResourceLocation(resource="arn:aws:s3:::logs")
        return Read(rule=rule, title="Public", severity=Severity.HIGH, kind=Kind.CLOUD, cwes=(cwe,), location=place)

    send("Prowler", check("s3_public", 732), check("s3_encrypted", 311))
    assert len(open_issues()) == 2


class TestBranches:
    """Triage follows code to other branches and back; their scans never touch the default branch."""

    def test_a_branch_with_moved_lines_keeps_the_issues(self, load: Load) -> None:
        load(sarif([hit(line=line, snippet=f"execute(q{line})") for line in (10, 20, 30)]))
        Issue.objects.update(state=State.CONFIRMED)
        outcome = load(sarif([hit(line=line + 5, snippet=f"execute(q{line})") for line in (10, 20, 30)]), ref="feature")
        assert outcome.issues == 0
        assert Issue.objects.count() == 3
        assert set(Issue.objects.values_list("open", "branch_only", "state")) == {(True, False, State.CONFIRMED)}

    def test_lines_of_a_branch_are_not_those_of_the_default_branch(self, load: Load) -> None:
        """Line 12 of the branch is line 10 of main: what stands on main's line 12 is something else."""
        load(sarif([hit(line=10, snippet="first(q)"), hit(line=12, snippet="second(q)")]))
        place = dict(Issue.objects.values_list("place", "id"))
        load(sarif([hit(line=12, snippet="first(q)"), hit(line=14, snippet="second(q)")]), ref="feature")
        on_branch = {row.line: row.issue_id for row in Finding.objects.filter(stream__ref="feature")}
        assert on_branch == {12: place["app.py:10"], 14: place["app.py:12"]}

    def test_what_only_a_branch_has_opens_when_it_is_merged_with_its_triage(self, load: Load) -> None:
        load(sarif([hit(line=10)]))
        load(sarif([hit(line=10), hit(rule=RULES[1], path="new.py", line=3)]), ref="feature")
        fresh = Issue.objects.get(branch_only=True)
        assert not fresh.open
        Issue.objects.filter(pk=fresh.pk).update(state=State.DISMISSED, resolution="accepted")
        outcome = load(sarif([hit(line=10), hit(rule=RULES[1], path="new.py", line=8)]))
        assert outcome.issues == 0
        fresh.refresh_from_db()
        assert (fresh.branch_only, fresh.state, fresh.resolution) == (False, State.DISMISSED, "accepted")

    def test_a_clean_branch_closes_nothing_on_the_default_branch(self, load: Load) -> None:
        load(sarif([hit(line=10), hit(line=20)]))
        load(sarif([hit(line=10)]), ref="feature")
        load(sarif([]), ref="feature")
        load(sarif([]), pull_request="7")
        assert Issue.objects.filter(open=True).count() == 2

    def test_fixed_on_the_default_branch_is_fixed_though_a_branch_still_has_it(self, load: Load) -> None:
        load(sarif([hit(line=10), hit(line=20)]))
        load(sarif([hit(line=10), hit(line=20)]), ref="feature")
        load(sarif([hit(line=10)]))
        assert sorted(Issue.objects.values_list("state", flat=True)) == [State.OPEN, State.RESOLVED]
        load(sarif([hit(line=10), hit(line=20), hit(line=30)]), ref="feature")
        assert Issue.objects.filter(state=State.RESOLVED).count() == 1
        load(sarif([hit(line=10), hit(line=20)]))
        assert Issue.objects.filter(open=True, regression=True).count() == 1

    def test_a_thousand_equal_findings_find_their_issues_from_the_branch(self, load: Load) -> None:
        hits = [hit(path=f"f{at % 40}.py", line=10 + at, snippet="same(x)") for at in range(400)]
        load(sarif(hits))
        assert load(sarif(hits, columnKind="utf16CodeUnits"), ref="feature").issues == 0
        assert Event.objects.count() == 0


def test_a_moved_finding_keeps_its_place_in_a_merged_issue() -> None:
    send("Semgrep", semgrep(10, snippet="execute(q)"))
    send("Bandit", bandit(10, snippet="execute(q)"))
    issue = Issue.objects.get()
    send("Semgrep", semgrep(40, snippet="execute(q)"))
    send("Bandit", bandit(40, snippet="execute(q)"))
    assert Issue.objects.get().pk == issue.pk
    assert set(Finding.objects.values_list("line", "issue")) == {(40, issue.pk)}


def test_findings_without_a_place_are_known_by_rule_and_title() -> None:
    def manual(title: str) -> Read:
        return Read(rule="review", title=title, severity=Severity.LOW, kind=Kind.PENTEST, location=None)

    send("Review", manual("Backups are not tested"), manual("No second factor"))
    send("Other review", manual("No second factor"))
    assert sorted(issue.tools for issue in open_issues()) == [1, 2]


def test_files_without_lines() -> None:
    def whole(rule: str, cwe: int) -> Read:
        return Read(
            rule=rule,
            title=rule,
            severity=Severity.LOW,
            kind=Kind.CODE,
            cwes=(cwe,),
            location=CodeLocation(path="app.py"),
        )

    send("A", whole("one", 798), whole("two", 1104))
    send("B", whole("three", 798))
    assert sorted(issue.tools for issue in open_issues()) == [1, 2]
