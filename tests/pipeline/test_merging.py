"""What people decide about what is one issue holds through everything that scans say later, and can be taken back."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed
from seamark.core.severity import Severity
from seamark.governance.triage import service
from seamark.pipeline import merging
from seamark.pipeline.account import account_of
from seamark.pipeline.why import apart_decision, merge_of
from seamark.store.access import everything
from seamark.store.models import Application, Event, Finding, Issue, Match, MergeDecision, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person, package

from .merged import (
    alias_turns_up,
    flaws,
    issue_at,
    make_one,
    make_two,
    open_pairs,
    path,
    query,
    scan,
    suggested,
    why_one,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return make_person("ada", Role.ANALYST)


@pytest.fixture
def two() -> tuple[Issue, Issue]:
    return make_two()


@pytest.fixture
def one() -> Issue:
    return make_one()


class TestJoin:
    def test_the_oldest_takes_the_others_in(self, ada: User, two: tuple[Issue, Issue]) -> None:
        first, second = two
        kept = merging.join_issues(ada, [second, first], "one helper builds both")
        assert kept.pk == first.pk
        assert set(Finding.objects.values_list("issue", flat=True)) == {first.pk}
        second.refresh_from_db()
        assert (second.state, second.resolution, second.open, second.merged_into_id) == (
            State.DISMISSED, "duplicate", False, first.pk,
        )  # fmt: skip
        told = dict(Event.objects.filter(kind__startswith="merged").values_list("kind", "details"))
        assert told["merged"] == {"other": second.reference, "reason": "one helper builds both", "by": "ada"}
        assert told["merged_into"]["other"] == first.reference
        assert account_of(second)["merged_into"] == first.reference
        assert account_of(first)["merged_into"] is None

    def test_the_one_that_was_triaged_survives(self, ada: User, two: tuple[Issue, Issue]) -> None:
        service.change_state(ada, Issue.objects.filter(pk=two[1].pk), State.CONFIRMED)
        assert merging.join_issues(None, list(two)).pk == two[1].pk

    @pytest.mark.parametrize("shift", [0, 7])
    def test_a_later_scan_leaves_them_one(self, ada: User, two: tuple[Issue, Issue], shift: int) -> None:
        kept = merging.join_issues(ada, list(two))
        scan(query(10 + shift), path(20 + shift))
        assert open_pairs() == {("Semgrep", "semgrep-sql", kept.pk), ("Semgrep", "semgrep-path", kept.pk)}
        assert Issue.objects.count() == 2

    def test_another_branch_brings_nothing_new(self, ada: User, two: tuple[Issue, Issue]) -> None:
        kept = merging.join_issues(ada, list(two))
        scan(query(), path(), ref="feature/x")
        assert {issue for _, _, issue in open_pairs()} == {kept.pk}
        assert Finding.objects.filter(issue=kept).count() == 4

    def test_a_third_tool_adds_to_the_joined_issue(self, ada: User, two: tuple[Issue, Issue]) -> None:
        kept = merging.join_issues(ada, list(two))
        scan(code("codeql-path", "Path", "app/b.py", 20, cwe=22, snippet="open(name)"), tool="CodeQL")
        assert ("CodeQL", "codeql-path", kept.pk) in open_pairs()

    def test_it_is_fixed_when_both_are_and_returns_as_one(self, ada: User, two: tuple[Issue, Issue]) -> None:
        rest = code("debug", "Debug mode", "app/c.py", 5, cwe=489)
        kept = merging.join_issues(ada, list(two))
        states = []
        for findings in ([query(), rest], [rest], [query(), path(), rest]):
            scan(*findings)
            kept.refresh_from_db()
            states.append((State(kept.state), kept.regression))
        assert states == [(State.OPEN, False), (State.RESOLVED, False), (State.OPEN, True)]
        assert {issue for _, rule, issue in open_pairs() if rule != "debug"} == {kept.pk}

    def test_three_at_once(self, ada: User, two: tuple[Issue, Issue]) -> None:
        scan(code("debug", "Debug mode", "app/c.py", 5, cwe=489), tool="Bandit")
        kept = merging.join_issues(ada, [*two, issue_at("app/c.py")])
        assert kept.pk == two[0].pk
        assert {issue for _, _, issue in open_pairs()} == {kept.pk}
        assert kept.tools == 2

    def test_who_decided_is_told(self, ada: User, two: tuple[Issue, Issue]) -> None:
        kept = merging.join_issues(ada, list(two), "one helper builds both")
        why = why_one(kept)
        brought = next(link for link in why.links if link.how == "joined")
        assert (brought.text, brought.by, brought.issue) == ("one helper builds both", "ada", two[1].reference)
        assert [(one.verdict, one.issue, one.by_person) for one in why.joined] == [("join", two[1].reference, True)]


class TestSplit:
    def test_findings_get_an_issue_of_their_own(self, ada: User, one: Issue) -> None:
        chosen = Finding.objects.get(stream__tool="CodeQL")
        other = merging.split_issue(ada, one, [chosen.pk], "another query")
        assert open_pairs() == {("Semgrep", "semgrep-sql", one.pk), ("CodeQL", "codeql-sql", other.pk)}
        assert (other.state, other.open, other.tools) == (State.OPEN, True, 1)
        assert Event.objects.get(issue=one, kind="split").details["other"] == other.reference
        assert Event.objects.get(issue=other, kind="split_from").details["other"] == one.reference
        (apart,) = why_one(one).apart
        assert (apart.verdict, apart.issue, apart.text, apart.by) == ("split", other.reference, "another query", "ada")

    @pytest.mark.parametrize("shift", [0, 7])
    def test_later_scans_leave_them_two(self, ada: User, one: Issue, shift: int) -> None:
        other = merging.split_issue(ada, one, [Finding.objects.get(stream__tool="CodeQL").pk])
        scan(query(10 + shift))
        scan(query(10 + shift, tool="CodeQL"), tool="CodeQL")
        assert open_pairs() == {("Semgrep", "semgrep-sql", one.pk), ("CodeQL", "codeql-sql", other.pk)}

    def test_another_branch_leaves_them_two(self, ada: User, one: Issue) -> None:
        other = merging.split_issue(ada, one, [Finding.objects.get(stream__tool="CodeQL").pk])
        scan(query(), ref="feature/x")
        scan(query(tool="CodeQL"), tool="CodeQL", ref="feature/x")
        assert open_pairs() == {("Semgrep", "semgrep-sql", one.pk), ("CodeQL", "codeql-sql", other.pk)}

    def test_a_third_tool_does_not_bring_them_together(self, ada: User, one: Issue) -> None:
        other = merging.split_issue(ada, one, [Finding.objects.get(stream__tool="CodeQL").pk])
        scan(query(tool="Bandit"), tool="Bandit")
        pairs = open_pairs()
        assert {("Semgrep", "semgrep-sql", one.pk), ("CodeQL", "codeql-sql", other.pk)} < pairs
        assert {issue for tool, _, issue in pairs if tool == "Bandit"} < {one.pk, other.pk}

    def test_taken_back_it_is_one_again(self, ada: User, one: Issue) -> None:
        other = merging.split_issue(ada, one, [Finding.objects.get(stream__tool="CodeQL").pk])
        merging.take_back(ada, MergeDecision.objects.get(verdict="split"))
        assert {issue for _, _, issue in open_pairs()} == {one.pk}
        other.refresh_from_db()
        assert other.merged_into_id == one.pk
        assert why_one(one).apart == []

    def test_a_packages_flaw_stays_split_too(self, ada: User) -> None:
        about = ("pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
        newer = ("pypi/requests", "2.31.1", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
        for tool in ("Trivy", "Grype"):
            scan(package("CVE-2024-35195", *about), tool=tool)
        issue = Issue.objects.get()
        other = merging.split_issue(ada, issue, [Finding.objects.get(stream__tool="Grype").pk])
        for tool in ("Trivy", "Grype", "Snyk"):
            scan(package("CVE-2024-35195", *newer), tool=tool)
        pairs = {(tool, number) for tool, _, number in open_pairs()}
        assert {("Trivy", issue.pk), ("Grype", other.pk)} < pairs
        assert {number for tool, number in pairs if tool == "Snyk"} < {issue.pk, other.pk}


class TestNever:
    def test_aliases_that_turn_up_do_not_merge_what_is_kept_apart(self, ada: User) -> None:
        left, right = flaws()
        merging.keep_apart(ada, left, right, "two builds of it")
        alias_turns_up()
        left.refresh_from_db()
        right.refresh_from_db()
        assert (left.merged_into_id, right.merged_into_id) == (None, None)
        (apart,) = why_one(left).apart
        assert (apart.verdict, apart.issue, apart.text) == ("never", right.reference, "two builds of it")

    def test_aliases_that_turn_up_merge_what_nobody_kept_apart(self) -> None:
        left, right = flaws()
        alias_turns_up()
        assert Issue.objects.filter(pk__in=[left.pk, right.pk], merged_into=None).count() == 1

    def test_a_later_join_counts_more(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.keep_apart(ada, *two)
        kept = merging.join_issues(ada, list(two))
        assert why_one(kept).apart == []
        assert apart_decision(everything(), *two) is None

    def test_said_twice_it_is_one_decision(self, ada: User, two: tuple[Issue, Issue]) -> None:
        first = merging.keep_apart(ada, *two)
        assert merging.keep_apart(ada, two[1], two[0]).pk == first.pk
        assert Event.objects.filter(kind="kept_apart").count() == 2

    def test_taken_back(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.take_back(ada, merging.keep_apart(ada, *two))
        assert why_one(two[0]).apart == []
        assert Event.objects.filter(kind="apart_revoked").count() == 2


class TestUnmerge:
    def test_both_histories_come_back(self, ada: User, two: tuple[Issue, Issue]) -> None:
        first, second = two
        dev = make_person("dev", Role.DEVELOPER)
        rows = Issue.objects.filter(pk=second.pk)
        service.assign(ada, Issue.objects.filter(pk=first.pk), ada)
        service.assign(ada, rows, dev)
        service.change_state(ada, rows, State.DISMISSED, "not_affected", "until June")
        before = list(Event.objects.filter(issue=second).order_by("id").values_list("id", "kind"))
        resolved_at = Issue.objects.get(pk=second.pk).resolved_at
        merging.join_issues(ada, list(two))
        second.refresh_from_db()
        decision = merge_of(everything(), second)
        assert decision is not None
        merging.take_back(ada, decision)
        second.refresh_from_db()
        assert (second.state, second.resolution, second.open, second.assignee) == (
            State.DISMISSED,
            "not_affected",
            False,
            dev,
        )
        assert (second.resolved_at, second.merged_into_id) == (resolved_at, None)
        after = list(Event.objects.filter(issue=second).order_by("id").values_list("id", "kind"))
        assert after[: len(before)] == before
        assert [kind for _, kind in after[len(before) :]][:2] == ["merged_into", "split_from"]
        first.refresh_from_db()
        assert (first.state, first.assignee, first.findings.count()) == (State.OPEN, ada, 1)
        assert [one.rule.code for one in second.findings.select_related("rule")] == ["semgrep-path"]
        assert merge_of(everything(), second) is None

    def test_scans_leave_them_two_afterwards(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.join_issues(ada, list(two))
        merging.take_back(ada, MergeDecision.objects.get(verdict="join"))
        scan(query(17), path(27))
        assert open_pairs() == {("Semgrep", "semgrep-sql", two[0].pk), ("Semgrep", "semgrep-path", two[1].pk)}

    def test_what_came_since_stays(self, ada: User, two: tuple[Issue, Issue]) -> None:
        kept = merging.join_issues(ada, list(two))
        scan(query(tool="CodeQL"), tool="CodeQL")
        merging.take_back(ada, MergeDecision.objects.get(verdict="join"))
        assert {tool for tool, _, issue in open_pairs() if issue == kept.pk} == {"Semgrep", "CodeQL"}

    def test_merges_of_merges_are_undone_from_the_outside(self, ada: User, two: tuple[Issue, Issue]) -> None:
        scan(code("debug", "Debug mode", "app/c.py", 5, cwe=489), tool="Bandit")
        third = issue_at("app/c.py")
        merging.join_issues(ada, [two[1], third])
        merging.join_issues(ada, list(two))
        inner, outer = MergeDecision.objects.order_by("id")
        with pytest.raises(NotAllowed, match="none of these findings"):
            merging.take_back(ada, inner)
        merging.take_back(ada, outer)
        merging.take_back(ada, inner)
        assert {issue for _, _, issue in open_pairs()} == {two[0].pk, two[1].pk, third.pk}

    def test_only_once(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.join_issues(ada, list(two))
        decision = MergeDecision.objects.get(verdict="join")
        merging.take_back(ada, decision)
        with pytest.raises(NotAllowed, match="taken back already"):
            merging.take_back(ada, decision)


class TestSuggestions:
    def test_accepted_they_are_one(self, ada: User, two: tuple[Issue, Issue]) -> None:
        kept = merging.accept(ada, suggested(*two))
        assert {issue for _, _, issue in open_pairs()} == {kept.pk}
        assert not Match.objects.filter(pending=True).exists()

    def test_rejected_they_stay_two(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.reject(ada, suggested(*two))
        assert not Match.objects.filter(pending=True).exists()
        assert len({issue for _, _, issue in open_pairs()}) == 2
        assert apart_decision(everything(), *two) is not None

    def test_the_account_names_them(self, two: tuple[Issue, Issue]) -> None:
        match = suggested(*two)
        for issue, other in (two, two[::-1]):
            (found,) = why_one(issue).suggestions
            assert (found.suggestion, found.issue, found.confidence) == (match.pk, other.reference, 0.7)
            assert found.reasons == (("same line", 0.45), ("sibling weaknesses", 0.25))


class TestRefused:
    def test_others_applications(self, ada: User, two: tuple[Issue, Issue]) -> None:
        import_findings("Payroll", "Semgrep", [path()], repository="git.example/harbour/payroll")
        foreign = Issue.objects.get(application__name="Payroll")
        with pytest.raises(NotAllowed, match="different applications"):
            merging.join_issues(ada, [two[0], foreign])

    def test_too_few_and_merged_ones(self, ada: User, two: tuple[Issue, Issue]) -> None:
        with pytest.raises(NotAllowed, match="two issues"):
            merging.join_issues(ada, [two[0], two[0]])
        with pytest.raises(NotAllowed, match="two issues"):
            merging.keep_apart(ada, two[0], two[0])
        merging.join_issues(ada, list(two))
        for refused in (merging.join_issues, lambda who, rows: merging.keep_apart(who, *rows)):
            with pytest.raises(NotAllowed, match="is part of"):
                refused(ada, list(two))

    def test_nothing_or_everything_is_no_split(self, ada: User, one: Issue) -> None:
        every = list(Finding.objects.values_list("id", flat=True))
        for chosen in ([], every, [10**6]):
            with pytest.raises(NotAllowed, match="leave at least one"):
                merging.split_issue(ada, one, chosen)

    def test_long_reasons(self, ada: User, two: tuple[Issue, Issue]) -> None:
        with pytest.raises(NotAllowed, match="characters at most"):
            merging.join_issues(ada, list(two), "x" * 2001)

    @pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER, Role.AUDITOR])
    def test_roles_that_do_not_triage(self, two: tuple[Issue, Issue], role: Role) -> None:
        who = make_person("who", role)
        decision = merging.keep_apart(None, *two)
        first = two[0].findings.get().pk
        for change in (
            lambda: merging.join_issues(who, list(two)), lambda: merging.keep_apart(who, *two),
            lambda: merging.split_issue(who, two[0], [first]), lambda: merging.take_back(who, decision),
        ):  # fmt: skip
            with pytest.raises(NotAllowed, match="needs one of the roles"):
                change()
        assert not MergeDecision.objects.exclude(pk=decision.pk).exists()

    def test_a_role_on_another_application(self, two: tuple[Issue, Issue]) -> None:
        other = Application.objects.create(name="Other", slug="other")
        who = make_person("who", Role.ADMIN, application=other)
        with pytest.raises(NotAllowed, match="needs one of the roles"):
            merging.join_issues(who, list(two))
