"""How long CODEOWNERS takes for many paths and many lines: `python -m tests.discovery.owners_speed [PATHS] [LINES]`."""

from __future__ import annotations

import random
import sys
import time

from seamark.intake.discovery.owners.codeowners import read_codeowners

SHAPES = (
    "/{f}/",
    "/{f}/*.py",
    "{f}/**/test_*.py",
    "*.e{n}",
    "name{n}/",
    "**/deep{n}/**",
    "/{f}",
    "/{f}/x?{n}*",
    "**/*_{n}.ts",
)


def main(paths: int = 100_000, lines: int = 2_000) -> int:
    """Print the seconds."""
    dice = random.Random(5)
    folders = [
        f"{area}/{team}/{part}"
        for area in ("services", "libs", "web", "infra")
        for team in range(40)
        for part in range(25)
    ]
    rules = [
        "* @acme/all",
        *(dice.choice(SHAPES).format(f=dice.choice(folders), n=n) + f" @acme/t{n}" for n in range(1, lines)),
    ]
    asked = [
        f"{dice.choice(folders)}/{dice.choice('abcdef')}/{dice.choice('xyz')}/f{n}.{dice.choice(['py', 'ts', 'go', 'e50'])}"
        for n in range(paths)
    ]
    begun = time.perf_counter()
    found = read_codeowners("\n".join(rules))
    matched = sum(len(found.match(path)) for path in asked)
    print(f"{paths:,} paths, {len(found.rules):,} lines, {matched:,} owned: {time.perf_counter() - begun:.2f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:])))
