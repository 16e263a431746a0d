"""What one measurement costs: time, processor, memory. All of it from the operating system."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

Sample = dict[str, Any]
"""What a measurement hands back: plain values by name."""


class Watch:
    """Measures a block: `seconds` on the clock, `cpu` seconds (user and system, all threads) of this process."""

    seconds = 0.0
    cpu = 0.0

    def __enter__(self) -> Self:
        self._cpu = _own_cpu()
        self._start = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._start
        self.cpu = _own_cpu() - self._cpu

    def sample(self, **more: Any) -> Sample:
        """Return what was measured, and whatever else is to be told."""
        return {"seconds": self.seconds, "cpu": self.cpu, **more}


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def server_cpu(backend: int) -> float | None:
    """Return the processor seconds that a PostgreSQL server on this machine has used, by the pid of one of its backends."""
    try:
        server = _stat(backend)[1]
        ticks = sum(_stat(server)[2:])
        for child in Path(f"/proc/{server}/task/{server}/children").read_text("ascii").split():
            ticks += sum(_stat(int(child))[2:4])
    except (OSError, ValueError, IndexError):
        return None
    return float(ticks) / os.sysconf("SC_CLK_TCK")


def _stat(process: int) -> list[int]:
    """Return pid, parent, and the ticks in user and system mode: its own, and those of its children that have ended."""
    words = Path(f"/proc/{process}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return [process, int(words[1]), *map(int, words[11:15])]


def memory() -> dict[str, float]:
    """Return this process's memory in MB: the most that was ever resident (`VmHWM`), and what is its own now (`RssAnon`)."""
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
    except OSError:
        return {}
    found = dict(line.split(":", 1) for line in lines if line.startswith(("VmHWM", "RssAnon")))
    return {name: int(value.split()[0]) / 1024 for name, value in found.items()}


@contextlib.contextmanager
def peak_memory(every: float = 0.02) -> Iterator[dict[str, float]]:
    """Yield a mapping that holds, afterwards, the peaks of the block in MB by the names of `memory`."""
    peaks = memory()
    done = threading.Event()

    def look() -> None:
        while not done.wait(every):
            for name, value in memory().items():
                peaks[name] = max(peaks.get(name, 0.0), value)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield peaks
    finally:
        done.set()
        looking.join()
        for name, value in memory().items():
            peaks[name] = max(peaks.get(name, 0.0), value)
