"""`seamark scan`: what runs, what is imported, what is refused."""
# ruff: noqa: F811 - fixtures of another folder

from __future__ import annotations

import json
from pathlib import Path

import pytest

from seamark.store.models import Finding, Import
from tests.cli.conftest import Command
from tests.scanners.conftest import Install, code, install  # noqa: F401

HADOLINT = """print(json.dumps([{"line": 1, "code": "DL3007", "message": "Using latest is prone to errors", "column": 1,
    "file": "Dockerfile", "level": "warning"}]))"""


@pytest.mark.django_db
def test_reports_are_imported_each_by_its_format(seamark: Command, install: Install, code: Path) -> None:
    install("hadolint", HADOLINT)
    install("bandit", "sys.exit(3)")
    result = seamark(
        "scan", str(code), "--application", "shop", "--repository", "git.example/acme/shop", "--ref", "main"
    )
    assert result.code == 1
    assert "bandit: failed, exit code 3" in result.out
    assert "hadolint: 1 findings by Hadolint: 1 new" in result.out
    assert Finding.objects.get().stream.asset.key == "git.example/acme/shop"
    assert Import.objects.count() <= 1


@pytest.mark.django_db
def test_as_lines(seamark: Command, install: Install, code: Path) -> None:
    install("hadolint", HADOLINT)
    result = seamark("scan", str(code), "--application", "shop", "--only", "hadolint", "--json")
    lines = [json.loads(line) for line in result.out.splitlines()]
    assert [(line.get("state"), line.get("findings")) for line in lines] == [("done", None), (None, 1)]
    assert result.code == 0


def test_reports_can_be_kept_without_importing(seamark: Command, install: Install, code: Path, tmp_path: Path) -> None:
    install("hadolint", HADOLINT)
    kept = tmp_path / "kept"
    assert seamark("scan", str(code), "--output", str(kept), "--only", "hadolint").code == 0
    assert json.loads((kept / "hadolint.report").read_text())[0]["code"] == "DL3007"


def test_who_was_asked_for_and_did_not_run_is_a_failure(
    seamark: Command, install: Install, code: Path, tmp_path: Path
) -> None:
    install("hadolint", HADOLINT)
    words = ["scan", str(code), "--output", str(tmp_path / "kept"), "--only", "hadolint", "--only", "gitleaks"]
    result = seamark(*words)
    assert (result.code, "gitleaks: not run, gitleaks is not installed" in result.out) == (1, True)


def test_the_list_names_what_each_needs(seamark: Command) -> None:
    out = seamark("scan", "--list").out
    assert "the network, for its vulnerability database" in out
    found = {row["scanner"]: row for row in map(json.loads, seamark("scan", "--list", "--json").out.splitlines())}
    assert found["eslint"]["runs_code"] == "eslint.config.js"


@pytest.mark.parametrize(
    ("words", "code_", "sentence"),
    [
        (["--only", "magic", "."], 2, "There is no scanner 'magic'; there are actionlint"),
        ([], 2, "Say which FOLDER is scanned"),
        (["."], 2, "Say where the reports go"),
        (["nowhere", "--output", "x"], 2, "does not exist"),
        ([".", "--output", "x", "--timeout", "0"], 2, "not in the range"),
    ],
)
def test_what_is_refused(seamark: Command, words: list[str], code_: int, sentence: str) -> None:
    result = seamark("scan", *words)
    assert (result.code, sentence in result.err) == (code_, True), result


def test_nothing_to_run_is_told(seamark: Command, install: Install, code: Path, tmp_path: Path) -> None:
    result = seamark("scan", str(code), "--output", str(tmp_path / "kept"))
    assert (result.code, "No scanner was run" in result.err) == (1, True)
