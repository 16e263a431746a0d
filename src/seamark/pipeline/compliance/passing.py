"""Asks the checks again about what changed, and lets their intervals, gaps and events follow: only what differs is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db import transaction
from django.db.models import Q

from seamark.governance.compliance.asking import Group, Tally, grouped, tallies
from seamark.governance.compliance.check import ESTATE, INSTALLATION, Check, checks
from seamark.governance.compliance.outcome import Outcome
from seamark.pipeline.compliance import gaps
from seamark.pipeline.compliance.measured import installation
from seamark.pipeline.facts import platform_facts
from seamark.pipeline.facts.pieces import PIECE, pieces
from seamark.store.access import everything
from seamark.store.models import Application, Asset, CheckStanding, Event

KEPT: Final = timedelta(days=3 * 366)
"""How long intervals that have ended are kept."""
EVENT: Final = "compliance"
"""Kind of the events of drift."""
_AROUND: Final = frozenset({"asset", "coverage"})
"""Facts that tell whether silence proves something."""


class Passed(NamedTuple):
    """What a pass came to."""

    whole: bool
    asked: int
    """Checks times applications."""
    changed: int
    drifted: int
    """Of those, where the outcome is another one."""


class _Key(NamedTuple):
    check: str
    application: int | None


class _Stand(NamedTuple):
    outcome: str
    yes: int
    no: int
    unknown: int
    examples: list[list[str]]
    digest: str


def run(now: datetime, applications: Collection[int] | None = None) -> Passed:
    """Ask about applications, by number, or about everything; the installation is asked in any case."""
    every = sorted(Application.objects.values_list("pk", flat=True)) if applications is None else sorted(applications)
    counts: Counter[str] = Counter()
    for piece in pieces(every):
        counts += _local(piece, now)
    if applications is None:
        counts += _estate(every, now)
        _forget(now)
    counts += _installation(now)
    gaps.follow_evidence(now)
    return Passed(applications is None, counts["asked"], counts["changed"], counts["drifted"])


def _asking(*, estate: bool) -> list[Check]:
    return [one for one in checks().values() if one.about != INSTALLATION and (one.about in ESTATE) == estate]


def _local(piece: list[int], now: datetime) -> Counter[str]:
    """Ask about what belongs to applications: issues, coverage, components, assets, scans, drift."""
    asking = _asking(estate=False)
    subjects = {one.about for one in asking} | _AROUND
    groups = grouped(platform_facts(everything(), now=now, subjects=subjects, applications=piece))
    return _keep(asking, groups, piece, now)


def _estate(applications: list[int], now: datetime) -> Counter[str]:
    """Ask about what runs, wherever it belongs, and about what belongs to no application."""
    asking = _asking(estate=True)
    running = Asset.objects.filter(kind__in=("workload", "image"), gone_at=None).exists()
    subjects = {one.about for one in asking} if running else frozenset[str]()
    records = platform_facts(everything(), now=now, subjects=subjects) if subjects else []
    counts = _keep(asking, grouped(records), [*applications, None], now)
    local = _asking(estate=False)
    unowned = {one.about for one in local} & {"asset", "component", "coverage"}
    rest = platform_facts(everything(), now=now, subjects=unowned)
    return counts + _keep(local, grouped(one for one in rest if one.application is None), [None], now)


def _keep(
    asking: Iterable[Check], groups: Mapping[str, Group], places: Sequence[int | None], now: datetime
) -> Counter[str]:
    """Let the intervals of some applications say what the checks say."""
    slugs = dict(
        Application.objects.filter(pk__in=[one for one in places if one is not None]).values_list("pk", "slug")
    )
    numbers: dict[str, int | None] = {slug: number for number, slug in slugs.items()}
    if None in places:
        numbers[""] = None
    found: dict[_Key, _Stand] = {}
    for check in asking:
        for slug, tally in tallies(check, groups, slugs.values(), now).items():
            if slug in numbers:
                found[_Key(check.name, numbers[slug])] = _stand(check, tally)
    return _write(found, now)


def _installation(now: datetime) -> Counter[str]:
    facts = installation(now)
    found = {}
    for check in checks().values():
        if check.about == INSTALLATION:
            tally = Tally()
            tally.add(check.question, check.ask_installation(facts))
            found[_Key(check.name, None)] = _stand(check, tally)
    return _write(found, now)


def _stand(check: Check, tally: Tally) -> _Stand:
    examples = [list(one) for one in tally.examples]
    return _Stand(str(check.outcome(tally.answers)), tally.yes, tally.no, tally.unknown, examples, check.digest)


def _write(found: Mapping[_Key, _Stand], now: datetime) -> Counter[str]:
    """End the intervals that say something else now, begin new ones, and tell of outcomes that changed."""
    counts: Counter[str] = Counter(asked=len(found))
    names = {one.check for one in found}
    places = {one.application for one in found}
    among = Q(application__in=[one for one in places if one is not None])
    among |= Q(application=None) if None in places else Q(pk__in=[])
    with transaction.atomic():
        rows = CheckStanding.objects.select_for_update().filter(among, until=None, check_name__in=names)
        before = {_Key(row.check_name, row.application_id): row for row in rows}
        other = {key: one for key, one in found.items() if key not in before or _told(before[key]) != one}
        counts["changed"] = len(other)
        ended = [before[key].pk for key in other if key in before]
        for at in range(0, len(ended), PIECE):
            CheckStanding.objects.filter(pk__in=ended[at : at + PIECE]).update(until=now)
        CheckStanding.objects.bulk_create(
            (
                CheckStanding(
                    check_name=key.check, application_id=key.application, outcome=one.outcome, yes=one.yes, no=one.no, unknown=one.unknown,
                    examples=one.examples, digest=one.digest, since=now,
                )
                for key, one in other.items()
            ),
            batch_size=1_000,
        )  # fmt: skip
        drift = {key: one for key, one in other.items() if key in before and before[key].outcome != one.outcome}
        counts["drifted"] = len(drift)
        Event.objects.bulk_create((_event(key, before[key], one, now) for key, one in drift.items()), batch_size=1_000)
        gaps.follow_checks({(key.check, key.application): Outcome(one.outcome) for key, one in other.items()}, now)
    return counts


def _told(row: CheckStanding) -> _Stand:
    return _Stand(row.outcome, row.yes, row.no, row.unknown, row.examples, row.digest)


def _event(key: _Key, before: CheckStanding, one: _Stand, now: datetime) -> Event:
    details = {
        "check": key.check, "before": before.outcome, "after": one.outcome, "yes": one.yes, "no": one.no, "unknown": one.unknown,
    }  # fmt: skip
    return Event(kind=EVENT, application_id=key.application, details=details, at=now)


def _forget(now: datetime) -> None:
    """End what stands for checks that are gone, and drop what ended long ago."""
    CheckStanding.objects.filter(until=None).exclude(check_name__in=list(checks())).update(until=now)
    gaps.close_unknown(list(checks()), now)
    CheckStanding.objects.filter(until__lt=now - KEPT).delete()
