"""An issuer of identity tokens on this machine, with keys of its own."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class Issuer:
    """Signs tokens; `keys` are what it publishes, and `asked` counts how often."""

    def __init__(self, address: str = "https://issuer.example") -> None:
        self.address, self.asked = address, 0
        self.keys: list[dict[str, Any]] = []
        self.described: dict[str, Any] = {}
        self.turn()

    def turn(self) -> None:
        """Take a new key, and publish it alone."""
        self.key = rsa.generate_private_key(65537, 2048)
        self.name = f"key {len(self.keys)} {id(self.key)}"
        numbers = self.key.public_key().public_numbers()
        self.keys = [
            {
                "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.name,
                "n": encoded(numbers.n.to_bytes(256)), "e": encoded(numbers.e.to_bytes(3)),
            }
        ]  # fmt: skip

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """Return a signed token."""
        told = {"alg": "RS256", "typ": "JWT", "kid": self.name, **(header or {})}
        parts = [encoded(json.dumps(one).encode()) for one in (told, {"iss": self.address, **claims})]
        signed = ".".join(parts).encode()
        return f"{signed.decode()}.{encoded(self.key.sign(signed, padding.PKCS1v15(), SHA256()))}"


@contextmanager
def serving() -> Iterator[Issuer]:
    """Serve an issuer on a loopback port."""
    issuer = Issuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            body: Any = None
            if self.path == "/.well-known/openid-configuration":
                body = {"issuer": issuer.address, "jwks_uri": f"{issuer.address}/keys?v=1", **issuer.described}
            elif self.path == "/keys?v=1":
                body = {"keys": issuer.keys}
            content = json.dumps(body).encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
