"""CISA's catalogue of known exploited vulnerabilities, as JSON and as CSV."""

from __future__ import annotations

import csv
from datetime import date

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, feed, newest, unreadable

KIND = "KEV"


class _Entry(Struct):
    name: str = msgspec.field(name="cveID")
    added: date = msgspec.field(name="dateAdded")
    due: date | None = msgspec.field(name="dueDate", default=None)
    ransomware: str = msgspec.field(name="knownRansomwareCampaignUse", default="")

    def known(self) -> Known:
        return Known(
            name=self.name.upper(), kev_added=str(self.added), kev_due=str(self.due or ""),
            ransomware=self.ransomware.lower() == "known",
        )  # fmt: skip


class _Catalogue(Struct):
    version: str = msgspec.field(name="catalogVersion")
    vulnerabilities: list[_Entry]
    released: str = msgspec.field(name="dateReleased", default="")


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return (head[:1] == b"{" and b'"catalogVersion"' in head[:4096]) or head.startswith((b"cveID,", b'"cveID",'))


def read(content: Content) -> Feed:
    """Return the catalogue. Raises `UnreadableReport`."""
    try:
        if content.head[:1] == b"{":
            catalogue = msgspec.json.decode(content.data, type=_Catalogue)
            entries = tuple(one.known() for one in catalogue.vulnerabilities)
            day = (catalogue.released or catalogue.version.replace(".", "-"))[:10]
            return feed(KIND, day, entries, catalogue.version)
        rows = csv.DictReader(content.text())
        entries = tuple(msgspec.convert(_filled(row), _Entry, strict=False).known() for row in rows)
    except (*UNREADABLE, csv.Error) as error:
        raise unreadable("KEV catalogue", error) from None
    # The table names no day of its own: it is at least as new as its last entry.
    return feed(KIND, newest(entries), entries)


def _filled(row: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in row.items() if key and value}
