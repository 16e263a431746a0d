"""`seamark reach`: verdicts as objects and as a table, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "requirements.txt").write_text("PyYAML==5.3\nrequests==2.19\n", "utf-8")
    (root / "app.py").write_text("import yaml\n\nprint(yaml.load('a: 1'))\n", "utf-8")
    return root


def test_promised_keys(seamark: Command, shop: Path) -> None:
    result = seamark("reach", shop, "--package", "PyYAML", "--symbol", "yaml.load", "--json")
    assert (result.code, result.err) == (0, "")
    assert json.loads(result.out) == {
        "advisory": "",
        "ecosystem": "pypi",
        "package": "PyYAML",
        "symbols": ["yaml.load"],
        "verdict": "reachable",
        "confidence": 0.9,
        "why": "Code that runs uses yaml.load(…).",
        "chain": [{"path": "app.py", "line": 1, "text": "imports yaml"}],
        "calls": [{"path": "app.py", "line": 3, "text": "yaml.load(…)"}],
    }


def test_advisories_of_what_is_there(seamark: Command, shop: Path, tmp_path: Path) -> None:
    told = [
        {"id": f"X-{name}", "affected": [{"package": {"ecosystem": "PyPI", "name": name}}]}
        for name in ("requests", "pyyaml", "django")
    ]
    (tmp_path / "osv.json").write_text(json.dumps(told), "utf-8")
    result = seamark("reach", shop, "--advisories", tmp_path / "osv.json")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()[2:] if not line.startswith(" ")] == [
        "imported",
        "unreachable",
    ]
    assert "X-requests" in result.out
    assert "django" not in result.out


def test_nothing_to_tell(seamark: Command, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "osv").mkdir()
    result = seamark("reach", shop, "--advisories", tmp_path / "osv")
    assert (result.code, result.out) == (0, "None of the packages is listed or imported here.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("absent", "--package", "x"), "There is no folder"),
        ((".",), "Name advisories with --advisories"),
        ((".", "--advisories", "absent.json"), "There is no file or folder"),
        ((".", "--advisories", "x.json", "--symbol", "x"), "--symbol belongs to --package"),
        ((".", "--package", "pkg:deb/debian/curl"), "is no package of an ecosystem that is read"),
    ],
)
def test_wrong_words(
    seamark: Command, words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = seamark("reach", *words)
    assert result.code == 2
    assert said in result.err


def test_a_broken_advisory(seamark: Command, shop: Path, tmp_path: Path) -> None:
    (tmp_path / "osv.json").write_text("{", "utf-8")
    result = seamark("reach", shop, "--advisories", tmp_path / "osv.json")
    assert result.code == 2
    assert "holds no OSV records" in result.err
