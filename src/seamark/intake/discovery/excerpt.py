"""What a checkout tells about the places that a report names, gathered so that it can be sent to where the checkout is not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from seamark.core.checkout import Checkout, Route
from seamark.core.errors import ImportRefused
from seamark.core.finding import Finding
from seamark.intake.discovery.checkout import LONGEST_PATH, SNIPPET, enrich
from seamark.intake.discovery.routes import MOST_ROUTES

MOST_PLACES = 100_000
"""Places that are told of; more than that many functions or pieces of code are refused."""
MOST_TEXT = 16_000_000
"""Bytes of text that are gathered, as they are sent; what is over is left out."""
LARGEST = 32 * 1024 * 1024
"""Bytes of an encoded excerpt; a larger one is refused."""
LONGEST_SCOPE = 2_000
_MOST_PARAMETERS, _LONGEST_WORD, _MOST_LINES = 1_000, 200, 2**32
_SPAN = re.compile(r"[1-9][0-9]{0,9}-[1-9][0-9]{0,9}")

# A database's text takes no NUL.
_NO_NUL = r"\A[^\0]*\Z"
Path = Annotated[str, Meta(max_length=LONGEST_PATH, pattern=_NO_NUL)]
Line = Annotated[int, Meta(ge=1, le=_MOST_LINES)]
Scope = Annotated[str, Meta(max_length=LONGEST_SCOPE, pattern=_NO_NUL)]
Code = Annotated[str, Meta(max_length=SNIPPET, pattern=_NO_NUL)]
Span = Annotated[str, Meta(pattern=rf"\A{_SPAN.pattern}\Z")]


class Excerpt(Struct, omit_defaults=True):
    """A checkout (see `seamark.core.checkout.Checkout`) that knows what was gathered, and nothing else. Paths are the report's own."""

    scopes: dict[Path, dict[Line, Scope]] = {}
    """Functions by path and line."""
    lines: dict[Path, dict[Span, Code]] = {}
    """Code by path and span, both ends included: `9-12`."""
    handlers: tuple[Route, ...] = msgspec.field(default=(), name="routes")

    def scope(self, path: str, line: int) -> str:
        """Return the function around a line, empty where it was not gathered."""
        return self.scopes.get(path, {}).get(line, "")

    def code(self, path: str, line: int, end_line: int | None = None) -> str:
        """Return lines of a file, cut where a finding's own code is; empty where just these were not gathered."""
        return self.lines.get(path, {}).get(_span(line, end_line), "")

    def routes(self) -> Sequence[Route]:
        """Return the routes that the code answers at."""
        return self.handlers


def gather(checkout: Checkout, findings: Iterable[Finding]) -> Excerpt:
    """Return what a checkout adds to findings (see `enrich`), so never the code of a secret, and its routes.

    At most `MOST_PLACES` findings to which something is added and `MOST_TEXT` bytes; the routes go first.
    """
    listener = _Listener(checkout)
    for finding in findings:
        if listener.places >= MOST_PLACES:
            break
        listener.places += enrich(finding, listener) is not finding
    return listener.excerpt


def encode(excerpt: Excerpt) -> bytes:
    """Return an excerpt as JSON; what `gather` and `decode` return stays below `LARGEST`."""
    return msgspec.json.encode(excerpt)


def decode(data: bytes) -> Excerpt:
    """Return the excerpt in JSON that somebody sent. Raises `ImportRefused`."""
    if len(data) > LARGEST:
        raise ImportRefused(f"The excerpt of the source is larger than {LARGEST // 1024**2} MB")
    try:
        excerpt = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise ImportRefused(f"The excerpt of the source is not what `seamark import --source` sends: {error}") from None
    except RecursionError:
        raise ImportRefused("The excerpt of the source is nested too deeply") from None
    for what, tables in (("functions", excerpt.scopes), ("pieces of code", excerpt.lines)):
        if sum(map(len, tables.values())) > MOST_PLACES:
            raise ImportRefused(f"The excerpt of the source has more than {MOST_PLACES:,} {what}")
    if len(excerpt.handlers) > MOST_ROUTES:
        raise ImportRefused(f"The excerpt of the source has more than {MOST_ROUTES:,} routes")
    for number, route in enumerate(excerpt.handlers):
        if not _is_bounded(route):
            raise ImportRefused(f"The excerpt of the source has a route that cannot be one: $.routes[{number}]")
    return excerpt


_decoder = msgspec.json.Decoder(Excerpt)


class _Listener:
    """Asks a checkout for others, and keeps its answers as long as there is room."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout, self._room = checkout, MOST_TEXT
        self.places = 0
        found = [route for route in checkout.routes() if _is_bounded(route)][:MOST_ROUTES]
        self.excerpt = Excerpt(handlers=tuple(route for route in found if self._takes(route)))

    def scope(self, path: str, line: int) -> str:
        answer = self._checkout.scope(path, line)
        return answer if len(answer) <= LONGEST_SCOPE and self._keep(self.excerpt.scopes, path, line, answer) else ""

    def code(self, path: str, line: int, end_line: int | None = None) -> str:
        answer = self._checkout.code(path, line, end_line)[:SNIPPET]
        return answer if self._keep(self.excerpt.lines, path, _span(line, end_line), answer) else ""

    def routes(self) -> Sequence[Route]:
        return self.excerpt.handlers

    def _keep(self, tables: dict[str, dict[Any, str]], path: str, place: object, answer: str) -> bool:
        """Return whether an answer is among what will be sent."""
        if not answer or "\0" in answer or "\0" in path or len(path) > LONGEST_PATH:
            return False
        known = tables.get(path)
        if known is not None and place in known:
            return True
        if not self._takes((answer, place) if known is not None else (answer, place, path)):
            return False
        tables.setdefault(path, {})[place] = answer
        return True

    def _takes(self, value: object) -> bool:
        """Take the room that a value needs, where there is as much."""
        try:
            size = len(msgspec.json.encode(value))
        except UnicodeError:
            # The name of a file need not be text.
            return False
        if size > self._room:
            return False
        self._room -= size
        return True


def _span(line: int, end_line: int | None) -> str:
    return f"{line}-{max(end_line or line, line)}"


def _is_bounded(route: Route) -> bool:
    """Return whether a route could come from code: nothing in it is without measure."""
    words = (route.method, route.origin, *route.parameters)
    texts = (route.path, route.file, route.scope, *words)
    return (
        len(route.parameters) <= _MOST_PARAMETERS
        and max(len(route.path), len(route.file)) <= LONGEST_PATH
        and len(route.scope) <= LONGEST_SCOPE
        and all(len(word) <= _LONGEST_WORD for word in words)
        and not any("\0" in text for text in texts)
        and 0 <= route.line <= _MOST_LINES
        and 0 <= route.end_line <= _MOST_LINES
    )
