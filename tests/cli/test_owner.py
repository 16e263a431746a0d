"""`seamark owner`: who owns a place, why, and what is said where nobody does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.discovery.owners.repository import Repository
from tests.house.tree import ROOT

from .conftest import Command

HARBOUR = ROOT / "examples" / "harbour"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    repository = Repository(tmp_path / "shop")
    repository.write("CODEOWNERS", "/src/ @acme/web\n/src/none.py\n/broken nobody\n")
    repository.write("src/a.py", "x = 1\n")
    repository.write("src/none.py", "x = 1\n")
    repository.write("src/odd:7", "x\n")
    repository.commit("Ada Buoy <ada@shop.example>")
    return repository.root


def test_lines_for_programs(seamark: Command) -> None:
    result = seamark("owner", "services/storefront", "terraform/database.tf:3", "--source", HARBOUR, "--json")
    assert (result.code, result.err) == (0, "")
    first, second = (json.loads(line) for line in result.out.splitlines())
    assert list(first) == ["path", "owners", "gap"]
    assert (first["path"], first["gap"]) == ("services/storefront", "")
    owner = first["owners"][0]
    assert list(owner) == ["kind", "key", "confidence", "reason", "at", "origin"]
    assert (owner["kind"], owner["key"], owner["at"], owner["origin"]) == (
        "team",
        "harbour-shop/storefront",
        "seamark.yaml:29",
        "seamark.yaml",
    )
    assert (second["path"], second["line"]) == ("terraform/database.tf", 3)


def test_words_for_people(seamark: Command, shop: Path) -> None:
    result = seamark("owner", "src/a.py:1", "--source", shop)
    assert result.code == 0
    assert result.out.startswith(
        "src/a.py:1\n  1. acme/web (team), 90% sure\n     CODEOWNERS line 1 (/src/) names this owner.\n"
    )
    assert "Wrote this line on" in result.out
    assert "note: CODEOWNERS:3 names an owner that is none (nobody), and is skipped" in result.err


def test_paths_may_be_absolute_or_have_colons(seamark: Command, shop: Path) -> None:
    result = seamark(
        "owner", shop / "src/a.py", f"{shop / 'src/a.py'}:1:5", "src/odd:7", ".", "--source", shop, "--json"
    )
    assert [(row["path"], row.get("line")) for row in map(json.loads, result.out.splitlines())] == [
        ("src/a.py", None), ("src/a.py", 1), ("src/odd:7", None), (".", None),
    ]  # fmt: skip


def test_schedules_and_administrators(seamark: Command, shop: Path, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule.json"
    schedule.write_text(json.dumps({"data": {"_parent": {"name": "src"}, "onCallRecipients": ["dee@acme.example"]}}))
    result = seamark("owner", "src/a.py", "--source", shop, "--on-call", schedule, "--admin", "@acme/ops", "--json")
    row = json.loads(result.out)
    assert [owner["key"] for owner in row["owners"]] == ["acme/web", "dee@acme.example", "ada@shop.example", "acme/ops"]


def test_nobody_is_an_answer(seamark: Command, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x")
    result = seamark("owner", "a.py", "--source", tmp_path)
    assert result.code == 0
    assert "Nobody is known to own a.py" in result.out


def test_what_cannot_be_answered(seamark: Command, shop: Path, tmp_path: Path) -> None:
    gone = seamark("owner", "gone.py", "src/a.py", "--source", shop, "--json")
    assert (gone.code, len(gone.out.splitlines())) == (2, 1)
    assert "gone.py: there is no such file, folder or service" in gone.err
    assert seamark("owner", "../outside", "--source", shop).code == 2
    assert "There is no folder" in seamark("owner", "a", "--source", tmp_path / "no").err
    assert seamark("owner", "a", "--source", shop, "--on-call", tmp_path / "no").code == 2
    (tmp_path / "x.json").write_text("{}")
    refused = seamark("owner", "src/a.py", "--source", shop, "--on-call", tmp_path / "x.json")
    assert (refused.code, "is no on-call schedule" in refused.err) == (2, True)
