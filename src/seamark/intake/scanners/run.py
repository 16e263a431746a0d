"""Runs scanners side by side, each within its time, and says what came of each."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Final, Literal

from msgspec import Struct

from seamark.intake.scanners.declared import Job, Scanner

LARGEST_LOG: Final = 4000
"""Characters of what a scanner complained that are kept."""
LARGEST_REPORT: Final = 2_000_000_000
_PRIVATE: Final = ("SEAMARK_",)
"""Beginnings of the names of variables that scanners are not given: they hold our own secrets."""

State = Literal["done", "failed", "late", "not run"]


class Outcome(Struct, frozen=True, kw_only=True):
    """What came of one scanner."""

    scanner: str
    state: State
    why: str = ""
    """In a sentence, where it is not done."""
    report: str = ""
    """Path of its report, where there is one."""
    format: str = ""
    seconds: float = 0.0


class Plan(Struct, frozen=True, kw_only=True):
    """Which scanners will run, and why the others will not."""

    chosen: list[tuple[str, str]]
    """Pairs of a scanner's name and its program's path."""
    left_out: list[Outcome]


def plan(
    known: dict[str, Scanner],
    files: Sequence[str],
    *,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    online: bool = False,
    trust: bool = False,
) -> Plan:
    """Decide which scanners run on a folder with these files.

    `online` allows those that fetch something, `trust` those that execute what they scan. Whoever is named in `only` and does
    not run is told; of the others those that are not installed or have nothing to scan are told as well.
    """
    chosen: list[tuple[str, str]] = []
    left_out: list[Outcome] = []
    for name, scanner in known.items():
        if (only and name not in only) or name in skip:
            continue
        program = scanner.find()
        why = ""
        if scanner.wants and not scanner.wanted(files):
            why = f"there is nothing for it here ({', '.join(scanner.wants[:4])})"
        elif program is None:
            why = f"{scanner.executable} is not installed"
            why += f"; pip install {scanner.package} brings it" if scanner.package else ""
        elif scanner.online and not online:
            why = f"it fetches {scanner.online} from the network; --online allows that"
        elif scanner.runs_code and not trust:
            why = f"it executes {scanner.runs_code} of what it scans; --trust allows that"
        if why or program is None:
            left_out.append(Outcome(scanner=name, state="not run", why=why))
        else:
            chosen.append((name, program))
    return Plan(chosen=chosen, left_out=left_out)


class Running:
    """The scanners' processes, so that all can be ended at once."""

    def __init__(self) -> None:
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    def start(self, command: Sequence[str], **more: object) -> subprocess.Popen[bytes] | None:
        """Start a process in a group of its own; None where all were stopped."""
        with self._lock:
            if self._stopped:
                return None
            process: subprocess.Popen[bytes] = subprocess.Popen(command, start_new_session=True, **more)  # type: ignore[call-overload]
            self._processes.add(process)
            return process

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process with all that it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        with self._lock:
            self._processes.discard(process)

    def stop(self) -> None:
        """End all of them, and start no more."""
        with self._lock:
            self._stopped = True
            left = list(self._processes)
        for process in left:
            self.end(process)


def run(
    chosen: Sequence[tuple[Scanner, str]],
    folder: Path,
    files: Sequence[str],
    reports: Path,
    *,
    timeout: float,
    jobs: int,
    started: Callable[[str], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Run scanners on a folder, `jobs` at a time and each for at most `timeout` seconds; yield what came of each as it ends.

    Reports are written to the folder `reports`. Where the caller leaves early, all processes are ended.
    """
    running = Running()
    pool = ThreadPoolExecutor(max_workers=max(1, jobs), thread_name_prefix="scanner")
    try:
        jobs_of = [
            (
                scanner,
                program,
                Job(
                    str(folder),
                    str(reports / f"{scanner.name}.report"),
                    tuple(f"./{path}" for path in scanner.wanted(files)),
                ),
            )
            for scanner, program in chosen
        ]
        tasks = [
            pool.submit(_one, scanner, program, job, timeout, running, started) for scanner, program, job in jobs_of
        ]
        for task in as_completed(tasks):
            yield task.result()
    finally:
        running.stop()
        pool.shutdown(wait=True, cancel_futures=True)


def _one(
    scanner: Scanner, program: str, job: Job, timeout: float, running: Running, started: Callable[[str], None]
) -> Outcome:
    report = Path(job.report)
    log = report.with_suffix(".log")
    started(scanner.name)
    begin = time.monotonic()

    def told(state: State, why: str = "") -> Outcome:
        there = state == "done" and report.stat().st_size
        return Outcome(
            scanner=scanner.name, state=state, why=why, report=str(report) if there else "", format=scanner.format,
            seconds=round(time.monotonic() - begin, 2),
        )  # fmt: skip

    output = report if scanner.on_stdout else log.with_suffix(".out")
    with log.open("wb") as complaints, output.open("wb") as said:
        try:
            process = running.start(
                [program, *scanner.arguments(job)], cwd=job.folder, stdin=subprocess.DEVNULL, stdout=said, stderr=complaints,
                env=_environment(scanner),
            )  # fmt: skip
        except OSError as error:
            return told("failed", f"it cannot be started: {error.strerror or error}")
        if process is None:
            return told("not run", "stopped")
        try:
            code = process.wait(timeout)
        except subprocess.TimeoutExpired:
            return told("late", f"it was ended after {timeout:g} s")
        finally:
            running.end(process)
    written = report.stat().st_size if report.is_file() else 0
    if code not in scanner.done:
        return told("failed", f"exit code {code}{_complaint(log)}")
    if not written and not scanner.may_be_empty:
        return told("failed", f"it wrote no report{_complaint(log)}")
    if written > LARGEST_REPORT:
        return told("failed", "its report is larger than 2 GB")
    return told("done")


def _environment(scanner: Scanner) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_PRIVATE)}
    return kept | {"NO_COLOR": "1", "CI": kept.get("CI", "true")} | dict(scanner.environment)


def _complaint(log: Path) -> str:
    """Return the last line that a scanner complained with."""
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - LARGEST_LOG))
        lines = [line.strip() for line in stream.read().decode("utf-8", "replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return f": {last[:300]}" if last else ""
