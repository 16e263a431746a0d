"""Keys for what is kept encrypted, all from the installation's one key."""

from __future__ import annotations

import base64
from hashlib import sha256

from django.conf import settings


def derived(purpose: str) -> bytes:
    """Return the key for a purpose, as Fernet takes it: other purposes have other keys."""
    return base64.urlsafe_b64encode(sha256(f"seamark {purpose}\0{settings.SECRET_KEY}".encode()).digest())
