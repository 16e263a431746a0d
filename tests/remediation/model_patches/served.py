"""An OpenAI-compatible endpoint on this machine that answers as it was told."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.support.loopback import Loopback


def completion(text: str, **more: Any) -> dict[str, Any]:
    """Return what an endpoint answers."""
    return {
        "id": "x", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"total_tokens": 321}, **more,
    }  # fmt: skip


class Model:
    """What it answers, and what it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.status = 200
        self.headers: dict[str, str] = {}
        self.answer: Callable[[dict[str, Any]], Any] = lambda _: completion("NO CHANGE")
        self.raw: bytes | None = None
        self.drip = 0.0
        """Seconds between two pieces of an answer."""
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []

    def says(self, text: str) -> None:
        self.answer = lambda _: completion(text)


@contextlib.contextmanager
def model_at_home() -> Iterator[Model]:
    model = Model()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            model.asked.append({"path": self.path, **body})
            model.keys.append(self.headers.get("Authorization", ""))
            data = model.raw if model.raw is not None else json.dumps(model.answer(body)).encode()
            with contextlib.suppress(OSError):
                self.send_response(model.status)
                for name, value in model.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                step = 16 if model.drip else len(data) or 1
                for at in range(0, len(data), step):
                    self.wfile.write(data[at : at + step])
                    self.wfile.flush()
                    time.sleep(model.drip)

    with Loopback(Handler) as server:
        model.url = f"{server.url}/v1"
        yield model
