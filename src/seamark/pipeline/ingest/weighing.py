"""Puts the facts of issues together: what their findings say, what the world knows of the flaw, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone
from msgspec.structs import replace

from seamark.analysis.risk import Facts
from seamark.core.kind import KIND_CODES, KINDS_BY_CODE, Confidence, Kind, Verification
from seamark.core.severity import Severity
from seamark.pipeline.ingest.told import age_of, in_tests, reach_of, secret_state
from seamark.pipeline.standing import Standing, Standings
from seamark.pipeline.standing.depths import Depths
from seamark.pipeline.standing.verdicts import LOUDEST, Verdict, Verdicts
from seamark.store.models import Application, EpssPoint, Exploitation
from seamark.store.models.findings import FindingFlag

MONTH: Final = timedelta(days=30)
_SPAN: Final = timedelta(days=15)
"""How far from a month ago EPSS may be to be compared with."""
_PACKAGES: Final = frozenset(KIND_CODES[kind] for kind in (Kind.DEPENDENCY, Kind.CONTAINER))


class Inputs(NamedTuple):
    """What the facts of one issue are made from."""

    application: int
    asset: int
    place: str
    component: str
    group: int
    """The flaw's group, 0 for none."""
    kind: int
    severity: int
    cvss: int | None
    flags: int
    tools: int
    cwe: int
    depth: int
    """What its findings say, for where no inventory tells; 0 for nothing."""
    effort: str
    opened: datetime
    flaw: Exploitation | None = None
    corroborated: str = ""


class _Spot(NamedTuple):
    """What all issues at one path share."""

    standing: Standing
    number: int
    test: bool


