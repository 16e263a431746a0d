"""Every issue says why its findings are one."""

from __future__ import annotations

import pytest

from seamark.core.severity import Severity
from seamark.pipeline import merging
from seamark.store.models import Finding, Issue, Match, User
from seamark.store.models.people import Role
from tests.factories import code, make_person, package

from .merged import (
    alias_turns_up,
    flaws,
    issue_at,
    links_of,
    make_one,
    make_two,
    path,
    query,
    scan,
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


class TestWhy:
    def test_a_pair_is_told_with_its_signals(self, one: Issue) -> None:
        links = links_of(one)
        assert [link.how for link in links["Semgrep"]] == ["opened"]
        (link,) = links["CodeQL"]
        assert link.other == Finding.objects.get(stream__tool="Semgrep").pk
        assert link.confidence is not None
        assert link.confidence >= 0.85
        assert "same line" in link.text
        assert min(1.0, sum(weight for _, weight in link.reasons)) == pytest.approx(link.confidence)

    def test_without_stored_pairs_they_are_compared_now(self, one: Issue) -> None:
        Match.objects.all().delete()
        (link,) = links_of(one)["CodeQL"]
        assert link.how == "compared"
        assert link.confidence is not None
        assert link.confidence >= 0.85

    def test_what_stood_together_once_is_told_so(self, one: Issue) -> None:
        scan(query(30, tool="CodeQL", scope="elsewhere"), tool="CodeQL")
        Match.objects.all().delete()
        links = links_of(Issue.objects.get(pk=one.pk))
        assert all(links.values())
        assert {link.how for found in links.values() for link in found} <= {"opened", "kept", "compared"}

    def test_a_package_is_the_same_by_its_aliases(self) -> None:
        left, _ = flaws()
        alias_turns_up()
        kept = Issue.objects.get(merged_into=None)
        texts = {tool: [link.text for link in found] for tool, found in links_of(kept).items()}
        assert texts["Trivy"] == ["opened the issue"]
        assert any("CVE-2024-35195" in text for text in texts["Grype"])
        assert kept.pk == left.pk

    def test_names_that_differ_are_told_with_who_says_so(self) -> None:
        alias_turns_up()
        about = ("pypi/requests", "2.31.0", "2.32.0", Severity.MEDIUM, 5.6, "Certificate check stays off")
        scan(package("CVE-2024-35195", *about), tool="Trivy")
        scan(package("GHSA-9wx4-h78v-vm56", *about), tool="pip-audit")
        Finding.objects.filter(stream__tool="Grype").delete()
        links = links_of(Issue.objects.get(merged_into=None))
        assert [link.text for link in links["pip-audit"]] == [
            "same flaw in the same package: GHSA-9wx4-h78v-vm56 is CVE-2024-35195, says spoken"
        ]
        assert links["pip-audit"][0].how == "flaw"

    def test_another_branch_is_named(self, one: Issue) -> None:
        scan(query(), ref="feature/x")
        Match.objects.all().delete()
        branch = Finding.objects.get(stream__ref="feature/x")
        (link,) = [link for link in why_one(one).links if link.finding == branch.pk]
        assert (link.how, link.text) == ("rule", "same rule at the same place, on feature/x")

    def test_every_finding_has_a_reason(self, ada: User, one: Issue) -> None:
        scan(path())
        scan(query(), path(), ref="feature/x")
        kept = merging.join_issues(ada, [one, issue_at("app/b.py")])
        told = {link.finding for link in why_one(kept).links}
        assert told == set(Finding.objects.filter(issue=kept).values_list("id", flat=True))

    def test_a_merge_of_a_merge_is_followed(self, ada: User, two: tuple[Issue, Issue]) -> None:
        scan(code("debug", "Debug mode", "app/c.py", 5, cwe=489), tool="Bandit")
        third = issue_at("app/c.py")
        merging.join_issues(ada, [two[1], third], "b and c")
        kept = merging.join_issues(ada, list(two), "a and b")
        assert {link.text for link in links_of(kept)["Bandit"]} == {"b and c", "a and b"}

    def test_an_issue_without_findings_has_an_empty_account(self, ada: User, two: tuple[Issue, Issue]) -> None:
        merging.join_issues(ada, list(two))
        assert why_one(two[1]).links == []
