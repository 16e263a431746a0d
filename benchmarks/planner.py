"""Measures the planner of package fixes: `python -m benchmarks.planner`. Graphs, registries and advisories are made at random."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.remediation.planner.graphs import RANGES, World

from seamark.response.remediation.plan.candidates import candidates
from seamark.response.remediation.plan.choose import choose
from seamark.response.remediation.plan.make import plan

SHAPES = ((6, 3, 6, 3), (12, 3, 12, 4), (24, 4, 24, 6), (40, 3, 30, 10), (300, 4, 100, 40))
"""Packages, versions of each, flaws, direct dependencies."""


def main() -> int:
    """Print a row for each size: how many plans are proven the best, how many the quick search finds as well, and how long a plan takes."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.planner", description=__doc__)
    words.add_argument(
        "--seeds", type=int, default=2, metavar="N", help="graphs of each size and ecosystem (default 2)"
    )
    words.add_argument(
        "--most", type=int, default=40, metavar="N", help="leave out graphs of more packages (default 40)"
    )
    given = words.parse_args()
    _say("packages  plans  proven  quick search as good  median s  slowest s")
    for packages, versions, flaws, direct in SHAPES:
        if packages <= given.most:
            _measure(packages, versions, flaws, direct, given.seeds)
    return 0


def _measure(packages: int, versions: int, flaws: int, direct: int, seeds: int) -> None:
    counted: Counter[str] = Counter()
    seconds = []
    for ecosystem in RANGES:
        for seed in range(seeds):
            world = World(seed, ecosystem, packages, versions=versions, flaws=flaws, direct=direct)
            begin = time.perf_counter()
            made = plan(world.project, world.advisories, world.catalogue)
            seconds.append(time.perf_counter() - begin)
            scale = world.scale()
            quick = choose(scale, candidates(scale), most_states=0)
            counted["plans"] += 1
            counted["proven"] += made.proven
            counted["quick"] += made.proven and scale.rank(quick.moves) == scale.rank(
                frozenset(one.move for one in made.steps)
            )
    seconds.sort()
    _say(f"{packages:>8}  {counted['plans']:>5}  {counted['proven']:>6}  {counted['quick']:>8} of {counted['proven']:<9}  {seconds[len(seconds) // 2]:>8.2f}  {seconds[-1]:>9.2f}")  # fmt: skip


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
