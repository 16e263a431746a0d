"""The public keys of those who issue identity tokens (OpenID Connect), kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import httpx2

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.intake.connectors.guard import Guarded

FRESH: Final = 3600.0
"""Seconds for which keys are kept."""
AGAIN: Final = 30.0
"""Seconds before an issuer is asked again for a key that it did not have, or after it did not answer."""
_MOST: Final = 100

Key = Mapping[str, Any]
"""A public key as its issuer writes it (JWK)."""


class _Kept(NamedTuple):
    keys: Sequence[Key]
    at: float


class Keys:
    """Keys by issuer. Safe with many threads; an issuer is asked by one of them at a time."""

    def __init__(self, fetch: Callable[[str], Sequence[Key]], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch, self._clock = fetch, clock
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def of(self, issuer: str, key: str) -> Sequence[Key]:
        """Return an issuer's keys, asked for anew where they are old, or lack this one. Raises `RemoteFailure`."""
        with self._lock:
            kept, now = self._kept.get(issuer), self._clock()
            if kept is not None:
                lacking = all(one.get("kid") != key for one in kept.keys)
                if now - kept.at < (AGAIN if lacking else FRESH):
                    return kept.keys
            try:
                keys = self._fetch(issuer)
            except RemoteFailure:
                # Nobody makes us ask a host that does not answer over and over.
                self._kept[issuer] = _Kept(kept.keys if kept is not None else (), now)
                raise
            self._kept[issuer] = _Kept(keys, now)
            return keys


def fetch_keys(
    issuer: str, *, internal: Collection[str] = (), transport: httpx2.BaseTransport | None = None
) -> list[dict[str, Any]]:
    """Return the keys that an issuer publishes, as its discovery document names them. Raises `RemoteFailure`."""
    guarded = transport or Guarded(internal)
    base = httpx2.URL(issuer)
    with Caller(issuer, {}, name=issuer, attempts=2, timeout=5.0, transport=guarded) as caller:
        described = caller.call("GET", ".well-known/openid-configuration").body
    if not isinstance(described, dict) or described.get("issuer") != issuer:
        raise RemoteFailure(f"{issuer} does not describe itself as that issuer", permanent=True)
    try:
        place = httpx2.URL(str(described.get("jwks_uri", "")))
    except httpx2.InvalidURL:
        raise RemoteFailure(f"{issuer} names no address of its keys", permanent=True) from None
    if (place.scheme, place.host, place.port) != (base.scheme, base.host, base.port):
        raise RemoteFailure(f"{issuer} names keys of another host", permanent=True)
    root = str(base.copy_with(path="/", query=None, fragment=None))
    with Caller(root, {}, name=issuer, attempts=2, timeout=5.0, transport=guarded) as caller:
        body = caller.call("GET", place.raw_path.decode().lstrip("/")).body
    keys = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(keys, list):
        raise RemoteFailure(f"{issuer} publishes no keys", permanent=True)
    return [one for one in keys[:_MOST] if isinstance(one, dict)]
