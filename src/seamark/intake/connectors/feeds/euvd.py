"""ENISA's list of exploited vulnerabilities (EUVD), as its API and its dumps give it."""

from __future__ import annotations

import csv
from datetime import datetime
from typing import Any

import msgspec

from seamark.core.errors import UnreadableReport
from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import (
    UNREADABLE,
    Feed,
    Known,
    day_of,
    feed,
    newest,
    tenths,
    unreadable,
)  # fmt: skip

KIND = "EUVD"
_SINCE = ("exploitedSince", "dateReported", "dateAdded")
_NAMES = ("aliases", "cveId", "cveID", "cve")


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    telling = b'"exploitedSince"' in head or b'"enisaUuid"' in head or b'"euvdId"' in head or b'"euvdID"' in head
    return (head[:1] in {b"{", b"["} and telling) or head[:200].lower().startswith((b"euvdid,", b"cveid,euvdid"))


def read(content: Content) -> Feed:
    """Return the list. Raises `UnreadableReport`."""
    try:
        if content.head[:1] in {b"{", b"["}:
            told = msgspec.json.decode(content.data)
            rows = told.get("items") if isinstance(told, dict) else told
        else:
            rows = list(csv.DictReader(content.text()))
    except (*UNREADABLE, csv.Error) as error:
        raise unreadable("EUVD list", error) from None
    if not isinstance(rows, list):
        raise UnreadableReport("The EUVD list cannot be read: it has no items")
    entries = tuple(known for row in rows if isinstance(row, dict) for known in _entries(row))
    return feed(KIND, newest(entries), entries)


def _entries(row: dict[str, Any]) -> list[Known]:
    """Return an entry for each CVE that a row names, where it says since when it is exploited."""
    since = next((day for key in _SINCE if (day := _day(row.get(key)))), "")
    named = " ".join(str(row.get(key) or "") for key in _NAMES)
    names = sorted({word.upper() for word in named.replace(",", " ").split() if word.upper().startswith("CVE-")})
    score = tenths(row.get("baseScore"))
    return [Known(name=name, kev_added=since, cvss=score or None) for name in names if since]


def _day(text: object) -> str:
    """Return the ISO date of `2025-05-13…` or `May 13, 2025, 12:00:00 AM`."""
    if found := day_of(text):
        return found
    try:
        return datetime.strptime(", ".join(str(text).split(", ")[:2]), "%b %d, %Y").date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return ""
