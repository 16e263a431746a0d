"""Open pull requests: brought up to date, closed, merged by themselves where that is safe, verified."""

from __future__ import annotations

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.pipeline.pulls import asking, repositories
from seamark.pipeline.pulls import work as worker
from seamark.response.forges.pulls.github import GitHub
from seamark.store.models import Fix, LedgerEntry, PullRepository, PullRequest, Scan
from seamark.store.models.people import Role
from seamark.store.models.pulls import PullState
from tests.factories import import_findings, make_person

from .conftest import FILES, flaw, report
from .served import NAME, TOKEN, Forge, commit


@pytest.fixture
def row(fix: Fix) -> PullRequest:
    """Return an open pull request."""
    made = asking.ask(None, fix)
    assert worker.work_once()
    made.refresh_from_db()
    assert made.state == PullState.OPEN
    return made


_passes = iter(range(1, 1_000))


def look(row: PullRequest, days: float = 0.0) -> PullRequest:
    """Have the worker look after what is open, some days from now."""
    worker.watch_once(timezone.now() + timedelta(days=days, hours=next(_passes)))
    row.refresh_from_db()
    return row


def again(repository: PullRepository, **terms: Any) -> None:
    """Change the settings of the repository."""
    repositories.put(
        None, repository.asset, forge="github", api=repository.api, remote=repository.remote, name=NAME, terms=terms
    )


def test_nothing_changed_pushes_nothing(forge: Forge, row: PullRequest) -> None:
    head, asked = row.head, len(forge.asked)
    assert look(row).head == head
    assert (forge.pushes, [one.method for one in forge.asked[asked:] if one.method != "GET"]) == (1, [])


def test_a_base_that_moved_elsewhere_is_no_reason_to_push(forge: Forge, work: Path, row: PullRequest) -> None:
    head = row.head
    commit(forge, work, {"readme.md": "x\n"})
    assert (look(row).head, forge.pushes) == (head, 1)


def test_rebased_where_the_base_changed_the_same_file(forge: Forge, work: Path, row: PullRequest) -> None:
    tip = commit(forge, work, {"requirements.txt": FILES["requirements.txt"] + "flask==3.0.0\r\n"})
    old = row.head
    assert look(row).head not in {old, ""}
    assert forge.git("log", "-1", "--format=%P", row.branch) == tip
    assert "flask==3.0.0" in forge.show(row.branch, "requirements.txt")
    assert (len(forge.pulls), forge.pulls[0]["state"], row.told) == (1, "open", "")


def test_another_target_gives_the_same_pull_request_new_words(forge: Forge, row: PullRequest) -> None:
    report(flaw(fixed="2.11.3"))
    look(row)
    assert "2.11.3" in forge.show(row.branch, "requirements.txt")
    assert (len(forge.pulls), forge.pulls[0]["title"]) == (1, "Security: jinja2: 2.10 → 2.11.3")
    assert row.target == "2.11.3"


def test_commits_of_others_are_never_pushed_over(forge: Forge, work: Path, row: PullRequest) -> None:
    theirs = commit(forge, work, {"more.txt": "x\n"}, row.branch)
    forge.git("checkout", "--quiet", "-B", "main", "origin/main", at=work)
    commit(forge, work, {"requirements.txt": FILES["requirements.txt"] + "flask==3.0.0\r\n"})
    look(row)
    assert forge.branches()[row.branch] == theirs
    assert row.told == "Somebody else pushed to its branch, which is left alone since"
    # Nor is their branch removed when nothing needs it any more.
    report()
    look(row)
    assert (row.state, forge.branches()[row.branch]) == (PullState.GONE, theirs)


