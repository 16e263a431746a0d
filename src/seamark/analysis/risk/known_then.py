"""What was known of flaws on a day, and what came to be known later: the two halves of a back-test, kept apart here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from seamark.analysis.risk.backtest import severity_of
from seamark.analysis.risk.facts import Facts
from seamark.core.errors import UnreadableReport
from seamark.core.kind import Kind
from seamark.intake.connectors.feeds.statements import Feed, Known

_EXPLOIT = {"none": "none", "poc": "poc", "active": "weaponised"}


class Then(Struct, frozen=True):
    """The facts of a day, the flaws that were listed as exploited after it, and what was left out, by count."""

    facts: dict[str, Facts]
    later: frozenset[str]
    """Flaws with an EPSS score on the day that were listed after it."""
    listed: int
    """Flaws already listed on the day: nothing is left to foresee of them."""
    unscored: int
    """Flaws listed later that had no EPSS score on the day."""
    unscored_known: int
    """Those of them that another source knew on the day."""
    rated: int
    """Flaws whose CVSS score was known on the day."""
    late: int
    """Statements left out because they were made or changed after the day."""
    until: str
    """The last day of the later listings."""
    snapshots: tuple[str, ...]
    notes: tuple[str, ...]


def known_then(day: date, epss: Feed, kev: Feed, later: Feed | None = None, records: Sequence[Feed] = ()) -> Then:
    """Sort what feeds say into what was known on a day and what was listed as exploited after it.

    Raises `UnreadableReport` where a feed is not of the kind it is given for, or an EPSS table is of a later day.
    """
    as_of = day.isoformat()
    _expect(epss, "EPSS")
    _expect(kev, "KEV")
    if later is not None:
        _expect(later, "KEV")
    if epss.date > as_of:
        raise UnreadableReport(f"The EPSS table is of {epss.date}, after {as_of}: it knows too much")
    catalogues = [one for one in (kev, later) if one is not None]
    added: dict[str, str] = {}
    for catalogue in catalogues:
        for one in catalogue.entries:
            added[one.name] = min(one.kev_added, added.get(one.name, one.kev_added))
    listed = {name for name, when in added.items() if when <= as_of}
    foreseeable = added.keys() - listed
    rated, late = _records(as_of, records)
    facts = {
        one.name: _facts(one, rated.get(one.name), epss.snapshot) for one in epss.entries if one.name not in listed
    }
    unscored = foreseeable - facts.keys()
    return Then(
        facts=facts,
        later=frozenset(foreseeable & facts.keys()),
        listed=len(listed),
        unscored=len(unscored),
        unscored_known=len(unscored & rated.keys()),
        rated=sum(one.cvss is not None for one in facts.values()),
        late=late,
        until=max(catalogue.date for catalogue in catalogues),
        snapshots=tuple(one.snapshot for one in (epss, *catalogues, *records)),
        notes=_notes(as_of, epss, catalogues),
    )


def _expect(feed: Feed, kind: str) -> None:
    if feed.kind != kind:
        raise UnreadableReport(f"That is a file of {feed.kind}, and one of {kind} is asked for")


def _notes(as_of: str, epss: Feed, catalogues: list[Feed]) -> tuple[str, ...]:
    notes = []
    if not epss.date:
        notes.append("The EPSS table names no day; it is taken to be of this one.")
    elif epss.date < as_of:
        notes.append(f"The EPSS table is of {epss.date}, older than the day.")
    if all(catalogue.date <= as_of for catalogue in catalogues):
        notes.append("No catalogue is newer than the day: nothing can be listed after it.")
    return tuple(notes)


class _Told(Struct):
    cvss: int | None = None
    exploit: str = ""
    automatable: str = ""
    impact: str = ""


def _records(as_of: str, feeds: Sequence[Feed]) -> tuple[dict[str, _Told], int]:
    """Return what feeds said by then, the highest score where several differ, and how many statements came too late."""
    told: dict[str, _Told] = {}
    late = 0
    for feed in feeds:
        for one in feed.entries:
            if _beyond(as_of, one):
                late += 1
                continue
            known = told.setdefault(one.name, _Told())
            known.cvss = max((score for score in (known.cvss, one.cvss) if score is not None), default=None)
            if one.ssvc:
                exploitation, automatable, impact = (*one.ssvc.split("/"), "", "")[:3]
                known.exploit = _EXPLOIT.get(exploitation, known.exploit)
                known.automatable, known.impact = automatable or known.automatable, impact or known.impact
    return told, late


def _beyond(as_of: str, one: Known) -> bool:
    return max(one.published, one.modified, one.ssvc_date) > as_of


def _facts(one: Known, told: _Told | None, snapshot: str) -> Facts:
    known = told or _Told()
    return Facts(
        severity=severity_of(known.cvss), kind=Kind.DEPENDENCY, cvss=known.cvss, epss=one.epss, epss_date=one.epss_date,
        exploit=known.exploit, automatable=known.automatable, impact=known.impact, intelligence=snapshot,
    )  # fmt: skip
