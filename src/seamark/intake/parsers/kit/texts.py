"""Small texts that many reports are made of: named values, port numbers."""

from __future__ import annotations

from functools import lru_cache


def described(*parts: tuple[str, object]) -> str:
    """Return named values as one text, a line each, without the empty ones. A value without a name stands alone."""
    return "\n".join(
        f"{name}: {value}" if name else str(value) for name, value in parts if value is not None and value != ""
    )


@lru_cache(maxsize=4096)
def port_number(text: str | float | None) -> int | None:
    """Return a port from 1 to 65535, or None: tools write 0, `general` and `-` for the host as a whole."""
    digits = str(text if text is not None else "").strip()
    number = int(digits) if digits.isascii() and digits.isdecimal() and len(digits) < 6 else 0
    return number if 0 < number < 65536 else None
