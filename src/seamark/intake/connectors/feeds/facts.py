"""A small table of our own, for examples and for what an organisation knows itself."""

from __future__ import annotations

from datetime import date

import msgspec
from msgspec import Struct

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import UNREADABLE, Feed, Known, Share, unreadable

KIND = "facts"


class _Fact(Struct):
    epss: Share | None = None
    percentile: Share | None = None
    kev_added: date | None = None
    kev_due: date | None = None
    ransomware: bool = False


class _Origin(Struct):
    name: str
    day: date = msgspec.field(name="date")


class _Table(Struct):
    cves: dict[str, _Fact]
    sources: list[_Origin]


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this table does: it is asked last."""
    return head[:1] == b"{"


def read(content: Content) -> Feed:
    """Return the table. Raises `UnreadableReport`."""
    try:
        table = msgspec.json.decode(content.data, type=_Table)
    except UNREADABLE as error:
        raise unreadable("table of facts", error) from None
    dates = {source.name.upper(): str(source.day) for source in table.sources}
    snapshot = ", ".join(f"{source.name} {source.day}" for source in table.sources)
    entries = tuple(
        Known(
            name=name.upper(), epss=one.epss, percentile=one.percentile, epss_date=dates.get("EPSS", "") if one.epss is not None else "",
            kev_added=str(one.kev_added or ""), kev_due=str(one.kev_due or ""), ransomware=one.ransomware,
        )
        for name, one in table.cves.items()
    )  # fmt: skip
    return Feed(KIND, max(dates.values(), default=""), snapshot, entries)
