"""Join, split, apart, unmerge and suggestions on the command line."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from seamark.interfaces.cli import table
from seamark.store.models import Finding, Issue, Match, MergeDecision
from tests.factories import make_world

from .conftest import Command

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world() -> None:
    make_world()


@pytest.fixture
def sql() -> Issue:
    """The issue that three tools report."""
    return Issue.objects.get(title__startswith="SQL injection")


@pytest.fixture
def other() -> Issue:
    return Issue.objects.get(title__startswith="Path built")


@pytest.fixture
def match(sql: Issue, other: Issue) -> Match:
    return Match.objects.create(
        application=sql.application, left=sql.findings.order_by("id")[0], right=other.findings.get(), merged=False, pending=True,
        confidence=720, reasons=[["close lines", 0.35], ["sibling weaknesses", 0.37]], at=timezone.now(),
    )  # fmt: skip


class TestShow:
    def test_why_one_issue(self, seamark: Command, sql: Issue) -> None:
        out = seamark("show", sql.reference).out
        assert "Why one issue" in out
        assert "opened the issue" in out
        assert "same line 0.45" in out
        numbers = [str(number) for number in Finding.objects.filter(issue=sql).values_list("id", flat=True)]
        evidence = out.partition("Evidence")[2].partition("Why one issue")[0]
        assert all(number in evidence.split() for number in numbers)

    def test_one_finding_needs_no_reason(self, seamark: Command, other: Issue) -> None:
        assert "Why one issue" not in seamark("show", other.reference).out

    def test_json_has_the_account(self, seamark: Command, sql: Issue) -> None:
        told = json.loads(seamark("show", sql.reference, "--json").out)
        assert {link["finding"] for link in told["why"]["links"]} == {one["finding"] for one in told["findings"]}
        assert told["merged_into"] is None

    @pytest.mark.parametrize("columns", [44, 80, 160])
    def test_every_width(
        self, columns: int, seamark: Command, sql: Issue, match: Match, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        why = seamark("show", sql.reference).out.partition("Why one issue")[2].partition("\n\n")[0]
        for out in (why, seamark("suggestions").out):
            assert max(table.cells(line) for line in out.splitlines()) <= columns
        assert match.right.issue.reference in out


class TestJoinAndUnmerge:
    def test_there_and_back(self, seamark: Command, sql: Issue, other: Issue) -> None:
        result = seamark("join", other.reference, f"sm-{sql.pk}", "--reason", "one helper builds both")
        assert (result.code, result.err) == (0, "")
        assert result.out == (
            f"{other.reference} is part of {sql.reference} now; `seamark unmerge {other.reference}` takes that back\n"
        )
        assert Finding.objects.filter(issue=sql).count() == 4
        shown = seamark("show", other.reference).out
        assert f"Part of {sql.reference}" in shown
        assert f"Became part of {sql.reference}: one helper builds both" in shown
        assert "joined by command line on" in seamark("show", sql.reference).out
        result = seamark("unmerge", other.reference)
        assert result.out == f"{other.reference} stands for itself again (open), as does {sql.reference}\n"
        assert "Kept apart" not in seamark("show", sql.reference).out
        assert seamark("unmerge", other.reference).err == f"Error: {other.reference} is not part of another issue\n"

    def test_several(self, seamark: Command, sql: Issue, other: Issue) -> None:
        third = Issue.objects.get(title__startswith="Debug mode")
        out = seamark("join", sql.reference, other.reference, third.pk).out
        assert out.startswith(f"{other.reference}, {third.reference} are part of {sql.reference} now")

    def test_refused(self, seamark: Command, sql: Issue) -> None:
        payroll = Issue.objects.get(application__name="Payroll")
        for words, code, told in (
            (("join", sql.reference), 2, "It takes two issues"),
            (("join", sql.reference, sql.pk), 2, "It takes two issues"),
            (("join", sql.reference, "SM-x"), 2, "'SM-x' is no reference"),
            (("join", sql.reference, "SM-999999"), 1, "There is no issue SM-999999"),
            (("join", sql.reference, payroll.reference), 1, "different applications"),
            (("unmerge", "nothing"), 2, "is no reference"),
            (("unmerge", "SM-999999"), 1, "There is no issue SM-999999"),
        ):
            result = seamark(*words)
            assert (result.code, result.out) == (code, "")
            assert told in result.err
        assert not MergeDecision.objects.filter(by_person=True).exists()


class TestSplit:
    def test_findings_by_their_number(self, seamark: Command, sql: Issue) -> None:
        chosen = Finding.objects.get(issue=sql, stream__tool="Bandit")
        result = seamark("split", sql.reference, chosen.pk, "--reason", "another query")
        chosen.refresh_from_db()
        assert result.code == 0
        assert result.out.startswith(f"1 finding of {sql.reference} now in SM-{chosen.issue_id}: ")
        assert chosen.issue_id != sql.pk
        assert f"Split off SM-{chosen.issue_id}: another query" in seamark("show", sql.reference).out

    def test_refused(self, seamark: Command, sql: Issue, other: Issue) -> None:
        every = list(Finding.objects.filter(issue=sql).values_list("id", flat=True))
        for words, code, told in (
            ((sql.reference, "x"), 2, "'x' is no number"),
            ((sql.reference,), 2, "Missing argument"),
            ((sql.reference, other.findings.get().pk), 1, f"{sql.reference} has no finding"),
            ((sql.reference, *every), 1, "leave at least one"),
            (("SM-999999", 1), 1, "There is no issue"),
        ):
            result = seamark("split", *words)
            assert (result.code, result.out) == (code, "")
            assert told in result.err


class TestApart:
    def test_there_and_back(self, seamark: Command, sql: Issue, other: Issue) -> None:
        result = seamark("apart", sql.reference, other.reference, "--reason", "two functions")
        assert result.out == f"{sql.reference} and {other.reference} stay two\n"
        assert f"Kept apart from {other.reference}: two functions" in seamark("show", sql.reference).out
        result = seamark("apart", other.reference, sql.reference, "--undo")
        assert result.out == f"{other.reference} and {sql.reference} are no longer kept apart\n"
        result = seamark("apart", other.reference, sql.reference, "--undo")
        assert (result.code, "Nobody has set" in result.err) == (1, True)

    def test_an_issue_from_itself(self, seamark: Command, sql: Issue) -> None:
        result = seamark("apart", sql.reference, sql.reference)
        assert (result.code, "It takes two issues" in result.err) == (1, True)


class TestSuggestions:
    def test_table_and_json(self, seamark: Command, sql: Issue, other: Issue, match: Match) -> None:
        out = seamark("suggestions").out
        assert f"{match.pk}" in out
        assert "0.72" in out
        assert "close lines, sibling weaknesses" in out
        assert sql.reference in out
        assert other.reference in out
        told = json.loads(seamark("suggestions", "--json", "--application", "storefront").out)
        assert (told["id"], told["confidence"]) == (match.pk, 0.72)
        assert (told["left"]["issue"], told["right"]["issue"]) == (sql.reference, other.reference)
        assert seamark("suggestions", "--application", "Payroll").out == "Nothing waits for a decision.\n"

    def test_accepted(self, seamark: Command, sql: Issue, other: Issue, match: Match) -> None:
        result = seamark("suggestions", "--accept", match.pk)
        assert result.out.startswith(f"{other.reference} is part of {sql.reference} now")
        assert seamark("suggestions").out == "Nothing waits for a decision.\n"

    def test_rejected(self, seamark: Command, sql: Issue, other: Issue, match: Match) -> None:
        result = seamark("suggestions", "--reject", match.pk, "--reason", "two functions")
        assert result.out.startswith(f"{sql.reference} and {other.reference} stay two; `seamark apart ")
        assert seamark("suggestions").out == "Nothing waits for a decision.\n"
        result = seamark("suggestions", "--accept", match.pk)
        assert (result.code, f"No suggestion {match.pk} waits" in result.err) == (1, True)

    def test_refused(self, seamark: Command, match: Match) -> None:
        for words, code in (
            (("--accept", match.pk, "--reject", match.pk), 2),
            (("--accept", 0), 2),
            (("--accept", 2**63), 2),
            (("--reject", "x"), 2),
            (("--reject", match.pk + 1), 1),
            (("--application", "nowhere"), 1),
        ):
            result = seamark("suggestions", *words)
            assert (result.code, result.out) == (code, "")
            assert "Traceback" not in result.err
        match.refresh_from_db()
        assert match.pending

    def test_what_is_no_longer_reported_does_not_wait(self, seamark: Command, match: Match) -> None:
        Finding.objects.filter(pk=match.right_id).update(closed_in=match.right.opened_in_id)
        assert seamark("suggestions").out == "Nothing waits for a decision.\n"
