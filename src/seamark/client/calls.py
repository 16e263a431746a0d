"""Calls to one server: retries for what passes, sentences for what does not, never elsewhere than asked."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx2

from seamark import __version__
from seamark.core.errors import ImportRefused, InvalidQuery, NotFound, RemoteFailure, UnknownFormat, UnreadableReport

_RETRIES = (0.5, 1.0, 2.0, 4.0)
"""Pauses between attempts, in seconds; a server that names a longer one is believed, up to a minute."""
_LONGEST = 60.0
_BUSY = frozenset({429, 502, 503, 504})
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
            base_url=f"{_base(url)}/api/v1",
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
        pauses = iter(_RETRIES)
        while True:
            try:
                response = call()
            except httpx2.HTTPError as error:
                failure = self._unreachable(error)
                if failure.permanent or (pause := next(pauses, None)) is None:
                    raise failure from None
            else:
                if response.status_code not in _BUSY or (pause := next(pauses, None)) is None:
                    return self._read(response)
                pause = max(pause, _named_pause(response))
            self.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads clients out, guards nothing

    def _unreachable(self, error: httpx2.HTTPError) -> RemoteFailure:
        where = self._client.base_url.netloc.decode()
        if _caused_by(error, ssl.SSLCertVerificationError):
            return RemoteFailure(
                f"The certificate of {where} is not trusted ({error}); name your own authority's file in SSL_CERT_FILE",
                permanent=True,
            )
        permanent = not isinstance(error, httpx2.TransportError) or isinstance(error, httpx2.UnsupportedProtocol)
        return RemoteFailure(f"{where} does not answer ({str(error) or type(error).__name__})", permanent=permanent)

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
                f"The server answered {status}: {detail}", permanent=status not in _BUSY and status < 500
            )
        return body


def _base(url: str) -> str:
    """Return the address of the installation, which may have a path. Raises `RemoteFailure`."""
    base = url.strip().rstrip("/").removesuffix("/api/v1")
    try:
        parsed = httpx2.URL(base)
    except httpx2.InvalidURL as error:
        raise RemoteFailure(f"SEAMARK_URL is {url!r}, which is no address ({error})", permanent=True) from None
    if not 0 < (parsed.port or 443) < 65536:
        raise RemoteFailure(f"SEAMARK_URL is {url!r}; a port is at most 65535", permanent=True)
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise RemoteFailure(f"SEAMARK_URL is {url!r}; it must start with https:// or http://", permanent=True)
    return base


def _named_pause(response: httpx2.Response) -> float:
    text = response.headers.get("Retry-After", "")
    return min(float(text), _LONGEST) if text.isascii() and text.isdigit() else 0.0


def _caused_by(error: BaseException, sort: type[BaseException]) -> bool:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, sort):
        cause = cause.__cause__ or cause.__context__
    return cause is not None


def failure_of(sort: str, sentence: str) -> UnreadableReport | ImportRefused | RemoteFailure:
    """Return the failure that an import in this process would have raised."""
    if sort == "store":
        return RemoteFailure(sentence, permanent=False)
    return _FAILURES.get(sort, ImportRefused)(sentence)
