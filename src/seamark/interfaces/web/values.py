"""JSON values as people read them."""

from __future__ import annotations

from typing import Any


def known_words(value: Any, most: int) -> str:
    """Write a JSON value for people, cut to so many characters."""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, list):
        text = ", ".join(known_words(one, most) for one in value[:200])
    elif isinstance(value, dict):
        text = "; ".join(
            f"{name.replace('_', ' ')} {known_words(one, most)}" for name, one in list(value.items())[:200]
        )
    else:
        text = str(value)
    return text if len(text) <= most else f"{text[:most]}…"