class Weighing:
    """Looks up what single issues need for many at once; equal inputs give one and the same facts."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or timezone.now()
        self._today = self._now.date()
        self._standings, self._verdicts, self._depths = Standings(self._now), Verdicts(), Depths()
        self._earlier: dict[str, float | None] = {}
        self._ages: dict[datetime, int] = {}
        self._spots: dict[tuple[int, int, str], _Spot] = {}
        self._facts: dict[tuple[object, ...], Facts] = {}

    def facts(self, issues: Sequence[Inputs], applications: Mapping[int, Application]) -> list[Facts]:
        """Return the inputs of the scores of issues, in their order; `applications` has theirs by number."""
        self._prepare(issues, applications)
        return [self._of(one) for one in issues]

    def _prepare(self, issues: Sequence[Inputs], applications: Mapping[int, Application]) -> None:
        pairs = {(one.application, one.asset) for one in issues}
        self._standings.prepare((applications[number], asset) for number, asset in pairs)
        packages = [one for one in issues if one.component and one.kind in _PACKAGES]
        self._verdicts.load({one.asset for one in packages})
        self._depths.load((home, one.component) for one in packages for home in self._homes(one.asset, one.place))
        self._remember({one.flaw.name: one.flaw for one in issues if one.flaw is not None})

    def _homes(self, asset: int, place: str) -> list[int]:
        """Return the assets whose inventory may hold a package: the manifest that the place is, and the asset itself."""
        return [*self._standings.at(asset, place), asset]

    def _remember(self, flaws: dict[str, Exploitation]) -> None:
        """Look up what EPSS said of flaws a month before what it says now."""
        wanted = {
            name: flaw.epss_date - MONTH
            for name, flaw in flaws.items()
            if name not in self._earlier and flaw.epss is not None and flaw.epss_date is not None
        }
        self._earlier |= dict.fromkeys(flaws.keys() - self._earlier.keys())
        names = sorted(wanted)
        best: dict[str, tuple[timedelta, float]] = {}
        for at in range(0, len(names), 5000):
            piece = names[at : at + 5000]
            days = [wanted[name] for name in piece]
            points = EpssPoint.objects.filter(name__in=piece, day__range=(min(days) - _SPAN, max(days) + _SPAN))
            for name, day, chance in points.order_by("day").values_list("name", "day", "epss"):
                off = abs(day - wanted[name])
                if off <= _SPAN and (name not in best or off < best[name][0]):
                    best[name] = off, chance
        self._earlier |= {name: chance for name, (_, chance) in best.items()}

    def _spot(self, one: Inputs, path: str) -> _Spot:
        """Return what all issues at a path share, or at a line where lines declare different things."""
        standing = self._standings.of(one.application, one.asset, one.place)
        found = _Spot(standing, id(standing), in_tests(path))
        if not self._standings.varies(one.asset, path):
            self._spots[one.application, one.asset, path] = found
        return found

    def _age(self, opened: datetime) -> int:
        found = self._ages[opened] = age_of(opened, self._today)
        return found

    def _of(self, one: Inputs) -> Facts:
        (
            application, asset, place, component, group, kind, severity, cvss, flags, tools, cwe, depth, effort, opened, flaw, corroborated
        ) = one  # fmt: skip
        path, _, line = place.rpartition(":")
        if not line.isdecimal():
            path = place
        spot = self._spots.get((application, asset, path)) or self._spot(one, path)
        controls = self._standings.controls(application, asset, place, cwe)
        verdict = None
        if component and kind in _PACKAGES:
            verdict = self._verdicts.of(asset, component, group)
            homes = self._homes(asset, place)
            depth = next((found for home in homes if (found := self._depths.of(home, component))), depth)
        age = self._ages.get(opened)
        if age is None:
            age = self._age(opened)
        # Thousands of issues share a handful of inputs: each is put together once. Standings are kept, so that their number names them.
        key = (
            spot.number, spot.test, controls, depth, verdict, age, kind, severity, cvss, flags, tools, cwe, effort,
            flaw.pk if flaw is not None else 0, corroborated,
        )  # fmt: skip
        facts = self._facts.get(key)
        if facts is None:
            test = spot.test or bool(flags & FindingFlag.TEST)
            facts = _told(one, spot.standing, controls, verdict, depth=depth, test=test, age=age)
            before = self._earlier.get(flaw.name) if flaw is not None else None
            facts = self._facts[key] = with_intelligence(facts, flaw, before)
        return facts


def _told(
    one: Inputs, standing: Standing, controls: tuple[str, ...], verdict: Verdict | None, *, depth: int, test: bool, age: int
) -> Facts:  # fmt: skip
    """Return the facts without what the world knows of the flaw."""
    verification = confidence = None
    if one.flags & FindingFlag.VERIFIED:
        verification = Verification.VERIFIED
    elif one.flags & FindingFlag.REFUTED:
        verification = Verification.REFUTED
    if one.flags & FindingFlag.CONFIDENT:
        confidence = Confidence.HIGH
    elif one.flags & FindingFlag.UNSURE:
        confidence = Confidence.LOW
    reach, origins = reach_of(one.flags), standing.origins
    certainty: tuple[tuple[str, float], ...] = ()
    # The more alarming verdict counts: who saw it reached has seen more than who did not.
    if verdict is not None and (reach is None or LOUDEST.index(verdict.reach) < LOUDEST.index(reach)):
        reach, certainty = verdict.reach, (("reach", verdict.confidence),)
        origins = tuple(sorted([*origins, ("reach", verdict.origin)]))
    return Facts(
        severity=Severity(one.severity), kind=KINDS_BY_CODE[one.kind], cvss=one.cvss, verification=verification, confidence=confidence,
        reach=reach, certainty=certainty, development=bool(one.flags & FindingFlag.DEVELOPMENT), fixable=bool(one.flags & FindingFlag.FIXABLE),
        tools=one.tools, corroborated=one.corroborated, cwe=one.cwe, test=test, depth=depth, effort=one.effort, age=age, controls=controls,
        secret_state=secret_state(one.kind, verification), **standing._replace(origins=origins)._asdict(),
    )  # fmt: skip


def with_intelligence(facts: Facts, flaw: Exploitation | None, before: float | None = None) -> Facts:
    """Return the facts with what is known of the flaw's exploitation; `before` is EPSS a month earlier."""
    if flaw is None:
        return facts
    _, automatable, impact = (*flaw.ssvc.lower().split("/"), "", "", "")[:3]
    return replace(
        facts, epss=flaw.epss, epss_date=_day(flaw.epss_date), epss_before=before, kev_added=_day(flaw.kev_added), ransomware=flaw.ransomware,
        intelligence=flaw.snapshot, exploit=_exploit(flaw), cvss=flaw.cvss if facts.cvss is None else facts.cvss,
        automatable=automatable if automatable in {"yes", "no"} else "", impact=impact if impact in {"partial", "total"} else "",
    )  # fmt: skip


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""


def _exploit(flaw: Exploitation) -> str:
    """Return how ready what is public is, by who has it; empty where nobody looked."""
    listed = set(flaw.exploits.split(",")) - {""}
    stated = flaw.ssvc.partition("/")[0]
    if "Metasploit" in listed or stated == "active":
        return "weaponised"
    if "Nuclei" in listed:
        return "template"
    if listed or stated == "poc":
        return "poc"
    return "none" if stated == "none" else ""
