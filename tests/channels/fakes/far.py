"""A service on loopback: routes, a record of what was asked, and failures on demand."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import httpx2


@dataclass
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    raw: bytes
    target: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Failure:
    """How requests fail: with a status, or by silence."""

    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    silent: bool = False


Reply = tuple[int, Any] | tuple[int, Any, dict[str, str]]


class Far:
    """Answers by the first route of `routes` that fits: `METHOD pattern` to a method's name. What `loses` names is done, but not answered."""

    routes: ClassVar[dict[str, str]] = {}
    token: ClassVar[str] = "token-of-tests"
    revoked: ClassVar[Reply] = (401, {"message": "Bad credentials"})
    limited: ClassVar[Reply] = (429, {"message": "slow down"}, {"Retry-After": "7"})

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.failure: Failure | None = None
        self.accepts = True
        self.loses = ""
        self.lock = threading.RLock()
        self.released = threading.Event()
        far = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                raw = self.rfile.read(length)
                reply = far.reply(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, raw)
                if reply is None:
                    far.released.wait(10)
                    self.close_connection = True
                    return
                status, body, *more = reply
                content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def reply(self, method: str, target: str, headers: dict[str, str], raw: bytes) -> Reply | None:
        parts = urlsplit(target)
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = None
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        asked = Asked(method, parts.path, query, headers, body, raw, target)
        with self.lock:
            self.asked.append(asked)
            failure = self.failure
            if failure:
                return None if failure.silent else (failure.status, failure.body, failure.headers)
            if not self.accepts or not self.is_authorised(asked):
                return self.revoked
            return self.route(asked)

    def route(self, asked: Asked) -> Reply | None:
        for name, handler in self.routes.items():
            method, _, pattern = name.partition(" ")
            found = re.fullmatch(pattern, asked.path)
            if method == asked.method and found:
                call: Callable[..., Reply] = getattr(self, handler)
                answer = call(asked, *(unquote(one) for one in found.groups()))
                return None if handler == self.loses else answer
        return 404, {"message": f"no such route: {asked}"}

    def is_authorised(self, asked: Asked) -> bool:
        return True

    def of(self, start: str) -> list[Asked]:
        """Return the requests whose method and path begin so."""
        return [one for one in self.asked if str(one).startswith(start)]


class Impatient(httpx2.BaseTransport):
    """Waits a moment only."""

    def __init__(self, seconds: float = 0.4) -> None:
        self.seconds, self.inner = seconds, httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        names = ("connect", "read", "write", "pool")
        request.extensions = {**request.extensions, "timeout": dict.fromkeys(names, self.seconds)}
        return self.inner.handle_request(request)

    def close(self) -> None:
        self.inner.close()
