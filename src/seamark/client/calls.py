"""Calls to one server: retries for what passes, sentences for what does not, never elsewhere than asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from seamark import __version__
from seamark.client.attempts import BUSY, PAUSES, base_address, named_pause, rest, unreachable
from seamark.core.errors import ImportRefused, InvalidQuery, NotFound, RemoteFailure, UnknownFormat, UnreadableReport

_FAILURES: dict[str, type[UnreadableReport | ImportRefused]] = {
    "unknown-format": UnknownFormat,
    "unreadable-report": UnreadableReport,
    "refused": ImportRefused,
}
_PROBLEM = "urn:seamark:problem:"


class Connection:
    """A Seamark server that is reached with a token. Certificates are always checked."""

    def __init__(
        self, url: str, token: str, *, timeout: float = 120.0, transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:  # fmt: skip
        if not token.isascii() or not token.isprintable() or " " in token:
            raise RemoteFailure("SEAMARK_TOKEN is not a token: it has characters that no token has", permanent=True)
        self.sleep = sleep
        self._client = httpx2.Client(
            base_url=f"{base_address(url.strip().rstrip('/').removesuffix('/api/v1'), 'SEAMARK_URL')}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"seamark/{__version__}", "Accept": "application/json"},
            timeout=httpx2.Timeout(30.0, read=timeout, write=600.0),
            transport=transport,
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

    def get(self, path: str, params: Mapping[str, str | int] | None = None) -> dict[str, Any]:
        """Return what a path answers. Raises `RemoteFailure`, `NotFound` and `InvalidQuery`."""
        return self._ask(lambda: self._client.get(path, params=params))

    def ask_to(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Return what a write answers. It is sent under one key, so that a lost answer makes no second one."""
        told = {"Idempotency-Key": uuid4().hex, **(headers or {})}
        return self._ask(lambda: self._client.request(method, path, json=body, headers=told))

    def upload(self, path: str, files: Callable[[], dict[str, Any]], fields: Mapping[str, str]) -> dict[str, Any]:
        """Return what an upload answers; `files` rewinds them, as they are sent whole at each attempt."""
        headers = {"Idempotency-Key": uuid4().hex}
        return self._ask(lambda: self._client.post(path, files=files(), data=dict(fields), headers=headers))

    def _ask(self, call: Callable[[], httpx2.Response]) -> dict[str, Any]:
        """Call the server until it answers, a bounded number of times. Every call is safe to repeat."""
        pauses = iter(PAUSES)
        while True:
            try:
                response = call()
            except httpx2.HTTPError as error:
                failure = unreachable(error, self._client.base_url.netloc.decode())
                if failure.permanent or (pause := next(pauses, None)) is None:
                    raise failure from None
            else:
                if response.status_code not in BUSY or (pause := next(pauses, None)) is None:
                    return self._read(response)
                pause = max(pause, named_pause(response.headers))
            rest(pause, self.sleep)

    def _read(self, response: httpx2.Response) -> dict[str, Any]:
        status = response.status_code
        if response.has_redirect_location:
            raise RemoteFailure(
                f"The server redirects to {response.headers['Location']}; is that where SEAMARK_URL should point?",
                permanent=True,
            )
        try:
            body = response.json()
        except ValueError:
            body = None
        detail = str(body.get("detail") or body.get("title") or "") if isinstance(body, dict) else ""
        if status == 401:
            raise RemoteFailure(
                "The server does not accept SEAMARK_TOKEN: it is wrong, expired or revoked", permanent=True
            )
        if status == 403:
            raise RemoteFailure(
                f"The server refuses: {detail or 'the token may not import into this application'}", permanent=True
            )
        if status == 413:
            raise RemoteFailure(
                detail or "The report is larger than the server, or a proxy before it, takes", permanent=True
            )
        if not isinstance(body, dict):
            raise RemoteFailure(
                f"The server answered {status} without JSON; is SEAMARK_URL a Seamark server?", permanent=status < 500
            )
        sort = str(body.get("type", "")).removeprefix(_PROBLEM)
        if sort == "invalid-query":
            raise InvalidQuery(detail, position=int(body.get("position") or 0))
        if status == 422:
            raise failure_of(sort, detail)
        if status == 404 and sort in {"about:blank", "not-found"}:
            raise NotFound(detail)
        if response.is_error:
            raise RemoteFailure(
                f"The server answered {status}: {detail}", permanent=status not in BUSY and status < 500
            )
        return body


def failure_of(sort: str, sentence: str) -> UnreadableReport | ImportRefused | RemoteFailure:
    """Return the failure that an import in this process would have raised."""
    if sort == "store":
        return RemoteFailure(sentence, permanent=False)
    return _FAILURES.get(sort, ImportRefused)(sentence)
