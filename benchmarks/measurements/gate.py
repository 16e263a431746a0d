"""The whole command `seamark gate` in a process of its own: from its start to its verdict, on a report of 10,000 findings."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.bench import Bench, Figure, figure
from benchmarks.reports import HOME, report, warm

SIZE = 10_000
_START = [sys.executable, "-c", "from seamark.interfaces.cli.main import run; run()"]


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the gate: compared with a baseline that a hundredth of the findings is missing from, and with nothing."""
    before, after = report("sarif", SIZE), report("sarif", SIZE, changed=0.01)
    baseline = HOME / "gate.baseline"
    _run(["gate", str(before), "--write-baseline", str(baseline)], {0})
    for path in (after, baseline):
        warm(path)
    starts = [_run(["--version"], {0}) for _ in range(bench.runs)]
    found = []
    for line, words in (("gate.baseline", ["--baseline", str(baseline)]), ("gate.all", ["--all-new"])):
        bench.tell(line)
        runs = [_run(["gate", str(after), *words], {0, 1, 2}) for _ in range(bench.runs)]
        found.append(
            figure(line, SIZE, [wall for wall, _ in runs], cpu=[cpu for _, cpu in runs], limits=[wall for wall, _ in starts])
        )  # fmt: skip
    return found


def _run(words: list[str], codes: set[int]) -> tuple[float, float]:
    """Run the command; return seconds by the clock and by the processor."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SEAMARK_")}
    before, began = _children(), time.perf_counter()
    done = subprocess.run([*_START, *words], env=environment, cwd=Path(HOME), stdout=subprocess.DEVNULL, check=False)
    wall = time.perf_counter() - began
    if done.returncode not in codes:
        raise SystemExit(f"seamark {words[0]} ended with {done.returncode}")
    return wall, _children() - before


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
