"""Where a run took place, and whether the machine was quiet enough to believe it."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

QUIET = 0.5
"""Load for each core up to which other work hardly shows in the figures."""


def load() -> float:
    """Return the average number of processes that were ready to run in the last minute."""
    return os.getloadavg()[0]


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def busy() -> str:
    """Return a warning where other work will distort the figures, or nothing."""
    now = load()
    if now <= QUIET * cores():
        return ""
    return f"The machine is busy (load {now:.1f} on {cores()} cores): times will be too long; the processor seconds tell more"


def processor() -> str:
    """Return the processor's name."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def revision() -> str:
    """Return the commit of the working tree, with a plus where the source was changed since."""
    root = Path(__file__).resolve().parent

    def git(*words: str) -> str:
        found = subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)
        return found.stdout.strip() if found.returncode == 0 else ""

    commit = git("rev-parse", "--short=10", "HEAD")
    return commit + ("+" if commit and git("status", "--porcelain", "--", "../src") else "")
