"""Passwords that attackers know: looked up in a file, with no network."""

from __future__ import annotations

import hashlib
import mmap
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext

SHORTEST = 10
"""Hexadecimal digits that a line has at least: fewer would refuse passwords by chance."""


class BreachedPasswordValidator:
    """Refuses passwords whose SHA-1 stands in a sorted file: a sum a line, or its beginning, and `:count` after it or not."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:  # noqa: ARG002 - Django's signature
        """Raise `ValidationError` for a password that is known, `ImproperlyConfigured` for a file that cannot be used."""
        # SHA-1 names the password in the list; it guards nothing.
        wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
        if self._contains(wanted):
            raise ValidationError(self.get_help_text(), code="password_breached")

    def get_help_text(self) -> str:
        """Return the rule as a sentence."""
        return gettext("This password stands in a list of passwords that attackers try: choose another one.")

    def _contains(self, wanted: bytes) -> bool:
        try:
            with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as lines:
                return _found(lines, wanted)
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(f"SEAMARK_BREACHED_PASSWORDS cannot be read: {error}") from None


def _found(lines: mmap.mmap, wanted: bytes) -> bool:
    """Halve the file until the line is found or can be nowhere."""
    low, high = 0, len(lines)
    while low < high:
        start = lines.rfind(b"\n", 0, (low + high) // 2) + 1
        end = lines.find(b"\n", start)
        end = len(lines) if end < 0 else end
        digits = lines[start:end].split(b":", 1)[0].strip().upper()
        if len(digits) < SHORTEST:
            raise ValueError(f"a line of fewer than {SHORTEST} digits at byte {start}")
        part = wanted[: len(digits)]
        if digits == part:
            return True
        if digits < part:
            low = end + 1
        else:
            high = start
    return False
