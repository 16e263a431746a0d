"""CVE records of version 5: the CVE list and CISA's Vulnrichment, which adds CVSS and SSVC. One record, an archive, or a table."""

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

KIND = "Vulnrichment"


class _Cvss(Struct):
    score: float | None = field(name="baseScore", default=None)
    vector: str = field(name="vectorString", default="")


class _Ssvc(Struct):
    timestamp: str = ""
    options: list[dict[str, str]] = []


class _Other(Struct):
    type: str = ""
    content: msgspec.Raw = msgspec.Raw(b"{}")


class _Metric(Struct):
    v40: _Cvss | None = field(name="cvssV4_0", default=None)
    v31: _Cvss | None = field(name="cvssV3_1", default=None)
    v30: _Cvss | None = field(name="cvssV3_0", default=None)
    v20: _Cvss | None = field(name="cvssV2_0", default=None)
    other: _Other | None = None


class _Container(Struct):
    metrics: list[_Metric] = []


class _Containers(Struct):
    cna: _Container = field(default_factory=_Container)
    adp: list[_Container] = []


class _Metadata(Struct):
    name: str = field(name="cveId")
    state: str = ""
    published: str = field(name="datePublished", default="")
    updated: str = field(name="dateUpdated", default="")


class _Record(Struct):
    metadata: _Metadata = field(name="cveMetadata")
    containers: _Containers = field(default_factory=_Containers)


def recognises(head: bytes) -> bool:
    """Tell whether a file, or the first of an archive, starts as this feed does."""
    record = head[:1] == b"{" and (b'"CVE_RECORD"' in head or b'"cveMetadata"' in head)
    return record or (head.startswith(b"cve,") and b"ssvc_exploitation" in head[:400])


def read(content: Content) -> Feed:
    """Return the records that are published. Raises `UnreadableReport`."""
    try:
        if content.head[:1] == b"{":
            entries = tuple(_records(content.documents()))
        else:
            entries = tuple(_rows(csv.DictReader(content.text())))
    except (*UNREADABLE, csv.Error) as error:
        raise unreadable("CVE records", error) from None
    return feed(KIND, newest(entries), entries)


def _records(documents: Iterable[bytes]) -> Iterator[Known]:
    decoder = msgspec.json.Decoder(_Record)
    for document in documents:
        # Archives of the CVE list hold lists of changes, too.
        if b'"cveMetadata"' not in document:
            continue
        record = decoder.decode(document)
        if record.metadata.state == "PUBLISHED":
            yield _known(record)


def _known(record: _Record) -> Known:
    metrics = [metric for part in (record.containers.cna, *record.containers.adp) for metric in part.metrics]
    given = [one for version in ("v40", "v31", "v30", "v20") for metric in metrics if (one := getattr(metric, version))]
    best = next((one for one in given if one.score is not None), None)
    ssvc, seen = "", ""
    for metric in metrics:
        if metric.other is not None and metric.other.type == "ssvc":
            ssvc, seen = _decision(msgspec.json.decode(metric.other.content, type=_Ssvc))
    return Known(
        name=record.metadata.name.upper(), cvss=tenths(best.score) if best else None, vector=best.vector[:120] if best else "",
        ssvc=ssvc, ssvc_date=seen, published=day_of(record.metadata.published), modified=day_of(record.metadata.updated),
    )  # fmt: skip


def _decision(told: _Ssvc) -> tuple[str, str]:
    options = {key.lower(): value.lower() for option in told.options for key, value in option.items()}
    return decision(options), day_of(told.timestamp)


def decision(options: dict[str, str]) -> str:
    """Return the three inputs that CISA states, by their names in small letters; empty where it states no exploitation."""
    exploitation = options.get("exploitation", "")
    if exploitation not in {"none", "poc", "active"}:
        return ""
    return f"{exploitation}/{options.get('automatable', '')}/{options.get('technical impact', '')}"[:40]


def _rows(rows: Iterable[dict[str, str]]) -> Iterator[Known]:
    for row in rows:
        if row.get("state", "PUBLISHED") != "PUBLISHED":
            continue
        options = {
            "exploitation": (row.get("ssvc_exploitation") or "").lower(),
            "automatable": (row.get("ssvc_automatable") or "").lower(),
            "technical impact": (row.get("ssvc_technical_impact") or "").lower(),
        }
        yield Known(
            name=(row.get("cve") or "").upper(), cvss=tenths(row.get("base_score") or None), vector=(row.get("vector") or "")[:120],
            ssvc=decision(options), ssvc_date=day_of(row.get("ssvc_timestamp")), published=day_of(row.get("published")),
        )  # fmt: skip
