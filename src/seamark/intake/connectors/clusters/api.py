"""Asks a Kubernetes API: only GET, page by page, bounded in time and size, never faster than it should be."""

from __future__ import annotations

import random
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

import httpx2
import msgspec

from seamark import __version__
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.access import Access

PAGE: Final = 500
"""Objects that a page has at most."""
MOST_PAGES: Final = 2_000
LARGEST_PAGE: Final = 128 * 1024**2
RESTARTS: Final = 3
"""How often a list is begun anew whose continuation the server has forgotten."""
_RETRIES: Final = (0.5, 2.0, 5.0)
"""Pauses between attempts, in seconds; a server that names a longer one is believed, up to a minute."""
_LONGEST: Final = 60.0
_BUSY: Final = frozenset({429, 500, 502, 503, 504})


class Refused(Exception):
    """The server answers, and gives no list; `status` is its code, the text a sentence for people."""

    def __init__(self, status: int, reason: str) -> None:
        self.status = status
        super().__init__(reason)


class Api:
    """One API server. `patience` is how many seconds one answer may take, `pause` the least between two requests."""

    def __init__(
        self, access: Access, *, patience: float = 120.0, pause: float = 0.05, sleep: Callable[[float], None] = time.sleep
    ) -> None:  # fmt: skip
        self._access, self._patience, self._pause, self._sleep = access, patience, pause, sleep
        self._next = 0.0
        try:
            self._client = httpx2.Client(
                base_url=access.server, verify=access.context(), proxy=access.proxy or None,
                headers={"User-Agent": f"seamark/{__version__}", "Accept": "application/json"},
                timeout=httpx2.Timeout(min(30.0, patience), read=min(60.0, patience)),
            )  # fmt: skip
        except (httpx2.InvalidURL, ValueError) as error:
            raise RemoteFailure(f"The cluster's address or its proxy cannot be used: {error}", permanent=True) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def pages(self, path: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a list: objects with the list's own `metadata` each. Never half a list: it begins anew, or raises.

        What was yielded before a restart is told again: an empty page stands for "begin anew". Raises `Refused`, `RemoteFailure`.
        """
        for attempt in range(RESTARTS + 1):
            try:
                yield from self._from_start(path)
            except Refused as refused:
                if refused.status != httpx2.codes.GONE or attempt == RESTARTS:
                    raise
                yield []
            else:
                return

    def _from_start(self, path: str) -> Iterator[list[dict[str, Any]]]:
        goes_on = ""
        for _ in range(MOST_PAGES):
            asked = {"limit": str(PAGE), "timeoutSeconds": str(max(1, int(self._patience)))}
            page = self.get(path, {**asked, "continue": goes_on} if goes_on else asked)
            metadata = page.get("metadata")
            if not isinstance(page.get("items"), list) or not isinstance(metadata, dict):
                raise Refused(0, "it answers something that is no list")
            yield [page]
            following = metadata.get("continue")
            if not following:
                return
            if not isinstance(following, str) or following == goes_on:
                raise Refused(0, "its list does not come to an end")
            goes_on = following
        raise Refused(0, f"its list has more than {MOST_PAGES:,} pages")

    def get(self, path: str, asked: dict[str, str] | None = None) -> dict[str, Any]:
        """Return what stands at an address. Raises `Refused`, or `RemoteFailure` where nothing answers or nobody is let in."""
        pauses = iter(_RETRIES)
        while True:
            try:
                status, body, named = self._once(path, asked or {})
            except httpx2.HTTPError as error:
                failure = self._unreachable(error)
                if failure.permanent or (pause := next(pauses, None)) is None:
                    raise failure from None
            else:
                if status not in _BUSY or (pause := next(pauses, None)) is None:
                    return self._read(status, body)
                pause = max(pause, named)
            self._sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads clients out, guards nothing

    def _once(self, path: str, asked: dict[str, str]) -> tuple[int, bytes, float]:
        wait = self._next - time.monotonic()
        if wait > 0:
            self._sleep(wait)
        self._next = time.monotonic() + self._pause
        token = self._access.bearer()
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        more = {"sni_hostname": self._access.server_name} if self._access.server_name else {}
        end, body = time.monotonic() + self._patience, bytearray()
        with self._client.stream("GET", path, params=asked, headers=headers, extensions=more) as response:
            for block in response.iter_bytes():  # as it comes, so that a trickle is noticed
                body += block
                if len(body) > LARGEST_PAGE:
                    raise Refused(0, f"a page is larger than {LARGEST_PAGE // 1024**2} MB")
                if time.monotonic() > end:
                    raise Refused(0, f"it takes longer than {self._patience:g} s for a page")
            after = response.headers.get("Retry-After", "")
            named = min(float(after), _LONGEST) if after.isascii() and after.isdigit() else 0.0
            return response.status_code, bytes(body), named

    def _read(self, status: int, body: bytes) -> dict[str, Any]:
        try:
            found = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            found = None
        if status == httpx2.codes.UNAUTHORIZED:
            raise RemoteFailure(
                "The cluster does not accept these credentials: they are wrong, expired or revoked", permanent=True
            )
        if status != httpx2.codes.OK:
            told = found.get("message") if isinstance(found, dict) else ""
            raise Refused(status, f"it answers {status}{': ' + _words(told) if told else ''}")
        if not isinstance(found, dict):
            raise Refused(0, "it answers something that is no JSON object, or not all of it")
        return found

    def _unreachable(self, error: httpx2.HTTPError) -> RemoteFailure:
        where = self._client.base_url.netloc.decode()
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
            cause = cause.__cause__ or cause.__context__
        if cause is not None:
            return RemoteFailure(
                f"The certificate of {where} is not trusted ({error}); name its authority with --ca", permanent=True
            )
        permanent = not isinstance(error, httpx2.TransportError) or isinstance(error, httpx2.UnsupportedProtocol)
        return RemoteFailure(f"{where} does not answer ({str(error) or type(error).__name__})", permanent=permanent)


def _words(told: object) -> str:
    return "".join(each if each.isprintable() else " " for each in str(told))[:300]
