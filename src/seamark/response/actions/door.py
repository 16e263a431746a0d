"""Where a channel connects that speaks no HTTP of ours: to an address that the outbox lets through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx2

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded, Resolve, resolved

Door = Callable[[str, int], str]
"""Returns the address to connect to for a host and port. Raises `RemoteFailure` for those that are refused."""


class _Seen(httpx2.BaseTransport):
    """Keeps the address that the guard has let through, and connects to nothing."""

    address = ""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.address = request.url.host
        return httpx2.Response(204)


def door(internal: Sequence[str] = (), resolve: Resolve = resolved) -> Door:
    """Return the door that the guard of HTTP keeps: into the own network only to the hosts of `internal`."""

    def through(host: str, port: int) -> str:
        seen = _Seen()
        bare = host.strip("[]")
        shown = f"[{bare}]" if ":" in bare else bare
        try:
            request = httpx2.Request("GET", f"https://{shown}:{port}/")
        except (httpx2.InvalidURL, ValueError):
            raise RemoteFailure(f"{host[:100]!r} is no name of a host", permanent=True) from None
        Guarded(internal, resolve=resolve, inner=seen).handle_request(request)
        return seen.address

    return through


def door_of(transport: Any) -> Door:
    """Return the door that a caller's `transport` is, or the one that leads nowhere into the own network."""
    return transport if callable(transport) else door()
