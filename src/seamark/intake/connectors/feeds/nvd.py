"""The National Vulnerability Database: JSON of version 2.0 as its API and its feeds give it, and tables with one score a row."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct, field

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

KIND = "NVD"


class _Data(Struct):
    score: float | None = field(name="baseScore", default=None)
    vector: str = field(name="vectorString", default="")


class _Metric(Struct):
    data: _Data = field(name="cvssData")
    type: str = ""


class _Metrics(Struct):
    v40: list[_Metric] = field(name="cvssMetricV40", default_factory=list)
    v31: list[_Metric] = field(name="cvssMetricV31", default_factory=list)
    v30: list[_Metric] = field(name="cvssMetricV30", default_factory=list)
    v2: list[_Metric] = field(name="cvssMetricV2", default_factory=list)


class _Cve(Struct):
    id: str
    published: str = ""
    modified: str = field(name="lastModified", default="")
    status: str = field(name="vulnStatus", default="")
    metrics: _Metrics = field(default_factory=_Metrics)


class _Item(Struct):
    cve: _Cve


class _Answer(Struct):
    vulnerabilities: list[_Item]
    timestamp: str = ""


def recognises(head: bytes) -> bool:
    """Tell whether a file starts as this feed does."""
    answer = head[:1] == b"{" and b'"NVD_CVE"' in head
    return answer or head[:200].upper().startswith((b"ID,PUBLI", b"CVE,PUBLI", b"ID,SCORE"))


def read(content: Content) -> Feed:
    """Return the CVEs that are not rejected. Raises `UnreadableReport`."""
    try:
        if content.head[:1] == b"{":
            answers = [msgspec.json.decode(document, type=_Answer) for document in content.documents()]
            items = (item.cve for answer in answers for item in answer.vulnerabilities)
            entries = tuple(_known(cve) for cve in items if cve.status != "Rejected")
            day = max((day_of(answer.timestamp) for answer in answers), default="")
            return feed(KIND, day or newest(entries), entries)
        entries = tuple(_rows(csv.reader(content.text())))
    except (*UNREADABLE, csv.Error, ValueError, IndexError) as error:
        raise unreadable("NVD data", error) from None
    return feed(KIND, newest(entries), entries)


def _known(cve: _Cve) -> Known:
    metrics = cve.metrics
    # The newest version first, and NVD's own score before that of others.
    ranked = [
        sorted(listed, key=lambda one: one.type != "Primary")
        for listed in (metrics.v40, metrics.v31, metrics.v30, metrics.v2)
    ]
    best = next((one.data for listed in ranked for one in listed if one.data.score is not None), None)
    return Known(
        name=cve.id.upper(), cvss=tenths(best.score) if best else None, vector=best.vector[:120] if best else "",
        published=day_of(cve.published), modified=day_of(cve.modified),
    )  # fmt: skip


def _rows(rows: Iterator[list[str]]) -> Iterable[Known]:
    """Yield a table's CVEs: its first column is the id, one column is `Score`; the days, where given, come in between."""
    header = [name.strip().lower() for name in next(rows, [])]
    score = header.index("score")
    for row in rows:
        if len(row) > score and row[0].upper().startswith("CVE-"):
            days = [day_of(text) for text in row[1:score]]
            yield Known(
                name=row[0].upper(), cvss=tenths(row[score] or None), published=days[0] if days else "",
                modified=days[1] if len(days) > 1 else "",
            )  # fmt: skip
