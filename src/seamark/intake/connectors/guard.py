"""The guard of calls to addresses that people typed: none leads into the network that the server stands in, unless its host is named."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from typing import Final

import httpx2

from seamark.core.errors import RemoteFailure

Resolve = Callable[[str, int], Sequence[str]]
_PORTS: Final = {"https": 443, "http": 80}


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises `RemoteFailure`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise RemoteFailure(f"{host} has no address", permanent=False) from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Guarded(httpx2.BaseTransport):
    """Connects to the very address that was looked at, so that a name which changes in between leads nowhere else.

    `internal` are hosts, each `name` or `name:port`, that may have private addresses, and plain http where they are this machine.
    """

    def __init__(
        self, internal: Collection[str] = (), *, resolve: Resolve = resolved, inner: httpx2.BaseTransport | None = None
    ) -> None:
        self._internal = frozenset(one.lower() for one in internal)
        self._resolve = resolve
        self._inner = inner or httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `RemoteFailure` for what the guard refuses."""
        url = request.url
        host, port = url.host.lower(), url.port or _PORTS.get(url.scheme, 0)
        known = not self._internal.isdisjoint({host, f"{host}:{port}"})
        addresses = self._resolve(host, port)
        if url.scheme != "https" and not (known and all(ipaddress.ip_address(one).is_loopback for one in addresses)):
            raise RemoteFailure(f"{host} is not called without https", permanent=True)
        if not addresses or (not known and not all(map(_is_public, addresses))):
            raise RemoteFailure(
                f"{host} has an address inside this network; SEAMARK_INTERNAL_HOSTS names the hosts that may be called there",
                permanent=True,
            )
        request.url = url.copy_with(host=addresses[0])
        request.extensions = {**request.extensions, "sni_hostname": host}
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _is_public(address: str) -> bool:
    one = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(one, "ipv4_mapped", None)
    return bool((mapped or one).is_global) and not one.is_multicast
