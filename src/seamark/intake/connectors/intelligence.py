"""Reads the files of exploit intelligence: EPSS, KEV, and a small table of our own. Pure: files in, values out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Struct

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import open_source


class Known(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a file says about one vulnerability. None means that it does not speak of that."""

    name: str
    epss: float | None = None
    percentile: float | None = None
    epss_date: str = ""
    kev_added: str = ""
    kev_due: str = ""
    ransomware: bool = False


class Feed(Struct, frozen=True):
    """A file's kind, its date (ISO), its snapshot's name, and its entries."""

    kind: str
    date: str
    snapshot: str
    entries: tuple[Known, ...]


Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class _KevEntry(Struct, rename="camel"):
    cve_i_d: str = msgspec.field(name="cveID")
    date_added: date
    due_date: date | None = None
    known_ransomware_campaign_use: str = ""


class _Kev(Struct, rename="camel"):
    catalog_version: str
    vulnerabilities: list[_KevEntry]
    date_released: str = ""


class _Fact(Struct):
    epss: Share | None = None
    percentile: Share | None = None
    kev_added: date | None = None
    kev_due: date | None = None
    ransomware: bool = False


class _FactSource(Struct):
    name: str
    day: date = msgspec.field(name="date")


class _Table(Struct):
    cves: dict[str, _Fact]
    sources: list[_FactSource]


def read_feed(path: Path) -> Feed:
    """Return what a file says. Raises `UnreadableReport` for anything else."""
    source = open_source(path)
    head = source.head(4096).lstrip()
    if head[:1] == b"{":
        data = bytes(source.data)
        if b'"catalogVersion"' in data[:4096]:
            return _kev(data)
        return _table(data)
    if head.startswith((b"#model_version", b"cve,epss")):
        return _epss(io.TextIOWrapper(io.BytesIO(bytes(source.data)), "utf-8"))
    raise UnreadableReport(
        "This is neither an EPSS table nor a KEV catalogue",
        hint="epss_scores-current.csv.gz, known_exploited_vulnerabilities.json",
    )


_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError)


def _kev(data: bytes) -> Feed:
    try:
        catalogue = msgspec.json.decode(data, type=_Kev)
    except _UNREADABLE as error:
        raise UnreadableReport(f"The KEV catalogue cannot be read: {error}") from None
    day = (catalogue.date_released or catalogue.catalog_version.replace(".", "-"))[:10]
    entries = tuple(
        Known(
            name=one.cve_i_d.upper(), kev_added=str(one.date_added), kev_due=str(one.due_date or ""),
            ransomware=one.known_ransomware_campaign_use.lower() == "known",
        )
        for one in catalogue.vulnerabilities
    )  # fmt: skip
    return Feed("KEV", day, f"KEV {catalogue.catalog_version}", entries)


def _table(data: bytes) -> Feed:
    try:
        table = msgspec.json.decode(data, type=_Table)
    except _UNREADABLE as error:
        raise UnreadableReport(f"The table of facts cannot be read: {error}") from None
    dates = {source.name.upper(): str(source.day) for source in table.sources}
    snapshot = ", ".join(f"{source.name} {source.day}" for source in table.sources)
    entries = tuple(
        Known(
            name=name.upper(), epss=one.epss, percentile=one.percentile, epss_date=dates.get("EPSS", "") if one.epss is not None else "",
            kev_added=str(one.kev_added or ""), kev_due=str(one.kev_due or ""), ransomware=one.ransomware,
        )
        for name, one in table.cves.items()
    )  # fmt: skip
    return Feed("facts", max(dates.values(), default=""), snapshot, entries)


def _epss(text: io.TextIOBase) -> Feed:
    try:
        first = text.readline()
    except UnicodeError as error:
        raise UnreadableReport(f"The EPSS table cannot be read: {error}") from None
    found = re.search(r"score_date:(\d{4}-\d{2}-\d{2})", first)
    model = re.search(r"model_version:([^,\s]+)", first)
    day = found[1] if found else ""
    if first.startswith("cve,"):
        text.seek(0)
    try:
        entries = tuple(_epss_rows(text, day))
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise UnreadableReport(f"The EPSS table cannot be read: {error}") from None
    return Feed("EPSS", day, f"EPSS {day}{f' ({model[1]})' if model else ''}", entries)


def _epss_rows(text: io.TextIOBase, day: str) -> Iterator[Known]:
    for row in csv.DictReader(text):
        yield Known(
            name=row["cve"].upper(), epss=_share(row["epss"]), percentile=_share(row["percentile"]), epss_date=day
        )


def _share(text: str | float) -> float:
    """Return a probability. Raises `ValueError` for what is none, such as NaN."""
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError(f"{text} is no probability")
    return share
