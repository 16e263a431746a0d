"""The tests that a person names, run on a copy with the change."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import Final

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.pipeline.fixing.sandbox import run_limited
from seamark.pipeline.model_patches import files
from seamark.response.remediation.model_patches.drafted import TESTS, Check

SECONDS: Final = 600.0


def run_tests(root: Path, path: str, data: bytes, command: str, *, seconds: float = SECONDS) -> Check:
    """Run a command, without a shell, in a copy of the tree in which a file is changed.

    It has the limits of the sandbox of package managers, and none of our own variables. Where it fails without the change as well, it
    says nothing.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise NotAllowed(f"The command of the tests cannot be read: {error}") from None
    program = shutil.which(words[0]) if words else None
    if program is None:
        raise NotAllowed(f"There is no program {(words or [''])[0]!r} to run the tests")
    before = files.read(root, path)
    try:
        with files.whole(root) as copy:
            (copy / path).write_bytes(data)
            why = _failure([program, *words[1:]], copy, seconds)
            if not why:
                return Check(TESTS, "passed", f"`{command}` passes with the change")
        with files.whole(root) as copy:
            (copy / path).write_bytes(before)
            if _failure([program, *words[1:]], copy, seconds):
                return Check(TESTS, "not run", f"`{command}` fails without the change as well")
    except NotAllowed as error:
        return Check(TESTS, "not run", str(error))
    return Check(TESTS, "failed", f"`{command}` fails with the change: {why}")


def _failure(words: list[str], at: Path, seconds: float) -> str:
    try:
        run_limited(words, at, at.parent, seconds)
    except RemoteFailure as error:
        return str(error)
    return ""
