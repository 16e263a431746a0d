"""Loading exploit intelligence, and scoring anew what it concerns."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q
from msgspec.structs import replace

from seamark.intake.connectors.feeds.catalogue import read_feed
from seamark.intake.connectors.feeds.statements import Feed, Known
from seamark.pipeline.scoring import rescore
from seamark.pipeline.vendors import IMPORTED, exploited, keep
from seamark.store import writer
from seamark.store.models import EpssPoint, Exploitation


class Loaded(NamedTuple):
    """What was loaded from a file."""

    kind: str
    date: str
    rows: int
    rescored: int
    snapshot: str


_COLUMNS = (
    "epss", "epss_percentile", "epss_date", "kev_added", "kev_due", "ransomware", "catalogues", "exploits", "cvss", "ssvc", "snapshot",
)  # fmt: skip
_CHANGED_BY = {"EPSS": ("epss", "epss_percentile", "epss_date", "snapshot")}
_MANY = 50_000
_NOTHING: tuple[Any, ...] = (None, None, None, None, None, False, "", "", None, "", "")
VENDORS = "CSAF"
CATALOGUES = frozenset({"KEV", "EUVD", "VulnCheck", VENDORS})
"""Kinds of feeds that list what is exploited. Each is complete: what it lists no longer is taken back."""
EXPLOITS = frozenset({"Exploit-DB", "Metasploit", "Nuclei", "VulnCheck"})
"""The same for collections of exploits."""


def load_file(path: Path) -> Loaded:
    """Load a feed's file. A feed replaces what it said before and leaves what other feeds say."""
    return load(read_feed(path))


def load(feed: Feed, provider: str = IMPORTED) -> Loaded:
    """Store a feed's entries, writing only those that changed, and score the issues that they concern anew.

    `provider` is whose documents those of vendors are.
    """
    rows = len(feed.entries)
    with transaction.atomic():
        entries = {one.name: one for one in feed.entries}
        listed: Container[str] = entries.keys()
        if feed.kind == VENDORS:
            keep(provider, feed.advisories)
            rows = sum(len(flaw.products) for one in feed.advisories for flaw in one.flaws)
            # Documents come one by one; what all of them together call exploited is the catalogue.
            listed = known_exploited = exploited()
            for name, one in known_exploited.items():
                entries[name] = replace(entries.get(name, one), kev_added=one.kev_added)
        # What a feed cannot change is neither read nor written: EPSS comes with 300,000 rows a day.
        columns = _CHANGED_BY.get(feed.kind, _COLUMNS)
        places = [_COLUMNS.index(column) for column in columns]
        known = {
            row[1]: row
            for row in _named(f"SELECT id, name, {', '.join(columns)} FROM store_exploitation", 1, entries)  # noqa: S608
        }
        changed, fresh, names = [], [], []
        for name, one in entries.items():
            row = known.get(name)
            if row is None:
                fresh.append((name, *_merged(_NOTHING, one, feed)))
                continue
            before = list(_NOTHING)
            for place, value in zip(places, row[2:], strict=True):
                before[place] = _plain(value)
            after = _merged(tuple(before), one, feed)
            if tuple(before[:-1]) != after[:-1]:
                changed.append((row[0], *(after[place] for place in places)))
                names.append(name)
        writer.update(Exploitation, columns, changed)
        numbers = writer.reserve(Exploitation, len(fresh))
        writer.insert(
            Exploitation,
            ["id", "name", *_COLUMNS],
            [(number, *row) for number, row in zip(numbers, fresh, strict=True)],
        )
        names += [row[0] for row in fresh]
        names += _withdrawn(feed.kind, listed)
        if feed.kind == "EPSS" and feed.date:
            _remember(feed.date, entries)
        issues = _issues_of(names)
        rescore(issues)
    return Loaded(feed.kind, feed.date, rows, len(issues), feed.snapshot)


