"""Sends one message once. Redirects are not followed, answers are not read but for a few words."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

import httpx2

from seamark import __version__
from seamark.core.errors import RemoteFailure
from seamark.response.webhooks.guard import Resolve, resolved, way

PATIENCE: Final = 10.0
"""Seconds for a whole attempt."""
_WORDS: Final = 500


class Sent(NamedTuple):
    """What the receiver answered."""

    status: int
    words: str

    @property
    def taken(self) -> bool:
        """Tell whether the message arrived."""
        return 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Tell whether the receiver wants no more messages."""
        return self.status == 410


def send(
    url: str, body: str, headers: Mapping[str, str], *, inside: Collection[str] = (), resolve: Resolve = resolved,
    transport: httpx2.BaseTransport | None = None,
) -> Sent:  # fmt: skip
    """Post a message. Raises `RemoteFailure` where it cannot be sent, or nobody answers in time."""
    there = way(url, inside, resolve)
    address = f"[{there.address}]" if ":" in there.address else there.address
    host = f"[{there.host}]" if ":" in there.host else there.host
    default = 443 if there.scheme == "https" else 80
    told = {
        "Content-Type": "application/json", "User-Agent": f"seamark/{__version__}", "Accept": "*/*",
        "Host": host if there.port == default else f"{host}:{there.port}", **headers,
    }  # fmt: skip
    ends = time.monotonic() + PATIENCE
    try:
        with (
            httpx2.Client(timeout=httpx2.Timeout(PATIENCE), follow_redirects=False, trust_env=False, transport=transport) as client,
            client.stream(
                "POST", f"{there.scheme}://{address}:{there.port}{there.target}", content=body.encode(), headers=told,
                extensions={"sni_hostname": there.host},
            ) as response,
        ):  # fmt: skip
            words = bytearray()
            for piece in response.iter_raw():
                words += piece[:_WORDS]
                if len(words) >= _WORDS or time.monotonic() > ends:
                    break
            return Sent(response.status_code, words[:_WORDS].decode("utf-8", "replace").replace("\x00", ""))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise RemoteFailure(
            f"{there.host} does not answer ({str(error) or type(error).__name__})", permanent=False
        ) from None
