"""Signatures of messages, as the Standard Webhooks specification describes them (symmetric, `v1`)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

PREFIX: Final = "whsec_"
TOLERANCE: Final = 300
"""Seconds by which a receiver lets clocks differ."""


def new_secret() -> str:
    """Return a key nobody has seen, in the form in which receivers take it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(keys: Sequence[str], reference: str, seconds: int, body: str) -> str:
    """Return the value of `webhook-signature`: one signature for each key."""
    return " ".join(f"v1,{_signature(key, reference, seconds, body)}" for key in keys)


def verifies(key: str, reference: str, seconds: int, body: str, signatures: str, *, now: int) -> bool:
    """Tell whether a message comes from who has the key, and is not an old one sent again: what a receiver has to do."""
    if abs(now - seconds) > TOLERANCE:
        return False
    wanted = _signature(key, reference, seconds, body)
    return any(hmac.compare_digest(f"v1,{wanted}".encode(), one.encode()) for one in signatures.split())


def _signature(key: str, reference: str, seconds: int, body: str) -> str:
    try:
        raw = base64.b64decode(key.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the key of a webhook is base64 behind whsec_") from None
    return base64.b64encode(hmac.new(raw, f"{reference}.{seconds}.{body}".encode(), sha256).digest()).decode()
