"""seamark policy."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from seamark.core.severity import Severity
from seamark.governance.policy.kept.sync import Synced
from seamark.interfaces.cli import main
from seamark.store.models import Application
from tests.cli.conftest import Command
from tests.factories import code, import_findings
from tests.policy.written import MATCH, text

EXAMPLES = "examples: [{facts: {issue: {severity: high}}, expect: pass}, {facts: {issue: {severity: critical, waived: false}, asset: {exposure: internet}}, expect: violation}]"


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command is there, whether or not the list of commands names it yet."""
    monkeypatch.setitem(main.COMMANDS, "policy", "Write, test and simulate policies.")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "a.yaml").write_text(text(MATCH, EXAMPLES, name="exposed"))
    return tmp_path / "policies"


def shop() -> None:
    """Make an application that the internet reaches, with a critical issue in its second build."""
    Application.objects.create(name="Shop", slug="shop", exposure="internet")
    minor = code("style", "Style", "minor.py", 1, Severity.LOW)
    worst = code("sqli", "SQL injection", "orders.py", 3, Severity.CRITICAL, 89)
    for day, findings in ((1, [minor]), (2, [minor, worst])):
        at = datetime(2026, 5, day, tzinfo=UTC).isoformat()
        import_findings("Shop", "Semgrep", findings, run={"commit": str(day) * 40, "started": at})


def test_lint(seamark: Command, folder: Path) -> None:
    good = seamark("policy", "lint", folder)
    assert (good.code, good.out) == (0, "1 policy, no mistakes\n")
    assert "advice: exposed: metadata.explanation" in good.err
    (folder / "b.yaml").write_text(text("issue.sevrity > 2", name="bad"))
    bad = seamark("policy", "lint", folder)
    assert (bad.code, bad.out) == (1, "b.yaml:5:16: issue has no fact sevrity; did you mean issue.severity?\n")
    assert "1 mistake; 1 policy without any" in bad.err
    told = json.loads(seamark("policy", "lint", folder, "--json").out)
    assert (told["file"], told["line"], told["column"], told["policy"]) == ("b.yaml", 5, 16, "bad")


def test_examples(seamark: Command, folder: Path) -> None:
    good = seamark("policy", "test", folder)
    assert (good.code, good.out) == (0, "2 examples of 1 policy, 0 wrong\n")
    (folder / "a.yaml").write_text(
        text(MATCH, EXAMPLES.replace("severity: high", "severity: critical"), name="exposed")
    )
    bad = seamark("policy", "test", folder)
    assert bad.code == 1
    assert "exposed, example 1: expected pass, found indeterminate (not known: asset.exposure, issue.waived)" in bad.out
    assert [json.loads(line)["right"] for line in seamark("policy", "test", folder, "--json").out.splitlines()] == [
        False,
        True,
    ]


def test_a_folder_without_policies(seamark: Command, tmp_path: Path) -> None:
    found = seamark("policy", "lint", tmp_path)
    assert found.code == 1
    assert "no policies" in found.err
    assert seamark("policy", "lint", tmp_path / "nothing").code == 2


@pytest.mark.django_db
def test_sync_list_and_show(seamark: Command, folder: Path, settings: object, tmp_path: Path) -> None:
    settings.SEAMARK_HOME = tmp_path / "home"  # type: ignore[attr-defined]
    assert "no bundle yet" in seamark("policy", "sync").err
    assert seamark("policy", "sync", "mine", "--folder", folder).out == "mine: 1 added\n"
    assert seamark("policy", "sync").out == "mine: unchanged\n"
    starter = json.loads(seamark("policy", "sync", "--starter", "--json").out)
    assert len(starter["added"]) >= 25
    listed = [json.loads(line) for line in seamark("policy", "list", "--json").out.splitlines()]
    mine = next(one for one in listed if one["name"] == "exposed")
    assert (mine["bundle"], mine["version"], mine["stages"]["deploy"]) == ("mine", 1, "block")
    shown = seamark("policy", "show", "exposed").out
    assert "name: exposed" in shown
    assert "version 1 of mine" in shown
    assert json.loads(seamark("policy", "show", "exposed", "--json").out)["content"]["kind"] == "Policy"
    assert seamark("policy", "show", "nothing").code == 1
    (folder / "a.yaml").write_text(text("issue.sevrity > 2", name="exposed"))
    refused = seamark("policy", "sync", "mine")
    assert refused.code == 1
    assert "a.yaml:5:16" in refused.err
    assert "what was in force stays" in refused.out
    assert "not taken over: a.yaml:5:16" in seamark("policy", "list").out


@pytest.mark.parametrize(
    "words",
    [("--starter", "--git", "https://git.example/a"), ("--git", "https://git.example/a"), ("x", "--branch", "main")],
)
def test_wrong_words(seamark: Command, words: tuple[str, ...]) -> None:
    assert seamark("policy", "sync", *words).code == 2


@pytest.mark.django_db
def test_simulate_and_explain(seamark: Command, folder: Path) -> None:
    shop()
    found = json.loads(seamark("policy", "simulate", folder, "--json").out)
    assert (found["policy"], found["holds"], found["applications"]) == ("exposed", 1, {"Shop": 1})
    assert "exposed: holds for 1 of 2" in seamark("policy", "simulate", folder).out
    assert seamark("policy", "simulate", folder, "--application", "nothing").code == 1
    assert "No policy is in force" in seamark("policy", "simulate").err
    told = seamark("policy", "explain", "exposed", "--from", folder, "--application", "shop").out
    for words in ("It looks at each issue", "pull request: blocks", "Who can reach it.", "holds for 1 of 2"):
        assert words in told
    assert (
        json.loads(seamark("policy", "explain", "exposed", "--from", folder, "--json").out)["facts"][0]["name"]
        == "asset.exposure"
    )
    assert seamark("policy", "explain", "other", "--from", folder).code == 1


@pytest.mark.django_db
def test_replay(seamark: Command, folder: Path) -> None:
    shop()
    told = seamark("policy", "replay", folder).out
    assert told.startswith("Would have blocked 1 of 2 builds, 0 of them later waived")
    assert "222222222222" in told
    found = json.loads(seamark("policy", "replay", folder, "--json", "--application", "Shop", "--stage", "deploy").out)
    assert (found["builds"], found["blocked"]) == (2, 1)
    assert seamark("policy", "replay", "nothing").code == 1


@pytest.mark.django_db
def test_the_token_of_the_settings_opens_repositories(
    monkeypatch: pytest.MonkeyPatch, settings: Any, seamark: Command
) -> None:
    settings.SEAMARK_POLICY_TOKEN = "from-the-settings"
    given: list[str] = []

    def sync(row: Any, *, token: str, **_: object) -> Synced:
        given.append(token)
        return Synced(bundle=row.name)

    monkeypatch.setattr("seamark.pipeline.bundles.sync", sync)
    assert seamark("policy", "sync", "ours", "--git", "https://git.example/policies").code == 0
    assert given == ["from-the-settings"]
