"""Git's output as it comes, from a repository that nobody vouches for."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer

from seamark.intake.discovery.lines import _HARDENED

CHUNK = 1 << 20
MOST = 1_000_000_000
"""Bytes that are read of one answer."""


class Fields:
    """The fields of an answer of git, each ended by a NUL; git runs no programs of the repository's choice and no network.

    `complete` says, once all are read, whether git came to its end: it may have failed, taken too long or said too much.
    """

    def __init__(self, root: Path, arguments: Sequence[str], timeout: float) -> None:
        self._command = ["git", "-C", str(root), *_HARDENED, *arguments]
        self._timeout = timeout
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield the fields; what stands behind the last NUL is the last one."""
        try:
            process = subprocess.Popen(
                self._command,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError:
            return
        timer = Timer(self._timeout, process.kill)
        with process:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            timer.start()
            try:
                rest, read = b"", 0
                while chunk := os.read(process.stdout.fileno(), CHUNK):
                    read += len(chunk)
                    *fields, rest = (rest + chunk).split(b"\0")
                    yield from fields
                    if read > MOST or len(rest) > 16 * CHUNK:
                        return
                yield rest
                self.complete = process.wait() == 0
            finally:
                timer.cancel()
                process.kill()


def answer(root: Path, arguments: Sequence[str], timeout: float = 30) -> list[bytes] | None:
    """Return the fields of a short answer, None where git fails."""
    fields = Fields(root, arguments, timeout)
    found = list(fields)
    return found if fields.complete else None


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {
        "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
    }  # fmt: skip
