"""The ways to hosts that files name themselves: the configured one for names without a host, a guarded one for each other."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import httpx2

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded, check_url
from seamark.intake.connectors.registries.door import Cache, Door

MOST: Final = 50
"""Hosts that are asked: the files that name them may be a stranger's."""


class Doors:
    """Opens a door to each host once. Hosts that are not configured are only asked where they are public, or named as internal."""

    def __init__(
        self, base: str, name: str, cache: Cache, *, internal: Collection[str] = (), attempts: int = 3, transport: httpx2.BaseTransport | None = None
    ) -> None:  # fmt: skip
        """Take the configured address, empty where there is none, and what failures call the registry."""
        self.name, self._cache, self._internal, self._attempts = name, cache, internal, attempts
        self._own = Door(base, name, cache, internal=internal, attempts=attempts, transport=transport) if base else None
        self._others: dict[str, Door] = {}

    def own(self) -> Door:
        """Return the way to the configured one. Raises `RemoteFailure` where there is none."""
        if self._own is None:
            raise RemoteFailure(f"Nobody here says where {self.name} is", permanent=True)
        return self._own

    def at(self, origin: str) -> Door:
        """Return the way to another one (`https://charts.acme.example`). Raises `RemoteFailure`."""
        if self._own is not None and self._own.base == origin.rstrip("/"):
            return self._own
        if origin not in self._others:
            if len(self._others) >= MOST:
                raise RemoteFailure(f"More than {MOST} hosts are named; {origin[:100]} is not asked", permanent=True)
            check_url(origin, self._internal)
            self._others[origin] = Door(origin, self.name, self._cache, attempts=self._attempts, transport=Guarded(self._internal))  # fmt: skip
        return self._others[origin]

    def close(self) -> None:
        """Close the connections."""
        for door in (self._own, *self._others.values()):
            if door is not None:
                door.close()
