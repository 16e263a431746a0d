"""Words that all of Veracode's reports share."""

from __future__ import annotations

import html
import re
from functools import lru_cache

from seamark.intake.parsers.kit import Severity, Suppression, severity

_LEVELS = {
    "5": Severity.CRITICAL,
    "4": Severity.HIGH,
    "3": Severity.MEDIUM,
    "2": Severity.LOW,
    "1": Severity.LOW,
    "0": Severity.INFO,
}
"""Veracode's levels, from very high to informational."""
_TAG = re.compile(r"<[^<>]{0,1000}>")
_BLANKS = re.compile(r"[ \t\xa0]{2,}")
_LINK = re.compile(r"""href=["'](https?://[^"'\s]+)""")
_CVE = re.compile(r"^\d{4}-\d{4,}$")


@lru_cache(maxsize=64)
def level(given: str | int | None) -> Severity:
    """Return the severity for one of Veracode's levels or words."""
    text = str(given if given is not None else "").strip()
    return _LEVELS.get(text) or severity(text or None)


def mitigation(status: str, said: str = "") -> Suppression | None:
    """Return what was decided on a proposed mitigation; one that was rejected decides nothing."""
    word = status.strip().lower()
    if word in {"accepted", "approved", "true"}:
        return Suppression(origin="tool", justification=said)
    if word == "proposed":
        return Suppression(origin="tool", justification=said, accepted=False)
    return None


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return the text of one of Veracode's descriptions, which may be HTML."""
    cleaned = html.unescape(_TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return _BLANKS.sub(" ", cleaned).strip()


@lru_cache(maxsize=4096)
def links(text: str) -> tuple[str, ...]:
    """Return the addresses that a description links to."""
    return tuple(html.unescape(link) for link in _LINK.findall(text))


def cve(given: str | None) -> str:
    """Return a CVE id: some of Veracode's reports leave the prefix away."""
    text = (given or "").strip()
    return f"CVE-{text}" if _CVE.match(text) else text
