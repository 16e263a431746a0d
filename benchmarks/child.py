"""Runs one measurement in a fresh process, so that the memory and the caches of others are no part of it.

`python -m benchmarks.child MODULE FUNCTION` reads the arguments from standard input as JSON and writes the sample to standard
output. Django is loaded before, and only where there is a database.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.databases import environment
from benchmarks.watch import Sample

_ROOT = Path(__file__).resolve().parent.parent


def run_fresh(function: Callable[..., Sample], *, database: str = "", **arguments: Any) -> Sample:
    """Return what a function of `benchmarks.measurements` returns in a process of its own, on the given database."""
    words = [sys.executable, "-m", "benchmarks.child", function.__module__, function.__name__]
    marked = {**environment(database), "BENCHMARK_DATABASE": "yes" if database else ""}
    found = subprocess.run(
        words, input=json.dumps(arguments), env=marked, cwd=_ROOT, check=False, stdout=subprocess.PIPE, text=True
    )
    if found.returncode:
        raise RuntimeError(f"{function.__module__}.{function.__name__} failed; its reason stands above")
    sample: Sample = json.loads(found.stdout.splitlines()[-1])
    return sample


def main() -> None:
    """Run the measurement that the arguments name."""
    module, name = sys.argv[1:]
    if not module.startswith("benchmarks.measurements."):
        raise SystemExit(f"{module} holds no measurements")
    if os.environ.get("BENCHMARK_DATABASE"):
        from seamark.interfaces.cli.database import boot

        boot(migrate=False)
    arguments = json.loads(sys.stdin.read())
    sample = getattr(importlib.import_module(module), name)(**arguments)
    sys.stdout.write(json.dumps(sample) + "\n")


if __name__ == "__main__":
    main()
