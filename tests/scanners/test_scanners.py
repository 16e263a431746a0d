"""Scanners: their declarations, which ones run, and how each ends."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from seamark.core.errors import BrokenPlugin
from seamark.core.kind import Kind
from seamark.intake.parsers.kit.registry import parsers
from seamark.intake.scanners.declared import Job, Scanner, declare, scanners
from seamark.intake.scanners.run import Outcome, plan, run

from .conftest import Install

ALL = scanners()
FILES = (
    "app.py",
    "Dockerfile",
    "deploy/web.Dockerfile",
    "services/shop/.github/workflows/ci.yml",
    "requirements-dev.txt",
)


@pytest.mark.parametrize("name", ALL)
def test_each_writes_a_format_that_is_read(name: str) -> None:
    scanner = ALL[name]
    assert scanner.name == name
    assert scanner.format in parsers()
    arguments = scanner.arguments(Job("/code", "/reports/x.report", ("./a", "./b")))
    assert all(isinstance(word, str) for word in arguments)
    assert scanner.on_stdout or any("/reports/x.report" in word for word in arguments)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("hadolint", ("Dockerfile", "deploy/web.Dockerfile")),
        ("bandit", ("app.py",)),
        ("zizmor", ("services/shop/.github/workflows/ci.yml",)),
        ("pip-audit", ("requirements-dev.txt",)),
        ("cargo-audit", ()),
    ],
)
def test_what_each_looks_for(name: str, wanted: tuple[str, ...]) -> None:
    assert ALL[name].wanted(FILES) == wanted


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(BrokenPlugin, match="Two scanners are called 'bandit'"):
        declare(Scanner(name="bandit", title="Other", kind=Kind.CODE, format="bandit", arguments=lambda _: []))


class TestPlan:
    def test_those_that_are_there_and_have_something_to_do(self, install: Install) -> None:
        program = install("hadolint", "")
        found = plan(ALL, FILES)
        assert found.chosen == [("hadolint", str(program))]
        why = {outcome.scanner: outcome.why for outcome in found.left_out}
        assert why["bandit"] == "bandit is not installed; pip install bandit brings it"
        assert why["cargo-audit"] == "there is nothing for it here (Cargo.lock)"

    def test_the_network_and_foreign_code_are_asked_for(self, install: Install) -> None:
        for name in ("semgrep", "eslint"):
            install(name, "")
        files = [*FILES, "eslint.config.js"]
        why = {outcome.scanner: outcome.why for outcome in plan(ALL, files).left_out}
        assert why["semgrep"] == "it fetches its rules from the network; --online allows that"
        assert why["eslint"] == "it executes eslint.config.js of what it scans; --trust allows that"
        assert [name for name, _ in plan(ALL, files, online=True, trust=True).chosen] == ["eslint", "semgrep"]

    def test_only_and_skip(self, install: Install) -> None:
        for name in ("hadolint", "bandit"):
            install(name, "")
        assert [name for name, _ in plan(ALL, FILES, only=["bandit", "gosec"]).chosen] == ["bandit"]
        assert [outcome.scanner for outcome in plan(ALL, FILES, only=["bandit", "gosec"]).left_out] == ["gosec"]
        assert [name for name, _ in plan(ALL, FILES, skip=["bandit"]).chosen] == ["hadolint"]


def carry_out(install: Install, code: Path, tmp_path: Path, text: str, name: str = "bandit", **more: float) -> Outcome:
    program = install(name, text)
    reports = tmp_path / "reports"
    reports.mkdir(exist_ok=True)
    more.setdefault("timeout", 20)
    (outcome,) = run([(ALL[name], str(program))], code, ["app.py", "Dockerfile"], reports, jobs=2, **more)  # type: ignore[arg-type]
    return outcome


WRITE = "out = sys.argv[sys.argv.index('-o') + 1]\nopen(out, 'w').write('{}')\n"


class TestRun:
    @pytest.mark.parametrize("code_", [0, 1])
    def test_a_report_is_handed_over(self, install: Install, code: Path, tmp_path: Path, code_: int) -> None:
        outcome = carry_out(install, code, tmp_path, f"{WRITE}sys.exit({code_})")
        assert (outcome.state, outcome.format) == ("done", "bandit")
        assert Path(outcome.report).read_text() == "{}"

    def test_what_is_printed_is_the_report_of_those_that_print_it(
        self, install: Install, code: Path, tmp_path: Path
    ) -> None:
        outcome = carry_out(install, code, tmp_path, "print(json.dumps(sys.argv[1:]))", "hadolint")
        assert "./Dockerfile" in Path(outcome.report).read_text()

    def test_another_exit_code_is_a_failure_with_its_last_words(
        self, install: Install, code: Path, tmp_path: Path
    ) -> None:
        outcome = carry_out(
            install, code, tmp_path, f"{WRITE}sys.stderr.write('one\\nno rules found\\n\\n')\nsys.exit(2)"
        )
        assert (outcome.state, outcome.why, outcome.report) == ("failed", "exit code 2: no rules found", "")

    def test_no_report_is_a_failure(self, install: Install, code: Path, tmp_path: Path) -> None:
        assert carry_out(install, code, tmp_path, "").why == "it wrote no report"

    def test_an_empty_one_may_mean_that_nothing_was_found(self, install: Install, code: Path, tmp_path: Path) -> None:
        outcome = carry_out(install, code, tmp_path, "", "trufflehog")
        assert (outcome.state, outcome.report) == ("done", "")

    def test_who_takes_too_long_is_ended_with_all_that_it_started(
        self, install: Install, code: Path, tmp_path: Path
    ) -> None:
        mark = tmp_path / "child"
        text = f"import subprocess\nchild = subprocess.Popen(['sleep', '60'])\nopen({str(mark)!r}, 'w').write(str(child.pid))\ntime.sleep(60)"
        outcome = carry_out(install, code, tmp_path, text, timeout=3)
        assert (outcome.state, outcome.why) == ("late", "it was ended after 3 s")
        child = int(mark.read_text())
        for _ in range(100):
            try:
                state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
            except FileNotFoundError:
                break
            if state == "Z":
                break
            time.sleep(0.05)
        else:
            pytest.fail("what the scanner started still runs")

    def test_a_program_that_cannot_be_started_is_told(self, code: Path, tmp_path: Path) -> None:
        (outcome,) = run([(ALL["bandit"], "/nowhere/bandit")], code, [], tmp_path, timeout=5, jobs=1)
        assert (outcome.state, outcome.why) == ("failed", "it cannot be started: No such file or directory")

    def test_our_own_secrets_are_not_given_to_them(
        self, install: Install, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SEAMARK_SECRET_KEY", "secret")
        outcome = carry_out(install, code, tmp_path, "print(json.dumps(dict(os.environ)))", "hadolint")
        assert "SEAMARK_" not in Path(outcome.report).read_text()

    def test_who_leaves_early_leaves_nothing_running(self, install: Install, code: Path, tmp_path: Path) -> None:
        mark = tmp_path / "pid"
        quick, slow = (
            install("hadolint", "print('[]')"),
            install("bandit", f"open({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"),
        )
        outcomes = run(
            [(ALL["bandit"], str(slow)), (ALL["hadolint"], str(quick))],
            code,
            ["Dockerfile"],
            tmp_path,
            timeout=60,
            jobs=2,
        )
        assert next(outcomes).scanner == "hadolint"
        while not mark.exists():
            time.sleep(0.02)
        outcomes.close()  # type: ignore[attr-defined]
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.read_text()), 0)
