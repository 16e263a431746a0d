"""What reports on hosts and accounts share: ports, lists of hosts looked at, texts in HTML, named texts."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

from seamark.intake.parsers.kit import HostLocation
from seamark.intake.parsers.kit.texts import port_number

_BREAK = re.compile(r"</p>\s*<p[^<>]*>|<br\s*/?>|</(?:li|p|div|tr|h[1-6]|pre|ul|ol)>|<p\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_BLANKS = re.compile(r"\n{3,}")
_NOTHING = frozenset({"", "-", "n/a", "none", "null", "not available", "'-", "unknown"})


@lru_cache(maxsize=8192)
def flat(text: str | None) -> str:
    """Return HTML as text, a block a line. Text without marks stays as it is."""
    if not text:
        return ""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    if "&" in text:
        text = html.unescape(text)
    return _BLANKS.sub("\n\n", "\n".join(line.strip() for line in text.strip().splitlines()))


@lru_cache(maxsize=4096)
def said(text: str | None) -> str:
    """Return a value, empty where it is one of the words that stand for none (`N/A`, `-`, `null`)."""
    stripped = (text or "").strip()
    return "" if stripped.lower() in _NOTHING else stripped


def service(host: str, port: str | int | None = None, protocol: str | None = "") -> HostLocation:
    """Return a host, or a service on it."""
    number = port_number(port)
    return HostLocation(host=host, port=number, protocol=(protocol or "").strip().lower() if number else "")


def scanned(hosts: Iterable[str]) -> tuple[str, ...] | None:
    """Return the scope of a run that looked at these hosts and at all that answers on them; None where there are none."""
    entries = (
        entry for host in dict.fromkeys(hosts) if host for entry in ((host,) if "://" in host else (host, f"{host}:*"))
    )
    return tuple(entries) or None
