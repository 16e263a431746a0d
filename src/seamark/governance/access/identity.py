"""Identity tokens of CI systems: whether the issuer signed one, for us, and it is good now. Plain values only."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from seamark.core.errors import NotAllowed

LARGEST: Final = 16_384
"""Signs of a token."""
LEEWAY: Final = 30
"""Seconds by which clocks may differ."""
_ALGORITHM: Final = "RS256"
_LEAST_BITS: Final = 2048


class Unverified(NamedTuple):
    """What a token says of itself before anybody has looked at its signature."""

    issuer: str
    key: str
    signed: bytes
    signature: bytes
    claims: Mapping[str, Any]


def opened(text: str) -> Unverified:
    """Take a token apart: a signed JSON Web Token (RFC 7519) in its compact form. Raises `NotAllowed`."""
    parts = text.split(".")
    if len(text) > LARGEST or len(parts) != 3:
        raise NotAllowed("The subject token is no signed JSON Web Token")
    header, claims = _object(parts[0]), _object(parts[1])
    if header.get("alg") != _ALGORITHM or "crit" in header:
        raise NotAllowed(f"The subject token is not signed with {_ALGORITHM}")
    issuer, key = claims.get("iss"), header.get("kid")
    if not isinstance(issuer, str) or not isinstance(key, str):
        raise NotAllowed("The subject token names no issuer, or no key")
    return Unverified(issuer, key, f"{parts[0]}.{parts[1]}".encode(), _bytes(parts[2]), claims)


def verified(token: Unverified, keys: Sequence[Mapping[str, Any]], *, audience: str, now: float) -> Mapping[str, Any]:
    """Return the claims of a token that one of the keys signed, for this audience, and that is good now. Raises `NotAllowed`."""
    key = next((one for one in keys if one.get("kid") == token.key), None)
    if key is None:
        raise NotAllowed("The issuer has no such key as the subject token names")
    try:
        _public(key).verify(token.signature, token.signed, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        raise NotAllowed("The signature of the subject token is wrong") from None
    claims = token.claims
    told = claims.get("aud")
    if audience not in (told if isinstance(told, list) else [told]):
        raise NotAllowed("The subject token is for another audience")
    if not _number(claims, "exp") > now - LEEWAY:
        raise NotAllowed("The subject token has expired")
    for name in ("nbf", "iat"):
        if name in claims and not _number(claims, name) <= now + LEEWAY:
            raise NotAllowed("The subject token is not good yet")
    return claims


def fits(claims: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Tell whether claims are as a federation asks: each is there, and as its pattern, in which `*` stands for anything."""
    return all(name in claims and matches(_text(claims[name]), pattern) for name, pattern in wanted.items())


def matches(value: str, pattern: str) -> bool:
    """Tell whether a value is as a pattern, in which `*` stands for anything, and nothing else for more than itself."""
    first, *rest = pattern.split("*")
    if not rest:
        return value == pattern
    *middle, last = rest
    if not value.startswith(first) or len(value) < len(first) + len(last) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in middle:
        found = value.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else ""


def _number(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAllowed(f"The subject token has no {name} that is a time")
    return float(value)


def _public(key: Mapping[str, Any]) -> rsa.RSAPublicKey:
    if key.get("kty") != "RSA" or key.get("use", "sig") != "sig" or key.get("alg", _ALGORITHM) != _ALGORITHM:
        raise NotAllowed("The key that the subject token names is not for such signatures")
    try:
        numbers = [int.from_bytes(_bytes(str(key[name]))) for name in ("e", "n")]
        if numbers[1].bit_length() < _LEAST_BITS:
            raise NotAllowed(f"The key that the subject token names has fewer than {_LEAST_BITS:,} bits")
        return rsa.RSAPublicNumbers(*numbers).public_key()
    except (KeyError, ValueError):
        raise NotAllowed("The issuer's key is not well formed") from None


def _object(part: str) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(_bytes(part))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        found = None
    if not isinstance(found, dict):
        raise NotAllowed("The subject token is no signed JSON Web Token")
    return found


def _bytes(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotAllowed("The subject token is not well formed") from None


Fetch = Callable[[str, str], Sequence[Mapping[str, Any]]]
"""Returns the keys of an issuer, looked for anew where they lack the one that is named."""
