"""What people see at a terminal, and how long they wait for it."""

from __future__ import annotations

import os
import pty
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import SEAMARK, Installation

HELP_WITHIN = 0.1
"""Seconds of processor time for `seamark --help`."""


def at_a_terminal(installation: Installation, *words: object, **environment: str) -> str:
    """Return what the command line prints where its output is a terminal."""
    ours, theirs = pty.openpty()
    try:
        plain = {"TERM": "xterm", "COLUMNS": "80", **environment}
        with installation.start(*words, stdout=theirs, env=plain) as process:
            os.close(theirs)
            pieces = []
            # Linux says "input/output error" where the other end of a terminal is closed.
            try:
                while piece := os.read(ours, 65536):
                    pieces.append(piece)
            except OSError:
                pass
            assert process.wait(30) == 0
    finally:
        os.close(ours)
    return b"".join(pieces).decode()


def test_colour_at_a_terminal(installation: Installation, report: Callable[..., Path]) -> None:
    shown = at_a_terminal(installation, "read", report())
    assert "\x1b[31mhigh\x1b[0m" in shown
    assert "\x1b[33mmedium\x1b[0m" in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_plain_where_that_is_asked_for(
    environment: dict[str, str], installation: Installation, report: Callable[..., Path]
) -> None:
    shown = at_a_terminal(installation, "read", report(), **environment)
    assert "DL3000" in shown
    assert "\x1b" not in shown


def test_help_is_quick(installation: Installation) -> None:
    spent = []
    for _ in range(5):
        with installation.start("--help") as process:
            assert process.stdout is not None
            assert process.stdout.read().startswith(b"Usage: seamark")
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        spent.append(used.ru_utime + used.ru_stime)
    assert min(spent) < HELP_WITHIN, spent


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["issues", "--help"], ["nonsense"]])
def test_no_heavy_module_is_loaded_for_a_few_words(words: list[str], installation: Installation) -> None:
    told = "print([name for name in ('django', 'rich', 'lxml', 'httpx2', 'numpy', 'seamark.intake.parsers.formats.sarif') if name in sys.modules], file=sys.stderr)"
    code = f"import sys\ntry:\n exec({SEAMARK!r})\nfinally:\n {told}"
    result = installation.run(*words, code=code)
    assert result.err.splitlines()[-1] == "[]"
