"""A publisher of feeds on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Publisher:
    """Files by name that a test may change, and what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.answers: dict[str, int] = {}
        """Status codes to answer with instead, by name."""
        self.moved: dict[str, str] = {}
        self.asked: list[tuple[str, int]] = []
        self.url = ""

    def etag(self, name: str) -> str:
        """Return what the server calls this version of a file."""
        return f'"{hashlib.sha256(self.files[name]).hexdigest()[:16]}"'


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    """Serve files on the loopback for one test."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    served = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/")
            code = served.answers.get(name, 200 if name in served.files else 404)
            if name in served.moved:
                code = 302
            elif code == 200 and self.headers.get("If-None-Match") == served.etag(name):
                code = 304
            served.asked.append((name, code))
            self.send_response(code)
            if code == 302:
                self.send_header("Location", served.moved[name])
            body = served.files[name] if code == 200 else b""
            if code == 200:
                self.send_header("ETag", served.etag(name))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield served
    server.shutdown()
    server.server_close()
    thread.join()