def test_closed_when_its_issues_are_gone(forge: Forge, row: PullRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    report()
    real = GitHub.close
    monkeypatch.setattr(GitHub, "close", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        look(row)
    monkeypatch.setattr(GitHub, "close", real)
    look(row, 1)
    assert (row.state, forge.pulls[0]["state"], list(forge.branches())) == (PullState.GONE, "closed", ["main"])
    # Stopped between the comment and closing, it did not say it twice.
    assert len(forge.comments[1]) == 1
    assert forge.comments[1][0].startswith("No open issue is cleared by it any more")


def test_closed_by_somebody(forge: Forge, row: PullRequest) -> None:
    forge.pulls[0]["state"] = "closed"
    assert look(row).state == PullState.REJECTED
    assert look(row, 5).state == PullState.REJECTED
    assert len(forge.pulls) == 1


def merge_by_hand(forge: Forge, row: PullRequest) -> None:
    forge.git("update-ref", "refs/heads/main", row.head)
    forge.pulls[0].update(state="closed", merged_at="2026-05-02T00:00:00Z")


def test_a_scan_afterwards_verifies(forge: Forge, row: PullRequest) -> None:
    merge_by_hand(forge, row)
    assert look(row).state == PullState.MERGED
    assert row.branch not in forge.branches()
    report()
    assert look(row).state == PullState.VERIFIED
    assert LedgerEntry.objects.filter(kind="pull-request", content__contains='"verified"').count() == 1


def test_a_scan_afterwards_that_still_reports_it_opens_the_fix_again(forge: Forge, fix: Fix, row: PullRequest) -> None:
    merge_by_hand(forge, row)
    assert look(row).state == PullState.MERGED
    # A scan of before says nothing; nor does one that proves nothing.
    assert look(row).state == PullState.MERGED
    import_findings("shop", "Scanner", [flaw()], complete=False)  # type: ignore[list-item]
    assert look(row).state == PullState.MERGED
    report(flaw())
    Scan.objects.order_by("-id").update(started_at=timezone.now() + timedelta(days=100))
    assert look(row).state == PullState.RETURNED
    assert row.told == "After the merge 1 of its issues are still reported: the fix is open again"
    assert asking.ask(None, fix).pk != row.pk


def ready(row: PullRequest, repository: PullRepository) -> None:
    """Have everything as it has to be."""
    repositories.switch_merging(None, repository, on=True)
    Scan.objects.update(imported_at=timezone.now() - timedelta(days=10))
    row.facts = {**row.facts, "known_since": (timezone.now() - timedelta(days=10)).isoformat()}
    row.save()


def test_merged_by_itself_and_why_is_kept(forge: Forge, repository: PullRepository, row: PullRequest) -> None:
    ready(row, repository)
    assert look(row).state == PullState.OPEN
    assert row.told.startswith("Not merged by itself: it was pushed since")
    assert look(row, 3).state == PullState.MERGED
    assert (forge.branches(), forge.pulls[0]["state"]) == ({"main": row.head}, "closed")
    entry = LedgerEntry.objects.get(kind="pull-request")
    for words in (
        "no version moves further than patch",
        "the checks are green",
        "nobody objected",
        "the repository has tests",
        row.head,
    ):
        assert words in entry.content


def test_off_unless_somebody_switches_it_on(forge: Forge, row: PullRequest) -> None:
    assert look(row, 30).state == PullState.OPEN
    assert forge.pulls[0]["state"] == "open"


@pytest.mark.parametrize(
    "case",
    [
        "red",
        "running",
        "none",
        "objection",
        "conflict",
        "minor",
        "freeze",
        "young",
        "unknown",
        "others",
        "introduces",
        "untested",
    ],
)
def test_one_condition_that_is_not_met_keeps_it(
    forge: Forge, work: Path, repository: PullRepository, row: PullRequest, case: str
) -> None:
    ready(row, repository)
    words = {
        "red": "the checks are red", "running": "the checks are running", "none": "the checks are none", "objection": "grace objected",
        "conflict": "it has conflicts", "minor": "jinja2 moves from 2.10 to 2.11.0 (minor)", "freeze": "a freeze holds",
        "young": "the new version is known since", "unknown": "nobody knows since when", "others": "somebody else pushed",
        "introduces": "it brings CVE-9", "untested": "has no tests",
    }[case]  # fmt: skip
    match case:
        case "red":
            forge.checks.append({"status": "completed", "conclusion": "timed_out"})
        case "running":
            forge.checks.append({"status": "in_progress", "conclusion": None})
        case "none":
            forge.checks.clear()
        case "objection":
            forge.reviews += [
                {"state": "CHANGES_REQUESTED", "user": {"login": "grace"}},
                {"state": "APPROVED", "user": {"login": "ada"}},
            ]
        case "conflict":
            forge.mergeable = False
        case "freeze":
            again(repository, freezes=[{"start": "2020-01-01T00:00:00Z"}])
        case "young":
            again(repository, merge_release_days=100)
        case "others":
            commit(forge, work, {"more.txt": "x\n"}, row.branch)
        case _:
            row.facts |= {
                "minor": {"moves": [["jinja2", "2.10", "2.11.0", "minor"]]}, "unknown": {"known_since": ""},
                "introduces": {"introduced": ["CVE-9"]}, "untested": {"tests": False},
            }[case]  # fmt: skip
            row.save()
    assert look(row, 3).state == PullState.OPEN
    assert words in row.told
    assert LedgerEntry.objects.filter(kind="pull-request").count() == 0


def test_the_switches(forge: Forge, repository: PullRepository, row: PullRequest) -> None:
    ready(row, repository)
    repositories.switch_all(None, stopped=True, why="Incident")
    assert look(row, 3).state == PullState.OPEN
    repositories.switch_all(None, stopped=False)
    repositories.switch_merging(None, repository, on=False)
    assert look(row, 3).state == PullState.OPEN
    repositories.switch_merging(None, repository, on=True)
    assert look(row, 3).state == PullState.MERGED
    assert LedgerEntry.objects.filter(kind="pull-switch").count() == 2


def test_who_may_turn_the_switches(repository: PullRepository) -> None:
    developer, admin = make_person("dev", Role.DEVELOPER), make_person("root", Role.ADMIN)
    for act in (
        lambda: repositories.switch_merging(developer, repository, on=True), lambda: repositories.switch_all(developer, stopped=True),
        lambda: repositories.remove(developer, repository),
        lambda: repositories.put(developer, repository.asset, forge="github", api=repository.api, remote=repository.remote, name=NAME),
    ):  # fmt: skip
        with pytest.raises(NotAllowed, match="the role admin"):
            act()
    repositories.switch_merging(admin, repository, on=True)
    # Stopping takes less than starting.
    repositories.switch_merging(developer, repository, on=False)
    repository.refresh_from_db()
    assert not repository.merging
    repositories.switch_all(admin, stopped=True)
    assert repositories.is_stopped()


def test_the_forge_refuses_to_merge(
    forge: Forge, repository: PullRepository, row: PullRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(row, repository)
    from . import served

    monkeypatch.setattr(served, "ROUTES", {r"PUT /pulls/(\d+)/merge": lambda *_: (405, {"message": "Protected"}), **{path: act for path, act in served.ROUTES.items() if not path.startswith("PUT")}})  # fmt: skip
    assert look(row, 3).state == PullState.OPEN
    assert row.told == "The forge did not merge it: GitHub answered 405 (Protected)"
    look(row, 4)
    assert [one.path for one in forge.asked if one.method == "PUT"] == [f"/repos/{NAME}/pulls/1/merge"]
    assert LedgerEntry.objects.filter(kind="pull-request", content__contains="not merged").count() == 1


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="there is no ssh-keygen")
def test_commits_are_signed_where_a_key_is_kept(
    forge: Forge, repository: PullRepository, fix: Fix, tmp_path: Path
) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    key = (tmp_path / "key").read_text()
    repositories.put(
        None, repository.asset, forge="github", api=forge.api, remote=forge.remote, name=NAME, secrets={"signing": key},
        terms={"email": "bot@harbour.example"},
    )  # fmt: skip
    made = asking.ask(None, fix)
    assert worker.work_once()
    made.refresh_from_db()
    (tmp_path / "signers").write_text(f"bot@harbour.example {(tmp_path / 'key.pub').read_text()}")
    forge.git(
        "-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={tmp_path / 'signers'}", "verify-commit", made.head
    )
    kept = PullRepository.objects.get()
    assert repositories.secrets_kept(kept) == ["signing", "token"]
    for secret in (TOKEN, key.splitlines()[1]):
        assert secret not in kept.secrets
        assert not LedgerEntry.objects.filter(content__contains=secret).exists()


def test_kept_secrets_go_nowhere_else(repository: PullRepository, forge: Forge) -> None:
    with pytest.raises(NotAllowed, match="Give the secrets again"):
        repositories.put(
            None, repository.asset, forge="github", api=f"{forge.base}/elsewhere", remote=forge.remote, name=NAME
        )
