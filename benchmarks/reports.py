"""The generated reports: made once, kept in .run/bench, made anew when the generator changes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from benchmarks import generate
from benchmarks.generate import MAKERS

HOME = Path(__file__).resolve().parent.parent / ".run" / "bench"


def report(format: str, count: int, *, seed: int = 1, changed: float = 0.0) -> Path:
    """Return a generated report of `count` findings."""
    made_by = hashlib.sha256(Path(generate.__file__).read_bytes()).hexdigest()[:8]
    name = f"{format}-{count}-seed{seed}" + (f"-changed{changed:g}" if changed else "")
    path = HOME / f"{name}.{made_by}.json"
    if not path.exists():
        HOME.mkdir(parents=True, exist_ok=True)
        for stale in HOME.glob(f"{name}.*.json"):
            stale.unlink()
        unfinished = path.with_suffix(".part")
        MAKERS[format](unfinished, count, seed=seed, changed=changed)
        unfinished.rename(path)
    return path


def warm(path: Path) -> None:
    """Read a file once, so that the disk is no part of what is measured."""
    with path.open("rb") as file:
        while file.read(4 * 1024**2):
            pass
