"""The generated reports: made once, kept in .run/bench, made anew when the generator changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from benchmarks import generate, scanners
from benchmarks.generate import MAKERS

HOME = Path(__file__).resolve().parent.parent / ".run" / "bench"


def report(format: str, count: int, *, seed: int = 1, changed: float = 0.0) -> Path:
    """Return a generated report of `count` findings."""
    name = f"{format}-{count}-seed{seed}" + (f"-changed{changed:g}" if changed else "")
    return _kept(name, lambda path: MAKERS[format](path, count, seed=seed, changed=changed))


def report_of(tool: int, count: int, *, near: bool = False) -> Path:
    """Return the generated SARIF report of one of several tools that speak of the same files."""
    name = f"sarif-{count}-tool{tool}" + ("-near" if near else "")
    return _kept(name, lambda path: generate.sarif_of(path, count, tool=tool, near=near))


def report_of_scanner(format: str, count: int) -> Path:
    """Return the generated report of one of the most used scanners."""
    return _kept(f"{format}-{count}", lambda path: scanners.MAKERS[format](path, count), scanners)


def _kept(name: str, make: Callable[[Path], None], generator: ModuleType = generate) -> Path:
    """Return a file of the reports' folder, made where this generator has not made it yet."""
    made_by = hashlib.sha256(Path(str(generator.__file__)).read_bytes()).hexdigest()[:8]
    path = HOME / f"{name}.{made_by}.json"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        for stale in HOME.glob(f"{name}.*.json"):
            stale.unlink()
        unfinished = path.with_suffix(".part")
        make(unfinished)
        unfinished.rename(path)
    return path


def warm(path: Path) -> None:
    """Read a file once, so that the disk is no part of what is measured."""
    with path.open("rb") as file:
        while file.read(4 * 1024**2):
            pass
