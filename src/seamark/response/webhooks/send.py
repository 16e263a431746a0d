"""Sends one message once. Redirects are not followed, answers are not read but for a few words."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx2

from seamark import __version__
from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded, Resolve, resolved

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
    url: str, body: str, headers: Mapping[str, str], *, internal: Collection[str] = (), resolve: Resolve = resolved,
    transport: httpx2.BaseTransport | None = None,
) -> Sent:  # fmt: skip
    """Post a message. Raises `RemoteFailure` where it cannot be sent, or nobody answers in time."""
    told = {"Content-Type": "application/json", "User-Agent": f"seamark/{__version__}", "Accept": "*/*", **headers}
    guarded = Guarded(internal, plain=True, resolve=resolve, inner=transport)
    ends = time.monotonic() + PATIENCE
    try:
        with (
            httpx2.Client(timeout=httpx2.Timeout(PATIENCE), follow_redirects=False, trust_env=False, transport=guarded) as client,
            client.stream("POST", url, content=body.encode(), headers=told) as response,
        ):  # fmt: skip
            words = bytearray()
            for piece in response.iter_raw():
                words += piece[:_WORDS]
                if len(words) >= _WORDS or time.monotonic() > ends:
                    break
            return Sent(response.status_code, words[:_WORDS].decode("utf-8", "replace").replace("\x00", ""))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise RemoteFailure(
            f"{urlsplit(url).hostname} does not answer ({str(error) or type(error).__name__})", permanent=False
        ) from None
