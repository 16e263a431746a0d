"""Sends reports to a Seamark server, and waits for what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2

from seamark import __version__
from seamark.core.errors import ImportRefused, RemoteFailure, UnknownFormat, UnreadableReport

_WAITS = (0.2, 0.5, 1.0, 2.0)
_PATIENCE = 3600.0


class Server:
    """A Seamark server that is reached with a token."""

    def __init__(self, url: str, token: str, *, transport: httpx2.BaseTransport | None = None) -> None:
        base = url.rstrip("/")
        if not base.startswith(("https://", "http://")):
            raise RemoteFailure(f"SEAMARK_URL is {url!r}; it must start with https:// or http://", permanent=True)
        self._client = httpx2.Client(
            base_url=f"{base}/api/v1",
            headers={"Authorization": f"Bearer {token}", "User-Agent": f"seamark/{__version__}"},
            timeout=httpx2.Timeout(30.0, write=600.0),
            transport=transport,
        )

    def send(self, path: Path, target: dict[str, Any], progress: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
        """Send a report and return the outcome of its import.

        Raises `RemoteFailure`, and what the server says of the report: `UnreadableReport`, `UnknownFormat`,
        `ImportRefused`.
        """
        try:
            with path.open("rb") as file:
                answer = self._ask("POST", "/imports", files={"report": (path.name, file)}, data={key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in target.items()})
        except FileNotFoundError:
            raise UnreadableReport("There is no such file") from None
        except OSError as error:
            raise UnreadableReport(f"The file cannot be read: {error.strerror or error}") from None
        started = time.monotonic()
        attempt = 0
        while answer["state"] in {"queued", "running"}:
            if time.monotonic() - started > _PATIENCE:
                raise RemoteFailure("The server has not finished the import within an hour; it goes on there", permanent=False)
            time.sleep(_WAITS[min(attempt, len(_WAITS) - 1)])
            attempt += 1
            answer = self._ask("GET", f"/imports/{answer['id']}")
            progress(answer["progress"])
        if answer["state"] == "failed":
            raise _failure(answer)
        outcome: dict[str, Any] = answer["result"]
        return outcome

    def _ask(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        try:
            answer = self._client.request(method, path, **content)
        except httpx2.HTTPError as error:
            raise RemoteFailure(f"{self._client.base_url.host} does not answer ({type(error).__name__}: {error})", permanent=False) from None
        if answer.status_code in {401, 403}:
            raise RemoteFailure("The server refuses SEAMARK_TOKEN: it is wrong, expired, or may not import into this application", permanent=True)
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise RemoteFailure(f"The server answered {answer.status_code} without JSON; is SEAMARK_URL a Seamark server?", permanent=answer.status_code < 500)
        if answer.is_error:
            if answer.status_code == 422 and "detail" in body:
                raise _failure({"error": body["detail"], "failure": body.get("type", "")})
            raise RemoteFailure(f"The server answered {answer.status_code}: {body.get('detail', '')}", permanent=answer.status_code < 500)
        return body


def _failure(answer: dict[str, Any]) -> UnreadableReport | ImportRefused:
    sentence = str(answer.get("error", "the import failed"))
    failures = {"unknown-format": UnknownFormat, "unreadable-report": UnreadableReport}
    made = failures.get(str(answer.get("failure", "")))
    return made(sentence) if made else ImportRefused(sentence)
