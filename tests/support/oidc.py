"""A real OpenID Connect provider on loopback: discovery, JWKS, authorization code with PKCE, userinfo.

It follows OpenID Connect Core 1.0 as far as a code flow goes, and refuses what the specification refuses: a wrong client secret,
another return address, a code that is used twice or whose verifier is wrong. One person is always logged in there.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "seamark-tests", "a secret: of the tests"


class Provider(ThreadingHTTPServer):
    """The provider and what a test may turn: who is there, which claims it tells, how it misbehaves."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.person: dict[str, Any] = {
            "sub": "u-1",
            "preferred_username": "grace",
            "email": "grace@acme.example",
            "email_verified": True,
        }
        self.claims: dict[str, Any] = {}
        """Claims that take the place of the right ones in the ID token: to lie with."""
        self.sub_at_userinfo = ""
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signs_with = self.key
        self.asks = False
        """Whether a page of its own is shown first, as with people who have to log in there."""
        self.codes: dict[str, dict[str, str]] = {}
        self.tokens: set[str] = set()
        self.refused: list[str] = []

    def jwks(self) -> dict[str, Any]:
        """Return the public key."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def id_token(self, nonce: str) -> str:
        """Return a signed ID token."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            **self.person,
            **({"nonce": nonce} if nonce else {}),
        }
        return jwt.encode({**claims, **self.claims}, self.signs_with, "RS256", headers={"kid": "k1"})


class _Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self._json(self._discovery())
        elif parts.path == "/jwks":
            self._json(self.server.jwks())
        elif parts.path == "/authorize":
            self._authorize(query)
        elif parts.path == "/userinfo":
            self._userinfo()
        else:
            self._json({"error": "not_found"}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        if urlsplit(self.path).path == "/token":
            self._token(form)
        else:
            self._json({"error": "not_found"}, 404)

    def _discovery(self) -> dict[str, Any]:
        issuer = self.server.issuer
        return {
            "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo", "jwks_uri": f"{issuer}/jwks", "response_types_supported": ["code"],
            "subject_types_supported": ["public"], "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"], "scopes_supported": ["openid", "profile", "email"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        }  # fmt: skip

    def _authorize(self, query: dict[str, str]) -> None:
        wrong = [
            name
            for name, right in {
                "response_type": query.get("response_type") == "code",
                "client_id": query.get("client_id") == CLIENT,
                "scope": "openid" in query.get("scope", "").split(),
                "state": bool(query.get("state")),
                "code_challenge": bool(query.get("code_challenge")) and query.get("code_challenge_method") == "S256",
            }.items()
            if not right
        ]
        if wrong:
            self._refuse(f"authorize: {wrong}")
        elif self.server.asks and "agreed" not in query:
            self._page(query)
        else:
            code = secrets.token_urlsafe(16)
            self.server.codes[code] = query
            answer = urlencode({"code": code, "state": query["state"]})
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?{answer}")
            self.end_headers()

    def _page(self, query: dict[str, str]) -> None:
        fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in query.items())
        text = f'<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><form action="/authorize">{fields}<button name="agreed" value="1">Go on as grace</button></form>'
        raw = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _token(self, form: dict[str, str]) -> None:
        asked = self.server.codes.pop(form.get("code", ""), None)
        verifier = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            self._refuse("token: client", "invalid_client", 401)
        elif asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            self._refuse("token: code or return address", "invalid_grant")
        elif base64.urlsafe_b64encode(verifier).rstrip(b"=").decode() != asked["code_challenge"]:
            self._refuse("token: verifier", "invalid_grant")
        else:
            token = secrets.token_urlsafe(16)
            self.server.tokens.add(token)
            made = self.server.id_token(asked.get("nonce", ""))
            self._json({"access_token": token, "token_type": "Bearer", "expires_in": 300, "id_token": made})

    def _userinfo(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.server.tokens:
            self._refuse("userinfo: token", "invalid_token", 401)
            return
        self._json({**self.server.person, "sub": self.server.sub_at_userinfo or self.server.person["sub"]})

    def _refuse(self, why: str, error: str = "invalid_request", status: int = 400) -> None:
        self.server.refused.append(why)
        self._json({"error": error}, status)

    def _json(self, value: object, status: int = 200) -> None:
        raw = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def provider() -> Iterator[Provider]:
    """Run a provider for a while."""
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
