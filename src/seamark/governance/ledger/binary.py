"""Bytes as notes and logs write them: in base64."""

from __future__ import annotations

import base64
import binascii


def encoded(raw: bytes) -> str:
    """Return bytes as text."""
    return base64.b64encode(raw).decode()


def decoded(text: str) -> bytes:
    """Return the bytes of a text, none where it is no base64: whoever asks knows how many they have to be."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
