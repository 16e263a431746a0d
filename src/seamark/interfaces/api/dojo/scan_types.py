"""Which format stands behind the name that clients give a sort of report."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


@cache
def scan_types() -> dict[str, str]:
    """Return the formats by `scan_type`; `auto` where the report says what it is."""
    text = files("seamark.interfaces.api.dojo").joinpath("scan_types.toml").read_text("utf-8")
    return {str(name): str(format) for name, format in tomllib.loads(text).items()}


@cache
def _in_any_case() -> dict[str, str]:
    return {name.casefold(): name for name in scan_types()}


def known_name(given: str) -> str | None:
    """Return the name of a sort of report as it is kept, None for one that nothing here reads."""
    return _in_any_case().get(given.strip().casefold())
