"""Issues in code that agents are known to have written: marked by a survey, by an import, and only on knowledge."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from seamark.core.finding import Finding
from seamark.intake.discovery.agents.written import Range, Verdict
from seamark.pipeline.ai_code import keep_lines, mark_issues
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.trees import survey_tree
from seamark.store.models import AiLines, AiMark, Asset, Issue
from seamark.store.query import parse, select
from tests.discovery.owners.repository import Repository, numbered
from tests.factories import code, import_findings

pytestmark = pytest.mark.django_db
KEY = "git.example/harbour/shop"
TRAILER = "x\n\nAI-Assisted: yes"
WHY = "the commit has the trailer AI-Assisted: yes"


class Shop:
    """A repository whose `a.py` has ten lines, of which an agent brought 5 and 6."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(root)
        self.repository.write("a.py", numbered(1, 8))
        self.first = self.repository.commit()
        self.repository.write("a.py", numbered(1, 4) + "agent 1\nagent 2\n" + numbered(5, 8))
        self.theirs = self.repository.commit(message=TRAILER)

    def survey(self) -> None:
        survey_tree(self.repository.root, "Shop", repository=KEY)

    def scan(self, findings: Iterable[Finding], commit: str) -> None:
        import_findings("Shop", "Lamp", findings, commit=commit)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "shop")


def asset() -> Asset:
    return Asset.objects.get(kind="repository", key=KEY)


def hits(*lines: int) -> list[Finding]:
    return [code(f"rule-{line}", f"Case {line}", "a.py", line, snippet=f"code {line}") for line in lines]


def marked() -> list[str]:
    return sorted(Issue.objects.filter(ai_written=True).values_list("place", flat=True))


def test_a_survey_keeps_the_lines_and_marks_what_stands_in_them(shop: Shop) -> None:
    shop.scan(hits(4, 5, 7), shop.theirs)
    shop.survey()
    row = AiLines.objects.get()
    assert (row.path, row.first, row.last, row.commit, row.brought_by) == ("a.py", 5, 6, shop.theirs, shop.theirs)
    assert marked() == ["a.py:5"]
    mark = AiMark.objects.get()
    assert mark.sentence == f"AI-written code, at least a.py:5: {WHY} ({shop.theirs[:10]})."
    assert (mark.repository_id, mark.commit) == (asset().pk, shop.theirs)


def test_the_query_finds_them(shop: Shop) -> None:
    shop.scan(hits(4, 5), shop.theirs[:12])
    shop.survey()
    assert list(select(Issue.objects.all(), parse("ai:true")).values_list("place", flat=True)) == ["a.py:5"]
    assert list(select(Issue.objects.all(), parse("-ai:true")).values_list("place", flat=True)) == ["a.py:4"]


def test_lines_of_another_scanned_commit_are_followed(shop: Shop) -> None:
    shop.scan(hits(2, 5, 6), shop.theirs)
    shop.repository.write("a.py", "new\n" + numbered(1, 4) + "agent 1\nmended\n" + numbered(5, 8))
    newest = shop.repository.commit()
    shop.survey()
    assert marked() == ["a.py:5"]
    assert (AiMark.objects.get().line, AiMark.objects.get().commit) == (6, newest)


@pytest.mark.parametrize("commit", ["", "0" * 40, "abc"])
def test_of_unknown_commits_nothing_is_said(shop: Shop, commit: str) -> None:
    shop.scan(hits(5), commit)
    shop.survey()
    assert marked() == []


def test_without_a_checkout_only_the_surveyed_commit_is_known(shop: Shop) -> None:
    shop.survey()
    shop.scan(hits(5), shop.first)
    assert mark_issues(asset()) == 0
    assert mark_issues(asset(), mapper=Source.of(shop.repository.root).moved) == 0
    shop.scan(hits(5), shop.theirs)
    assert mark_issues(asset()) == 1


def test_only_the_issues_that_are_asked_for_are_marked(shop: Shop) -> None:
    shop.scan(hits(5, 6), shop.theirs)
    keep_lines(asset(), shop.theirs, [Range("a.py", 5, 6, Verdict(True, shop.theirs, WHY))])
    assert mark_issues(asset(), issues=[]) == 0
    assert mark_issues(asset(), issues=[Issue.objects.get(place="a.py:5").pk]) == 1
    assert marked() == ["a.py:5"]


def test_a_mark_is_taken_back_where_the_line_is_somebody_else_s_now(shop: Shop) -> None:
    shop.scan(hits(5, 6), shop.theirs)
    shop.survey()
    assert marked() == ["a.py:5", "a.py:6"]
    shop.repository.write("a.py", numbered(1, 4) + "mended\nagent 2\n" + numbered(5, 8))
    newest = shop.repository.commit()
    shop.scan(hits(5, 6), newest)
    shop.survey()
    assert marked() == ["a.py:6"]
    assert AiMark.objects.count() == 1


def test_a_mark_stays_where_nothing_new_is_known(shop: Shop) -> None:
    shop.scan(hits(5), shop.theirs)
    shop.survey()
    shop.scan(hits(5), "")
    shop.survey()
    assert marked() == ["a.py:5"]


def test_a_survey_that_finds_no_agent_takes_all_lines_and_marks_back(shop: Shop) -> None:
    shop.scan(hits(5), shop.theirs)
    shop.survey()
    keep_lines(asset(), shop.theirs, [])
    assert mark_issues(asset(), shop.theirs) == 0
    assert (marked(), AiLines.objects.count(), AiMark.objects.count()) == ([], 0, 0)


def test_the_evidence_follows_the_newest_survey(shop: Shop) -> None:
    shop.scan(hits(5), shop.theirs)
    shop.survey()
    keep_lines(asset(), shop.theirs, [Range("a.py", 5, 5, Verdict(True, "b" * 40, "a note says so"))])
    mark_issues(asset())
    assert (AiMark.objects.get().why, AiMark.objects.get().brought_by) == ("a note says so", "b" * 40)


def test_only_repositories_have_lines(shop: Shop) -> None:
    shop.survey()
    other = Asset.objects.create(kind="service", key=f"{KEY}//x")
    assert mark_issues(other, shop.theirs) == 0


def test_names_that_cannot_be_kept_are_left_out(shop: Shop) -> None:
    shop.survey()
    verdict = Verdict(True, shop.theirs, "x")
    assert keep_lines(asset(), shop.theirs, [Range("a\udcff.py", 1, 1, verdict), Range("b.py", 1, 1, verdict)]) == 1


def test_a_survey_asks_the_database_no_more_for_many_findings(
    shop: Shop, django_assert_max_num_queries: object
) -> None:
    shop.survey()
    shop.scan(hits(*range(1, 9)), shop.theirs)
    with django_assert_max_num_queries(10):  # type: ignore[operator]
        assert mark_issues(asset()) == 2
