"""Tokens of a GitHub App's installation: made from the app's key when the first request goes out, and valid for an hour."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from contextlib import closing
from typing import Final

import httpx2
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from seamark.core.errors import RemoteFailure

_LIFE: Final = 540
"""Seconds; GitHub takes ten minutes at most."""
_SKEW: Final = 60
_LARGEST: Final = 100_000


class Installation(httpx2.BaseTransport):
    """Sends requests with an installation's token, over another transport."""

    def __init__(
        self, base: str, app: str, installation: str, key: str, inner: httpx2.BaseTransport, now: Callable[[], float] = time.time
    ) -> None:  # fmt: skip
        self._url = f"{base.rstrip('/')}/app/installations/{int(installation)}/access_tokens"
        self._app, self._key, self._inner, self._now = app, key, inner, now
        self._token = ""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request. Raises `RemoteFailure` where GitHub gives no token; other refusals of it are answered as they came."""
        if not self._token:
            refusal = self._fetch()
            if refusal is not None:
                return refusal
        request.headers["Authorization"] = f"Bearer {self._token}"
        return self._inner.handle_request(request)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _fetch(self) -> httpx2.Response | None:
        headers = {
            "Authorization": f"Bearer {app_token(self._app, self._key, self._now())}",
            "Accept": "application/vnd.github+json",
        }
        response = self._inner.handle_request(httpx2.Request("POST", self._url, headers=headers))
        if response.status_code != 201:
            return response
        content = bytearray()
        with closing(response):
            for piece in response.iter_bytes():
                content += piece
                if len(content) > _LARGEST:
                    break
        try:
            self._token = str(msgspec.json.decode(bytes(content))["token"])
        except (msgspec.DecodeError, KeyError, TypeError):
            raise RemoteFailure("GitHub gave no token for the app's installation", permanent=True) from None
        return None


def app_token(app: str, key: str, now: float) -> str:
    """Return the JSON Web Token by which an app shows its key (PEM). Raises `RemoteFailure`."""
    try:
        private = load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        private = None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise RemoteFailure("The key of the GitHub App is no RSA key in PEM form without a password", permanent=True)
    header = _part({"alg": "RS256", "typ": "JWT"})
    claims = _part({"iat": int(now) - _SKEW, "exp": int(now) + _LIFE, "iss": app})
    signature = private.sign(f"{header}.{claims}".encode(), padding.PKCS1v15(), SHA256())
    return f"{header}.{claims}.{_encoded(signature)}"


def _part(value: dict[str, str | int]) -> str:
    return _encoded(msgspec.json.encode(value))


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
