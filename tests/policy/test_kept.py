"""Bundles that are kept: all or nothing, by commit, every version, out of folders and real repositories."""

from __future__ import annotations

import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from seamark.core.errors import NotFound, RemoteFailure
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.kept.git import read_repository
from seamark.governance.policy.kept.sync import (
    Synced,
    as_it_was,
    bundles,
    declare,
    in_force,
    names,
    sync,
    version,
    versions,
)
from seamark.governance.policy.model import Stage
from seamark.store.models.policies import Bundle, BundleKind

from .written import NOW, record, text


class Repository:
    """A git repository on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *words: str) -> str:
        """Call git."""
        who = {
            f"GIT_{role}_{what}": word
            for role in ("AUTHOR", "COMMITTER")
            for what, word in (("NAME", "A"), ("EMAIL", "a@b.example"))
        }
        environment = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(
            ["git", "-C", str(self.folder), *words], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    def commit(self, **files: str) -> str:
        """Write files below `policies`, commit, and return the commit."""
        for name, content in files.items():
            path = self.folder / "policies" / f"{name}.yaml"
            path.parent.mkdir(exist_ok=True)
            path.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "policies")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def run(row: Bundle, cache: Path, days: int = 0) -> Synced:
    """Synchronise a bundle."""
    row.refresh_from_db()
    return sync(row, now=NOW + timedelta(days=days), cache=cache)


@pytest.mark.django_db
def test_a_bundle_follows_its_repository_by_commit(repository: Repository, cache: Path) -> None:
    first = repository.commit(one=text(name="one"), two=text(name="two"))
    row = declare("security", BundleKind.GIT, str(repository.folder), branch="main", path="policies")
    assert run(row, cache) == Synced(bundle="security", commit=first, added=("one", "two"))
    assert evaluate(in_force(), Stage.DEPLOY, [record()], now=NOW).commit == first
    (repository.folder / "policies" / "two.yaml").unlink()
    second = repository.commit(one=text("issue.kev", name="one"), three=text(name="three"))
    assert run(row, cache, 1) == Synced(
        bundle="security", commit=second, added=("three",), changed=("one",), removed=("two",)
    )
    assert names() == [("security", "one", 2), ("security", "three", 1)]
    assert run(row, cache, 2) == Synced(bundle="security", commit=second)
    assert [(one.version, one.active, one.commit) for one in versions("one")] == [(2, True, second), (1, False, first)]


@pytest.mark.django_db
def test_the_last_good_version_stays_in_force(repository: Repository, cache: Path) -> None:
    good = repository.commit(one=text(name="one"))
    row = declare("security", BundleKind.GIT, str(repository.folder), path="policies")
    run(row, cache)
    before = in_force()
    bad = repository.commit(one=text("issue.sevrity > 2", name="one"), two=text(name="two"))
    found = run(row, cache, 1)
    assert [str(one) for one in found.mistakes] == [
        "one.yaml:5:16: issue has no fact sevrity; did you mean issue.severity?"
    ]
    assert found.commit == good
    (kept,) = bundles()
    assert (kept.failed_commit, kept.commit, kept.mistakes[0]["line"]) == (bad, good, 5)
    assert in_force().digest == before.digest
    repository.commit(one=text(name="one"))
    assert run(row, cache, 2).added == ("two",)
    assert bundles()[0].mistakes == []


@pytest.mark.django_db
def test_a_source_that_is_away_changes_nothing(tmp_path: Path, cache: Path) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    (folder / "a.yaml").write_text(text(name="one"))
    row = declare("here", BundleKind.FOLDER, str(folder))
    assert run(row, cache).added == ("one",)
    (folder / "a.yaml").unlink()
    assert "There are no policies" in run(row, cache, 1).mistakes[0].message
    folder.rmdir()
    assert "There is no folder" in run(row, cache, 2).mistakes[0].message
    assert [one.name for one in in_force().policies] == ["one"]


@pytest.mark.django_db
def test_two_bundles_may_not_give_one_name(tmp_path: Path, cache: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "p.yaml").write_text(text(name="one"))
    assert run(declare("a", BundleKind.FOLDER, str(tmp_path / "a")), cache).added == ("one",)
    second = run(declare("b", BundleKind.FOLDER, str(tmp_path / "b")), cache)
    assert [str(one) for one in second.mistakes] == ["p.yaml: the bundle a has a policy one already"]
    Bundle.objects.filter(name="a").update(active=False)
    assert run(Bundle.objects.get(name="b"), cache).added == ("one",)


@pytest.mark.django_db
def test_earlier_verdicts_can_be_asked_again(tmp_path: Path, cache: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(text(name="one"))
    row = declare("a", BundleKind.FOLDER, str(path))
    run(row, cache)
    verdict = evaluate(in_force(), Stage.DEPLOY, [record()], now=NOW)
    path.write_text(text("issue.kev", name="one"))
    run(row, cache, 1)
    then = as_it_was((one.digest for one in verdict.policies), verdict.commit)
    assert evaluate(then, Stage.DEPLOY, [record()], now=NOW).canonical() == verdict.canonical()
    assert evaluate(in_force(), Stage.DEPLOY, [record()], now=NOW).canonical() != verdict.canonical()
    assert version(verdict.policies[0].digest).digest == verdict.bundle
    for wrong in (lambda: version("0" * 64), lambda: as_it_was(["0" * 64])):
        with pytest.raises(NotFound):
            wrong()


@pytest.mark.django_db
def test_the_starter_bundle(cache: Path) -> None:
    found = run(declare("starter", BundleKind.STARTER), cache)
    assert len(found.added) >= 25
    assert len(in_force().policies) == len(found.added)


def test_links_and_hidden_files_of_a_repository_are_left_out(repository: Repository, cache: Path) -> None:
    (repository.folder / "policies").mkdir()
    (repository.folder / "policies" / "link.yaml").symlink_to("/etc/passwd")
    (repository.folder / "policies" / ".hidden.yaml").write_text("a: [")
    (repository.folder / "other.yaml").write_text("a: [")
    commit = repository.commit(one=text())
    found = read_repository(str(repository.folder), cache, path="/policies/")
    assert (found.commit, [one.name for one in found.sources]) == (commit, ["one.yaml"])


def test_a_repository_cannot_run_anything(repository: Repository, cache: Path, tmp_path: Path) -> None:
    repository.commit(one=text())
    mark = tmp_path / "ran"
    hook = repository.folder / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
    hook.chmod(0o755)
    repository.git("config", "core.fsmonitor", f"touch {mark}")
    assert len(read_repository(str(repository.folder), cache).sources) == 1
    assert not mark.exists()


@pytest.mark.parametrize(
    "location",
    [
        "http://git.example/a", "ext::sh -c touch% /tmp/x", "ssh://git.example/a", "git@git.example:a", "--upload-pack=touch",
        "https://user:password@git.example/a", "https://git.example/a?x=1", "file:///etc", "/nowhere/at/all", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_taken(location: str, cache: Path) -> None:
    with pytest.raises(RemoteFailure) as refused:
        read_repository(location, cache)
    assert refused.value.permanent


def test_branches_and_paths_that_are_not_there(repository: Repository, cache: Path) -> None:
    repository.commit(one=text())
    for more, sentence in (
        ({"branch": "nope"}, "cannot be read"),
        ({"branch": "--exec=x"}, "no name of a branch"),
        ({"path": "elsewhere"}, "no policies"),
    ):
        with pytest.raises(RemoteFailure, match=sentence):
            read_repository(str(repository.folder), cache, **more)


def test_a_token_is_not_among_the_arguments(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(one=text())
    seen: list[tuple[list[str], dict[str, str]]] = []
    real = subprocess.run

    def watched(command: list[str], **more: object) -> object:
        seen.append((command, dict(more["env"])))  # type: ignore[call-overload]
        local = [f"file://{repository.folder}" if word.startswith("https://") else word for word in command]
        environment = {name: value.replace("protocol.https", "protocol.file") for name, value in seen[-1][1].items()}
        return real(local, **{**more, "env": environment})  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "run", watched)
    found = read_repository("https://git.example/policies", cache, token="s3cret")
    assert len(found.sources) == 1
    assert not any("s3cret" in word or "czNjcmV0" in word for command, _ in seen for word in command)
    with_header = [
        command for command, environment in seen if any("Authorization" in value for value in environment.values())
    ]
    assert [command[3] for command in with_header] == ["fetch"]
