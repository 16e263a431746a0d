"""Calls to services with an API of JSON: one base address, bounded in time, size and attempts; never elsewhere than asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

import httpx2
import msgspec

from seamark import __version__
from seamark.client.attempts import BUSY, PAUSES, base_address, named_pause, rest, unreachable
from seamark.core.errors import RemoteFailure

LARGEST: Final = 20_000_000
"""Bytes of an answer."""
_SAFE: Final = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that may be sent again after an answer was lost."""
_PAGES: Final = 50


class Answer(NamedTuple):
    """What a service answered."""

    status: int
    body: Any
    """Decoded JSON; None where there is none."""
    text: str
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Tell whether it did what was asked."""
        return 200 <= self.status < 300


class Caller:
    """Calls one service. Certificates are always checked, redirects are not followed, and the token goes nowhere else."""

    def __init__(
        self, base: str, headers: Mapping[str, str], *, name: str, attempts: int = len(PAUSES) + 1, timeout: float = 30.0,
        sleep: Callable[[float], None] = time.sleep, transport: httpx2.BaseTransport | None = None,
    ) -> None:  # fmt: skip
        """Take the address that all paths are below. `name` is what failures call the service."""
        self._name, self._sleep, self._attempts = name, sleep, max(attempts, 1)
        url = base_address(base, f"The address of {name}")
        if any(not value.isascii() or not value.isprintable() for value in headers.values()):
            raise RemoteFailure(f"The token for {name} has characters that no token has", permanent=True)
        self._client = httpx2.Client(
            base_url=url, headers={"User-Agent": f"seamark/{__version__}", "Accept": "application/json", **headers},
            timeout=httpx2.Timeout(timeout), follow_redirects=False, transport=transport,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None,
        allow: tuple[int, ...] = (), again: bool = False,
    ) -> Answer:  # fmt: skip
        """Return the answer to a request. Raises `RemoteFailure` for any status but 2xx and those of `allow`.

        What is not safe to repeat is only sent again where it cannot have arrived; `again` says that this may be repeated.
        """
        repeat = again or method in _SAFE
        pauses: Iterator[float] = iter(PAUSES[: self._attempts - 1])
        while True:
            try:
                answer = self._once(method, path, body, params, headers)
            except httpx2.HTTPError as error:
                failure = unreachable(error, self._client.base_url.netloc.decode())
                pause = next(pauses, None)
                # What may have been done already is not asked for again.
                if failure.permanent or pause is None or not (repeat or isinstance(error, httpx2.ConnectError)):
                    raise failure from None
            else:
                pause = next(pauses, None) if answer.status in BUSY else None
                if pause is None or (not repeat and answer.status not in {429, 503}):
                    return self._checked(answer, allow)
                pause = max(pause, named_pause(answer.headers))
            rest(pause, self._sleep)

    def pages(self, path: str, params: Mapping[str, str | int] | None = None, *, under: str = "") -> Iterator[Any]:
        """Yield the entries of a list that is paged by `page`, at most 50 pages; `under` names the key that holds them."""
        for page in range(1, _PAGES + 1):
            body = self.call("GET", path, params={**(params or {}), "page": page}).body
            found = body.get(under) if under and isinstance(body, dict) else body
            if not isinstance(found, list) or not found:
                return
            yield from found

    def _once(
        self, method: str, path: str, body: Any, params: Mapping[str, str | int] | None, headers: Mapping[str, str] | None
    ) -> Answer:  # fmt: skip
        with self._client.stream(method, path, json=body, params=params, headers=headers) as response:
            content = bytearray()
            for piece in response.iter_bytes():
                content += piece
                if len(content) > LARGEST:
                    raise RemoteFailure(f"{self._name} answered more than {LARGEST // 1_000_000} MB", permanent=True)
            text = content.decode("utf-8", "replace")
            return Answer(response.status_code, _json(text), text, dict(response.headers))

    def _checked(self, answer: Answer, allow: tuple[int, ...]) -> Answer:
        if answer.ok or answer.status in allow:
            return answer
        if 300 <= answer.status < 400:
            raise RemoteFailure(f"{self._name} redirects elsewhere; is the address right?", permanent=True)
        words = {
            401: "does not accept the token: it is wrong, expired or revoked",
            403: "refuses: the token may not do that",
            404: "knows no such thing, or the token may not see it",
        }.get(answer.status, f"answered {answer.status}")
        told = _told(answer.body)
        raise RemoteFailure(
            f"{self._name} {words}{f' ({told})' if told else ''}",
            permanent=answer.status not in BUSY and answer.status < 500, retry_after=named_pause(answer.headers),
        )  # fmt: skip


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return None


def _told(body: Any) -> str:
    """Return what a service says of its refusal, shortened."""
    if not isinstance(body, dict):
        return ""
    told = body.get("detail") or body.get("message") or body.get("error") or ""
    if isinstance(told, dict):
        told = told.get("message") or ""
    return str(told)[:300]
