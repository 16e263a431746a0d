"""A server of HTTP on loopback, for the far sides that tests play."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback(ThreadingHTTPServer):
    """Answers at `url` as soon as it is made, until it is closed, or the `with` block ends. It says nothing of what it is asked."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), type("Quiet", (handler,), {"log_message": lambda *_: None}))
        self.url = f"http://127.0.0.1:{self.server_port}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def handle_error(self, *_: object) -> None:
        """Clients that gave up are no news."""

    def close(self) -> None:
        """End it, with the requests that it takes."""
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def __exit__(self, *_: object) -> None:
        self.close()
