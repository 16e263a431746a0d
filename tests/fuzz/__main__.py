"""`python -m tests.fuzz --seconds 60` looks for reports that no parser should fail at, the samples being where it starts.

Needs atheris (the dependency group `fuzz`; `make fuzz` installs it). Each fault is written to the folder `faults` once, with the
input beside it, and the search goes on; it ends with 1 where there were any.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tests.parsers.samples import all_samples

from .judge import SIZE

STRETCH = 480
"""Seconds after which a new process takes over: atheris never gives back what its mutations took."""
MEMORY = 3_072
"""Megabytes that a process may take, most of them its own."""
HANGS = 30
"""Seconds after which an input is given up; `judge` calls one slow long before."""


def seeds(folder: Path, words: str) -> int:
    """Write the samples of the formats whose name contains the words to a folder; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    chosen = [sample for sample in all_samples() if words in sample.format and sample.path.stat().st_size <= SIZE]
    for sample in chosen:
        (folder / sample.id.replace("/", "--")).write_bytes(sample.path.read_bytes())
    return len(chosen)


def search(folder: Path, seconds: int, seed: int) -> int:
    """Search for a time; return how many faults the folder holds afterwards, hangs and want of memory among them."""
    faults, corpus = folder / "faults", folder / "corpus"
    for one in (faults, corpus):
        one.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    stretch = 0
    while (left := int(end - time.monotonic())) > 0:
        flags = {
            "max_total_time": min(left, STRETCH), "max_len": SIZE, "timeout": HANGS, "rss_limit_mb": MEMORY,
            "seed": seed and seed + stretch, "artifact_prefix": f"{faults}/", "print_final_stats": 1, "reload": 0,
        }  # fmt: skip
        stretch += 1
        words = [f"-{name}={value}" for name, value in flags.items()]
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz.search", str(faults), *words, str(corpus), str(folder / "seeds")],
            check=False,
        )
        if done.returncode and not any(faults.iterdir()):
            return 1  # it did not even start
    return sum(1 for path in faults.iterdir() if path.suffix != ".input")


def main() -> int:
    """Search as the command line says."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seconds", type=int, default=600)
    asked.add_argument("--folder", type=Path, default=Path(".run/fuzz"), help="where inputs and faults are kept")
    asked.add_argument("--seed", type=int, default=0, help="another number, another search; 0 is by chance")
    asked.add_argument("words", nargs="?", default="", help="start from samples of these formats only")
    given = asked.parse_args()
    if not seeds(given.folder / "seeds", given.words):
        asked.error(f"no sample is of a format whose name contains {given.words!r}")
    found = search(given.folder, given.seconds, given.seed)
    sys.stderr.write(f"{found} faults in {given.folder / 'faults'}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
