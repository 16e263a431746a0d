"""VulnCheck's catalogue of known exploited vulnerabilities: JSON as its API and its backups give it."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, day_of, feed, newest, unreadable

KIND = "VulnCheck"


class _Entry(Struct):
    cve: list[str]
    date_added: str
    due: str | None = msgspec.field(name="dueDate", default=None)
    ransomware: str | None = msgspec.field(name="knownRansomwareCampaignUse", default=None)
    exploits: list[msgspec.Raw] | None = msgspec.field(name="vulncheck_xdb", default=None)


class _Answer(Struct):
    data: list[_Entry]


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    telling = b'"vulncheck_xdb"' in head or b'"vulncheck_reported_exploitation"' in head or b"vulncheck-kev" in head
    return head[:1] in {b"{", b"["} and telling


def read(content: Content) -> Feed:
    """Return the catalogue. Raises `UnreadableReport`."""
    try:
        if content.head[:1] == b"[":
            rows = msgspec.json.decode(content.data, type=list[_Entry])
        else:
            rows = msgspec.json.decode(content.data, type=_Answer).data
    except UNREADABLE as error:
        raise unreadable("VulnCheck catalogue", error) from None
    entries = tuple(
        Known(
            name=name.upper(), kev_added=day_of(row.date_added), kev_due=day_of(row.due), exploit=bool(row.exploits),
            ransomware=(row.ransomware or "").lower() == "known",
        )
        for row in rows for name in row.cve if day_of(row.date_added)
    )  # fmt: skip
    return feed(KIND, newest(entries), entries)
