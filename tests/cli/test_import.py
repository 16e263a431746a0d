"""`seamark import`: the outcome, where reports belong, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seamark.store.models import Application, Finding, Import, Scan

from .conftest import Command
from .reports import GOOD, UNKNOWN, UNREADABLE, as_bytes, dependency, hints

pytestmark = pytest.mark.django_db
SHA = "0123456789abcdef0123456789abcdef01234567"
GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": SHA,
}  # fmt: skip
SYSTEMS: dict[str, dict[str, str]] = {
    "github": GITHUB,
    "gitlab": {
        "GITLAB_CI": "true",
        "CI_PROJECT_URL": "https://git.example/acme/shop",
        "CI_COMMIT_REF_NAME": "main",
        "CI_COMMIT_SHA": SHA,
    },
    "jenkins": {
        "JENKINS_URL": "https://ci.example",
        "GIT_URL": "git@git.example:acme/shop.git",
        "GIT_BRANCH": "origin/main",
        "GIT_COMMIT": SHA,
    },
    "azure": {
        "TF_BUILD": "True",
        "BUILD_REPOSITORY_URI": "https://me@git.example/acme/shop",
        "BUILD_SOURCEBRANCH": "refs/heads/main",
        "BUILD_SOURCEVERSION": SHA,
    },
    "bitbucket": {
        "BITBUCKET_BUILD_NUMBER": "7",
        "BITBUCKET_GIT_HTTP_ORIGIN": "https://git.example/acme/shop",
        "BITBUCKET_BRANCH": "main",
        "BITBUCKET_COMMIT": SHA,
    },
}
REQUESTS: dict[str, dict[str, str]] = {
    "github": {"GITHUB_REF": "refs/pull/12/merge", "GITHUB_HEAD_REF": "fix"},
    "gitlab": {"CI_MERGE_REQUEST_IID": "12", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix"},
    "jenkins": {"CHANGE_ID": "12", "CHANGE_BRANCH": "fix"},
    "azure": {"SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "12", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/fix"},
    "bitbucket": {"BITBUCKET_PR_ID": "12", "BITBUCKET_BRANCH": "fix"},
}


def outcomes(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_outcome(seamark: Command, report: Callable[..., Path]) -> None:
    path = report()
    result = seamark("import", path, "--application", "Shop", "--ref", "main", "--complete", "--json")
    assert (result.code, result.err) == (0, "")
    (first,) = outcomes(result.out)
    told = {
        "report": str(path),
        "application": "Shop",
        "format": "hadolint",
        "tools": ["Hadolint"],
        "findings": 3,
        "new": 3,
    }
    assert first | told == first
    assert (first["unchanged"], first["fixed"], first["reopened"], first["issues"]) == (0, 0, 0, 3)
    assert Scan.objects.get(pk=first["scan"]).stream.application.name == "Shop"
    path.write_bytes(as_bytes(hints(2)))
    (second,) = outcomes(seamark("import", path, "--application", "shop", "--ref", "main", "--complete", "--json").out)
    assert (second["new"], second["unchanged"], second["fixed"], second["resolved"]) == (0, 2, 1, 1)
    path.write_bytes(GOOD)
    (third,) = outcomes(seamark("import", path, "--application", "shop", "--ref", "main", "--complete", "--json").out)
    assert (third["new"], third["unchanged"], third["reopened"], third["issues"]) == (0, 2, 1, 0)
    again = seamark("import", path, "--application", "shop", "--ref", "main", "--complete")
    assert again.out == f"{path}: the same report as before, 3 findings unchanged\n"
    assert Application.objects.count() == 1


def test_outcome_in_words(seamark: Command, report: Callable[..., Path]) -> None:
    path = report()
    result = seamark("import", path, "--application", "Shop", "--ref", "main")
    first, *notes = result.out.splitlines()
    assert first == f"{path}: 3 findings by Hadolint: 3 new, 0 unchanged, 0 fixed, 0 reopened; 3 new issues"
    assert all(note.startswith("  closes nothing: ") for note in notes)


def test_unreadable_ones_are_named_and_the_others_imported(
    seamark: Command, report: Callable[..., Path], tmp_path: Path
) -> None:
    empty, good = report(b"", "empty.json"), report(name="good.json")
    foreign, gone = report(UNKNOWN["foreign.json"], "foreign.json"), tmp_path / "gone.json"
    words = ("--application", "shop", "--json")
    result = seamark("import", empty, foreign, gone, good, *words)
    assert result.code == 2
    assert [one["findings"] for one in outcomes(result.out)] == [3]
    assert [line.split(": ")[0] for line in result.err.splitlines()] == [str(empty), str(foreign), str(gone)]
    assert seamark("import", foreign, good, *words).code == 3


@pytest.mark.parametrize("name", UNREADABLE)
def test_nothing_is_kept_of_what_is_unreadable(name: str, seamark: Command, report: Callable[..., Path]) -> None:
    result = seamark("import", report(UNREADABLE[name], name), "--application", "shop")
    assert result.code in {2, 3}
    assert len(result.err.splitlines()) == 1
    assert not Application.objects.exists()
    assert not Import.objects.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--image", "two words"], "is not an image"),
        (["--image", "shop@sha256:123"], "is not an image"),
        (["--repository", "https://git.example"], "is not the address of a repository"),
        (["--application", " "], "1 to 200 printable characters"),
        (["--application", "a" * 201], "1 to 200 printable characters"),
        (["--application", "a\nb"], "1 to 200 printable characters"),
        (["--format", "nessos"], "There is no format called 'nessos'"),
        (["--scanned-at", "yesterday"], "is no time"),
    ],
)
def test_what_cannot_be_right_is_refused(
    words: list[str], sentence: str, seamark: Command, report: Callable[..., Path]
) -> None:
    result = seamark("import", report(), report(name="other.json"), "--application", "shop", *words)
    assert (result.code, result.out) == (1, "")
    assert sentence in result.err
    assert result.err.rstrip().endswith("; 1 further report was not imported")
    assert not Application.objects.exists()


@pytest.mark.parametrize("system", SYSTEMS)
def test_branch_build_in_ci(
    system: str, seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SYSTEMS[system].items():
        monkeypatch.setenv(name, value)
    assert seamark("import", report(), "--application", "shop").code == 0
    scan = Scan.objects.select_related("stream__asset").get()
    assert (scan.stream.asset.key, scan.stream.ref, scan.commit) == ("git.example/acme/shop", "main", SHA)
    assert (scan.pull_request, scan.stream.is_default) == ("", True)


@pytest.mark.parametrize("system", SYSTEMS)
def test_pull_request_in_ci(
    system: str, seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (SYSTEMS[system] | REQUESTS[system]).items():
        monkeypatch.setenv(name, value)
    assert seamark("import", report(), "--application", "shop").code == 0
    scan = Scan.objects.select_related("stream__asset").get()
    assert (scan.stream.asset.key, scan.stream.ref, scan.commit) == ("git.example/acme/shop", "pull/12", SHA)
    assert (scan.pull_request, scan.stream.is_default) == ("12", False)


MAIN = ("git.example/acme/shop", "main", SHA)


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ([], MAIN),
        (["--ref", "main"], MAIN),
        (["--ref", "refs/heads/main"], MAIN),
        (["--repository", "git@git.example:acme/shop.git"], MAIN),
        (["--commit", "f" * 40], ("git.example/acme/shop", "main", "f" * 40)),
        (["--ref", "v1.0"], ("git.example/acme/shop", "v1.0", "")),
        (["--pull-request", "5"], ("git.example/acme/shop", "pull/5", "")),
        (["--repository", "https://git.example/acme/other"], ("git.example/acme/other", "", "")),
        (["--image", "registry.example/shop:1"], ("registry.example/shop", "", SHA)),
    ],
)  # fmt: skip
def test_what_is_said_stands_over_what_ci_says(
    words: list[str],
    place: tuple[str, ...],
    seamark: Command,
    report: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    assert seamark("import", report(), "--application", "shop", *words).code == 0
    scan = Scan.objects.select_related("stream__asset").get()
    assert (scan.stream.asset.key, scan.stream.ref, scan.commit) == place


def test_image_built_in_a_pull_request_leaves_the_image_alone(
    seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (GITHUB | REQUESTS["github"]).items():
        monkeypatch.setenv(name, value)
    assert seamark("import", report(), "--application", "shop", "--image", "registry.example/shop:1").code == 0
    stream = Scan.objects.select_related("stream__asset").get().stream
    assert (stream.asset.kind, stream.ref, stream.is_default) == ("image", "pull/12", False)


def test_outside_of_ci_the_application_is_the_place(seamark: Command, report: Callable[..., Path]) -> None:
    assert seamark("import", report(as_bytes(dependency())), "--application", "shop").code == 0
    finding = Finding.objects.select_related("stream__asset").get()
    assert (finding.stream.asset.kind, finding.stream.ref) == ("application", "")


def test_without_token_nothing_is_sent(
    seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SEAMARK_URL", "http://127.0.0.1:1")
    result = seamark("import", report(), "--application", "shop")
    assert (result.code, "SEAMARK_TOKEN is not" in result.err) == (2, True)
    monkeypatch.setenv("SEAMARK_TOKEN_FILE", str(tmp_path / "nowhere"))
    result = seamark("import", report(), "--application", "shop")
    assert (result.code, "SEAMARK_TOKEN_FILE cannot be read" in result.err) == (2, True)


def test_server_that_is_no_address(
    seamark: Command, report: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEAMARK_URL", "ftp://example")
    monkeypatch.setenv("SEAMARK_TOKEN", "smk_x")
    result = seamark("import", report(), "--application", "shop")
    assert result.code == 1
    assert result.err.startswith("seamark: SEAMARK_URL is 'ftp://example'; it must start with https:// or http://")
