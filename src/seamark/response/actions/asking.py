"""Asking a channel's service, with failures told apart: what passes, what lasts, and what is not there any more."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from seamark.core.errors import Gone, RemoteFailure
from seamark.intake.connectors.caller import Answer, Caller

LONGEST: Final = 3600.0
"""Seconds to wait at most, whatever a service names."""
_REFUSALS: Final = tuple(range(400, 600))
_PASSING: Final = frozenset({408, 423, 425, 429})
_RESETS: Final = (
    "x-ratelimit-reset", "x-rate-limit-reset", "ratelimit-reset", "x-ratelimit-requests-reset", "x-ratelimit-complexity-reset",
)  # fmt: skip
_LEFT: Final = ("x-ratelimit-remaining", "x-ratelimit-requests-remaining", "ratelimit-remaining")
_TOLD: Final = ("detail", "message", "error_description", "error", "errorMessages", "errors", "reason", "title")


class Service:
    """One service as failures call it. It asks once: asking again is the outbox's business."""

    def __init__(self, caller: Caller, name: str) -> None:
        self.caller, self.name = caller, name

    def ask(
        self, method: str, path: str, body: Any = None, *, params: Mapping[str, str | int] | None = None, headers: Mapping[str, str] | None = None,
        allow: tuple[int, ...] = (), gone: str = "", home: str = "",
    ) -> Answer:  # fmt: skip
        """Return the answer to a request. Raises `RemoteFailure` for refusals that are not in `allow`.

        `gone` names what the path stands for: where that is not there, `Gone` is raised, after `home`, which holds it, has answered
        (a token that may no longer see anything is told as such).
        """
        answer = self.caller.call(method, path, body, params=params, headers=headers, allow=_REFUSALS)
        if answer.ok or answer.status in allow:
            return answer
        if gone and answer.status in {404, 410}:
            if home:
                self.ask("GET", home, headers=headers)
            raise Gone(f"{gone} is not there any more at {self.name}")
        raise self.refused(answer)

    def refused(self, answer: Answer) -> RemoteFailure:
        """Return the failure that an answer stands for."""
        said = told(answer.body)
        more = f" ({said})" if said else ""
        limited = answer.status == 429 or (answer.status == 403 and _is_limit(answer))
        if limited or answer.status in _PASSING or answer.status >= 500:
            what = "asks to slow down" if limited else f"answered {answer.status}"
            return RemoteFailure(
                f"{self.name} {what}{more}", permanent=False, retry_after=named_pause(answer.headers, time.time())
            )
        words = {
            401: "does not accept the token: it is wrong, expired or revoked",
            403: "refuses: the token may not do that",
            404: "knows no such thing, or the token may not see it",
        }.get(answer.status, f"answered {answer.status}")
        return RemoteFailure(f"{self.name} {words}{more}", permanent=True)

    def strange(self, what: str = "") -> RemoteFailure:
        """Return the failure for an answer that is not of the documented shape."""
        return RemoteFailure(
            f"{self.name} gave an answer of another shape than documented{what and f': {what}'}", permanent=True
        )


def service_caller(base: str, headers: Mapping[str, str], name: str, transport: Any) -> Caller:
    """Return a caller that asks once, within a quarter of a minute."""
    return Caller(base, headers, name=name, attempts=1, timeout=15.0, transport=transport)


def dig(body: Any, *path: str | int) -> Any:
    """Return what stands at a path of decoded JSON; None where anything on the way is missing."""
    for step in path:
        if isinstance(body, dict) and isinstance(step, str):
            body = body.get(step)
        elif isinstance(body, list) and isinstance(step, int) and -len(body) <= step < len(body):
            body = body[step]
        else:
            return None
    return body


def words_at(body: Any, *path: str | int) -> str:
    """Return the text or number at a path as text, empty where there is none."""
    found = dig(body, *path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def rows_at(body: Any, *path: str | int) -> list[dict[str, Any]]:
    """Return the objects of the list at a path."""
    found = dig(body, *path)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def named_pause(headers: Mapping[str, str], now: float) -> float:
    """Return how many seconds a service asks to wait, by `Retry-After` or the reset of its limit; 0 where it names no time."""
    found = _retry_after(headers.get("retry-after", ""), now)
    if not found:
        # A limit that is not used up says nothing about this refusal.
        if any(headers.get(name, "0") != "0" for name in _LEFT):
            return 0.0
        found = max((_reset(headers.get(name, ""), now) for name in _RESETS), default=0.0)
    return min(max(found, 0.0), LONGEST)


def _is_limit(answer: Answer) -> bool:
    return "retry-after" in answer.headers or any(answer.headers.get(name) == "0" for name in _LEFT)


def _retry_after(text: str, now: float) -> float:
    if _is_number(text):
        return float(text)
    try:
        return parsedate_to_datetime(text).timestamp() - now if text else 0.0
    except ValueError:
        return 0.0


def _reset(text: str, now: float) -> float:
    """Return the seconds until a reset, which services name as seconds, epoch seconds, epoch milliseconds or ISO time."""
    if _is_number(text):
        number = float(text)
        if number > 1e11:
            number /= 1000
        return number - now if number > 1e9 else number
    try:
        return datetime.fromisoformat(text).timestamp() - now if text else 0.0
    except ValueError:
        return 0.0


def _is_number(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < 20


def told(body: Any) -> str:
    """Return what a service says of its refusal, shortened, in one line."""
    if isinstance(body, list):
        body = body[0] if body else None
    if isinstance(body, dict):
        for name in _TOLD:
            inner = body.get(name)
            found = told(inner) if isinstance(inner, dict | list) else inner if isinstance(inner, str) else ""
            if found:
                return found[:300]
        values = [f"{name}: {value}" for name, value in body.items() if isinstance(value, str)]
        return "; ".join(values)[:300]
    return " ".join(body.split())[:300] if isinstance(body, str) else ""
