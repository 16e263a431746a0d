"""What reports on web applications share: texts in HTML, traffic in Base64, addresses in pieces."""

from __future__ import annotations

import base64
import binascii
import html
import re
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from seamark.intake.parsers.kit import Finding, HostLocation, Location, Rule, Severity, WebLocation
from seamark.intake.parsers.kit.texts import described, port_number

T = TypeVar("T")

_BREAK = re.compile(r"</?(?:p|br|li|div|tr|table|h[1-6]|pre|ul|ol)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_LINK = re.compile(r"""href\s*=\s*["']?(https?://[^"'\s<>]+)""", re.IGNORECASE)
_ENCODED = 65536
"""Characters of Base64 that are decoded: more than is kept of a request or answer."""


@lru_cache(maxsize=8192)
def plain(text: str | None) -> str:
    """Return HTML as text, a block a line. Text without marks stays as it is."""
    if not text:
        return ""
    if "<" not in text:
        return (html.unescape(text) if "&" in text else text).strip()
    lines = html.unescape(_TAG.sub("", _BREAK.sub("\n", text))).splitlines()
    return "\n".join(line.strip() for line in lines if line.strip())


@lru_cache(maxsize=8192)
def links(text: str | None) -> tuple[str, ...]:
    """Return the addresses that the links of an HTML text lead to, in order, once each."""
    return tuple(dict.fromkeys(html.unescape(found) for found in _LINK.findall(text or "")))


def unmarked(text: str) -> str:
    """Return traffic that was written as HTML, with its blanks as they are."""
    return html.unescape(_TAG.sub("", text))


def decoded(text: str | None) -> str:
    """Return the beginning of a Base64 text, or the text itself where it is none."""
    if not text:
        return ""
    head = "".join(text[:_ENCODED].split())
    try:
        return base64.b64decode(head[: len(head) // 4 * 4], validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return text


def joined(base: str | None, path: str | None) -> str:
    """Return the address of a path at a site (`https://shop.example` and `/login`)."""
    base, path = (base or "").strip(), (path or "").strip()
    if not base or path.startswith(("http://", "https://")):
        return path or base
    if not path:
        return base
    if "://" not in base:
        return f"{base.rstrip('/')}/{path.lstrip('/')}"
    try:
        return urljoin(f"{base.rstrip('/')}/", path)
    except ValueError:
        return f"{base.rstrip('/')}/{path.lstrip('/')}"


def listed(value: list[T] | T | None) -> list[T]:
    """Return a value that XML writes alone, several times or not at all as a list."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=4096)
def host(text: str, port: str | int | None = None, protocol: str = "") -> HostLocation:
    """Return the place of a service from an address or a name, with or without its port (`shop.example:443`)."""
    name, given = text.strip(), port_number(port)
    try:
        parts = urlsplit(name if "://" in name else f"//{name}")
        found = parts.port
        name = parts.hostname or name
    except ValueError:
        found = None
    return HostLocation(host=name, port=given or found, protocol=protocol)


def place(text: str, method: str = "", parameter: str = "", port: str | int | None = None) -> Location | None:
    """Return a web place for an address with a scheme, a host for any other name, None for nothing."""
    text = text.strip()
    if not text:
        return None
    if text.startswith(("http://", "https://")):
        return WebLocation(url=text, method=method.upper(), parameter=parameter)
    return host(text, port)


FOUND = Rule(id="discovered-path", name="discovered-path", title="Address that answers")


def found(url: str, status: str | int | None, *facts: tuple[str, str | None], method: str = "") -> Finding:
    """Return what tools that guess addresses find: one that answers, which is information and no weakness."""
    return Finding(
        rule=FOUND.id,
        title=f"Address found (HTTP {status})" if status else "Address found",
        severity=Severity.INFO,
        location=WebLocation(url=url, method=method.upper()),
        about=FOUND,
        description=described(*facts),
    )
