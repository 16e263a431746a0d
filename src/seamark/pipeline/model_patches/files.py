"""The files of a working tree that a machine-made change is about: read without leaving the tree, and copied for trying it out."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from msgspec.structs import replace

from seamark.core.errors import NotAllowed, SeamarkError
from seamark.core.location import CodeLocation
from seamark.intake.parsers.kit.tidy import clean_path
from seamark.pipeline.fixing import written
from seamark.response.remediation.model_patches.prompt import Subject

MOST_BESIDE: Final = 300
MOST_BYTES: Final = 20_000_000
"""Of the files beside one that are scanned with it."""
MOST_FILES: Final = 50_000
MOST_TREE: Final = 1_000_000_000
"""Of a tree that is copied for its tests."""


def placed(subject: Subject, root: Path) -> Subject:
    """Return a subject with its path as it is below the root. Raises `NotAllowed` for one that leads elsewhere."""
    path = clean_path(subject.location.path)
    base = f"{root.resolve().as_posix()}/"
    path = path.removeprefix(base) if path.startswith(base) else path
    parts = PurePosixPath(path).parts
    if not parts or PurePosixPath(path).is_absolute() or ".." in parts or ".git" in {one.lower() for one in parts}:
        raise NotAllowed("The finding names no file of this folder")
    location: CodeLocation = replace(subject.location, path=path)
    return replace(subject, location=location)


def read(root: Path, path: str) -> bytes:
    """Return a regular file below a root; links are not followed. Raises `NotAllowed`."""
    place, base = root / path, root.resolve()
    try:
        told = place.lstat()
        inside = place.resolve() == base / path
    except (OSError, ValueError):
        raise NotAllowed(f"{path} is not in this folder") from None
    if not inside or not stat.S_ISREG(told.st_mode):
        raise NotAllowed(f"{path} is no regular file of this folder")
    try:
        return place.read_bytes()
    except OSError as error:
        raise NotAllowed(f"{path} cannot be read: {error.strerror or error}") from None


def write(root: Path, path: str, before: bytes, after: bytes) -> None:
    """Replace a file that is still as it was, at once. Raises `SeamarkError`."""
    if read(root, path) != before:
        raise SeamarkError(f"{path} changed meanwhile; nothing was written")
    written.write(root / path, after, path)


@contextmanager
def beside(root: Path, path: str) -> Iterator[Path]:
    """Yield a folder with a file and those that lie in the same folder, each where it is in the tree. The file itself always is there."""
    folder = PurePosixPath(path).parent
    with tempfile.TemporaryDirectory(prefix="seamark-model-") as scratch:
        target = Path(scratch).resolve() / "tree"
        (target / folder).mkdir(parents=True)
        room, number = MOST_BYTES, 0
        (target / path).write_bytes(read(root, path))
        for one in sorted((root / folder).iterdir()):
            told = one.lstat()
            if one.name == PurePosixPath(path).name or not stat.S_ISREG(told.st_mode) or told.st_size > room:
                continue
            if number >= MOST_BESIDE:
                break
            shutil.copyfile(one, target / folder / one.name)
            room, number = room - told.st_size, number + 1
        yield target


@contextmanager
def whole(root: Path) -> Iterator[Path]:
    """Yield a copy of a tree without `.git` and without links. Raises `NotAllowed` where it is too large."""
    with tempfile.TemporaryDirectory(prefix="seamark-model-") as scratch:
        target = Path(scratch).resolve() / "tree"
        room, number = MOST_TREE, 0
        for place, folders, names in os.walk(root):
            folders[:] = sorted(one for one in folders if one != ".git" and not (Path(place) / one).is_symlink())
            here = target / Path(place).relative_to(root)
            here.mkdir(parents=True, exist_ok=True)
            for name in sorted(names):
                told = (Path(place) / name).lstat()
                if not stat.S_ISREG(told.st_mode):
                    continue
                room, number = room - told.st_size, number + 1
                if room < 0 or number > MOST_FILES:
                    raise NotAllowed("the folder is too large to be copied for its tests")
                shutil.copy(Path(place) / name, here / name)
        yield target
