"""The log, and who knows what by it."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.intake.discovery import git
from seamark.intake.discovery.agents.tools import tools
from seamark.intake.discovery.history.log import MASS, Change, Person, read_history
from seamark.intake.discovery.history.people import People, co_authors, is_bot, login_of, owner_ref, person_ref
from seamark.intake.discovery.owners.authorship import Authorship, Tuning

from .repository import DAY, NOW, Repository, numbered

ADA, BEN, CY = "Ada Buoy <ada@shop.example>", "Ben Cleat <ben@shop.example>", "Cy Dock <cy@shop.example>"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def names(authorship: Authorship, path: str) -> list[str]:
    return [authorship.people.known_as(share.person).name for share in authorship.ranked(path)]


def authorship(repository: Repository, tuning: Tuning | None = None) -> Authorship:
    history = read_history(repository.root)
    assert history is not None
    return Authorship(history, tuning or Tuning())


def test_commits_from_the_newest(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 10))
    first = repository.commit(ADA, days_ago=3, message="first\n\nwith a body")
    repository.write("a.py", numbered(1, 12))
    repository.write("ü b.py", "x\n")
    second = repository.commit(BEN, days_ago=1)
    history = read_history(repository.root)
    assert history is not None
    assert (history.complete, history.counted) == (True, True)
    assert [commit.id for commit in history.commits] == [second, first]
    newest, oldest = history.commits
    assert (newest.author, newest.at) == (Person("Ben Cleat", "ben@shop.example"), NOW - DAY)
    assert newest.changes == (Change("a.py", 2), Change("ü b.py", 1))
    assert (oldest.message, oldest.files) == ("first\n\nwith a body\n", 1)


def test_names_are_those_of_today(repository: Repository) -> None:
    repository.write("old/a.py", numbered(1, 30))
    repository.commit(ADA, days_ago=4)
    repository.git("mv", "old", "new")
    repository.write("new/a.py", numbered(1, 31))
    repository.commit(BEN, days_ago=3)
    repository.git("mv", "new/a.py", "b.py")
    repository.commit(BEN, days_ago=2)
    history = read_history(repository.root)
    assert history is not None
    assert [commit.changes for commit in history.commits] == [
        (Change("b.py", 0),),
        (Change("b.py", 1),),
        (Change("b.py", 30),),
    ]


def test_mailmap_merges_and_mass_changes(repository: Repository) -> None:
    repository.write(".mailmap", "Ada Buoy <ada@shop.example> <old@shop.example>\n")
    repository.write("a", "x\n")
    repository.commit("somebody <old@shop.example>")
    repository.git("checkout", "-q", "-b", "side")
    repository.write("b", "x\n")
    repository.commit(BEN)
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "--no-ff", "side", "-m", "merge")
    for number in range(MASS + 1):
        repository.write(f"many/{number}", "x\n")
    repository.commit(CY)
    history = read_history(repository.root)
    assert history is not None
    assert [commit.author.name for commit in history.commits] == ["Cy Dock", "Ben Cleat", "Ada Buoy"]
    assert (history.commits[0].files, history.commits[0].changes) == (MASS + 1, ())


def test_a_clone_without_contents_still_tells_files(repository: Repository) -> None:
    repository.write("src/x/a.py", numbered(1, 30))
    repository.write("src/x/b.py", numbered(1, 3))
    repository.write("src/x/__init__.py", "1\n")
    repository.write("src/z/__init__.py", "2\n")
    repository.commit(ADA, days_ago=2)
    gone = repository.git("rev-parse", "HEAD:src/x/a.py")
    repository.git("mv", "src/x", "src/y")
    repository.git("mv", "src/z", "src/zz")
    repository.write("src/y/a.py", numbered(1, 31))
    repository.write("src/y/__init__.py", "3\n")
    repository.write("src/zz/__init__.py", "4\n")
    repository.commit(BEN)
    (repository.root / ".git/objects" / gone[:2] / gone[2:]).unlink()
    history = read_history(repository.root)
    assert history is not None
    assert not history.counted
    wanted = {"src/y/a.py", "src/y/b.py", "src/y/__init__.py"}
    assert wanted <= {change.path for change in history.commits[1].changes}
    assert {change.path: change.lines for change in history.commits[0].changes}["src/y/a.py"] == 1


def test_bounds(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_history(tmp_path) is None
    assert read_history(tmp_path / "nowhere") is None
    assert read_history(repository.root) is None
    for number in range(5):
        repository.write("a", f"{number}\n")
        repository.commit(ADA)
    history = read_history(repository.root, most=3)
    assert history is not None
    assert (len(history.commits), history.complete) == (3, False)
    monkeypatch.setattr(git, "MOST", 0)
    assert git.answer(repository.root, ["log"]) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git.answer(repository.root, ["log"]) is None


def test_a_folder_of_the_repository(repository: Repository) -> None:
    repository.write("service/a.py", "x\n")
    repository.write("other.py", "x\n")
    repository.commit(ADA)
    history = read_history(repository.root / "service")
    assert history is not None
    assert [change.path for change in history.commits[0].changes] == ["a.py"]


def test_recent_work_weighs_more(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 50))
    repository.commit(CY, days_ago=2000)
    repository.write("a.py", numbered(51, 100))
    repository.commit(ADA, days_ago=720)
    repository.write("a.py", numbered(101, 150))
    repository.commit(BEN, days_ago=10)
    repository.write("b.py", "x\n")
    repository.commit(ADA)
    found = authorship(repository)
    assert names(found, "a.py")[0] == "Ben Cleat"
    assert "Cy Dock" not in names(found, "a.py")
    assert abs(sum(share.share for share in found.ranked("a.py")) - 1) < 1e-9


def test_nobody_left_is_nobody(repository: Repository) -> None:
    repository.write("old/a.py", "x\n")
    repository.commit(CY, days_ago=400)
    repository.write("b.py", "x\n")
    repository.commit(ADA)
    found = authorship(repository)
    assert names(found, "old/a.py") == ["Ada Buoy"]
    assert found.ranked("old/a.py")[0].where == ""
    assert authorship(repository, Tuning(leaver=500)).ranked("old/a.py")[0].where == "old/a.py"
    assert found.ranked("no/such/file") == found.ranked("")


def test_a_file_with_few_commits_is_seen_with_its_folder(repository: Repository) -> None:
    for number in range(6):
        repository.write(f"web/{number}.js", numbered(1, 40))
        repository.commit(ADA, days_ago=20 - number)
    repository.write("web/5.js", numbered(1, 41))
    repository.commit(BEN)
    repository.write("web/new.js", "x\n")
    found = authorship(repository)
    assert names(found, "web/new.js")[0] == "Ada Buoy"
    assert names(found, "web")[0] == "Ada Buoy"


def test_programs_and_agents_are_no_people(repository: Repository) -> None:
    tool = next(each for each in tools().authors if each.tool == "Amp")
    message = f"x\n\nCo-authored-by: {tool.tool} <{tool.tool.lower()}@ampcode.com>\nCo-authored-by: Cy Dock <cy@shop.example>\n"
    repository.write("a", "x\n")
    repository.commit("dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>", message=message)
    found = authorship(repository)
    assert names(found, "a") == ["Cy Dock"]
    commit = next(iter(found.commits.values()))
    assert found.people.known_as(found.author(commit)).name == "Cy Dock"


@pytest.mark.parametrize(
    ("name", "email", "bot"),
    [
        ("dependabot[bot]", "x@users.noreply.github.com", True),
        ("Renovate Bot", "bot@renovateapp.com", True),
        ("GitHub Actions", "actions@github.com", True),
        ("k8s-ci-robot", "k8s-ci-robot@users.noreply.github.com", True),
        ("acme-bot", "dev@acme.example", True),
        ("GitHub", "noreply@github.com", True),
        ("Jenkins", "jenkins@acme.example", True),
        ("Ada Buoy", "ada@acme.example", False),
        ("Abbot Kinney", "abbot@acme.example", False),
        ("Talbot", "12+talbot@users.noreply.github.com", False),
        ("Cindy", "cindy@ci.acme.example", False),
    ],
)
def test_bots(name: str, email: str, bot: bool) -> None:
    assert is_bot(Person(name, email)) is bot


def test_one_person_under_several_names() -> None:
    everyone = [
        Person("Ada Buoy", "ada@shop.example"),
        Person("ada.buoy", "ada@home.example"),
        Person("Buoy, Ada", "7+ada-b@users.noreply.github.com"),
        Person("alex", "alex@one.example"),
        Person("alex", "alex@two.example"),
        Person("cleat99", "ben@shop.example"),
        Person("Ben", "cleat99@users.noreply.github.com"),
    ]
    people = People(everyone)
    keys = [people.key(person) for person in everyone]
    assert keys[0] == keys[1] == keys[2]
    assert keys[3] != keys[4]
    assert keys[5] == keys[6]
    assert people.find("@Ada-B") == people.find("ADA@shop.example") == keys[0]
    assert people.find("ada.buoy@elsewhere.example") == keys[0]
    assert people.find("@nobody") == ""
    assert people.login(keys[0]) == "ada-b"
    assert people.known_as(keys[0]).email in {"ada@shop.example", "ada@home.example"}
    assert people.known_as("mail x@y.example").email == "x@y.example"


def test_words_for_owners() -> None:
    assert co_authors("x\n\nCo-Authored-By: Ada  <ADA@x.example>\r\nco-authored-by: none") == [
        Person("Ada", "ada@x.example")
    ]
    assert login_of("ada@shop.example") == ""
    assert [(owner_ref(word).kind.value, owner_ref(word).key) for word in ("@a/b", "@Ada", "A@b.example", "@@developer")] == [
        ("team", "a/b"), ("person", "@Ada"), ("person", "a@b.example"), ("team", "role:developer"),
    ]  # fmt: skip
    assert person_ref("@x").key == "@x"
