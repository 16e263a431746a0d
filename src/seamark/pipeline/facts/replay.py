"""What policies would have said to past builds: their issues as they stood then, out of the intervals of their findings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from seamark.core.severity import Severity
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import evaluate
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.model import Effect, Stage
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.exempt import Exceptions
from seamark.pipeline.facts.inventory import scan_of
from seamark.pipeline.facts.issues import Told, issue_facts, text_of
from seamark.store import models
from seamark.store.access import Visible
from seamark.store.models.issues import State

MOST_BUILDS: Final = 2_000
REPLAYED: Final = frozenset({"issue", "scan"})
"""What policies can be replayed about: of the rest no history is kept."""
_ACCEPTED: Final = frozenset({"accepted", "not_affected", "false_positive"})


class Build(Struct, frozen=True, kw_only=True):
    """A past build: all scans of one commit of one asset, or a single scan that names no commit."""

    application: str
    asset: str
    ref: str
    commit: str
    at: datetime
    scan: int
    """Number of its last scan."""
    outcome: str
    blocking: tuple[str, ...] = ()
    """What would have blocked: policy and reference."""
    waived_later: bool = False
    """All that would have blocked was set aside or waived afterwards."""


class Replay(Struct, frozen=True, kw_only=True):
    """What came of replaying."""

    builds: int
    blocked: int
    warned: int
    undecided: int
    waived_later: int
    """How many of the blocked ones were waived afterwards."""
    complete: bool
    """Whether all builds of the time were looked at, not only the latest `MOST_BUILDS`."""
    not_replayed: tuple[str, ...]
    """Policies about things of which no history is kept."""
    told: tuple[Build, ...]
    """The builds that would not have passed, latest first."""

    @property
    def sentence(self) -> str:
        """Return it in words: `would have blocked 7 of 412 builds, 2 of them later waived`."""
        later = f", {self.waived_later:,} of them later waived" if self.blocked else ""
        return f"would have blocked {self.blocked:,} of {self.builds:,} builds{later}"


class _Finding(NamedTuple):
    issue: int
    opened: int
    closed: int | None
    severity: int

    def open_at(self, scan: int) -> bool:
        return self.opened <= scan and (self.closed is None or self.closed > scan)


def replay(
    visible: Visible, bundle: Bundle, stage: Stage, *, now: datetime, since: datetime | None = None,
    applications: Collection[int] | None = None, exceptions: Exceptions | None = None, most: int = MOST_BUILDS,
) -> Replay:  # fmt: skip
    """Ask policies about past builds, each as on its own day. Modes and schedules are put aside: the question is what enforcing would have meant.

    Which issues stood open, which of them the build brought, their severity, age, exploitation and triage are those of the day; exposure,
    reach, EPSS and the application's facts are today's. Exceptions count as given later: they do not unblock.
    """
    enforced = _enforced(bundle)
    around = Around(visible, now, applications)
    builds, complete = _builds(visible, around, since, most)
    told: list[Build] = []
    counts: dict[str, int] = defaultdict(int)
    for asset, several in _by_asset(builds).items():
        state = _History(asset, {scan.stream_id for scans in several for scan in scans}, around, now)
        for scans in several:
            build = state.build(enforced, stage, scans, exceptions or {})
            counts[build.outcome] += 1
            counts["waived"] += build.waived_later
            if build.outcome != "pass":
                told.append(build)
    return Replay(
        builds=len(builds), blocked=counts["block"], warned=counts["warn"], undecided=counts["indeterminate"], waived_later=counts["waived"],
        complete=complete, not_replayed=tuple(one.name for one in bundle.policies if one.subject not in REPLAYED),
        told=tuple(sorted(told, key=lambda one: -one.scan)),
    )  # fmt: skip


def _enforced(bundle: Bundle) -> Bundle:
    """Return those policies that can be replayed, as if they had been enforced always."""
    return Bundle((one.enforced() for one in bundle.policies if one.subject in REPLAYED), bundle.commit)


def _builds(
    visible: Visible, around: Around, since: datetime | None, most: int
) -> tuple[list[list[models.Scan]], bool]:
    """Return the scans of each build, oldest first, and whether these are all."""
    rows = (
        visible.scans()
        .filter(stream__application__in=list(around.applications))
        .select_related("stream__asset", "stream__application")
    )
    if since is not None:
        rows = rows.filter(imported_at__gte=since)
    # A build has a few scans: more than so many are read for the latest builds only.
    found = list(rows.order_by("-id")[: most * 10 + 1])
    groups: dict[tuple[int, str, str], list[models.Scan]] = defaultdict(list)
    for scan in reversed(found[: most * 10]):
        groups[scan.stream.asset_id, scan.stream.ref, scan.commit or f"scan {scan.pk}"].append(scan)
    latest = sorted(groups.values(), key=lambda scans: scans[-1].pk)
    return latest[-most:], len(latest) <= most and len(found) <= most * 10


def _by_asset(builds: Iterable[list[models.Scan]]) -> dict[tuple[int, str], list[list[models.Scan]]]:
    found: dict[tuple[int, str], list[list[models.Scan]]] = defaultdict(list)
    for scans in builds:
        found[scans[0].stream.asset_id, scans[0].stream.ref].append(scans)
    return found


class _History:
    """The findings of one asset and branch over time, and their issues."""

    def __init__(self, place: tuple[int, str], streams: set[int], around: Around, now: datetime) -> None:
        asset, ref = place
        every = models.Stream.objects.filter(asset=asset, ref=ref).values_list("id", flat=True)
        rows = models.Finding.objects.filter(stream__in=sorted(streams | set(every)))
        told = rows.values_list("issue", "opened_in", "closed_in", "severity").order_by("id")
        self._findings = [_Finding(*row) for row in told]
        numbers = sorted({one.issue for one in self._findings})
        self._issues = {one.row.id: one for one in issue_facts(numbers, around, now, findings=False)}
        self._aside = _set_aside(numbers)
        self._around = around
        around.load([asset])

    def build(self, bundle: Bundle, stage: Stage, scans: Sequence[models.Scan], exceptions: Exceptions) -> Build:
        last = scans[-1]
        facts = [
            *self._then(scans),
            Facts(
                scan=scan_of(last, last.at),
                asset=self._around.asset(last.stream.asset_id),
                application=self._around.applications.get(last.stream.application_id),
            ),
        ]
        verdict = evaluate(bundle, stage, facts, now=last.at)
        blocking = [one for one in verdict.violations if one.effect is Effect.BLOCK and one.decided]
        waived = bool(blocking) and all(
            self._waived_later(one.ref, one.policy, last.at, exceptions) for one in blocking
        )
        return Build(
            application=last.stream.application.name, asset=last.stream.asset.name or last.stream.asset.key, ref=last.stream.ref, commit=last.commit,
            at=last.at, scan=last.pk, outcome=verdict.outcome, blocking=tuple(f"{one.policy} {one.ref}" for one in blocking[:100]),
            waived_later=waived,
        )  # fmt: skip

    def _then(self, scans: Sequence[models.Scan]) -> Iterator[Facts]:
        """Yield the issues that stood open when a build's last scan had ended, as they were then."""
        first, last, at = scans[0].pk, scans[-1].pk, scans[-1].at
        mine = {scan.pk for scan in scans}
        worst: dict[int, int] = {}
        begun: dict[int, int] = {}
        before: set[int] = set()
        for one in self._findings:
            if one.opened <= last:
                begun[one.issue] = min(begun.get(one.issue, one.opened), one.opened)
            if one.opened < first and one.opened not in mine and one.open_at(first - 1):
                before.add(one.issue)
            if one.open_at(last):
                worst[one.issue] = max(worst.get(one.issue, 0), one.severity)
        for number, severity in sorted(worst.items()):
            told = self._issues.get(number)
            if told is not None and not _aside_at(self._aside.get(number, ()), at):
                yield _as_of(
                    told,
                    at,
                    Severity(severity),
                    new=number not in before,
                    returned=number not in before and begun[number] < first,
                )

    def _waived_later(self, ref: str, policy: str, at: datetime, exceptions: Exceptions) -> bool:
        number = int(ref.removeprefix("SM-")) if ref.startswith("SM-") else 0
        accepted = any(moment > at and resolution in _ACCEPTED for moment, resolution in self._aside.get(number, ()))
        return accepted or any(one.policy in {policy, "*"} for one in exceptions.get(number, ()))


