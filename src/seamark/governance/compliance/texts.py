"""Reads the YAML of compliance: every scalar is a text until its field says otherwise, so that the control 6.10 stays 6.10."""

from __future__ import annotations

from typing import Any, Final

import yaml

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def content_of(text: str) -> Any:
    """Return lists, maps and texts. Raises `ValueError` for what is no YAML, and for aliases, which make small files large."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=_LOADER)):
            raise ValueError("aliases (*name) cannot be used here; write it out")
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a base loader, which makes texts only
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"this is not valid YAML: {error}") from None
