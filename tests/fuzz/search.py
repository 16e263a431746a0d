"""One stretch of the search, as a process of its own: see `tests.fuzz.__main__`, which starts it."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["seamark.intake", "seamark.core"]):
    from seamark.intake.parsers.kit.registry import parsers

    parsers()

from .judge import judge
from .mutate import mutated


class Search:
    """Judges what the fuzzer thinks of, and keeps one input for each fault."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def one(self, data: bytes) -> None:
        """Judge an input."""
        if fault := judge(data):
            # One place, one file: later stretches find it again.
            name = hashlib.sha256(fault.place.encode()).hexdigest()[:12]
            if not (self.folder / f"{name}.txt").exists():
                (self.folder / f"{name}.input").write_bytes(data)
                (self.folder / f"{name}.txt").write_text(f"{fault.place}: {fault.words}\n", encoding="utf-8")
                sys.stderr.write(f"FAULT {name}: {fault.place}: {fault.words}\n")


def change(data: bytes, most: int, seed: int) -> bytes:
    """Return a changed input, as atheris asks for it."""
    return mutated(data, most, seed, atheris.Mutate)


if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], Search(Path(sys.argv[1])).one, custom_mutator=change)
    atheris.Fuzz()
