"""The measurement of owners against CODEOWNERS, on a repository whose answers are known."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.intake.discovery.owners.authorship import Tuning
from tests.discovery.owners_hidden import said_owners, unpack
from tests.discovery.owners_speed import main as speed
from tests.discovery.owners_truth import codeowners_at_head, labelled, main, measure

from .repository import Repository, numbered

ADA, BEN, CY, DEE = (
    f"{name} <{login}@users.noreply.github.com>"
    for name, login in (("Ada", "ada"), ("Ben", "ben"), ("Cy", "cy"), ("Dee", "dee"))
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "shop")
    made.write(
        "CODEOWNERS", "* @acme/all\n/web/ @acme/all @acme/web\n/api/ @acme/all @acme/api\n/tool/ @cy\n/old/ @dee\n"
    )
    made.commit(ADA, days_ago=400)
    made.write("old/a.py", numbered(1, 9))
    made.commit(DEE, days_ago=390)
    for number in range(12):
        made.write(f"web/{number}/a.js", numbered(1, 20))
        made.commit(ADA, days_ago=30)
        made.write(f"api/{number}/a.py", numbered(1, 20))
        made.commit(BEN, days_ago=20)
    made.write("tool/a.py", numbered(1, 9))
    made.commit(CY)
    return made


def test_teams_and_persons(repository: Repository) -> None:
    files = labelled(repository.root, codeowners_at_head(repository.root))
    assert {owner for each in files for owner in each.owners} == {"@acme/web", "@acme/api", "@cy", "@dee"}
    found = measure(repository.root, Tuning())
    assert (found.files, found.unknown, found.left, found.asked) == (26, 0, 1, 25)
    assert (found.right, found.three, found.rules) == (25, 25, 1.0)
    assert (found.sure, found.sure_right, found.constant) == (25, 25, 12)


def test_what_is_wrong_counts_as_wrong(repository: Repository) -> None:
    repository.write("CODEOWNERS", "/web/ @acme/web\n/tool/ @ada\n/api/ @acme/api\n")
    repository.write("api/x/b.py", numbered(1, 50))
    repository.commit(ADA)
    found = measure(repository.root, Tuning())
    assert (found.asked, found.right) == (26, 24)


def test_lines_for_people(repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(repository.root)]) == 0
    assert "100.0%" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="has no CODEOWNERS"):
        main([str(tmp_path)])
    assert speed(50, 20) == 0
    assert "50 paths, 20 lines, 50 owned" in capsys.readouterr().out


def test_what_other_files_say_is_counted_beside_history(repository: Repository) -> None:
    repository.write("tool/Chart.yaml", "maintainers: [{name: cy}]\n")
    repository.write("web/0/package.json", '{"maintainers": ["Ben <ben@users.noreply.github.com>"]}')
    repository.write("CODEOWNERS-manual", "/tool/ @cy\n")
    repository.commit(CY)
    found = measure(repository.root, Tuning())
    # Chart.yaml and a.py are Cy's; package.json and a.js of web/0 are said to be Ben's, who works for another team.
    assert (found.said, found.said_right) == (4, 2)
    assert found.both_asked == found.asked
    assert found.both_right < found.both_asked
    said = said_owners(repository.root, ["tool/a.py", "api/1/a.py"])
    assert [ref.key for ref in said["tool/a.py"]] == ["@cy"]
    assert "api/1/a.py" not in said


def test_the_unpacked_tree_has_no_codeowners_and_no_links(repository: Repository, tmp_path: Path) -> None:
    (repository.root / "link").symlink_to("/etc/passwd")
    repository.write("large.txt", "x" * 60_000)
    repository.commit(ADA)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack(repository.root, folder)
    assert not (folder / "CODEOWNERS").exists()
    assert (folder / "tool/a.py").read_text() == numbered(1, 9)
    assert not (folder / "link").is_symlink()
    assert (folder / "link").read_bytes() == (folder / "large.txt").read_bytes() == b""
