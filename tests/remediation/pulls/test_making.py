"""From an import to a pushed branch and an open pull request, over real git and HTTP; stopped anywhere, never two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.pipeline.pulls import asking, making, repositories
from seamark.pipeline.pulls import work as worker
from seamark.response.forges.pulls.github import GitHub
from seamark.response.remediation.pulls import naming
from seamark.response.remediation.pulls.git import Repository
from seamark.store.models import Fix, Ownership, PullRepository, PullRequest
from seamark.store.models.people import Role
from seamark.store.models.pulls import PullState
from tests.factories import make_person

from .conftest import CVE, FILES, flaw, report
from .served import NAME, TOKEN, Asked, Forge, commit


class Killed(BaseException):
    """Stands for the end of the process."""


def done(fix: Fix) -> PullRequest:
    """Ask for a fix's pull request and have the worker make it."""
    row = asking.ask(None, fix)
    assert worker.work_once()
    row.refresh_from_db()
    return row


def test_from_import_to_pull_request(forge: Forge, fix: Fix) -> None:
    before = forge.branches()["main"]
    row = done(fix)
    assert (row.state, row.told, row.number) == (PullState.OPEN, "", "1")
    assert forge.branches() == {"main": before, row.branch: row.head}
    assert row.branch == naming.branch_of(row.key, "jinja2")
    # Comments, ends of lines and all that is not changed stay, whatever the repository's attributes ask.
    changed = forge.git("cat-file", "-p", f"{row.branch}:requirements.txt", given=b"")
    assert forge.git("diff", "--numstat", before, row.head) == "1\t1\trequirements.txt"
    assert "jinja2==2.10.1  # templates" in changed
    assert forge.git("log", "-1", "--format=%P %an %ae", row.head) == f"{before} Seamark seamark@seamark.invalid"
    assert naming.is_ours(forge.git("log", "-1", "--format=%B", row.head), row.key)
    pull = forge.pulls[0]
    assert (pull["title"], pull["base"], pull["labels"]) == ("Security: jinja2: 2.10 → 2.10.1", "main", ["security"])
    assert pull["reviewers"] == ["ada"]
    for words in (
        CVE,
        "SM-",
        "Scanner: ",
        "`requirements.txt`",
        "no longer matches",
        "git revert",
        "| `jinja2` | `2.10` | `2.10.1` | patch |",
    ):
        assert words in pull["body"]
    # What a report says mentions nobody and shows no image.
    assert "@everyone" not in pull["body"]
    assert "![x]" not in pull["body"]
    assert pull["body"].rstrip().endswith(naming.mark(row.key))
    assert (row.facts["clears"], row.facts["proven"], row.facts["tests"]) == ([CVE], True, True)


def test_a_second_wish_is_the_same_row(forge: Forge, fix: Fix) -> None:
    row = done(fix)
    assert asking.ask(None, fix) == row
    assert not worker.work_once()
    assert (len(forge.pulls), forge.pushes) == (1, 1)


def stopping(monkeypatch: pytest.MonkeyPatch, where: type | Any, name: str, *, after: bool) -> None:
    """Have the process end at the first call of a method: before it, or after it did what it does."""
    real: Callable[..., Any] = getattr(where, name)
    left = [1]

    def call(*words: Any, **more: Any) -> Any:
        if left and not after:
            left.clear()
            raise Killed
        found = real(*words, **more)
        if left:
            left.clear()
            raise Killed
        return found

    monkeypatch.setattr(where, name, call)


