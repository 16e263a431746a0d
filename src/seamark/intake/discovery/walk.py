"""The files of a working tree, within bounds."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

MOST_FILES = 20_000
SKIPPED = frozenset(
    "node_modules bower_components vendor dist build out target site-packages __pycache__ venv env".split()  # noqa: SIM905 - reads better
)
"""Folders with other people's code or with what was built; those that begin with a dot are left out as well."""


def files_in(root: Path, most: int = MOST_FILES, hidden: Collection[str] = ()) -> tuple[list[str], bool]:
    """Return the paths of the regular files under a folder, in order, and whether these are all.

    Links are not followed. Paths are relative, with forward slashes. `hidden` names the folders that are walked although
    their names begin with a dot.
    """
    found: list[str] = []
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            each for each in folders if each not in SKIPPED and (not each.startswith(".") or each in hidden)
        )
        inside = os.path.relpath(folder, root).replace(os.sep, "/")
        prefix = "" if inside == "." else f"{inside}/"
        for name in sorted(names):
            if os.path.islink(os.path.join(folder, name)):  # noqa: PTH118, PTH114 - a Path a file would double the time
                continue
            if len(found) == most:
                return found, False
            found.append(prefix + name)
    return found, True


def read_file(path: Path, most: int) -> bytes | None:
    """Return a regular file's bytes; None where it is no such file, cannot be read, or has more than `most` bytes."""
    try:
        # A file that became a link or a pipe since it was listed is neither followed nor waited for.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            data = stream.read(most + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) <= most else None
