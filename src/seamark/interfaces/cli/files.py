"""Report files that cannot be read as they are: pipes, as `seamark read <(command)` names them, and names that are not Unicode."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from seamark.core.errors import UnreadableReport

_BLOCK = 1024 * 1024
_MOST = 4 * 1024**3
"""Bytes that are taken from a pipe: as much as a packed report may unpack to."""


@contextlib.contextmanager
def settled(name: str) -> Iterator[Path]:
    """Yield a file that can be read more than once: the named one, or what came out of the named pipe.

    Raises `UnreadableReport` for devices, which may have no end.
    """
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        # Whoever opens it says what is the matter.
        yield path
        return
    if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
        raise UnreadableReport("That is a device, not a report")
    called = path.name.encode("utf-8", "replace").decode("utf-8")
    if not stat.S_ISFIFO(mode) and called == path.name:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="seamark-") as folder:
        kept = Path(folder) / called
        if not stat.S_ISFIFO(mode):
            # A name that is not Unicode can be kept nowhere: the file is read under another.
            kept.symlink_to(path.absolute())
            yield kept
            return
        with path.open("rb") as pipe, kept.open("wb") as file:
            taken = 0
            while block := pipe.read(_BLOCK):
                taken += len(block)
                if taken > _MOST:
                    raise UnreadableReport(f"More than {_MOST // 1024**3} GB came out of the pipe")
                file.write(block)
        yield kept


class Place(click.Path):
    """A file or folder to read, as an option names it: no device, which may have no end."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path. Fails for devices."""
        found = super().convert(value, param, ctx)
        with contextlib.suppress(OSError, ValueError):
            mode = os.stat(found).st_mode  # noqa: PTH116 - click gives bytes too
            if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
                self.fail(f"{click.format_filename(found)!r} is a device.", param, ctx)
        return found
