"""Runs one program without a shell: within its time, its output bounded, ended with all that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from seamark.core.errors import RemoteFailure

_PRIVATE: Final = ("SEAMARK_", "DJANGO_")
"""Beginnings of the names of variables that programs are not given: they hold our own secrets."""
_BLOCK: Final = 64 * 1024
_LARGEST_COMPLAINT: Final = 4_000


class _Drain(threading.Thread):
    """Reads a pipe to its end, and keeps no more than `most` bytes."""

    def __init__(self, pipe: IO[bytes], most: int, process: subprocess.Popen[bytes] | None = None) -> None:
        super().__init__(daemon=True)
        self._pipe, self._most, self._process = pipe, most, process
        self.kept = bytearray()
        self.over = False

    def run(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while block := self._pipe.read1(_BLOCK):  # type: ignore[attr-defined]
                room = self._most - len(self.kept)
                self.kept += block[:room]
                if len(block) > room:
                    self.over = True
                    if self._process is not None:
                        _end(self._process)
                        return


def answer(
    words: Sequence[str], *, timeout: float, most: int, variables: Mapping[str, str] | None = None, folder: str | None = None
) -> bytes:  # fmt: skip
    """Return what a program prints. `timeout` is in seconds, `most` in bytes. Raises `RemoteFailure` with its last complaint."""
    name = Path(words[0]).name
    environment = {key: value for key, value in os.environ.items() if not key.startswith(_PRIVATE)}
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(
            list(words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**environment, **(variables or {})},
            cwd=folder, start_new_session=True,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise RemoteFailure(
            f"{name} cannot be started: {getattr(error, 'strerror', None) or error}", permanent=True
        ) from None
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018 - both are pipes
    said, complaint = _Drain(process.stdout, most, process), _Drain(process.stderr, _LARGEST_COMPLAINT)
    late = False
    try:
        said.start()
        complaint.start()
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            late = True
    finally:
        _end(process)
        said.join(5)
        complaint.join(5)
        process.stdout.close()
        process.stderr.close()
    if said.over:
        raise RemoteFailure(f"{name} prints more than {most // 1024**2:,} MB", permanent=True)
    if late:
        raise RemoteFailure(f"{name} was ended after {timeout:g} s", permanent=False)
    if process.returncode:
        why = _last_line(bytes(complaint.kept))
        raise RemoteFailure(
            f"{name} ended with exit code {process.returncode}{': ' + why if why else ''}", permanent=False
        )
    return bytes(said.kept)


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(5)


def _last_line(complaint: bytes) -> str:
    lines = [line.strip() for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    return "".join(each if each.isprintable() else " " for each in lines[-1])[:300] if lines else ""
