"""The marks by which a channel finds again what it made: derived from an act's key alone."""

from __future__ import annotations

import re
import uuid
from hashlib import sha256
from typing import Final

from seamark.response.actions.contract import MARKER

LABEL: Final = "seamark"
"""On every ticket, so that the newest of them are a short list."""
_SAFE: Final = re.compile(r"[A-Za-z0-9._:/-]{1,120}")
_HIDDEN: Final = re.compile(rf"<!-- {MARKER}: \S+ -->")
_SPACES: Final = re.compile(r"[^\S\n]+")


def mark(key: str) -> str:
    """Return the line that tells a key in a text. Keys of other characters than those of identifiers are told by their digest."""
    return f"{MARKER}: {key if _SAFE.fullmatch(key) and '--' not in key else digest(key)}"


def hidden(key: str) -> str:
    """Return the mark as a comment of Markdown, which readers do not see."""
    return f"<!-- {mark(key)} -->"


def hidden_in(text: str) -> str:
    """Return the hidden mark of a text, so that it stays when the rest is written anew; empty where there is none."""
    found = _HIDDEN.search(text)
    return found[0] if found else ""


def is_marked(text: str, key: str) -> bool:
    """Tell whether a text carries a key's mark, and not one that only begins with it."""
    wanted = mark(key)
    plain = _SPACES.sub(" ", text)
    at = plain.find(wanted)
    while at >= 0:
        after = plain[at + len(wanted) : at + len(wanted) + 1]
        if not after or not (after.isalnum() or after in "._:/-"):
            return True
        at = plain.find(wanted, at + 1)
    return False


def is_ours(text: str) -> bool:
    """Tell whether a text carries any mark: what a channel wrote itself is no news."""
    return f"{MARKER}: " in _SPACES.sub(" ", text)


def digest(key: str) -> str:
    """Return 32 hexadecimal digits that stand for a key."""
    return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def label(key: str) -> str:
    """Return a key as a label: no space, 40 characters."""
    return f"{LABEL}-{digest(key)}"


def uuid_of(key: str) -> str:
    """Return a key as a UUID of version 4's form."""
    raw = bytearray(sha256(f"{MARKER}:{key}".encode("utf-8", "surrogatepass")).digest()[:16])
    return str(uuid.UUID(bytes=bytes(raw), version=4))
