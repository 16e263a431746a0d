"""The guard of calls to addresses that people typed: none leads into the network that the server stands in, unless its host is named."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import Final

import httpx2

from seamark.core.errors import RemoteFailure

Resolve = Callable[[str, int], Sequence[str]]
_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")


def trust() -> ssl.SSLContext:
    """Return what calls over TLS trust: the authorities that httpx would load for each transport, loaded once for each setting of them."""
    return _trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))


@lru_cache(maxsize=4)
def _trust(_file: str | None, _folder: str | None) -> ssl.SSLContext:
    return httpx2.create_ssl_context()


def resolved(host: str, port: int) -> list[str]:
    """Return the addresses of a host. Raises `RemoteFailure`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise RemoteFailure(f"{host} has no address ({error})", permanent=False) from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def check_url(url: str, internal: Collection[str] = ()) -> None:
    """Refuse an address that can be none, before it is kept. Raises `RemoteFailure` with the reason.

    Plain http is taken for named hosts alone, and no address carries a user or a password.
    """
    address = url.strip()
    try:
        parsed = httpx2.URL(address)
    except httpx2.InvalidURL:
        raise RemoteFailure("That is no address", permanent=True) from None
    if not 0 < (parsed.port or 443) < 65536:
        raise RemoteFailure("That is no address: a port is at most 65535", permanent=True)
    if parsed.scheme not in _PORTS or not parsed.host or any(map(str.isspace, address)):
        raise RemoteFailure("An address starts with https:// and names a host", permanent=True)
    if parsed.userinfo:
        raise RemoteFailure("An address carries no user and no password", permanent=True)
    if parsed.scheme == "http" and not _is_named(parsed, internal):
        raise RemoteFailure("Only https:// is taken, but for hosts of SEAMARK_INTERNAL_HOSTS", permanent=True)


class Guarded(httpx2.BaseTransport):
    """Connects to the very address that was looked at, so that a name which changes in between leads nowhere else.

    `internal` are hosts, each `name` or `name:port`, that may have private addresses, and plain http where they are this machine; with
    `plain` wherever they are.
    """

    def __init__(
        self, internal: Collection[str] = (), *, plain: bool = False, resolve: Resolve = resolved, inner: httpx2.BaseTransport | None = None
    ) -> None:  # fmt: skip
        self._internal, self._plain = internal, plain
        self._resolve = resolve
        self._inner = inner or httpx2.HTTPTransport(verify=trust())

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `RemoteFailure` for what the guard refuses."""
        url = request.url
        host, known = url.host.lower(), _is_named(url, self._internal)
        addresses = self._resolve(host, url.port or _PORTS.get(url.scheme, 0))
        if not addresses:
            raise RemoteFailure(f"{host} has no address", permanent=False)
        local = known and (self._plain or all(ipaddress.ip_address(one).is_loopback for one in addresses))
        if url.scheme != "https" and not local:
            raise RemoteFailure(f"{host} is not called without https", permanent=True)
        if not known and not all(map(_is_public, addresses)):
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


def _is_named(url: httpx2.URL, internal: Collection[str]) -> bool:
    host = url.host.lower().rstrip(".")
    port = url.port or _PORTS.get(url.scheme, 0)
    return not {host, f"{host}:{port}"}.isdisjoint(one.lower() for one in internal)


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        # Addresses that carry an IPv4 address lead to that.
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inner is not None:
            return inner.is_global
        if found in _NAT64:
            return ipaddress.IPv4Address(int(found) & 0xFFFFFFFF).is_global
    return found.is_global and not found.is_multicast
