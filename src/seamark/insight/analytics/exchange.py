"""A request and its answer, for reading: in parts, bounded, and without the secrets of whoever was logged in when it was made.

What a scanner sends and gets holds its session. It is masked by what it is called, in headers, in addresses, in forms and in JSON, and
by what tokens look like, wherever they stand. Masking is for show: what the report holds stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from seamark.core.finding import Exchange
from seamark.intake.parsers.kit.tidy import mask

MOST_HEADERS: Final = 60
LONGEST_HEADER: Final = 2_000
LONGEST_BODY: Final = 8_000
"""Characters that are shown."""
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,80}):[ \t]*(.*)", re.DOTALL)
_SECRET_HEADERS: Final = re.compile(
    r"(proxy-)?authorization|(set-)?cookie2?|.*(token|secret|api-?key|session|password|signature|csrf|xsrf).*", re.IGNORECASE
)  # fmt: skip
_NAMES: Final = (
    r"[\w.\-\[\]]{0,40}(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|auth|session|sid|jwt|otp|pin|cvv|csrf|xsrf"
    r"|signature|credential)[\w.\-\[\]]{0,20}"
)
_PAIR: Final = re.compile(rf"(?P<before>(?:^|[?&;\s])(?P<name>{_NAMES})=)(?P<value>[^&;\s\"'<>]+)", re.IGNORECASE)
_JSON: Final = re.compile(
    rf"(?P<before>[\"'](?P<name>{_NAMES})[\"']\s*:\s*)(?P<quote>[\"'])(?P<value>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)",
    re.IGNORECASE,
)
_TAG: Final = re.compile(rf"(?P<before><(?P<name>{_NAMES})(?:\s[^<>]{{0,200}})?>)(?P<value>[^<>]+)", re.IGNORECASE)
_FIELD: Final = re.compile(
    rf"(?P<before>name=[\"'](?P<name>{_NAMES})[\"'][^<>]{{0,200}}?value=[\"'])(?P<value>[^\"'<>]+)", re.IGNORECASE
)
_TOKEN: Final = re.compile(
    r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_\w{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{20,}"
    r"|\bxox[abeprs]-[\w-]{10,}|\bsk_(?:live|test)_\w{10,}|-----BEGIN[A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END[A-Z ]{0,40}-----|$)"
)
_USERINFO: Final = re.compile(r"(?P<before>://[^\s/:@]{0,200}:)(?P<value>[^\s/@]+)(?=@)")
_SCHEME: Final = re.compile(r"(?i)(basic|bearer|digest|negotiate|token|apikey)\s+")


class Message(Struct, frozen=True, kw_only=True):
    """A request or an answer. Where it has no head, all of it is the body."""

    first: str = ""
    """`GET /orders?q=… HTTP/1.1`, `HTTP/1.1 200 OK`."""
    headers: list[tuple[str, str]] = []
    body: str = ""
    cut: int = 0
    """Characters that are not shown."""
    masked: int = 0
    """Values that are masked."""


class Shown(Struct, frozen=True, kw_only=True):
    """An exchange as a page shows it; None for what the report does not have."""

    request: Message | None
    response: Message | None


def shown(exchange: Exchange) -> Shown:
    """Return an exchange in parts, with the secrets in it masked."""
    sent, got = exchange.request.strip("\r\n"), exchange.response.strip("\r\n")
    return Shown(request=message(sent) if sent else None, response=message(got) if got else None)


def message(text: str) -> Message:
    """Return a message in parts, with its secrets masked."""
    text = text.replace("\r\n", "\n").replace("\0", "\ufffd")
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    matched = [_HEADER.fullmatch(line) for line in lines]
    if not _starts(first) or not all(matched):
        first, matched, body = "", [], text
    counted = _Masking()
    headers = [
        (found[1], counted.header(found[1], found[2])[:LONGEST_HEADER]) for found in matched[:MOST_HEADERS] if found
    ]
    # Masked before it is cut: half a token is not known for one.
    first, body = counted.text(first), counted.text(body)
    cut = max(0, len(body) - LONGEST_BODY) + sum(len(found[0]) for found in matched[MOST_HEADERS:] if found)
    return Message(
        first=first[:LONGEST_HEADER], headers=headers, body=body[:LONGEST_BODY], cut=cut, masked=counted.number
    )


def _starts(first: str) -> bool:
    return re.fullmatch(r"HTTP/[0-9.]{1,4} [0-9]{3}.*|[A-Z]{3,20} \S.*", first) is not None


class _Masking:
    """Masks and counts."""

    def __init__(self) -> None:
        self.number = 0

    def header(self, name: str, value: str) -> str:
        if not _SECRET_HEADERS.fullmatch(name) or not value.strip():
            return self.text(value)
        if name.lower() in {"cookie", "set-cookie"}:
            pairs = value.split(";") if name.lower() == "cookie" else [value.split(";", 1)[0]]
            rest = "" if name.lower() == "cookie" else value[len(pairs[0]) :]
            return ";".join(self._pair(one) for one in pairs) + rest
        scheme = _SCHEME.match(value)
        return (scheme[0] if scheme else "") + self._value(value[scheme.end() :] if scheme else value)

    def text(self, text: str) -> str:
        text = _TOKEN.sub(lambda found: self._value(found[0]), text)
        for pattern in (_JSON, _PAIR, _TAG, _FIELD, _USERINFO):
            text = pattern.sub(self._named, text)
        return text

    def _named(self, found: re.Match[str]) -> str:
        whole, value = found[0], found["value"]
        at = found.start("value") - found.start()
        # What is masked already is not masked twice.
        kept = value if value.endswith(" characters)") or "…(" in value else self._value(value)
        return whole[:at] + kept + whole[at + len(value) :]

    def _pair(self, text: str) -> str:
        name, sign, value = text.partition("=")
        return f"{name}={self._value(value)}" if sign and value else self._value(text) if text.strip() else text

    def _value(self, value: str) -> str:
        self.number += 1
        return mask(value)
