"""Secrets that have to be read again are kept sealed: with a key that is not in the database."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from seamark.core.errors import InvalidSetting

_MARK = "sealed:"


def seal(text: str) -> str:
    """Return a text as it may be kept; empty stays empty."""
    return _MARK + _box().encrypt(text.encode()).decode("ascii") if text else ""


def unseal(kept: str) -> str:
    """Return what was sealed. Raises `InvalidSetting` where no key of ours opens it."""
    if not kept:
        return ""
    try:
        return _box().decrypt(kept.removeprefix(_MARK).encode("ascii")).decode()
    except (InvalidToken, UnicodeError):
        raise InvalidSetting(
            "A secret in the database was sealed with another key: add that key to SEAMARK_ENCRYPTION_KEYS"
        ) from None


def _box() -> MultiFernet:
    return _made(tuple(settings.SEAMARK_ENCRYPTION_KEYS))


@lru_cache(maxsize=4)
def _made(keys: tuple[str, ...]) -> MultiFernet:
    """The first key seals, all of them open: so that a key can be changed."""
    return MultiFernet([Fernet(_stretched(key)) for key in keys])


def _stretched(key: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"seamark secretbox").derive(key.encode())
    return base64.urlsafe_b64encode(derived)
