"""Checks of signed call-backs, in constant time and within a window. Pure."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

import msgspec

from seamark.core.errors import NotAllowed

WINDOW: Final = 300.0
"""Seconds by which the time of a call-back may differ from ours."""
LARGEST: Final = 2_000_000
"""Bytes of a call-back."""


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header's value whatever the case of its name, empty where there is none."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def demand_secret(secret: str, name: str) -> None:
    """Refuse call-backs of a connection without a secret. Raises `NotAllowed`."""
    if not secret:
        raise NotAllowed(f"The connection has no secret for call-backs of {name}; set one on both sides")


def demand_hmac(secret: str, body: bytes, given: str, name: str, *, prefix: str = "sha256=") -> None:
    """Demand the hex HMAC-SHA256 of the body, behind `prefix`. Raises `NotAllowed`."""
    demand_secret(secret, name)
    wanted = prefix + hmac.new(secret.encode(), body, sha256).hexdigest()
    _demand(wanted, given.strip(), name)


def demand_token(secret: str, given: str, name: str) -> None:
    """Demand a shared secret that is sent as it is. Raises `NotAllowed`."""
    demand_secret(secret, name)
    _demand(secret, given, name)


def demand_basic(user: str, password: str, given: str, name: str) -> None:
    """Demand HTTP basic authentication. Raises `NotAllowed`."""
    demand_secret(password, name)
    scheme, _, rest = given.strip().partition(" ")
    try:
        said = base64.b64decode(rest, validate=True) if scheme.lower() == "basic" else b""
    except ValueError:
        said = b""
    if not hmac.compare_digest(said, f"{user}:{password}".encode()):
        raise _refusal(name)


def demand_slack(secret: str, headers: Mapping[str, str], body: bytes, now: float, name: str) -> None:
    """Demand Slack's signature `v0` of time and body. Raises `NotAllowed`."""
    demand_secret(secret, name)
    at = header(headers, "X-Slack-Request-Timestamp")
    demand_recent(at, now, name)
    wanted = "v0=" + hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, sha256).hexdigest()
    _demand(wanted, header(headers, "X-Slack-Signature"), name)


def demand_recent(at: Any, now: float, name: str, *, unit: float = 1.0) -> None:
    """Demand a time near to ours: epoch in units of `unit` seconds. Raises `NotAllowed`."""
    text = str(at)
    if not (text.isascii() and text.isdigit() and len(text) < 20) or abs(now - int(text) * unit) > WINDOW:
        raise NotAllowed(f"A call-back of {name} is too old, or its time is missing: it may have been sent before")


def decoded(body: bytes, name: str) -> dict[str, Any]:
    """Return a call-back's JSON object. Raises `NotAllowed`."""
    if len(body) > LARGEST:
        raise NotAllowed(f"A call-back of {name} has more than {LARGEST // 1_000_000} MB")
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NotAllowed(f"A call-back of {name} is no JSON object")
    return found


def _demand(wanted: str, given: str, name: str) -> None:
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise _refusal(name)


def _refusal(name: str) -> NotAllowed:
    return NotAllowed(f"A call-back of {name} is not signed with the connection's secret")