def _set_aside(numbers: Sequence[int]) -> dict[int, list[tuple[datetime, str]]]:
    """Return when people changed the state of issues, and for which reason they set them aside; an empty one where they took it up again."""
    found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
    for at in range(0, len(numbers), 5_000):
        rows = models.Event.objects.filter(issue__in=numbers[at : at + 5_000], kind="state").order_by("at", "id")
        for issue, moment, details in rows.values_list("issue", "at", "details"):
            aside = details.get("after") == State.DISMISSED.label
            found[issue].append((moment, str(details.get("reason") or "dismissed") if aside else ""))
    return found


def _aside_at(changes: Sequence[tuple[datetime, str]], at: datetime) -> bool:
    earlier = [reason for moment, reason in changes if moment <= at]
    return bool(earlier and earlier[-1])


def _as_of(told: Told, at: datetime, severity: Severity, *, new: bool, returned: bool) -> Facts:
    """Return an issue as it stood at a time."""
    issue, row = told.facts.issue, told.row
    if issue is None:
        return told.facts
    day = at.astimezone(UTC).date()
    opened = min(row.opened_at, at)
    exploited = (
        issue.kev if issue.kev is None else issue.kev and (not told.kev_added or told.kev_added <= day.isoformat())
    )
    then = replace(
        issue, severity=severity, state="open", open=True, new=new, regression=returned, waived=False, waiver_days_left=None, kev=exploited,
        kev_overdue_days=(day - told.kev_due).days if told.kev_due is not None else None, opened_at=text_of(opened), age_days=(at - opened).days,
        due=None, overdue_days=None,
    )  # fmt: skip
    return replace(told.facts, issue=then, waived=())
