"""Machine-made changes over the API, the web and the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from django.test import Client
from pytest_django import Settings

from seamark.interfaces.cli.main import main
from seamark.pipeline.model_patches import asking, work
from seamark.response.remediation.model_patches import diff
from seamark.store.models import Issue, LedgerEntry, ModelPatch, PullRequest, User
from seamark.store.models.people import Role
from tests.api.conftest import Caller, caller
from tests.factories import make_person
from tests.web.conftest import logged_in

from .conftest import APP, FILES, HERE, MENDED, hidden
from .served import Model, completion

__all__ = ["caller", "logged_in"]


@pytest.fixture
def dev(db: None) -> User:
    return make_person("dev", Role.DEVELOPER)


def test_api(issue: Issue, dev: User, caller: Callable[..., Caller]) -> None:
    call, viewer, stranger = caller(dev), caller(make_person("v", Role.VIEWER)), caller(make_person("s"))
    here = f"/issues/{issue.reference}/suggestions"
    assert call("GET", here).json()["items"] == []
    assert (viewer("POST", here).status_code, stranger("POST", here).status_code) == (403, 404)
    made = call("POST", here)
    told = made.json()
    assert (made.status_code, told["state"], told["by"], told["machine_made"]) == (202, "queued", "dev", True)
    assert call("POST", here).json()["id"] == told["id"]
    assert work.work_once()
    shown = viewer("GET", f"{here}/{told['id']}").json()
    assert (shown["state"], shown["model"], shown["pull_request"], shown["path"]) == ("ready", "small", None, HERE)
    assert {one["name"] for one in shown["checks"]} >= {"diff", "parses", "tests", "finding gone"}
    assert "hunter2!" not in json.dumps(shown)
    assert [one["id"] for one in call("GET", here).json()["items"]] == [told["id"]]
    ModelPatch.objects.update(verified=False)
    pull = f"{here}/{told['id']}/pull-request"
    assert viewer("POST", pull, "{}").status_code == 403
    refused = call("POST", pull, "{}")
    assert (refused.status_code, "No scan has shown" in refused.json()["detail"]) == (403, True)
    opened = call("POST", pull, json.dumps({"unverified": True}))
    assert (opened.status_code, opened.json()["pull_request"]) == (201, PullRequest.objects.get().pk)
    assert call("POST", pull, json.dumps({"more": 1})).status_code == 422
    assert stranger("GET", f"{here}/{told['id']}").status_code == 404
    assert call("GET", f"{here}/999999").status_code == 404


def test_api_without_a_model(issue: Issue, dev: User, caller: Callable[..., Caller], settings: Settings) -> None:
    settings.SEAMARK_MODEL_URL = settings.SEAMARK_MODEL_NAME = ""
    refused = caller(dev)("POST", f"/issues/{issue.reference}/suggestions")
    assert (refused.status_code, "No model is set up" in refused.json()["detail"]) == (403, True)


def test_the_page_of_an_issue(issue: Issue, dev: User, logged_in: Callable[[User], Client], settings: Settings) -> None:
    browser, here = logged_in(dev), f"/issues/{issue.reference}/"
    assert 'id="suggested"' in browser.get(here).content.decode()
    part = browser.get(f"{here}suggested/").content.decode()
    assert "Ask the model" in part
    assert "Nobody has asked for one." in part
    answered = browser.post(f"{here}suggested/ask/", follow=True).content.decode()
    assert "The model is asked" in answered
    waiting = browser.get(f"{here}suggested/").content.decode()
    assert 'hx-trigger="every 5s"' in waiting
    assert "Ask the model" not in waiting
    assert work.work_once()
    ModelPatch.objects.update(verified=False)
    ready = browser.get(f"{here}suggested/").content.decode()
    for words in (
        "machine-made",
        "unpack(name)",
        "SEAMARK_REDACTED_1_",
        "Open pull request",
        "Open it although no scan",
        "small",
    ):
        assert words in ready
    assert "hunter2!" not in ready
    row = ModelPatch.objects.get()
    viewer = logged_in(make_person("v", Role.VIEWER))
    seen = viewer.get(f"{here}suggested/").content.decode()
    assert ("unpack(name)" in seen, "Open pull request" in seen, "Ask the model" in seen) == (True, False, False)
    assert logged_in(make_person("s")).get(f"{here}suggested/").status_code == 404
    assert "No scan has shown" in browser.post(f"{here}suggested/{row.pk}/pull-request/", follow=True).content.decode()
    assert not PullRequest.objects.exists()
    browser.post(f"{here}suggested/{row.pk}/pull-request/", {"unverified": "yes"})
    assert PullRequest.objects.get().machine_made
    assert "on its way" in browser.get(f"{here}suggested/").content.decode()
    settings.SEAMARK_MODEL_URL = ""
    assert 'id="suggested"' not in browser.get(here).content.decode()


def test_hostile_words_are_shown_as_they_are(issue: Issue, dev: User, logged_in: Callable[[User], Client]) -> None:
    asked = asking.ask(None, issue)
    evil = "<script>alert(1)</script>"
    ModelPatch.objects.update(
        state="ready",
        diff=evil,
        told=evil,
        model=evil,
        remarks=[evil],
        checks=[{"name": evil, "state": "passed", "why": evil}],
    )
    page = logged_in(dev).get(f"/issues/{issue.reference}/suggested/").content.decode()
    assert (asked.pk is not None, evil in page, "&lt;script&gt;alert(1)" in page) == (True, False, True)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture
def ruff(tmp_path: Path) -> Path:
    """Return a report of Ruff with two findings."""
    place = {
        "location": {"row": 12, "column": 12},
        "end_location": {"row": 12, "column": 60},
        "filename": HERE,
        "fix": None,
        "noqa_row": 12,
        "url": "https://docs.astral.sh/ruff/rules/x",
    }
    rows = [
        {
            "code": "S404",
            "message": "import",
            **place,
            "location": {"row": 1, "column": 1},
            "end_location": {"row": 1, "column": 9},
        },
        {"code": "S602", "message": "`subprocess` call with `shell=True`", **place},
    ]
    report = tmp_path / "ruff.json"
    report.write_text(json.dumps(rows))
    return report


def run(*words: object) -> Result:
    return CliRunner().invoke(main, ["fix", "suggest", *map(str, words)])


def plain(result: Result) -> Any:
    return json.loads(result.stdout)


def test_prompts_are_shown_and_nothing_is_sent(tree: Path, ruff: Path, configured: Model, settings: Settings) -> None:
    settings.SEAMARK_MODEL_URL = settings.SEAMARK_MODEL_NAME = ""
    shown = run("--report", ruff, "--finding", 2, tree, "--show-prompt")
    assert shown.exit_code == 0, shown.output
    for words in ("[system]", "[user]", "Rule: S602", "shell=True", "SEAMARK_REDACTED_1_", f"Place: {HERE}:12"):
        assert words in shown.stdout
    assert "hunter2!" not in shown.output
    assert '\n    login("ada", password="SEAMARK_REDACTED_1_")\n' in shown.stdout
    told = plain(run("--report", ruff, "--finding", 2, tree, "--show-prompt", "--json"))
    assert ([one["role"] for one in told["messages"]], told["secrets_hidden"]) == (["system", "user"], 1)
    refused = run("--report", ruff, "--finding", 2, tree)
    assert (refused.exit_code, "No model is set up here" in str(refused.exception), configured.asked) == (1, True, [])


def test_a_finding_of_a_report(tree: Path, ruff: Path, configured: Model, settings: Settings, tmp_path: Path) -> None:
    settings.SEAMARK_HOME = tmp_path / "home"
    command = f"{sys.executable} -c pass"
    result = run("--report", ruff, "--finding", 2, tree, "--json", "--test", command)
    told = plain(result)
    assert (told["machine_made"], told["usable"], told["path"], told["tokens"], told["id"], told["written"]) == (
        True,
        True,
        HERE,
        321,
        None,
        False,
    )
    assert told["diff"].startswith("# Machine-made: written by the model small")
    assert {one["name"]: one["state"] for one in told["checks"]}["tests"] == "passed"
    assert result.exit_code == (0 if told["verified"] else 1)
    assert (tree / HERE).read_text() == APP
    assert json.loads((tmp_path / "home/model-calls.json").read_text())["tokens"] == 321
    printed = run("--report", ruff, "--finding", 2, tree)
    assert "+    return unpack(name)" in printed.stdout
    assert "marks in the place of secrets" in printed.stderr
    settings.SEAMARK_MODEL_CALLS = 2
    spent = run("--report", ruff, "--finding", 2, tree)
    assert "as often as SEAMARK_MODEL_CALLS allows" in str(spent.exception)


def test_writing_it_into_the_tree(
    tree: Path, ruff: Path, configured: Model, settings: Settings, tmp_path: Path
) -> None:
    settings.SEAMARK_HOME = tmp_path / "home"
    told = plain(run("--report", ruff, "--finding", 2, tree, "--json", "--in-place"))
    assert (tree / HERE).read_text() == (MENDED if told["verified"] else APP)
    assert told["written"] is told["verified"]
    (tree / HERE).write_text(APP)
    still = hidden(APP).replace('"tar xf " + name', 'f"tar xf {name}"')
    configured.says(diff.write(HERE, hidden(APP), still))
    result = run("--report", ruff, "--finding", 2, tree, "--in-place")
    assert (result.exit_code, "Nothing was written" in result.stderr, (tree / HERE).read_text()) == (1, True, APP)


def test_an_issue_of_the_platform(tree: Path, issue: Issue, configured: Model) -> None:
    result = run(issue.reference, tree, "--json", "--in-place")
    told = plain(result)
    row = ModelPatch.objects.get()
    assert (told["id"], row.state, row.by, row.commit) == (row.pk, "ready", None, "")
    assert (row.diff, row.verified) == (told["diff"].partition("\n")[2].partition("\n")[2], told["verified"])
    kept = LedgerEntry.objects.filter(kind="model-patch", content__contains='"applied"').count()
    assert (kept, (tree / HERE).read_text()) == ((1, MENDED) if told["verified"] else (0, APP))
    (tree / HERE).write_text(APP)
    configured.status = 500
    assert run(issue.reference, tree).exit_code == 1
    assert ModelPatch.objects.latest("pk").state == "failed"
    assert run("SM-999999", tree).exit_code == 1
    configured.status, configured.answer = 200, lambda _: completion("NO CHANGE")
    refused = run(issue.reference, tree)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "knows no change" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2), (("SM-1",), 2), (("--report", "{report}", "{tree}"), 2), (("--finding", "1", "{tree}"), 2), (("--report", "{report}", "--finding", "9", "{tree}"), 2),
        (("--report", "{report}", "--finding", "2", "{tree}/missing"), 2), (("--report", "{tree}/src/app.py", "--finding", "2", "{tree}"), 2),
        (("--report", "{report}", "--finding", "0", "{tree}"), 2), (("SM-1", "{tree}", "more"), 2),
    ],
)  # fmt: skip
def test_wrong_words(tree: Path, ruff: Path, configured: Model, words: tuple[str, ...], code: int) -> None:
    assert run(*(one.format(report=ruff, tree=tree) for one in words)).exit_code == code
    assert not configured.asked
