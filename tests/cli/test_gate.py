"""`seamark gate` from the outside: exit codes, forms, baselines, a server that is away, a forge that is told."""

from __future__ import annotations

import json
import threading
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from seamark.interfaces.cli.main import COMMANDS
from tests.cli.conftest import Command, Installation
from tests.integrations.forges import COMMIT, TOKEN, GitHubFake, serving
from tests.support.scanner import write_report

CODE = "def run(text):\n    return eval(text)\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "old.py").write_text(CODE)
    return root


@pytest.fixture
def before(tree: Path, tmp_path: Path, seamark: Command) -> Path:
    """The baseline of the old code."""
    file = tmp_path / "main.baseline"
    told = seamark("gate", write_report(tree, tmp_path / "before.sarif"), "--write-baseline", file)
    assert (told.code, told.out.split(" in ")[0]) == (0, "1 finding")
    return file


@pytest.fixture
def after(tree: Path, tmp_path: Path, before: Path) -> Path:
    """The report of a change that moves the old code and adds some."""
    (tree / "shop" / "old.py").write_text("# Moved\n\n" + CODE)
    (tree / "shop" / "new.py").write_text(
        "def more(cursor, name):\n    cursor.execute(f'DELETE FROM x WHERE y = {name}')\n"
    )
    return write_report(tree, tmp_path / "after.sarif")


def test_a_change_that_adds_nothing_passes(seamark: Command, tree: Path, tmp_path: Path, before: Path) -> None:
    (tree / "shop" / "old.py").rename(tree / "shop" / "moved.py")
    told = seamark("gate", write_report(tree, tmp_path / "after.sarif"), "--baseline", before)
    assert told.code == 0, told.out + told.err
    assert told.out.splitlines()[-1].startswith("Passed")


def test_a_change_that_adds_something_is_blocked_and_told_why(seamark: Command, before: Path, after: Path) -> None:
    told = seamark("gate", after, "--baseline", before)
    assert told.code == 1
    assert "owasp-top-10" in told.out
    assert "shop/new.py:2" in told.out
    assert "what to do: Fix it in this change" in told.out
    assert "waiver" in told.out
    assert "shop/old.py" not in told.out
    assert told.out.splitlines()[-1].startswith("Blocked")


def test_reports_of_the_target_branch_do_as_well_as_a_baseline(
    seamark: Command, tmp_path: Path, before: Path, after: Path
) -> None:
    assert seamark("gate", after, "--baseline", tmp_path / "before.sarif").code == 1
    assert seamark("gate", after, "--baseline", after).code == 0


def test_with_nothing_to_compare_with_it_is_not_decided(seamark: Command, after: Path) -> None:
    told = seamark("gate", after)
    assert told.code == 2
    assert "issue.new" in told.out
    assert "--baseline" in told.out
    assert seamark("gate", after, "--all-new").code == 1


