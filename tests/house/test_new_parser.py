"""A new parser is one file and one sample, and what is scaffolded works as it is."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.core.severity import Severity
from seamark.intake.parsers.kit import read, registry
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.registry import parsers
from seamark.intake.parsers.kit.source import open_source
from tests.support.new_parser import FORMATS, ROOT, SAMPLES, NameRefused, main, scaffold

NAME = "acme-scan"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / FORMATS).mkdir(parents=True)
    (tmp_path / SAMPLES).mkdir(parents=True)
    return tmp_path


@pytest.fixture
def with_new_parser(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Load a scaffolded parser beside the others; yields its sample."""
    module, sample = scaffold(NAME, root)
    known = dict(parsers())
    monkeypatch.setattr(registry, "_PARSERS", dict(known))
    spec = importlib.util.spec_from_file_location("scaffolded", module)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "scaffolded", loaded)
    spec.loader.exec_module(loaded)
    monkeypatch.setattr(read, "parsers", lambda: registry._PARSERS)
    assert set(registry._PARSERS) == {*known, NAME}
    return sample


def test_its_sample_is_read(with_new_parser: Path) -> None:
    run, *findings = read.open_report(with_new_parser).items()
    assert run == Run(tool="Acme Scan", version="1.0.0")
    assert all(isinstance(one, Finding) for one in findings)
    assert [(one.rule, one.severity, one.location.line) for one in findings] == [
        ("weak-hash", Severity.HIGH, 12),
        ("debug-on", Severity.MEDIUM, None),
    ]


def test_nobody_else_claims_its_sample(with_new_parser: Path) -> None:
    probe = Probe(open_source(with_new_parser))
    assert [one.name for one in registry._PARSERS.values() if any(kind.looks(probe) for kind in one.variants)] == [NAME]


def test_it_is_short_and_in_the_house_style(root: Path) -> None:
    module, sample = scaffold(NAME, root)
    lines = [len(path.read_text("utf-8").splitlines()) for path in (module, sample)]
    assert sum(lines) <= 60
    # As if it stood where it will stand: some rules differ from folder to folder.
    place = ["--stdin-filename", FORMATS / module.name, "-"]
    for command in (["check"], ["format", "--check"]):
        checked = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *place],
            cwd=ROOT,
            input=module.read_bytes(),
            capture_output=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stdout.decode()


@pytest.mark.parametrize(
    "name", ["", "Acme", "acme scan", "../acme", "acme_scan", "9lives", "-acme", "acme-", "a" * 41, "acme\n"]
)
def test_names_that_are_none(name: str, root: Path) -> None:
    with pytest.raises(NameRefused):
        scaffold(name, root)
    assert not [path for path in root.rglob("*") if path.is_file()]


def test_nothing_is_overwritten(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scaffold(NAME, root)
    with pytest.raises(NameRefused, match="there already"):
        scaffold(NAME, root)
    assert main(["hadolint"]) == 1
    assert "there already" in capsys.readouterr().err
    assert main([]) == 2
