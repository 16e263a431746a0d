"""What source code at hand tells about the places that reports name. Pure values; reading the files is discovery's work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct


class Route(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address that the code answers at, and the handler that does."""

    path: str
    """Template with `{name}` for parameters, from the root: `/orders/{id}`."""
    method: str = ""
    """Upper case; empty where the handler takes any."""
    file: str = ""
    """File of the handler, relative to the root of the checkout; empty where only a description names the route."""
    line: int = 0
    end_line: int = 0
    """First and last line of the handler, counted from 1."""
    scope: str = ""
    """Name of the handler: `Orders.search`."""
    parameters: tuple[str, ...] = ()
    """Names of the parameters it takes, in path, query, body or header, where known."""
    origin: str = ""
    """Who says so: `openapi`, `flask`, `spring` …"""


class Checkout(Protocol):
    """A working tree. Unknown files and lines give empty answers, never an error."""

    def scope(self, path: str, line: int) -> str:
        """Return the innermost function or class around a line (`Orders.search`), or the resource address in configuration."""

    def code(self, path: str, line: int, end_line: int | None = None) -> str:
        """Return lines of a file, counted from 1, both ends included."""

    def routes(self) -> Sequence[Route]:
        """Return the routes that the code answers at."""
