"""Verifies signatures with keys that a person gives: Ed25519, ECDSA and RSA, as PEM public keys or certificates."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from seamark.core.errors import SeamarkError

_LARGEST: Final = 256 * 1024
_LEAST_RSA_BITS: Final = 2048
_CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}


class UnusableKey(SeamarkError):
    """A key that a person gave and that verifies nothing."""


class Key(Struct, frozen=True):
    """A public key and what it is called."""

    name: str
    verifies: Callable[[bytes, bytes], bool]
    """Takes signature and message."""


def load_keys(paths: Iterable[str | os.PathLike[str]]) -> tuple[Key, ...]:
    """Return the keys in PEM files, each called after its file. Raises `UnusableKey`."""
    return tuple(_load(Path(path)) for path in paths)


def _load(path: Path) -> Key:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UnusableKey(f"The key {path.name} cannot be read: {error.strerror or error}") from None
    if len(data) > _LARGEST:
        raise UnusableKey(f"The key {path.name} is larger than any key")
    return public_key(data, path.name)


def public_key(pem: bytes, name: str) -> Key:
    """Return the key in a PEM text. Raises `UnusableKey`: a private key is refused, as it has no business here."""
    if b"PRIVATE KEY-----" in pem:
        raise UnusableKey(f"{name} is a private key: give the public one, and keep the private one secret")
    serialization, x509 = _library("primitives.serialization"), _library("x509", package="cryptography")
    try:
        if b"BEGIN CERTIFICATE-----" in pem:
            key = x509.load_pem_x509_certificate(pem).public_key()
        else:
            key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, _library("exceptions", package="cryptography").UnsupportedAlgorithm) as error:
        raise UnusableKey(f"{name} is no public key or certificate in PEM: {error}") from None
    verifies = _verifier(key)
    if verifies is None:
        raise UnusableKey(f"{name} is of a sort that signs no attestations; Ed25519, ECDSA and RSA (from 2048 bits) do")
    return Key(name, verifies)


def _verifier(key: Any) -> Callable[[bytes, bytes], bool] | None:
    """Return what verifies by a key, by its own algorithm only: a signature cannot choose another one."""
    asymmetric = "primitives.asymmetric."
    hashes = _library("primitives.hashes")
    if isinstance(key, _library(asymmetric + "ed25519").Ed25519PublicKey):
        return _attempts([key.verify])
    elliptic = _library(asymmetric + "ec")
    if isinstance(key, elliptic.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        digest = getattr(hashes, _CURVES[key.curve.name])()
        # cosign hashes by SHA-256 whatever the curve.
        known = [digest] if digest.name == "sha256" else [digest, hashes.SHA256()]
        return _attempts(
            [lambda signature, message, one=one: key.verify(signature, message, elliptic.ECDSA(one)) for one in known]
        )
    if isinstance(key, _library(asymmetric + "rsa").RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        padding = _library(asymmetric + "padding")
        schemes = [
            (pad, one)
            for one in (hashes.SHA256(), hashes.SHA384(), hashes.SHA512())
            for pad in (padding.PSS(padding.MGF1(one), padding.PSS.AUTO), padding.PKCS1v15())
        ]
        return _attempts(
            [lambda signature, message, scheme=scheme: key.verify(signature, message, *scheme) for scheme in schemes]
        )
    return None


def _attempts(ways: list[Callable[..., None]]) -> Callable[[bytes, bytes], bool]:
    invalid = _library("exceptions", package="cryptography").InvalidSignature

    def verifies(signature: bytes, message: bytes) -> bool:
        for way in ways:
            try:
                way(signature, message)
            except (invalid, ValueError):
                continue
            return True
        return False

    return verifies


def _library(name: str, *, package: str = "cryptography.hazmat") -> Any:
    """Return a part of the library that does the mathematics. It is loaded only where somebody verifies."""
    try:
        return importlib.import_module(f"{package}.{name}")
    except ModuleNotFoundError:
        raise UnusableKey("Signatures are verified by the package `cryptography`, which is not installed") from None
