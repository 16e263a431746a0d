"""What a scanner's declaration says, and which scanners there are."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from seamark.core.errors import BrokenPlugin
from seamark.core.kind import Kind
from seamark.core.plugins import load


class Job(NamedTuple):
    """What a scanner is asked to do."""

    folder: str
    """Absolute path of what is scanned; also the working directory."""
    report: str
    """Absolute path of the file to write."""
    files: tuple[str, ...]
    """The files that it wants, relative to the folder; at most `MOST_FILES`."""


MOST_FILES: Final = 1_000
Command = Callable[[Job], list[str]]
"""From the job to the arguments behind the program's name."""

DONE: Final = frozenset({0, 1})
"""Exit codes of most scanners that ran to their end: nothing found, something found."""


@dataclass(frozen=True)
class Scanner:
    """How one scanner is found and run."""

    name: str
    """As `seamark scan --only` takes it; also the program's name where `program` is empty."""
    title: str
    kind: Kind
    format: str
    """The name of the format that it writes, see `seamark formats`."""
    arguments: Command
    wants: tuple[str, ...] = ()
    """Shell patterns of names; without a file of such a name there is nothing to scan. Empty: it scans everything."""
    program: str = ""
    on_stdout: bool = False
    """Whether the report comes on standard output; else it is written to the file that the arguments name."""
    may_be_empty: bool = False
    """Whether an empty report says that nothing was found; else it says that the scanner failed."""
    done: frozenset[int] = DONE
    online: str = ""
    """What it fetches from the network (`its vulnerability database`), empty where it needs none."""
    runs_code: str = ""
    """What of the scanned folder it executes (`eslint.config.js`), empty where it only reads."""
    package: str = ""
    """The Python package that brings it with `pip install seamark[scanners]`."""
    environment: tuple[tuple[str, str], ...] = ()
    """Variables that keep it quiet and at home."""

    @property
    def executable(self) -> str:
        """Return the program's name."""
        return self.program or self.name

    def find(self) -> str | None:
        """Return the program's path: beside this Python first, then where the shell would look; None where it is not installed."""
        beside = Path(sys.executable).parent / self.executable
        if beside.is_file() and os.access(beside, os.X_OK):
            return str(beside)
        return shutil.which(self.executable)

    def wanted(self, files: Iterable[str]) -> tuple[str, ...]:
        """Return the files that it wants, of all paths of a folder; at most `MOST_FILES`. A pattern with `/` fits any folder's end."""

        def fits(path: str, pattern: str) -> bool:
            return (
                (fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}"))
                if "/" in pattern
                else fnmatch(path.rpartition("/")[2], pattern)
            )

        found = (path for path in files if any(fits(path, pattern) for pattern in self.wants))
        return tuple(islice(found, MOST_FILES))


_SCANNERS: dict[str, Scanner] = {}


def declare(scanner: Scanner) -> Scanner:
    """Add a scanner. Raises `BrokenPlugin` where there is one of its name."""
    if _SCANNERS.get(scanner.name, scanner) != scanner:
        raise BrokenPlugin(f"Two scanners are called {scanner.name!r}")
    _SCANNERS[scanner.name] = scanner
    return scanner


@cache
def scanners() -> dict[str, Scanner]:
    """Return all scanners by name, those that other packages declare (entry points `seamark.scanners`) among them. Raises `BrokenPlugin`."""
    load("scanner", package="seamark.intake.scanners.tools", group="seamark.scanners")
    return dict(sorted(_SCANNERS.items()))
