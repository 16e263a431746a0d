"""What a fix's pull request is known by: the same at every attempt, so that there is never a second one."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_MARK: Final = "seamark-fix"
TRAILER: Final = "Seamark-Fix"
"""The line of our commits that names the fix."""
_LONGEST: Final = 40
_OTHER: Final = re.compile(r"[^a-z0-9]+")


def key_of(application: str, asset: str, kind: str, what: str) -> str:
    """Return the key of a fix: of what it changes where, never of a row, so that it stays when the row is made anew."""
    return hashlib.sha256(f"{application}\0{asset}\0{kind}\0{what}".encode()).hexdigest()[:16]


def branch_of(key: str, name: str) -> str:
    """Return the branch of a fix. `name` is what is changed, for people."""
    words = _OTHER.sub("-", name.lower())[:_LONGEST].strip("-") or "fix"
    return f"seamark/{words}-{key}"


def mark(key: str) -> str:
    """Return the line that a pull request's text ends with. It is not shown on any forge."""
    return f"[//]: # ({_MARK}:{key})"


def is_marked(text: str, key: str) -> bool:
    """Tell whether a text is of a fix's pull request."""
    return mark(key) in text


def trailer(key: str) -> str:
    """Return the last line of a commit's message."""
    return f"{TRAILER}: {key}"


def is_ours(message: str, key: str) -> bool:
    """Tell whether a commit was made for a fix."""
    return trailer(key) in message.rstrip().splitlines()[-1:]
