"""What is one issue, through the pages: the account on the issue page, and the inbox of suggestions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from seamark.store.models import Application, Finding, Issue, Match, MergeDecision, User
from seamark.store.models.people import Role
from tests.factories import make_person

LogIn = Callable[[User], Client]


@pytest.fixture
def sql(world: dict[str, Application]) -> Issue:
    """The issue that three tools report."""
    return Issue.objects.get(title__startswith="SQL injection")


@pytest.fixture
def other(world: dict[str, Application]) -> Issue:
    return Issue.objects.get(title__startswith="Path built")


@pytest.fixture
def match(sql: Issue, other: Issue) -> Match:
    return make_match(sql, other)


def make_match(sql: Issue, other: Issue, confidence: int = 720) -> Match:
    return Match.objects.create(
        application=sql.application, left=sql.findings.order_by("id")[0], right=other.findings.all()[0], merged=False, pending=True,
        confidence=confidence, reasons=[["close <lines>", 0.35], ["sibling weaknesses", 0.37]], at=timezone.now(),
    )  # fmt: skip


def page_of(client: Client, issue: Issue) -> str:
    return client.get(f"/issues/{issue.reference}/").content.decode()


def revoke_in(page: str) -> str:
    found = re.search(r'action="(/decisions/\d+/revoke/)"', page)
    assert found is not None
    return found[1]


class TestIssuePage:
    def test_the_account(self, client: Client, sql: Issue) -> None:
        page = page_of(client, sql)
        account = page.partition('id="why"')[2].partition("</section>")[0]
        assert "Opened the issue" in account
        assert "same line <span>+0.45</span>" in account
        assert re.search(r'class="sure"><span class="sr">confidence </span>(1\.00|0\.\d\d)<', account)
        for tool in ("Semgrep", "CodeQL", "Bandit"):
            assert f"<b>{tool}</b>" in account

    def test_one_finding_is_nothing_to_account_for(self, client: Client, other: Issue) -> None:
        page = page_of(client, other)
        assert "One finding says it so far." in page
        assert 'name="finding"' not in page

    def test_join_and_unmerge(self, client: Client, sql: Issue, other: Issue) -> None:
        answer = client.post(
            f"/issues/{other.reference}/join/", {"with": f"sm-{sql.pk}", "reason": "one <helper>", "verdict": "join"}, follow=True
        )  # fmt: skip
        page = answer.content.decode()
        assert answer.redirect_chain == [(f"/issues/{sql.reference}/", 302)]
        assert f"{other.reference} is part of {sql.reference} now." in page
        assert "Joined by ada: one &lt;helper&gt;" in page
        gone = page_of(client, other)
        assert "Part of <a" in gone
        assert f">{sql.reference}</a>" in gone
        assert "Became part of" in gone
        assert f"Its findings are in {sql.reference} now." in gone
        assert 'value="confirmed"' not in gone
        assert 'value="confirmed"' in page
        page = client.post(revoke_in(gone), {"next": f"/issues/{other.reference}/"}, follow=True).content.decode()
        assert "are two issues again, each with its history" in page
        assert "Part of <a" not in page
        other.refresh_from_db()
        assert (other.open, other.merged_into) == (True, None)

    def test_several_are_joined_at_once(self, client: Client, sql: Issue, other: Issue) -> None:
        third = Issue.objects.get(title__startswith="Debug mode")
        client.post(f"/issues/{sql.reference}/join/", {"with": f"{other.reference}, {third.pk}"})
        assert Issue.objects.filter(merged_into=sql).count() == 2

    def test_split_and_back(self, client: Client, sql: Issue) -> None:
        address = f"/issues/{sql.reference}/"
        chosen = Finding.objects.get(issue=sql, stream__tool="Bandit").pk
        assert f'name="finding" value="{chosen}" form="split"' in page_of(client, sql)
        page = client.post(
            f"{address}split/", {"finding": [chosen], "reason": "another query"}, follow=True
        ).content.decode()
        split = Finding.objects.get(pk=chosen).issue
        assert f"Split off {split.reference}." in page
        assert "Kept apart" in page
        assert "another query" in page
        page = client.post(revoke_in(page), {"next": address}, follow=True).content.decode()
        assert "are one issue again" in page
        assert Finding.objects.get(pk=chosen).issue_id == sql.pk

    def test_apart_and_back(self, client: Client, sql: Issue, other: Issue) -> None:
        address = f"/issues/{sql.reference}/"
        page = client.post(
            f"{address}join/", {"with": other.reference, "verdict": "apart", "reason": "two functions"}, follow=True
        ).content.decode()
        assert f"{sql.reference} and {other.reference} stay two." in page
        assert "Kept apart from" in page
        assert "two functions" in page
        page = client.post(revoke_in(page), {"next": address}, follow=True).content.decode()
        assert "are no longer kept apart" in page
        assert not MergeDecision.objects.filter(revoked_at=None, verdict="never").exists()

    def test_refusals_are_said(self, client: Client, sql: Issue, other: Issue) -> None:
        address = f"/issues/{sql.reference}/"
        third = Issue.objects.get(title__startswith="Debug mode")
        every = list(sql.findings.values_list("pk", flat=True))
        for path, data, words in (
            ("join/", {"with": ""}, "Name another issue"),
            ("join/", {"with": sql.reference}, "Name another issue"),
            ("join/", {"with": "SM-x"}, "is no issue; write SM-12"),
            ("join/", {"with": "SM-999999"}, "There is no issue SM-999999 that you may see"),
            ("join/", {"with": other.reference, "reason": "x" * 2001}, "characters at most"),
            ("join/", {"with": f"{other.pk} {third.pk}", "verdict": "apart"}, "Name one issue"),
            ("split/", {}, "leave at least one"),
            ("split/", {"finding": every}, "leave at least one"),
            ("split/", {"finding": ["x", "9" * 30]}, "leave at least one"),
        ):
            page = client.post(address + path, data, follow=True).content.decode()
            assert words in page
            assert 'class="notice error"' in page
        assert not MergeDecision.objects.exists()

    def test_a_decision_is_taken_back_once(self, client: Client, sql: Issue, other: Issue) -> None:
        decision = MergeDecision.objects.create(verdict="never", left=sql, right=other)
        client.post(f"/decisions/{decision.pk}/revoke/")
        page = client.post(f"/decisions/{decision.pk}/revoke/", follow=True).content.decode()
        assert "taken back already" in page
        assert client.post("/decisions/999999/revoke/").status_code == 404

    def test_a_reader_is_told_but_offered_nothing(
        self, logged_in: LogIn, sql: Issue, other: Issue, match: Match
    ) -> None:
        client = logged_in(make_person("vera", Role.VIEWER))
        MergeDecision.objects.create(verdict="never", left=sql, right=other, reason="two functions")
        page = page_of(client, sql)
        assert "Why one issue" in page
        assert "two functions" in page
        for words in ("Take back", "Split off", "Join with another", "Same issue"):
            assert words not in page
        page = client.post(f"/issues/{sql.reference}/join/", {"with": other.reference}, follow=True).content.decode()
        assert "needs one of the roles" in page

    def test_hidden_issues_are_out_of_reach(
        self, world: dict[str, Application], logged_in: LogIn, sql: Issue, other: Issue, match: Match
    ) -> None:
        client = logged_in(make_person("pat", Role.ADMIN, application=world["payroll"]))
        decision = MergeDecision.objects.create(verdict="never", left=sql, right=other)
        for path in (
            f"/issues/{sql.reference}/join/", f"/issues/{sql.reference}/split/", f"/decisions/{decision.pk}/revoke/",
            f"/suggestions/{match.pk}/",
        ):  # fmt: skip
            assert client.post(path, {"with": other.reference, "verdict": "same"}).status_code == 404
        own = Issue.objects.get(application=world["payroll"])
        page = client.post(f"/issues/{own.reference}/join/", {"with": sql.reference}, follow=True).content.decode()
        assert "that you may see" in page
        assert "Nothing waits" in client.get("/suggestions/").content.decode()


class TestInbox:
    @pytest.mark.parametrize("role", Role)
    def test_it_renders_for_every_role(self, logged_in: LogIn, match: Match, role: Role) -> None:
        answer = logged_in(make_person("somebody", role)).get("/suggestions/")
        assert answer.status_code == 200
        assert ("Not the same" in answer.content.decode()) is (role in {Role.ANALYST, Role.APPROVER, Role.ADMIN})

    def test_a_stranger_is_asked_to_log_in(self, match: Match) -> None:
        assert Client().get("/suggestions/")["Location"].startswith("/login/?next=")

    def test_both_findings_side_by_side(self, client: Client, match: Match, sql: Issue, other: Issue) -> None:
        page = client.get("/suggestions/").content.decode()
        assert page.count('class="half"') == 2
        for words in (
            "SQL injection in order search", "Path built from a request", "orders/search.py:118", "orders/invoices.py:61",
            f">{sql.reference}</a>", f">{other.reference}</a>", "0.72", "close &lt;lines&gt;", "cursor.execute",
        ):  # fmt: skip
            assert words in page
        assert '<span>Suggestions</span> <span class="n">1</span>' in page

    def test_empty(self, client: Client) -> None:
        assert "Nothing waits for a decision" in client.get("/suggestions/").content.decode()

    def test_the_same_and_undone(self, client: Client, match: Match, sql: Issue, other: Issue) -> None:
        answer = client.post(f"/suggestions/{match.pk}/", {"verdict": "same", "next": "/suggestions/"}, follow=True)
        page = answer.content.decode()
        assert answer.redirect_chain == [("/suggestions/", 302)]
        assert f"{other.reference} is part of {sql.reference} now." in page
        assert "Nothing waits" in page
        client.post(revoke_in(page))
        other.refresh_from_db()
        assert (other.open, other.merged_into) == (True, None)

    def test_not_the_same(self, client: Client, match: Match, sql: Issue, other: Issue) -> None:
        page = client.post(f"/suggestions/{match.pk}/", {"verdict": "different"}, follow=True).content.decode()
        assert f"{sql.reference} and {other.reference} stay two." in page
        page = client.post(f"/suggestions/{match.pk}/", {"verdict": "same"}, follow=True).content.decode()
        assert "decided already" in page
        assert MergeDecision.objects.get(revoked_at=None).verdict == "never"

    def test_htmx_is_given_what_takes_its_place(self, client: Client, match: Match) -> None:
        headers = {"HX-Request": "true", "HX-Target": f"suggestion-{match.pk}"}
        answer = client.post(f"/suggestions/{match.pk}/", {"verdict": "different"}, headers=headers)
        part = answer.content.decode()
        assert answer.status_code == 200
        assert part.startswith(f'<li class="pair" id="suggestion-{match.pk}">')
        assert "stay two." in part
        assert revoke_in(part)
        assert "<html" not in part

    def test_refusals_are_said(self, client: Client, match: Match) -> None:
        page = client.post(f"/suggestions/{match.pk}/", {"verdict": "perhaps"}, follow=True).content.decode()
        assert "Choose whether they are the same issue" in page
        assert client.post("/suggestions/999999/", {"verdict": "same"}).status_code == 404
        assert client.get(f"/suggestions/{match.pk}/").status_code == 405

    def test_a_reader_decides_nothing(self, logged_in: LogIn, match: Match) -> None:
        client = logged_in(make_person("vera", Role.VIEWER))
        assert "Same issue" not in client.get("/suggestions/").content.decode()
        page = client.post(f"/suggestions/{match.pk}/", {"verdict": "same"}, follow=True).content.decode()
        assert "needs one of the roles" in page
        match.refresh_from_db()
        assert match.pending

    def test_pages_and_applications(self, client: Client, sql: Issue, other: Issue) -> None:
        for confidence in range(600, 625):
            make_match(sql, other, confidence)
        page = client.get("/suggestions/").content.decode()
        assert page.count('class="half"') == 40
        following = re.search(r'rel="next" href="([^"]+)"', page)
        assert following is not None
        page = client.get(following[1].replace("&amp;", "&")).content.decode()
        assert page.count('class="half"') == 10
        assert 'rel="prev"' in page
        assert "Nothing waits" in client.get("/suggestions/?application=payroll").content.decode()
        assert client.get("/suggestions/?application=storefront").content.decode().count('class="half"') == 40
        assert "cursor is damaged" in client.get("/suggestions/?after=nonsense").content.decode()

    def test_as_many_statements_for_many_as_for_few(
        self, client: Client, sql: Issue, other: Issue, django_assert_max_num_queries: Callable
    ) -> None:
        for confidence in range(600, 620):
            make_match(sql, other, confidence)
        with django_assert_max_num_queries(20):
            client.get("/suggestions/")

    def test_a_secret_is_not_shown(self, client: Client, other: Issue) -> None:
        make_match(Issue.objects.get(title__startswith="AWS"), other)
        page = client.get("/suggestions/").content.decode()
        assert "deploy/ci.env" in page
        assert "AKIAQ7XEXAMPLEW3Q4ZD" not in page
