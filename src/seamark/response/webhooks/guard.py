"""Where a message may go: to the internet, and inside the own network only to hosts that the operator has named."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from seamark.core.errors import RemoteFailure

Resolve = Callable[[str, int], list[str]]


class Way(NamedTuple):
    """An address that was looked up and found good: what is connected to is `address`, whatever the name means a moment later."""

    scheme: str
    host: str
    port: int
    address: str
    target: str
    """Path and query."""


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises `RemoteFailure`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RemoteFailure(f"{host} has no address ({error})", permanent=False) from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def check(url: str, inside: Collection[str] = ()) -> tuple[str, str, int, str]:
    """Return scheme, host, port and target of an address that may be one. Raises `RemoteFailure` with the reason."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise RemoteFailure("That is no address", permanent=True) from None
    host = (parts.hostname or "").rstrip(".").lower()
    if (
        parts.scheme not in {"https", "http"}
        or not host
        or not host.isascii()
        or any(one.isspace() for one in url.strip())
    ):
        raise RemoteFailure("An address starts with https:// and names a host", permanent=True)
    if parts.username is not None or parts.password is not None:
        raise RemoteFailure("An address carries no user and no password: messages are signed", permanent=True)
    if parts.scheme == "http" and host not in inside:
        raise RemoteFailure("Only https:// is taken, but for hosts of SEAMARK_WEBHOOK_HOSTS", permanent=True)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or (443 if parts.scheme == "https" else 80), target


def way(url: str, inside: Collection[str] = (), resolve: Resolve = resolved) -> Way:
    """Return where a message goes. Raises `RemoteFailure` where that is inside the own network, or nowhere."""
    scheme, host, port, target = check(url, inside)
    addresses = resolve(host, port)
    if not addresses:
        raise RemoteFailure(f"{host} has no address", permanent=False)
    if host not in inside and not all(_outside(address) for address in addresses):
        raise RemoteFailure(
            f"{host} is inside a private network; name it in SEAMARK_WEBHOOK_HOSTS to allow that", permanent=True
        )
    return Way(scheme, host, port, addresses[0], target)


def _outside(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address lead to that.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return inner.is_global
        if found in _NAT64:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
