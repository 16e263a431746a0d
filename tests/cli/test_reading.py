"""`--format` and `--mapping`: the same words with the same meaning in every command that reads reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Command

MAPPING = """
name: acme
tool: Acme
kind: code
format: json
rows: hits[*]
recognise: {keys: [acme_version, hits]}
fields: {title: headline, severity: risk, path: file, line: lineNo}
"""
BEFORE = [
    {"headline": "Weak hash", "risk": "high", "file": "src/a.py", "lineNo": 3},
    {"headline": "No lock", "risk": "low", "file": "src/b.py", "lineNo": 5},
]
AFTER = [*BEFORE, {"headline": "Open door", "risk": "medium", "file": "src/c.py", "lineNo": 8}]

Report = Callable[..., Path]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "acme.yaml"
    path.write_text(MAPPING, "utf-8")
    return path


@pytest.fixture
def states(report: Report) -> tuple[Path, Path]:
    old, new = (json.dumps({"acme_version": "1", "hits": hits}).encode() for hits in (BEFORE, AFTER))
    return report(old, "before.json"), report(new, "after.json")


def test_correlate_by_a_mapping(seamark: Command, states: tuple[Path, Path], mapping: Path) -> None:
    result = seamark("correlate", "--mapping", mapping, *states, "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert [one["format"] for one in found["reports"]] == ["mapping:acme", "mapping:acme"]
    assert [len(issue["findings"]) for issue in found["issues"]] == [2, 1, 2]
    assert seamark("correlate", *states).code == 3


@pytest.mark.parametrize("dashes", ["none", "between", "before the option"])
def test_diff_by_a_mapping(seamark: Command, states: tuple[Path, Path], mapping: Path, dashes: str) -> None:
    old, new = states
    words = {
        "none": ["--mapping", mapping, old, new],
        "between": ["--mapping", mapping, old, "--", new],
        "before the option": [old, "--", new, "--mapping", mapping],
    }[dashes]
    result = seamark("diff", *words, "--json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert ([one["title"] for one in found["new"]], found["unchanged"]) == (["Open door"], 2)


def test_an_empty_list_by_its_format(seamark: Command, report: Report) -> None:
    nothing = report(b"[]", "nothing.json")
    assert "0 findings in 1 report are 0 issues" in seamark("correlate", "--format", "actionlint", nothing).out
    assert seamark("correlate", nothing).code == 3
    assert seamark("diff", nothing, "--", nothing, "--format=actionlint").out.startswith("0 new, 0 fixed")
    assert seamark("diff", nothing, nothing).code == 3


@pytest.mark.parametrize("command", ["read", "correlate", "diff"])
def test_what_is_no_format(seamark: Command, states: tuple[Path, Path], mapping: Path, command: str) -> None:
    unknown = seamark(command, "--format", "actionlnt", *states)
    assert (unknown.code, unknown.out) == (3, "")
    assert "no format called 'actionlnt'" in unknown.err
    assert "mean 'actionlint'" in unknown.err
    both = seamark(command, "--format", "actionlint", "--mapping", mapping, *states)
    assert (both.code, "exclude each other" in both.err) == (2, True)
    foreign = seamark(command, "--format", "actionlint", *states)
    assert (foreign.code, "not a report of actionlint" in foreign.err) == (2, True)
    mapping.write_text(MAPPING.replace("kind: code", "kind: odd"), "utf-8")
    broken = seamark(command, "--mapping", mapping, *states)
    assert (broken.code, broken.out, "'odd' (kind)" in broken.err) == (2, "", True)
