"""`seamark correlate`: what several reports say together."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.reports import RULES, hit, sarif, trivy, write

from .conftest import Command
from .reports import GOOD


@pytest.fixture
def reports(tmp_path: Path) -> tuple[Path, Path]:
    ours = [hit(level="error"), hit(RULES[1], "b.py", 7), hit(RULES[2], "c.py", 3, suppressed=True)]
    theirs = [hit(line=11, message="A query is built from text")]
    return write(tmp_path / "a.sarif", sarif(ours)), write(tmp_path / "b.sarif", sarif(theirs, tool="Other"))


def told(out: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out)
    return found


def test_json_has_issues_with_findings_and_reasons(seamark: Command, reports: tuple[Path, Path]) -> None:
    result = seamark("correlate", *reports, "--json")
    assert (result.code, result.err, len(result.out.splitlines())) == (0, "", 1)
    found = told(result.out)
    assert list(found) == ["reports", "issues", "suggestions", "corroborations", "fixes"]
    issue = found["issues"][0]
    assert (issue["kind"], issue["severity"], issue["tools"], issue["suppressed"]) == (
        "code",
        "high",
        ["Acme", "Other"],
        False,
    )
    assert [
        (one["report"], one["index"], one["tool"], one["rule"], one["location"]["line"]) for one in issue["findings"]
    ] == [
        (str(reports[0]), 0, "Acme", RULES[0], 10),
        (str(reports[1]), 0, "Other", RULES[0], 11),
    ]
    (pair,) = issue["reasons"]
    assert sorted([pair["left"], pair["right"]]) == [[str(reports[0]), 0], [str(reports[1]), 0]]
    assert all(isinstance(words, str) and isinstance(weight, float) for words, weight in pair["reasons"])
    assert pair["confidence"] == issue["confidence"] >= 0.85
    assert [one["suppressed"] for one in found["issues"]] == [False, False, True]
    assert [(one["path"], one["findings"]) for one in found["reports"]] == [(str(reports[0]), 3), (str(reports[1]), 1)]


def test_numbers_are_those_of_read(seamark: Command, reports: tuple[Path, Path]) -> None:
    listed = {
        (row["report"], row["index"]): (row["rule"], row["location"]["path"])
        for row in map(json.loads, seamark("read", *reports, "--json").out.splitlines())
    }
    found = told(seamark("correlate", *reports, "--json").out)
    assert listed == {
        (one["report"], one["index"]): (one["rule"], one["location"]["path"])
        for issue in found["issues"]
        for one in issue["findings"]
    }


def test_people_get_a_table_and_a_sum(seamark: Command, reports: tuple[Path, Path], tmp_path: Path) -> None:
    row = {"id": "CVE-2021-44228", "package": "org.apache:log4j-core", "version": "2.14.1", "fixed": "2.15.0"}
    packages = write(tmp_path / "trivy.json", trivy([row]))
    lines = seamark("correlate", *reports, packages).out.splitlines()
    assert lines[0].split() == ["Severity", "Tools", "Place", "Title"]
    assert lines[2].split()[:4] == ["high", "Acme,", "Other", "app.py:10"]
    assert any("(set aside)" in line for line in lines)
    assert any("Upgrade org.apache/log4j-core to 2.15.0" in line for line in lines)
    assert lines[-1] == "5 findings in 3 reports are 4 issues, 1 of them by several tools, 0 suggestions"


def test_the_limit_is_for_the_table_only(seamark: Command, reports: tuple[Path, Path]) -> None:
    out = seamark("correlate", *reports, "--limit", 1).out
    assert "1 of 3 issues; --limit shows more" in out
    assert "b.py" not in out
    assert len(told(seamark("correlate", *reports, "--limit", 1, "--json").out)["issues"]) == 3


def test_reports_without_findings_are_no_issues(seamark: Command, tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.sarif", sarif([]))
    assert (
        seamark("correlate", empty).out
        == "0 findings in 1 report are 0 issues, 0 of them by several tools, 0 suggestions\n"
    )
    assert told(seamark("correlate", empty, "--json").out)["issues"] == []


def test_a_path_given_twice_is_read_once(seamark: Command, reports: tuple[Path, Path]) -> None:
    found = told(seamark("correlate", reports[0], reports[0], "--json").out)
    assert (len(found["reports"]), [len(issue["findings"]) for issue in found["issues"]]) == (1, [1, 1, 1])


def test_one_unreadable_report_fails_all(seamark: Command, reports: tuple[Path, Path], tmp_path: Path) -> None:
    unknown = write(tmp_path / "x.json", {"hello": 1})
    for wrong, code, words in (
        (tmp_path / "none.sarif", 2, "There is no such file"),
        (tmp_path, 2, "That is a directory"),
        (unknown, 3, "No parser knows this JSON"),
    ):
        result = seamark("correlate", reports[0], wrong, "--json")
        assert (result.code, result.out) == (code, "")
        assert result.err.startswith(f"{wrong}: {words}")
    assert seamark("correlate", unknown, tmp_path, reports[0]).code == 2


def test_unreadable_reports_can_be_left_out(seamark: Command, reports: tuple[Path, Path], tmp_path: Path) -> None:
    unknown = write(tmp_path / "x.json", {"hello": 1})
    result = seamark("correlate", unknown, *reports, "--json", "--skip-unreadable")
    assert result.code == 4
    assert "x.json: No parser knows this JSON" in result.err
    assert told(result.out) == told(seamark("correlate", *reports, "--json").out)
    nothing = seamark("correlate", unknown, "--skip-unreadable")
    assert (nothing.code, nothing.out) == (3, "")


@pytest.mark.parametrize("words", [[], ["--limit", "0", "a"], ["a", "--source", "nowhere"]])
def test_wrong_words_are_told(seamark: Command, words: list[str]) -> None:
    result = seamark("correlate", *words)
    assert (result.code, result.out) == (2, "")
    assert "Usage: seamark correlate" in result.err


def test_the_source_keeps_functions_apart(seamark: Command, tmp_path: Path) -> None:
    source = tmp_path / "src"
    source.mkdir()
    (source / "app.py").write_text("def a(x):\n    return run(x)\ndef b(x):\n    return run(x)\n", "utf-8")
    pair = (
        write(tmp_path / "a.sarif", sarif([hit(line=2)])),
        write(tmp_path / "b.sarif", sarif([hit(line=4)], tool="Other")),
    )
    assert len(told(seamark("correlate", *pair, "--json").out)["issues"]) == 1
    assert len(told(seamark("correlate", *pair, "--source", source, "--json").out)["issues"]) == 2


def test_a_pipe_is_a_report(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(GOOD)
    code = "from seamark.interfaces.cli.main import run; run()"
    told_by = subprocess.run(
        [sys.executable, "-c", code, "correlate", f"/dev/fd/{reading}", "--json"], pass_fds=(reading,), capture_output=True, check=True
    )  # fmt: skip
    os.close(reading)
    assert len(json.loads(told_by.stdout)["issues"]) == 3


def test_hostile_text_moves_no_cursor(seamark: Command, tmp_path: Path) -> None:
    hostile = write(tmp_path / "a.sarif", sarif([hit(message="\x1b[2Jgone", path="a\u202eb.py")]))
    result = seamark("correlate", hostile)
    assert result.code == 0
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out
