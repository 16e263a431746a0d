"""Writes a file of somebody's so that it is the old one or the new one, and never half of either."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from seamark.core.errors import SeamarkError


def write(place: Path, data: bytes, name: str = "") -> None:
    """Put a file in its place at once, with the rights of the one that was there; a new one is its owner's only.

    `name` is what failures call it, the path where it is empty. Raises `SeamarkError`.
    """
    draft: Path | None = None
    try:
        handle, at = tempfile.mkstemp(prefix=".seamark-", dir=place.parent)
        draft = Path(at)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if place.exists():
            draft.chmod(stat.S_IMODE(place.stat().st_mode))
        draft.replace(place)
    except OSError as error:
        if draft is not None:
            draft.unlink(missing_ok=True)
        raise SeamarkError(f"{name or place} cannot be written: {error.strerror or error}") from None