STEPS = [
    (GitHub, "default_branch"), (GitHub, "of_branch"), (Repository, "fetch"), (Repository, "checkout"), (Repository, "commit"),
    (Repository, "tips"), (Repository, "push"), (GitHub, "open"), (GitHub, "_dress"), (worker, "settle"),
]  # fmt: skip


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
def test_stopped_at_any_step(
    forge: Forge, fix: Fix, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, *, after: bool
) -> None:
    row = asking.ask(None, fix)
    stopping(monkeypatch, where, name, after=after)
    with pytest.raises(Killed):
        worker.work_once()
    # The lease of the worker that is gone has to end first.
    assert not worker.work_once()
    later = timezone.now() + worker.LEASE + timedelta(minutes=1)
    settled = (where, after) == (worker, True)
    assert worker.work_once(later) is not settled
    row.refresh_from_db()
    assert (row.state, row.number) == (PullState.OPEN, "1")
    assert len(forge.pulls) == 1
    assert sorted(forge.branches()) == sorted(["main", row.branch])
    assert forge.branches()[row.branch] == row.head
    assert forge.pushes == 1


def test_the_answer_to_opening_is_lost(forge: Forge, fix: Fix) -> None:
    lost: list[Asked] = []

    def lose(asked: Asked) -> bool:
        if (asked.method, asked.path.endswith("/pulls")) == ("POST", True) and not lost:
            lost.append(asked)
            return True
        return False

    forge.lose = lose
    row = asking.ask(None, fix)
    assert worker.work_once()
    row.refresh_from_db()
    assert (row.state, bool(row.told)) == (PullState.QUEUED, True)
    assert worker.work_once(timezone.now() + timedelta(hours=1))
    row.refresh_from_db()
    assert (row.state, row.number, len(forge.pulls)) == (PullState.OPEN, "1", 1)


