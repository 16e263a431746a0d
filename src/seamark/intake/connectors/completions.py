"""Chat completions of an endpoint that speaks the OpenAI-compatible protocol: one question, one answer, bounded in time and size.

An answer that streams, or that is cut off, is none. A question is never sent a second time by itself: each one costs.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

import httpx2
from msgspec import Struct

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.caller import Caller
from seamark.intake.connectors.guard import Guarded, check_url

LARGEST: Final = 1_000_000
"""Bytes of an answer, as they come."""
MOST_TOKENS: Final = 4_000
"""Of an answer."""
_NAME: Final = "The model's endpoint"


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where the model is, and what it is called."""

    url: str
    """Up to and without `/chat/completions`."""
    model: str
    key: str = ""
    seconds: float = 60.0
    internal: tuple[str, ...] = ()
    """Hosts that may be inside this network (SEAMARK_INTERNAL_HOSTS)."""

    def __repr__(self) -> str:
        return f"Endpoint({self.url!r}, {self.model!r})"


class Completion(Struct, frozen=True, kw_only=True):
    """What a model answered."""

    text: str
    tokens: int
    """Of question and answer, as the endpoint counts them; estimated where it does not say."""


def complete(endpoint: Endpoint, messages: Sequence[tuple[str, str]]) -> Completion:
    """Return the answer to some messages, given as pairs of role and text. Raises `RemoteFailure`."""
    check_url(endpoint.url, endpoint.internal)
    headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
    body = {
        "model": endpoint.model, "messages": [{"role": role, "content": text} for role, text in messages], "stream": False, "temperature": 0,
        "max_tokens": MOST_TOKENS,
    }  # fmt: skip
    transport = _Bounded(endpoint.internal, endpoint.seconds)
    with Caller(endpoint.url, headers, name=_NAME, attempts=1, timeout=endpoint.seconds, transport=transport) as caller:
        told = caller.call("POST", "chat/completions", body).body
    text = _text(told)
    sent = sum(len(each) for _, each in messages)
    return Completion(text=text, tokens=_tokens(told, (sent + len(text)) // 3))


def _text(body: Any) -> str:
    """Return the text of the first choice. Raises `RemoteFailure` for what is no completion."""
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    message = first.get("message") if isinstance(first, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    if not isinstance(first, dict) or not isinstance(text, str):
        raise RemoteFailure(f"{_NAME} answered no chat completion; is the address right?", permanent=True)
    if first.get("finish_reason") == "length":
        raise RemoteFailure("The model's answer was cut off", permanent=True)
    return text


def _tokens(body: Any, estimated: int) -> int:
    usage = body.get("usage")
    told = usage.get("total_tokens") if isinstance(usage, dict) else None
    return told if isinstance(told, int) and 0 < told < 10**9 else estimated


class _Bounded(Guarded):
    """The guard, with an end for the whole answer: a server that sends a sign now and then is not waited for."""

    def __init__(self, internal: Collection[str], seconds: float) -> None:
        super().__init__(internal)
        self._until = time.monotonic() + seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `RemoteFailure`."""
        response = super().handle_request(request)
        stream = response.stream
        assert isinstance(stream, httpx2.SyncByteStream)  # noqa: S101 - the guard's transport is synchronous
        response.stream = _Pieces(stream, self._until)
        return response


class _Pieces(httpx2.SyncByteStream):
    """An answer's body, within its bounds."""

    def __init__(self, inner: httpx2.SyncByteStream, until: float) -> None:
        self._inner, self._until = inner, until

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._inner:
            size += len(piece)
            if size > LARGEST:
                raise RemoteFailure(f"{_NAME} answered more than {LARGEST // 1_000_000} MB", permanent=True)
            if time.monotonic() > self._until:
                raise RemoteFailure(f"{_NAME} took too long", permanent=False)
            yield piece

    def close(self) -> None:
        self._inner.close()
