"""Providers that the operator wrote into a file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from seamark.core.errors import InvalidSetting
from seamark.pipeline.signon.model import Provider, checked


def read(path: Path | None) -> tuple[Provider, ...]:
    """Return the providers of a file; none without one. Raises `InvalidSetting`."""
    if path is None:
        return ()
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise InvalidSetting(f"SEAMARK_SSO cannot be read: {error}") from None


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> tuple[Provider, ...]:  # noqa: ARG001 - a changed file is read again
    try:
        content = msgspec.toml.decode(path.read_bytes())
        rows = [dict(row) for row in content.get("provider", [])]
        found = tuple(checked(msgspec.convert(_whole(row, path.parent), Provider)) for row in rows)
    except (msgspec.MsgspecError, ValueError, TypeError, AttributeError) as error:
        raise InvalidSetting(f"SEAMARK_SSO ({path.name}) is not understood: {error}") from None
    slugs = [one.slug for one in found]
    if len(set(slugs)) < len(slugs):
        raise InvalidSetting(f"SEAMARK_SSO ({path.name}) has two providers of one slug")
    return found


def _whole(row: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a row with the files that it names read: `secret_file`, `certificate_file`."""
    for name in ("secret", "certificate"):
        file = row.pop(f"{name}_file", None)
        if file is not None:
            row[name] = (folder / str(file)).read_text("utf-8").strip()
    return {**row, "declared": True}
