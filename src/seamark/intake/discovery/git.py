"""Git, on a repository that nobody vouches for: no programs of its choice, no network, bounded in time and output."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Timer

TIMEOUT = 30.0
"""Seconds that a short answer may take."""
LARGEST = 64_000_000
"""Bytes; a larger short answer is none."""
CHUNK = 1 << 20
MOST = 1_000_000_000
"""Bytes that are read of one long answer."""
_HARDENED = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never", "-c", "protocol.file.allow=never",
    "-c", "core.pager=cat", "-c", "diff.orderFile=/dev/null", "-c", "diff.external=", "--no-pager", "--literal-pathspecs", "--no-replace-objects",
)  # fmt: skip


@contextlib.contextmanager
def _running(
    root: Path, arguments: Sequence[str], timeout: float, *, asked: bool
) -> Iterator[subprocess.Popen[bytes] | None]:
    """Yield git's process with its output as a pipe, and with its input where something is `asked`; None where there is no git.

    It is gone afterwards, and ended where it takes too long.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C",
    }  # fmt: skip
    try:
        process = subprocess.Popen(
            ["git", "-C", str(root), *_HARDENED, *arguments], env=environment, stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        yield None
        return
    timer = Timer(timeout, process.kill)
    with process:
        timer.start()
        try:
            yield process
        finally:
            timer.cancel()
            process.kill()


def output(root: Path, arguments: Sequence[str], given: bytes = b"") -> bytes | None:
    """Return what git answers to arguments and input; None where it fails, takes too long or says too much."""
    with _running(root, arguments, TIMEOUT, asked=True) as process:
        if process is None or process.stdin is None or process.stdout is None:
            return None
        try:
            process.stdin.write(given)
            process.stdin.close()
        except BrokenPipeError:
            return None
        answered = process.stdout.read(LARGEST + 1)
        return answered if len(answered) <= LARGEST and process.wait() == 0 else None


class Fields:
    """The fields of a long answer, each ended by a NUL.

    `complete` says, once all are read, whether git came to its end: it may have failed, taken too long or said too much.
    """

    def __init__(self, root: Path, arguments: Sequence[str], timeout: float) -> None:
        self._root, self._arguments, self._timeout = root, arguments, timeout
        self.complete = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield the fields; what stands behind the last NUL is the last one."""
        with _running(self._root, self._arguments, self._timeout, asked=False) as process:
            if process is None or process.stdout is None:
                return
            rest, read = b"", 0
            while chunk := os.read(process.stdout.fileno(), CHUNK):
                read += len(chunk)
                *fields, rest = (rest + chunk).split(b"\0")
                yield from fields
                if read > MOST or len(rest) > 16 * CHUNK:
                    return
            yield rest
            self.complete = process.wait() == 0


def answer(root: Path, arguments: Sequence[str], timeout: float = TIMEOUT) -> list[bytes] | None:
    """Return the fields of an answer, None where git fails."""
    fields = Fields(root, arguments, timeout)
    found = list(fields)
    return found if fields.complete else None
