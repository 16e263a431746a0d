"""Programs on the path that behave as scanners do, by a script of a line or two."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PYTHON = sys.executable
Install = Callable[[str, str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return a function that puts a program of a name on the path; its text is Python, with `sys`, `json`, `time` and `os` at hand."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    # Those of this environment would be found first.
    monkeypatch.setattr("seamark.intake.scanners.declared.sys.executable", str(programs / "python"))

    def add(name: str, text: str) -> Path:
        program = programs / name
        program.write_text(f"#!{PYTHON}\nimport json, os, sys, time\n{text}\n")
        program.chmod(0o755)
        return program

    return add


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """Return a folder with a Python file and a Dockerfile."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "app.py").write_text("import subprocess\nsubprocess.call(x, shell=True)\n")
    (folder / "Dockerfile").write_text("FROM python:latest\n")
    return folder
