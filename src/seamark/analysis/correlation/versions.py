"""An order of version texts that fits what advisories name as fixed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_TOKEN = re.compile(r"\d+|[a-z]+|~|\^", re.IGNORECASE)
_EPOCH = re.compile(r"^(\d+):")
_BEFORE = {
    "dev": -5,
    "a": -4,
    "alpha": -4,
    "b": -3,
    "beta": -3,
    "m": -3,
    "milestone": -3,
    "c": -2,
    "rc": -2,
    "cr": -2,
    "pre": -2,
    "preview": -2,
    "snapshot": -2,
    "~": -6,
}
_AFTER = {"final": 0, "ga": 0, "release": 0, "v": 0}


@lru_cache(maxsize=65536)
def version_key(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts versions: numbers by value, pre-releases before their release, epochs first.

    A general order for the grouping of fixes; whether a version is affected is decided by each ecosystem's own.
    """
    text = text.strip().removeprefix("v")
    found = _EPOCH.match(text)
    epoch = int(found[1]) if found else 0
    body = text[found.end() :] if found else text
    body = body.split("+", 1)[0]
    parts: list[tuple[int, int, str]] = [(0, epoch, "")]
    for token in _TOKEN.findall(body):
        if token.isdigit():
            parts.append((1, int(token), ""))
        elif token.lower() in _AFTER:
            continue
        elif token.lower() in _BEFORE:
            _drop_zeros(parts)
            parts.append((-1, _BEFORE[token.lower()], ""))
        else:
            parts.append((1, 0, token.lower()))
    _drop_zeros(parts)
    return (*parts, (0, 0, ""))


def _drop_zeros(parts: list[tuple[int, int, str]]) -> None:
    """Make `1.0` and `1` one version, also in front of a pre-release."""
    while len(parts) > 1 and parts[-1] == (1, 0, ""):
        parts.pop()


def least_that_clears(fixed: Iterable[str]) -> str:
    """Return the highest of the versions that each clear one problem: it clears them all. Empty where there is none."""
    return max((version for version in fixed if version), key=version_key, default="")
