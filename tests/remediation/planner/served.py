"""A registry on this machine: answers by path, and what was asked."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

from tests.support.loopback import Loopback


class Served:
    """Where it is, what it answers, and the paths that were asked for."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.asked: list[str] = []
        self.status = 200
        self.headers: dict[str, dict[str, str]] = {}
        """Beside an answer, by path."""
        self.wants: dict[str, str] = {}
        """Authorization that a path asks for; without it the answer is 401 with `headers` of `401`."""
        self.base = ""
        self.respond: Callable[[str, bytes], str | None] = lambda path, body: None
        """Answers what is posted."""


@contextlib.contextmanager
def registry_at_home() -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            wanted = next((value for path, value in served.wants.items() if self.path.startswith(path)), "")
            barred = bool(wanted) and self.headers.get("Authorization") != wanted
            text = None if barred else served.answers.get(self.path)
            data = (text or "").replace("{base}", served.base).encode()
            self.send_response(401 if barred else served.status if served.status != 200 else 200 if text is not None else 404)  # fmt: skip
            for name, value in served.headers.get("401" if barred else self.path, {}).items():
                self.send_header(name, value.replace("{base}", served.base))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            text = served.respond(self.path, body)
            data = (text or "").encode()
            self.send_response(200 if text is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with Loopback(Handler) as server:
        served.base = server.url
        yield served
