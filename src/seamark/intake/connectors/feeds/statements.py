"""What feeds say: one value for a vulnerability, one for a file."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.intake.connectors.feeds.vendors import Advisory

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)
"""What decoding raises for a document that is not what it should be."""


class Known(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file says about one vulnerability. None and empty mean that it does not speak of that."""

    name: str
    epss: float | None = None
    percentile: float | None = None
    epss_date: str = ""
    kev_added: str = ""
    kev_due: str = ""
    ransomware: bool = False
    exploit: bool = False
    """A catalogue of exploits has one for it."""
    cvss: int | None = None
    """Base score in tenths, 0 to 100, of the newest version of CVSS that is given."""
    vector: str = ""
    ssvc: str = ""
    """`exploitation/automatable/technical impact`, as in `poc/yes/total`."""
    ssvc_date: str = ""
    published: str = ""
    modified: str = ""


class Feed(Struct, frozen=True):
    """A file's kind, its date (ISO), its snapshot's name, its entries, and the vendors' documents in it."""

    kind: str
    date: str
    snapshot: str
    entries: tuple[Known, ...]
    advisories: tuple[Advisory, ...] = ()


def feed(kind: str, day: str, entries: tuple[Known, ...], version: str = "") -> Feed:
    """Return a feed whose snapshot is named after its kind, its version or date."""
    return Feed(kind, day, f"{kind} {version or day or 'undated'}", entries)


def unreadable(what: str, error: Exception) -> UnreadableReport:
    """Return the failure for a document that cannot be decoded."""
    return UnreadableReport(f"The {what} cannot be read: {error}")


def day_of(text: object) -> str:
    """Return the ISO date that a text starts with, or empty where it starts with none."""
    try:
        return date.fromisoformat(str(text or "")[:10]).isoformat()
    except ValueError:
        return ""


def tenths(score: object) -> int | None:
    """Return a CVSS score in tenths; None for what is none."""
    try:
        value = float(score)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return round(value * 10) if 0 <= value <= 10 else None


def newest(entries: tuple[Known, ...]) -> str:
    """Return the latest day that the entries name."""
    return max((max(one.modified, one.kev_added, one.published)[:10] for one in entries), default="")