def _named(select: str, place: int, names: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Return the rows of a query whose column `name`, at a place, is among these. Beyond some it is quicker to read them all."""
    if len(names) <= _MANY:
        return writer.select_in(f"{select} WHERE name {{values}}", list(names))
    with connection.cursor() as cursor:
        cursor.execute(select)
        return [row for row in cursor.fetchall() if row[place] in names]


def _merged(before: tuple[Any, ...], one: Known, feed: Feed) -> tuple[Any, ...]:
    """Return the columns after a feed has spoken: what it does not speak of stays."""
    epss, percentile, epss_date, added, due, ransomware, catalogues, exploits, cvss, ssvc, snapshot = before
    if feed.kind == VENDORS and added and not catalogues:
        # Written before there was more than one catalogue.
        catalogues = "KEV"
    if one.epss is not None:
        epss, percentile, epss_date = one.epss, one.percentile, one.epss_date or None
    if one.kev_added:
        kind = feed.kind if feed.kind in CATALOGUES else "KEV"
        if _without(catalogues, kind):
            # Others list it, too: the first day and the worst word count.
            added, due = min(added or one.kev_added, one.kev_added), due or one.kev_due or None
            ransomware = ransomware or one.ransomware
        else:
            added, due, ransomware = one.kev_added, one.kev_due or None, one.ransomware
        catalogues = _with(catalogues, kind)
    if feed.kind in EXPLOITS:
        exploits = _with(exploits, feed.kind) if one.exploit else _without(exploits, feed.kind)
    # A vendor rates its own products: its word fills a gap, and takes no other feed's place.
    if one.cvss is not None and (cvss is None or feed.kind != VENDORS):
        cvss = one.cvss
    ssvc = one.ssvc or ssvc
    told = feed.snapshot if feed.kind == "facts" else _snapshots(snapshot, feed.snapshot)
    return epss, percentile, epss_date, added, due, ransomware, catalogues, exploits, cvss, ssvc, told[:300]


@lru_cache(maxsize=4096)
def _snapshots(before: str, fresh: str) -> str:
    """Return the snapshots that facts come from, with a fresh one in the place of its feed's former."""
    kind = fresh.split(" ", 1)[0]
    others = [part for part in before.split(", ") if part and part.split(" ", 1)[0] != kind]
    return ", ".join(sorted([*others, fresh]))


def _with(names: str, name: str) -> str:
    return ",".join(sorted({*names.split(","), name} - {""}))


def _without(names: str, name: str) -> str:
    return ",".join(sorted(set(names.split(",")) - {name, ""}))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _withdrawn(kind: str, listed: Container[str]) -> list[str]:
    """Take back what a catalogue of exploited flaws, or of exploits, no longer lists."""
    gone: dict[int, Exploitation] = {}
    for column, kinds in (("catalogues", CATALOGUES), ("exploits", EXPLOITS)):
        if kind not in kinds:
            continue
        theirs = Q(**{f"{column}__contains": kind})
        if kind == "KEV":
            # Written before there was more than one catalogue.
            theirs |= Q(catalogues="", kev_added__isnull=False)
        for found in Exploitation.objects.filter(theirs):
            if found.name not in listed:
                row = gone.setdefault(found.pk, found)
                setattr(row, column, _without(getattr(row, column), kind))
                if column == "catalogues" and not row.catalogues:
                    row.kev_added, row.kev_due, row.ransomware = None, None, False
    for row in gone.values():
        row.save()
    return [row.name for row in gone.values()]


def _remember(day: str, entries: dict[str, Known]) -> None:
    """Keep the day's chance of the flaws that some finding names."""
    ours = [name for (name,) in _named("SELECT name FROM store_vulnerabilityname", 0, entries)]
    points = [EpssPoint(name=name, day=day, epss=chance) for name in ours if (chance := entries[name].epss) is not None]
    EpssPoint.objects.bulk_create(
        points, batch_size=2000, update_conflicts=True, unique_fields=["name", "day"], update_fields=["epss"]
    )


def _issues_of(names: Sequence[str]) -> list[int]:
    told = _named("SELECT name, group_id FROM store_vulnerabilityname", 0, dict.fromkeys(names))
    groups = sorted({number for _, number in told})
    found = writer.select_in("SELECT id FROM store_issue WHERE state <= 3 AND vulnerability_id {values}", groups)
    return [number for (number,) in found]
