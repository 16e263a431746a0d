"""Teams for places that no line names, learnt from those that one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.intake.discovery.history.log import read_history
from seamark.intake.discovery.owners.authorship import Authorship
from seamark.intake.discovery.owners.resolve import Resolver
from seamark.intake.discovery.owners.teams import Teams
from seamark.intake.discovery.tree import Tree

from .repository import Repository, numbered
from .test_resolve import told

ADA, BEN, CY = (f"{name} <{name.lower()}@shop.example>" for name in ("Ada", "Ben", "Cy"))


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Ada (who left) and Cy work on the web, Ben on the API; `new` is Ada's, `both` is everybody's."""
    made = Repository(tmp_path / "shop")
    made.write("CODEOWNERS", "* @acme/all\n/web/ @acme/web\n/api/ @acme/api\n/free/\n")
    made.commit("Nobody <n@shop.example>", days_ago=900)
    for number in range(4):
        made.write(f"web/{number}.js", numbered(1, 30))
        made.commit(ADA, days_ago=420 - number)
        made.write(f"api/{number}.py", numbered(1, 30))
        made.commit(BEN, days_ago=40 - number)
    made.write("new/a.js", numbered(1, 30))
    made.write("free/a.js", numbered(1, 30))
    made.commit(ADA, days_ago=400)
    made.write("web/0.js", numbered(1, 60))
    made.commit(CY)
    return made


def teams(repository: Repository, known: list[tuple[str, list[str]]]) -> Teams:
    history = read_history(repository.root)
    assert history is not None
    return Teams(Authorship(history), known)


def test_the_team_of_those_who_work_there(repository: Repository) -> None:
    known = [(f"web/{number}.js", ["@acme/web"]) for number in range(4)] + [
        (f"api/{number}.py", ["@acme/api"]) for number in range(4)
    ]
    found = teams(repository, [*known, ("new/a.js", [])])
    assert found.teams == {"@acme/web", "@acme/api"}
    first, *others = found.ranked("new/a.js")
    assert (first.team, first.people >= 1, first.share > 0.5) == ("@acme/web", True, True)
    assert abs(first.share + sum(each.share for each in others) - 1) < 1e-9
    assert found.ranked("api/0.py")[0].team == "@acme/api"
    assert len(found.home) >= 3


def test_nothing_known_is_nothing_said(repository: Repository) -> None:
    found = teams(repository, [("web/0.js", [])])
    assert (found.teams, found.ranked("web/0.js"), found.home) == (frozenset(), [], {})


def test_a_place_under_the_line_for_everything_gets_a_proposal(repository: Repository) -> None:
    resolver = Resolver(Tree(repository.root, "shop"))
    found = resolver.of_path("new/a.js")
    assert told(found)[:2] == [("acme/all", "codeowners"), ("acme/web", "history")]
    team = found.ranked[1]
    assert 0.3 < team.confidence <= 0.6
    assert team.reason.endswith("CODEOWNERS gives it other places.")
    named = [key for key, origin in told(resolver.of_path("web/1.js")) if origin == "history"]
    assert named
    assert "acme/web" not in named


def test_a_place_that_nobody_owns_by_its_line_gets_none(repository: Repository) -> None:
    found = told(Resolver(Tree(repository.root, "shop")).of_path("free/a.js"))
    assert not any(key.startswith("acme/") for key, _ in found)