def test_opened_and_closed_before_it_was_written_down(forge: Forge, fix: Fix, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asking.ask(None, fix)
    stopping(monkeypatch, worker, "settle", after=False)
    with pytest.raises(Killed):
        worker.work_once()
    forge.pulls[0]["state"] = "closed"
    assert worker.work_once(timezone.now() + worker.LEASE + timedelta(minutes=1))
    row.refresh_from_db()
    assert (row.state, row.number, len(forge.pulls)) == (PullState.REJECTED, "1", 1)
    # Asked for anew, a person's wish counts.
    assert done(fix).number == "2"


def test_a_branch_of_somebody_else_is_left_alone(forge: Forge, work: Path, fix: Fix) -> None:
    row = asking.ask(None, fix)
    forge.git("update-ref", f"refs/heads/{row.branch}", "main")
    theirs = commit(forge, work, {"theirs.txt": "x\n"}, row.branch)
    assert worker.work_once()
    row.refresh_from_db()
    assert row.state == PullState.FAILED
    assert "commits of somebody else" in row.told
    assert (forge.branches()[row.branch], forge.pulls) == (theirs, [])


def test_no_more_than_agreed_are_open(forge: Forge, repository: PullRepository, fix: Fix) -> None:
    repositories.put(
        None, repository.asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, terms={"most_open": 1}
    )
    other = PullRequest.objects.create(repository=repository, key="other", branch="x", state=PullState.OPEN, number="7")
    row = done(fix)
    assert (row.state, row.told) == (
        PullState.QUEUED,
        "1 pull requests are open in this repository, and no more than 1 shall be",
    )
    other.state = PullState.MERGED
    other.save()
    assert worker.work_once(timezone.now() + timedelta(hours=2))
    row.refresh_from_db()
    assert row.state == PullState.OPEN


@pytest.mark.parametrize(
    ("path", "text", "left"),
    [
        ("renovate.json", "{}", True),
        ("renovate.json", '{"enabled": false}', False),
        (".github/dependabot.yml", "version: 2\nupdates:\n  - package-ecosystem: pip\n    directory: /\n", True),
        (".github/dependabot.yml", "version: 2\nupdates:\n  - package-ecosystem: npm\n    directory: /\n", False),
        (".github/dependabot.yml", "version: 2\nupdates:\n  - package-ecosystem: pip\n    open-pull-requests-limit: 0\n", False),
        (".github/dependabot.yml", "updates: [", False),
    ],
)  # fmt: skip
def test_the_repository_has_a_bot(forge: Forge, work: Path, fix: Fix, path: str, text: str, *, left: bool) -> None:
    commit(forge, work, {path: text})
    forge.git("update-ref", "refs/heads/renovate/jinja2-2.x", "main")
    forge.git("update-ref", "refs/heads/dependabot/pip/jinja2-2.10.1", "main")
    for branch in ("renovate/jinja2-2.x", "dependabot/pip/jinja2-2.10.1"):
        forge.pulls.append({"number": len(forge.pulls) + 1, "title": "Update dependency Jinja2 to v2.10.1", "body": "", "branch": branch, "base": "main", "state": "open", "merged_at": None, "head": "", "labels": [], "reviewers": []})  # fmt: skip
    row = done(fix)
    assert row.state == (PullState.LEFT if left else PullState.OPEN)
    assert len(forge.pulls) == (2 if left else 3)
    theirs = 1 if "renovate" in path else 2
    assert [number for number, told in forge.comments.items() if CVE in told[0]] == ([theirs] if left else [])
    if left:
        # Asked for again, the comment is not made twice.
        assert done(fix).state == PullState.LEFT
        assert len(forge.comments[theirs]) == 1


def test_reviewers_are_the_owners(forge: Forge, repository: PullRepository, fix: Fix) -> None:
    team = type(repository.asset).objects.create(kind="team", key="@harbour/payments", name="payments")
    mail = type(repository.asset).objects.create(kind="person", key="ada@harbour.example", name="Ada")
    Ownership.objects.create(asset=repository.asset, owner=mail, rank=1, confidence=0.9)
    Ownership.objects.create(asset=repository.asset, owner=team, rank=2, confidence=0.8)
    done(fix)
    assert forge.pulls[0]["reviewers"] == ["ada", "payments"]


def test_what_cannot_be_changed_says_why(forge: Forge, work: Path, fix: Fix) -> None:
    commit(forge, work, {"requirements.txt": "requests==2.31.0\n"})
    row = done(fix)
    assert (row.state, row.told) == (
        PullState.FAILED,
        "No manifest or lock of the default branch lists the package any more",
    )
    assert (forge.pulls, list(forge.branches())) == ([], ["main"])


def test_a_wrong_token_is_told(forge: Forge, repository: PullRepository, fix: Fix) -> None:
    repositories.put(
        None,
        repository.asset,
        forge="github",
        api=forge.api,
        remote=forge.remote,
        name=NAME,
        secrets={"token": "wrong"},
    )
    row = done(fix)
    assert (row.state, row.told.partition(":")[0]) == (PullState.FAILED, "GitHub does not accept the token")
    assert TOKEN not in row.told


def test_who_may_ask(fix: Fix) -> None:
    with pytest.raises(NotAllowed, match="one of the roles"):
        asking.ask(make_person("eve", Role.VIEWER), fix)
    assert asking.ask(make_person("dev", Role.DEVELOPER), fix).by.username == "dev"  # type: ignore[union-attr]


def test_without_a_repository_or_anything_to_clear(repository: PullRepository, fix: Fix) -> None:
    report()
    with pytest.raises(NotAllowed, match="No open issue"):
        asking.ask(None, fix)
    report(flaw())
    repository.active = False
    repository.save()
    with pytest.raises(NotAllowed, match="Nobody has said"):
        asking.ask(None, fix)


def test_files_of_the_repository_lead_nowhere(forge: Forge, work: Path, fix: Fix, tmp_path: Path) -> None:
    """A link where the manifest was: it is not followed, and not written through."""
    (tmp_path / "secret.txt").write_text("jinja2==2.10\n")
    (work / "requirements.txt").unlink()
    (work / "requirements.txt").symlink_to(tmp_path / "secret.txt")
    forge.git("add", "--all", at=work)
    forge.git("commit", "--quiet", "--message", "Link", at=work)
    forge.git("push", "--quiet", "origin", "HEAD:main", at=work)
    assert done(fix).state == PullState.FAILED
    assert (tmp_path / "secret.txt").read_text() == "jinja2==2.10\n"
    assert list(FILES) == ["requirements.txt", "tests/test_shop.py", ".gitattributes"]
    assert making.BOT_CONFIG < 10**6
