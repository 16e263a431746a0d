"""How the labelled projects are judged: `python -m tests.reach.measure`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from seamark.intake.reach.model import Answer, Reach, Target
from seamark.intake.reach.reach import Project

CASES = Path(__file__).parent / "cases"


class Case(NamedTuple):
    name: str
    target: Target
    reachable: bool
    why: str

    @property
    def folder(self) -> Path:
        return CASES / self.name


def cases(root: Path = CASES) -> list[Case]:
    found = []
    for path in sorted(root.glob("*/*/truth.toml")):
        told = tomllib.loads(path.read_text("utf-8"))
        target = Target(
            ecosystem=told["ecosystem"],
            name=told["package"],
            symbols=tuple(told["symbols"]),
            paths=tuple(told.get("paths", ())),
        )
        found.append(Case(path.parent.relative_to(root).as_posix(), target, told["reachable"] == "yes", told["why"]))
    return found


def judged(case: Case, root: Path = CASES) -> Answer:
    """Judge a copy outside of the repository, whose name says nothing."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = shutil.copytree(root / case.name, Path(scratch) / "project", ignore=shutil.ignore_patterns("truth.toml"))
        return Project(copy).answer(case.target)


def main() -> int:
    verdicts: Counter[tuple[bool, Reach]] = Counter()
    for case in cases():
        answer = judged(case)
        verdicts[case.reachable, answer.reach] += 1
        wrong = case.reachable and answer.reach is Reach.UNREACHABLE
        missed = not case.reachable and answer.reach is not Reach.UNREACHABLE
        if wrong or missed or "-v" in sys.argv:
            sys.stdout.write(
                f"{'WRONG' if wrong else 'missed' if missed else 'right':7}{case.name}: {answer.reach}: {answer.why}\n"
            )
    sys.stdout.write("\n")
    for reachable in (True, False):
        row = {reach.value: verdicts[reachable, reach] for reach in Reach}
        sys.stdout.write(f"{'reachable' if reachable else 'unreachable':12} {sum(row.values()):3}: {row}\n")
    return 1 if verdicts[True, Reach.UNREACHABLE] else 0


if __name__ == "__main__":
    sys.exit(main())