@pytest.mark.parametrize(
    "words",
    [
        (), ("none.sarif",), ("{after}", "--baseline", "none"), ("{after}", "--policies", "none"), ("{after}", "--report-format", "nonsense"),
        ("{after}", "--scan", "4"), ("{after}", "--all-new", "--baseline", "{after}"), ("{after}", "--also", "sarif"), ("{after}", "--stage", "monitor"),
        ("{after}", "--format", "pdf"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_ends_with_2(seamark: Command, after: Path, words: tuple[str, ...]) -> None:
    told = seamark("gate", *(word.format(after=after) for word in words))
    assert told.code == 2
    assert told.err
    assert "Traceback" not in told.err


def test_one_report_that_cannot_be_read_leaves_it_undecided(
    seamark: Command, before: Path, after: Path, tmp_path: Path
) -> None:
    spoiled = tmp_path / "spoiled.sarif"
    spoiled.write_text('{"version": "2.1.0", "runs": [')
    told = seamark("gate", after, spoiled, "--baseline", before)
    assert told.code == 2
    assert "spoiled.sarif" in told.err


def test_policies_of_a_folder_decide_and_wrong_ones_are_told_with_their_place(
    seamark: Command, after: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "policies"
    folder.mkdir()
    policy = "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: none}\nspec:\n  match: issue.severity >= CRITICAL\n  stages: {pull_request: warn}\n"
    (folder / "one.yaml").write_text(policy)
    told = seamark("gate", after, "--policies", folder)
    assert told.code == 0
    assert told.out.splitlines()[-1].startswith("Passed with warnings: 2 warn")
    (folder / "one.yaml").write_text(policy.replace("severity", "sevrity"))
    told = seamark("gate", after, "--policies", folder)
    assert told.code == 2
    assert "one.yaml:5:" in told.err


def test_stages_have_their_own_effects(seamark: Command, before: Path, after: Path) -> None:
    told = seamark("gate", after, "--baseline", before, "--stage", "build", "--format", "json")
    effects = {one["effect"] for one in json.loads(told.out)["breaches"] if one["policy"] == "owasp-top-10"}
    assert effects == {"warn", "log"}


def test_the_same_input_gives_the_same_bytes(
    seamark: Command, before: Path, after: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795341600")
    for form in ("text", "markdown", "sarif", "junit", "json", "codequality"):
        one, two = (seamark("gate", after, "--baseline", before, "--format", form) for _ in range(2))
        assert one == two


def test_all_forms_in_one_run(seamark: Command, before: Path, after: Path, tmp_path: Path) -> None:
    files = {form: tmp_path / f"out.{form}" for form in ("markdown", "sarif", "junit", "json", "codequality")}
    also = [word for form, file in files.items() for word in ("--also", f"{form}={file}")]
    told = seamark("gate", after, "--baseline", before, *also)
    assert told.code == 1
    log = json.loads(files["sarif"].read_text())
    assert [
        one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for one in log["runs"][0]["results"]
        if one["level"] == "error" and one["properties"]["decided"]
    ] == ["shop/new.py"]
    suite = ET.fromstring(files["junit"].read_text())[0]
    assert suite.get("failures") == "1"
    assert suite.find("testcase[@name='owasp-top-10']/failure") is not None
    assert "| critical | `shop/new.py:2` |" in files["markdown"].read_text()
    told_of = json.loads(files["codequality"].read_text())
    assert {"description", "check_name", "fingerprint", "severity", "location"} == set(told_of[0])
    assert told_of[0]["location"] == {"path": "shop/new.py", "lines": {"begin": 2}}
    assert json.loads(files["json"].read_text())["outcome"] == "block"


@pytest.mark.parametrize("form", ["sarif", "gitlab-sast"])
def test_what_we_write_is_read_by_ourselves(
    seamark: Command, before: Path, after: Path, tmp_path: Path, form: str
) -> None:
    file = tmp_path / f"gate.{form}"
    seamark("gate", after, "--baseline", before, "--format", form, "--output", file)
    told = seamark("read", file, "--json")
    assert told.code == 0, told.err
    assert "owasp-top-10" in told.out
    assert "shop/new.py" in told.out


def test_our_sarif_keeps_to_the_shape_that_code_scanning_takes(seamark: Command, before: Path, after: Path) -> None:
    log = json.loads(seamark("gate", after, "--baseline", before, "--format", "sarif").out)
    place = {"type": "object", "required": ["physicalLocation"]}
    result = {
        "type": "object", "required": ["ruleId", "ruleIndex", "message", "locations", "partialFingerprints", "level"],
        "properties": {"level": {"enum": ["error", "warning"]}, "locations": {"type": "array", "minItems": 1, "items": place}},
    }  # fmt: skip
    rule = {"type": "object", "required": ["id", "shortDescription", "help", "properties"]}
    run = {
        "type": "object", "required": ["tool", "results", "automationDetails"],
        "properties": {
            "results": {"type": "array", "items": result, "minItems": 1},
            "tool": {"properties": {"driver": {"required": ["name", "semanticVersion", "rules"], "properties": {"rules": {"type": "array", "items": rule}}}}},
        },
    }  # fmt: skip
    jsonschema.validate(
        log,
        {
            "type": "object",
            "required": ["version", "runs", "$schema"],
            "properties": {"runs": {"type": "array", "items": run}},
        },
    )
    for one in log["runs"][0]["results"]:
        assert log["runs"][0]["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


def test_no_database_is_touched(installation: Installation, before: Path, after: Path) -> None:
    told = installation.run("gate", after, "--baseline", before)
    assert told.code == 1, told.err
    assert not installation.home.exists() or not list(installation.home.iterdir())


def test_django_is_not_even_imported(installation: Installation, before: Path, after: Path) -> None:
    code = (
        "import sys\nfrom seamark.interfaces.cli.main import main\n"
        "try:\n    main.main(standalone_mode=False)\nfinally:\n    print('django' in sys.modules, 'httpx2' in sys.modules)\n"
    )
    told = installation.run("gate", after, "--baseline", before, code=code)
    assert told.out.splitlines()[-1] == "False False"


class Away(BaseHTTPRequestHandler):
    """A server that is overloaded."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("seamark.client.calls.PAUSES", (0.0, 0.0))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Away)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_server_that_is_away_leaves_it_to_each_policy(
    seamark: Command, away: str, after: Path, before: Path, tmp_path: Path
) -> None:
    words = ("gate", after, "--application", "shop", "--url", away, "--token", "t", "--baseline", before)
    told = seamark(*words)
    assert told.code == 2
    assert "the server was not asked" in told.out
    assert "issue.waived" in told.out
    policy = tmp_path / "open.yaml"
    policy.write_text(
        "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: open}\nspec:\n  match: issue.severity >= HIGH && !issue.waived\n"
        "  stages: {pull_request: block}\n  onError: open\n"
    )
    assert seamark(*words, "--policies", policy).code == 0


def test_nobody_listens(seamark: Command, after: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seamark.client.calls.PAUSES", (0.0, 0.0))
    told = seamark("gate", "--scan", "4", "--application", "shop", "--url", "http://127.0.0.1:9", "--token", "t")
    assert told.code == 2
    assert "does not answer" in told.err


def test_the_pull_request_is_told_and_the_verdict_stays(
    seamark: Command, before: Path, after: Path, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = GitHubFake()
    with serving(fake):
        monkeypatch.setenv("SEAMARK_FORGE_API", fake.url)
        monkeypatch.setenv("SEAMARK_FORGE_REPOSITORY", "acme/shop")
        monkeypatch.setenv("SEAMARK_FORGE_PULL_REQUEST", "7")
        monkeypatch.setenv("SEAMARK_FORGE_COMMIT", COMMIT)
        monkeypatch.setenv("SEAMARK_FORGE_TOKEN", TOKEN)
        told = seamark("gate", after, "--baseline", before, "--comment", "github")
        again = seamark("gate", after, "--baseline", before, "--comment", "github")
        monkeypatch.setenv("SEAMARK_FORGE_TOKEN", "wrong")
        refused = seamark("gate", after, "--baseline", before, "--comment", "github")
    assert (told.code, again.code, refused.code) == (1, 1, 1)
    assert "comment made" in told.err
    assert "comment kept" in again.err
    assert "the pull request was not told" in refused.err
    assert len(fake.comments) == 1


def test_the_command_is_listed() -> None:
    assert "gate" in COMMANDS


def test_a_mistake_of_ours_is_no_violation(seamark: Command, after: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of the tests")

    monkeypatch.setattr("seamark.pipeline.gate.judge.judge", broken)
    told = seamark("gate", after, "--all-new")
    assert told.code == 2
    assert "mistake in Seamark" in told.err


EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "harbour"


class TestTheExample:
    """The policy that the whole is about, on the builds of the example shop."""

    POLICY = "no-critical-in-internet-facing"

    def told(self, seamark: Command, now: str, before: str) -> tuple[int, list[str]]:
        """Return the exit code, and where the policy blocks a build of one day against that of another."""
        reports = EXAMPLE / "reports"
        result = seamark(
            "gate", reports / now / "semgrep.json", "--baseline", reports / before / "semgrep.json", "--source", EXAMPLE, "--format", "json",
        )  # fmt: skip
        breaches = json.loads(result.out)["breaches"]
        blocks = [one for one in breaches if (one["policy"], one["effect"]) == (self.POLICY, "block")]
        return result.code, [f"{one['path']}:{one['line']}" for one in blocks]

    def test_what_a_build_brings_blocks_it(self, seamark: Command) -> None:
        # That of staff.js was in admin.js before, and those of catalog.js and shop.js stood there: they are no news.
        assert self.told(seamark, "2026-06-01", "2026-05-04") == (1, ["services/orders/harbour_orders/carts.py:40"])

    @pytest.mark.parametrize("day", ["2026-05-04", "2026-06-01"])
    def test_a_build_that_brings_nothing_passes(self, seamark: Command, day: str) -> None:
        assert self.told(seamark, day, day) == (0, [])
