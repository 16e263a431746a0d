"""What feeds say of one flaw: exploitation, exploits, chances over time, and how old that knowledge is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final

from msgspec import Struct

from seamark.store.models import EpssPoint, Exploitation

MOST_NAMES: Final = 50
MOST_POINTS: Final = 400
MONTH: Final = timedelta(days=30)
NEEDED: Final = {
    "epss": "EPSS",
    "kev": "KEV",
    "exploit-db": "Exploit-DB",
    "metasploit": "Metasploit",
    "nuclei": "Nuclei",
}
"""Feeds without which the card is not whole, with the kind that their snapshots are named after."""

_NEVER: Final = " was never loaded"
_WORDS: Final = {"KEV": "Known Exploited"}
"""Words of a snapshot by which a feed is known, where they are not its name."""


class Listed(Struct, frozen=True, kw_only=True):
    """An entry in catalogues of what is exploited in the wild."""

    name: str
    added: str
    due: str | None
    ransomware: bool
    catalogues: list[str]
    """`KEV`, `EUVD`, `VulnCheck`; empty where the file that told it is none of them."""


class Chance(Struct, frozen=True):
    """EPSS of a day, 0 to 1."""

    day: str
    epss: float


class Epss(Struct, frozen=True, kw_only=True):
    """The chance of exploitation within 30 days, now and before."""

    name: str
    now: float
    percentile: float | None
    day: str | None
    before: Chance | None
    """The day nearest to 30 days earlier, none older than 45; None where EPSS was not loaded then."""
    points: list[Chance]
    """What was kept of the past, oldest first, with today's."""

    @property
    def change(self) -> float:
        """Return by how much it changed in about 30 days; 0 where that is not known."""
        return self.now - self.before.epss if self.before else 0.0


class Decided(Struct, frozen=True, kw_only=True):
    """The inputs of SSVC as CISA states them."""

    exploitation: str
    automatable: str
    impact: str


class Standing(Struct, frozen=True, kw_only=True):
    """How a feed stands. `said` is a sentence where something is to be known of it, else empty."""

    feed: str
    snapshot: str
    age: int | None
    """In days."""
    said: str


class Intelligence(Struct, frozen=True, kw_only=True):
    """What feeds say of a flaw by any of its names. None and empty mean that they say nothing."""

    listed: Listed | None = None
    epss: Epss | None = None
    exploits: list[str] = []
    """Collections that have an exploit, or a test, for it."""
    ssvc: Decided | None = None
    cvss: float | None = None
    snapshot: str = ""
    feeds: list[Standing] = []

    @property
    def known(self) -> bool:
        """Tell whether any feed says anything."""
        return bool(self.listed or self.epss or self.exploits or self.ssvc or self.cvss is not None)

    @property
    def warnings(self) -> list[str]:
        """Return what is old, failed or missing, in sentences; what was never loaded in one."""
        told = [one.said for one in self.feeds if one.said and one.snapshot]
        never = [one.said.removesuffix(_NEVER) for one in self.feeds if one.said.endswith(_NEVER)]
        # Facts may have come another way, as the example's do.
        never = [name for name in never if _WORDS.get(name, name) not in self.snapshot]
        if never:
            *most, last = never
            verb = "were" if most else "was"
            told.append(f"{' and '.join(part for part in (', '.join(most), last) if part)} {verb} never loaded")
        return told


def intelligence_of(names: Collection[str], standing: Sequence[Mapping[str, Any]]) -> Intelligence:
    """Return what feeds say of a flaw by its names. `standing` is how they stand, as `pipeline.feeds.standing` tells it."""
    few = sorted(names)[:MOST_NAMES]
    rows = list(Exploitation.objects.filter(name__in=few).order_by("name")) if few else []
    snapshots = {part for row in rows for part in row.snapshot.split(", ") if part}
    ssvc = max((row.ssvc for row in rows), default="")
    return Intelligence(
        listed=_listed(rows), epss=_epss(rows), exploits=sorted({name for row in rows for name in row.exploits.split(",") if name}),
        ssvc=_ssvc(ssvc), cvss=max((row.cvss / 10 for row in rows if row.cvss is not None), default=None),
        snapshot=", ".join(sorted(snapshots)), feeds=_feeds(standing),
    )  # fmt: skip


def _listed(rows: Sequence[Exploitation]) -> Listed | None:
    """Return the earliest entry, with all catalogues that have one, and the worst word."""
    found = [(row.kev_added, row) for row in rows if row.kev_added is not None]
    if not found:
        return None
    added, first = min(found, key=lambda one: (one[0], one[1].name))
    dues = [row.kev_due for _, row in found if row.kev_due is not None]
    return Listed(
        name=first.name, added=added.isoformat(), due=min(dues).isoformat() if dues else None, ransomware=any(row.ransomware for _, row in found),
        catalogues=sorted({name for _, row in found for name in row.catalogues.split(",") if name}),
    )  # fmt: skip


def _epss(rows: Sequence[Exploitation]) -> Epss | None:
    scored = [(row.epss, row) for row in rows if row.epss is not None]
    if not scored:
        return None
    now, row = max(scored, key=lambda one: one[0])
    kept = EpssPoint.objects.filter(name=row.name).order_by("-day").values_list("day", "epss")[:MOST_POINTS]
    points: dict[date, float] = dict(reversed(list(kept)))
    day = row.epss_date or max(points, default=None)
    if day is not None:
        points[day] = now
    past = [one for one in points if day is not None and MONTH * 0.5 <= day - one <= MONTH * 1.5]
    near = min(past, key=lambda one: abs((day - one) - MONTH), default=None) if day is not None else None
    return Epss(
        name=row.name, now=now, percentile=row.epss_percentile, day=day.isoformat() if day else None,
        before=Chance(near.isoformat(), points[near]) if near is not None else None,
        points=[Chance(one.isoformat(), points[one]) for one in sorted(points)],
    )  # fmt: skip


def _ssvc(text: str) -> Decided | None:
    words = text.split("/")
    if len(words) != 3 or not any(words):
        return None
    return Decided(exploitation=words[0], automatable=words[1], impact=words[2])


def _feeds(standing: Sequence[Mapping[str, Any]]) -> list[Standing]:
    found, seen = [], set()
    for one in standing:
        feed = str(one["feed"]).partition("/")[0]
        seen.add(feed)
        found.append(Standing(feed=str(one["feed"]), snapshot=one["snapshot"], age=one["age"], said=_said(one)))
    # A table of facts of one's own stands in for the feeds that it was taken from.
    told = {part.split(" ", 1)[0] for one in standing for part in str(one["snapshot"]).split(", ")}
    for feed, kind in NEEDED.items():
        if feed not in seen and kind not in told:
            found.append(Standing(feed=feed, snapshot="", age=None, said=f"{kind}{_NEVER}"))
    return found


def _said(one: Mapping[str, Any]) -> str:
    name = one["snapshot"] or one["feed"]
    if one["failure"]:
        return f"{name}: the last update failed" + (
            f", what is loaded is {_days(one['age'])} old" if one["age"] else ""
        )
    if not one["snapshot"]:
        return f"{name}{_NEVER}"
    return f"{name} is {_days(one['age'])} old" if one["old"] else ""


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"
