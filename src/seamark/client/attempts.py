"""What all calls to other services have in common: addresses, pauses between attempts, and what is said of a service that does not answer."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from typing import Final

import httpx2

from seamark.core.errors import RemoteFailure

PAUSES: Final = (0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts; a service that names a longer one is believed, up to a minute."""
BUSY: Final = frozenset({429, 502, 503, 504})
"""Statuses that pass by themselves."""
_LONGEST: Final = 60.0


def base_address(url: str, name: str) -> str:
    """Return the address of a service, without a slash at its end. Raises `RemoteFailure`, which calls it by `name`."""
    base = url.strip().rstrip("/")
    try:
        parsed = httpx2.URL(base)
    except httpx2.InvalidURL as error:
        raise RemoteFailure(f"{name} is {url!r}, which is no address ({error})", permanent=True) from None
    if not 0 < (parsed.port or 443) < 65536:
        raise RemoteFailure(f"{name} is {url!r}; a port is at most 65535", permanent=True)
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise RemoteFailure(f"{name} is {url!r}; it must start with https:// or http://", permanent=True)
    return base


def named_pause(headers: Mapping[str, str]) -> float:
    """Return how many seconds a service asks to wait, at most a minute; 0 where it names none."""
    text = headers.get("retry-after", "")
    return min(float(text), _LONGEST) if text.isascii() and text.isdigit() else 0.0


def rest(seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait for about so long: clients that failed together do not come back together."""
    sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads clients out, guards nothing


def unreachable(error: httpx2.HTTPError, where: str) -> RemoteFailure:
    """Return what to say of a service at `where` that did not answer, or not as itself."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RemoteFailure(
                f"The certificate of {where} is not trusted ({error}); name your own authority's file in SSL_CERT_FILE",
                permanent=True,
            )
        cause = cause.__cause__ or cause.__context__
    permanent = not isinstance(error, httpx2.TransportError) or isinstance(error, httpx2.UnsupportedProtocol)
    return RemoteFailure(f"{where} does not answer ({str(error) or type(error).__name__})", permanent=permanent)
