"""EPSS: the chance that a CVE is exploited within 30 days. A CSV table a day, with the model and the day in its first line."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator

from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import Feed, Known, unreadable

KIND = "EPSS"


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    return head.startswith((b"#model_version", b"cve,epss"))


def read(content: Content) -> Feed:
    """Return the table. Raises `UnreadableReport`."""
    try:
        lines = content.text()
        first = lines.readline()
        found = re.search(r"score_date:(\d{4}-\d{2}-\d{2})", first)
        model = re.search(r"model_version:([^,\s]+)", first)
        day = found[1] if found else ""
        rows = itertools.chain([first], lines) if first.startswith("cve,") else lines
        entries = tuple(_rows(rows, day))
    except (IndexError, ValueError, csv.Error) as error:
        raise unreadable("EPSS table", error) from None
    return Feed(KIND, day, f"{KIND} {day}{f' ({model[1]})' if model else ''}", entries)


def _rows(lines: Iterable[str], day: str) -> Iterator[Known]:
    rows = csv.reader(lines)
    header = next(rows, [])
    name, epss, percentile = (header.index(column) for column in ("cve", "epss", "percentile"))
    for row in rows:
        if row:
            yield Known(
                name=row[name].upper(), epss=_share(row[epss]), percentile=_share(row[percentile]), epss_date=day
            )


def _share(text: str) -> float:
    """Return a probability. Raises `ValueError` for what is none, such as NaN."""
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is no probability")
    return share
