"""Loading exploit intelligence, and scoring anew what it concerns."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Count

from seamark.intake.connectors.intelligence import Feed, Known, read_feed
from seamark.pipeline.scoring import rescore
from seamark.store import writer
from seamark.store.models import Exploitation


class Loaded(NamedTuple):
    """What was loaded from a file."""

    kind: str
    date: str
    rows: int
    rescored: int


_COLUMNS = ("epss", "epss_percentile", "epss_date", "kev_added", "kev_due", "ransomware", "snapshot")


def load_file(path: Path) -> Loaded:
    """Load a feed's file. A feed replaces what it said before and leaves what other feeds say."""
    return load(read_feed(path))


def load(feed: Feed) -> Loaded:
    """Store a feed's entries, writing only those that changed, and score the issues that they concern anew."""
    with transaction.atomic():
        columns = ", ".join(_COLUMNS)
        known = {
            row[1]: row
            for row in writer.select_in(
                f"SELECT id, name, {columns} FROM store_exploitation WHERE name {{values}}", [one.name for one in feed.entries]  # noqa: S608
            )
        }  # fmt: skip
        changed, fresh = [], []
        for one in feed.entries:
            row = known.get(one.name)
            after = _merged(row[2:] if row else None, one, feed)
            if row is None:
                fresh.append((one.name, *after))
            elif tuple(_plain(value) for value in row[2:-1]) != tuple(_plain(value) for value in after[:-1]):
                changed.append((row[0], *after))
        writer.update(Exploitation, _COLUMNS, changed)
        numbers = writer.reserve(Exploitation, len(fresh))
        writer.insert(
            Exploitation,
            ["id", "name", *_COLUMNS],
            [(number, *row) for number, row in zip(numbers, fresh, strict=True)],
        )
        gone = _withdrawn(feed)
        names = (
            [row[0] for row in fresh]
            + [name for name, row in known.items() if row[0] in {one[0] for one in changed}]
            + gone
        )
        issues = _issues_of(names)
        rescore(issues)
    return Loaded(feed.kind, feed.date, len(feed.entries), len(issues))


def _merged(before: tuple[Any, ...] | None, one: Known, feed: Feed) -> tuple[Any, ...]:
    """Return the columns after a feed has spoken: what it does not speak of stays."""
    epss, percentile, epss_date, added, due, ransomware, snapshot = before or (None, None, None, None, None, False, "")
    if one.epss is not None:
        epss, percentile, epss_date = one.epss, one.percentile, one.epss_date or None
    if one.kev_added:
        added, due, ransomware = one.kev_added, one.kev_due or None, one.ransomware
    kind = feed.snapshot.split(" ", 1)[0]
    others = [part for part in snapshot.split(", ") if part and part.split(" ", 1)[0] != kind]
    told = feed.snapshot if feed.kind == "facts" else ", ".join(sorted([*others, feed.snapshot]))
    return epss, percentile, _plain(epss_date), _plain(added), _plain(due), bool(ransomware), told[:200]


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return bool(value) if isinstance(value, bool) else value


def _withdrawn(feed: Feed) -> list[str]:
    """Take back what a KEV catalogue no longer lists."""
    if feed.kind != "KEV":
        return []
    listed = {one.name for one in feed.entries}
    gone = [row for row in Exploitation.objects.filter(kev_added__isnull=False).only("name") if row.name not in listed]
    Exploitation.objects.filter(pk__in=[row.pk for row in gone]).update(kev_added=None, kev_due=None, ransomware=False)
    return [row.name for row in gone]


def _issues_of(names: list[str]) -> list[int]:
    groups = sorted(
        {
            number
            for (number,) in writer.select_in("SELECT group_id FROM store_vulnerabilityname WHERE name {values}", names)
        }
    )
    found = writer.select_in("SELECT id FROM store_issue WHERE state <= 3 AND vulnerability_id {values}", groups)
    return [number for (number,) in found]


def snapshots() -> list[dict[str, Any]]:
    """Return the snapshots in use, with how many entries come from each."""
    rows = Exploitation.objects.values("snapshot").annotate(entries=Count("id")).order_by("snapshot")
    return [{"snapshot": row["snapshot"], "entries": row["entries"]} for row in rows]
