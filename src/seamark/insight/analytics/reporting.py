"""Which scanners report, how long ago each last did, and which have gone silent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from seamark.store.access import Visible
from seamark.store.models import Scan, Stream

SILENT_DAYS: Final = 7
"""After how many days without a scan a stream is silent, unless somebody asks for another number."""
_LOOKED_AT: Final = 10
"""Scans by which it is judged how often a stream usually reports."""


class Spoke(NamedTuple):
    """A stream, and when it reported. `usual` is the usual time between two scans, None for fewer than three."""

    stream: Stream
    last: datetime | None
    """When its latest scan came in, whatever that proved."""
    complete: datetime | None
    """When its latest scan came in that ran to its end over everything."""
    why: str
    """Why the latest scan does not prove what is fixed; empty where it does."""
    silent: bool
    usual: timedelta | None

    @property
    def every(self) -> str:
        """Write the usual time: `2 d`, `6 h`; empty where it is not known."""
        if self.usual is None:
            return ""
        hours = max(1, round(self.usual.total_seconds() / 3600))
        return f"{round(hours / 24)} d" if hours >= 36 else f"{hours} h"


class Tool(NamedTuple):
    """What a scanner did as a whole."""

    name: str
    streams: int
    last: datetime | None
    silent: bool


def _last(**wanted: Any) -> Subquery:
    rows = Scan.objects.filter(stream=OuterRef("pk"), **wanted).order_by("-id")
    return Subquery(rows.values("imported_at")[:1])


def streams(
    seen: Visible, now: datetime, *, tool: str = "", silent: bool = False, days: int = SILENT_DAYS
) -> QuerySet[Stream]:
    """Return the streams of default branches that somebody sees, with `last`: those of a tool, or only the silent ones.

    Streams of branches end with their branch, and are no gap.
    """
    rows = seen.streams().filter(is_default=True)
    if tool:
        rows = rows.filter(tool=tool)
    rows = rows.annotate(last=Coalesce(_last(), datetime.min.replace(tzinfo=now.tzinfo)))
    return rows.filter(last__lt=now - timedelta(days=days)) if silent else rows


def spoke(rows: Iterable[Stream], now: datetime, days: int = SILENT_DAYS) -> list[Spoke]:
    """Return how the streams of a page stand: two statements more, however many there are."""
    found = list(rows)
    numbers = [row.pk for row in found]
    complete = dict(
        Stream.objects.filter(pk__in=numbers).annotate(complete=_last(proves=True)).values_list("pk", "complete")
    )
    newest = Scan.objects.filter(stream=OuterRef("stream")).order_by("-id").values("pk")[:_LOOKED_AT]
    scans: dict[int, list[tuple[datetime, bool, str]]] = {}
    lately = Scan.objects.filter(stream__in=numbers, pk__in=newest).order_by("-id")
    for stream, at, proves, why in lately.values_list("stream", "imported_at", "proves", "why"):
        scans.setdefault(stream, []).append((at, proves, why))
    return [_spoke(row, scans.get(row.pk, []), complete.get(row.pk), now - timedelta(days=days)) for row in found]


def _spoke(row: Stream, scans: list[tuple[datetime, bool, str]], complete: datetime | None, since: datetime) -> Spoke:
    if not scans:
        return Spoke(row, None, complete, "", silent=True, usual=None)
    last, proves, why = scans[0]
    usual = (last - scans[-1][0]) / (len(scans) - 1) if len(scans) > 2 else None
    return Spoke(row, last, complete, "" if proves else why, silent=last < since, usual=usual)


def tools(seen: Visible, now: datetime, days: int = SILENT_DAYS) -> list[Tool]:
    """Return the scanners that somebody sees, those first that have been silent longest."""
    rows = (
        seen.streams().filter(is_default=True).order_by().annotate(at=_last())
        .values("tool").annotate(size=Count("pk"), newest=Max("at"))
    )  # fmt: skip
    since = now - timedelta(days=days)
    found = [
        Tool(row["tool"], row["size"], row["newest"], row["newest"] is None or row["newest"] < since) for row in rows
    ]
    return sorted(found, key=lambda one: (one.last is not None, one.last or now, one.name))
