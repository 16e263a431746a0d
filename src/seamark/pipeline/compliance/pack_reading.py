"""What is known of a framework in a scope at a moment, as packs show it: read from what was kept, nothing is asked anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time
from pathlib import PurePosixPath
from typing import Final

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from msgspec.structs import replace

from seamark import __version__
from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.compliance.check import INSTALLATION, checks
from seamark.governance.compliance.kept import framework as framework_named
from seamark.governance.ledger.entry import moment
from seamark.insight.exports.pack.archive import File
from seamark.insight.exports.pack.period import begins
from seamark.insight.exports.pack.shapes import CheckResult, Control, Evidence, Framework, Gap, Pack, Period
from seamark.insight.exports.pack.shapes import Scope as Shown
from seamark.pipeline.compliance import shapes, snapshots
from seamark.pipeline.compliance.evidence import content_for
from seamark.pipeline.compliance.passing import KEPT
from seamark.pipeline.compliance.past_gaps import Planned, planned_at, planned_now
from seamark.pipeline.compliance.scope import Scope, applications
from seamark.pipeline.compliance.standing import REVIEW, evidence_items, framework_standing
from seamark.store.access import Visible
from seamark.store.models import CheckStanding, ComplianceEvidence, ComplianceGap, User
from seamark.store.models.compliance import EvidenceKind

_MOST_NOTE: Final = 600
"""Characters of a gap's note: the whole stands in the platform."""
_LARGEST: Final = 400_000_000
"""Bytes of evidence in one pack."""
_SUFFIXES: Final = frozenset({".json", ".pdf", ".txt", ".csv", ".xlsx", ".docx", ".png", ".jpg", ".zip", ".md", ".html", ".xml"})  # fmt: skip


def read(visible: Visible, name: str, scope: Scope, period: Period, at: datetime, *, past: bool = False) -> Pack:
    """Return what a pack says: controls, checks, evidence and gaps as they stood at a moment. Raises `NotFound`.

    `past` says that the moment is over: then who was to close a gap until when is told as of then too.
    """
    told = framework_standing(visible, name, scope, at)
    results = {check.name: check for control in told.controls for check in control.checks}
    evidence = _evidence(visible, scope, told.controls, begins(period), at)
    gaps, not_told = _gaps(visible, told, scope, begins(period), at, past=past)
    return Pack(
        framework=Framework(
            slug=told.name, title=told.title, version=told.version, source=told.source, url=told.url, digest=told.digest
        ),
        scope=_shown(scope, told.applications),
        period=period,
        as_of=moment(at),
        made_with=f"Seamark {__version__}",
        installation=settings.SEAMARK_PUBLIC_URL.partition("://")[2].strip("/"),
        controls=tuple(_control(one) for one in told.controls),
        checks=tuple(_check(results[one]) for one in sorted(results)),
        evidence=tuple(_item(evidence[one]) for one in sorted(evidence)),
        gaps=gaps,
        notes=tuple(_notes(told, evidence.values(), at, past=past)) + not_told,
    )


def newest(visible: Visible, scope: Scope, now: datetime) -> datetime:
    """Return what a pack of a period that still runs shows: the newest thing that is known, or today's beginning.

    Today's beginning, because what lapses by the calendar leaves no trace of its own.
    """
    among = Q(application__in=applications(visible, scope).values("id")) | Q(application=None)
    found = [datetime.combine(now.date(), time(), UTC)]
    found += CheckStanding.objects.filter(among).aggregate(Max("since"), Max("until")).values()
    found += ComplianceGap.objects.filter(among).aggregate(Max("opened_at"), Max("closed_at")).values()
    found += ComplianceEvidence.objects.filter(among).aggregate(Max("frozen_at")).values()
    found += applications(visible, scope).aggregate(Max("created_at")).values()
    return min(max(one for one in found if one is not None), now)


def freeze_missing(scope: Scope, since: datetime, now: datetime) -> None:
    """Freeze every snapshot of the scope that was not taken since a moment; the review of access is people's to make."""
    taken = set(_snapshots(scope).filter(frozen_at__gte=since).values_list("name", flat=True))
    for name in snapshots.QUESTIONS:
        if name not in taken and name != REVIEW:
            snapshots.take("compliance", name, scope, now=now)


def frozen(visible: Visible, by: User | None, pack: Pack) -> tuple[Pack, list[File]]:
    """Return the contents of the pack's evidence as files, and the pack without files where the content is not to be had.

    Who reads what is written down, as for every reader.
    """
    found: list[File] = []
    listed, room = [], _LARGEST
    for one in pack.evidence:
        if not one.file:
            listed.append(one)
            continue
        try:
            _, content = content_for(visible, by, int(one.id.removeprefix("E-")))
        except NotFound:
            listed.append(replace(one, file=""))
            continue
        room -= len(content)
        if room < 0:
            raise NotAllowed(f"The evidence takes more than {_LARGEST:,} bytes: ask for a unit or an application")
        found.append(File(one.file, content))
        listed.append(one)
    return replace(pack, evidence=tuple(listed)), found


def _snapshots(scope: Scope) -> QuerySet[ComplianceEvidence]:
    """Return snapshots of exactly this scope: those of a larger one tell of others."""
    return ComplianceEvidence.objects.filter(kind=EvidenceKind.SNAPSHOT, application=scope.application, unit=scope.unit)


def _evidence(
    visible: Visible, scope: Scope, controls: Iterable[shapes.ControlStanding], since: datetime, at: datetime
) -> dict[int, shapes.EvidenceItem]:
    """Return the evidence of a pack: by hand what counted or was given in the period, and the period's snapshots of the scope."""
    given = {one.number: one for control in controls for one in control.evidence}
    found = {number: one for number, one in given.items() if one.current or one.frozen_at >= since}
    rows = _snapshots(scope).filter(frozen_at__gte=since, frozen_at__lte=at)
    return found | evidence_items(visible, rows, at)


def _shown(scope: Scope, slugs: tuple[str, ...]) -> Shown:
    if scope.application is not None:
        return Shown("application", scope.application.name, slugs)
    return Shown("unit", scope.unit.name, slugs) if scope.unit is not None else Shown("whole", "everything", slugs)


def _control(one: shapes.ControlStanding) -> Control:
    return Control(
        id=one.id,
        title=one.title,
        family=f"{one.family} {one.family_title}" if one.family != one.family_title else one.family,
        outcome=one.outcome,
        need=one.need,
        reason=one.reason,
        checks=tuple(check.name for check in one.checks),
        evidence=tuple(item.reference for item in one.evidence if item.current),
        also=one.crosswalk,
    )


def _check(one: shapes.CheckResult) -> CheckResult:
    total = one.yes + one.no + one.unknown
    result = f"{one.yes:,} of {total:,} say yes" if total else ""
    return CheckResult(
        id=one.name, question=one.title, outcome=one.outcome, asked=one.question, digest=one.digest,
        result=f"{result}, {one.unknown:,} not known" if one.unknown else result, facts=one.facts, yes=one.yes,
        no=one.no, unknown=one.unknown, since=moment(one.since) if one.since is not None else "",
    )  # fmt: skip


def _item(one: shapes.EvidenceItem) -> Evidence:
    suffix = PurePosixPath(one.filename).suffix.lower()
    file = f"evidence/{one.reference}{suffix if suffix in _SUFFIXES else '.bin'}"
    there = one.readable and one.kind != EvidenceKind.LINK
    return Evidence(
        id=one.reference, title=f"{one.title} ({one.scope})", kind=one.name or one.kind, taken_at=moment(one.frozen_at),
        file=file if there else "", sha256=one.digest, sources=one.sources, owner=one.owner,
        renew_by=one.renew_by.isoformat() if one.renew_by is not None else "", link=one.link, entry=one.entry,
    )  # fmt: skip


def _gaps(
    visible: Visible, told: shapes.FrameworkStanding, scope: Scope, since: datetime, at: datetime, *, past: bool
) -> tuple[tuple[Gap, ...], tuple[str, ...]]:
    """Return the items of the plan of action by number, and what is not known of them.

    They are those that were open at the moment, and those that were closed in the period.
    """
    of_check: dict[str, list[str]] = {}
    for control in told.controls:
        for check in control.checks:
            of_check.setdefault(check.name, []).append(control.id)
    among = Q(application__in=applications(visible, scope).values("id")) | Q(application=None)
    if not (scope.whole and visible.everything):
        among &= ~Q(
            application=None, check_name__in=[one.name for one in checks().values() if one.about != INSTALLATION]
        )
    which = Q(check_name__in=list(of_check)) | Q(check_name="", framework=told.name)
    still = Q(closed_at=None) | Q(closed_at__gte=since)
    rows = ComplianceGap.objects.filter(among, which, still, opened_at__lte=at).select_related("owner", "application")
    listed = list(rows.order_by("pk"))
    planned = planned_at(listed, at) if past else {}
    found = [
        _gap(row, tuple(of_check.get(row.check_name, []) if row.check_name else [row.control]), told.name, at, planned.get(row.pk) or planned_now(row))
        for row in listed
    ]  # fmt: skip
    unknown = [row.reference for row in listed if row.pk in planned and not planned[row.pk].told]
    notes = (f"When {', '.join(unknown[:20])} had to be closed at first is not kept.",) if unknown else ()
    return tuple(found), notes


def _gap(row: ComplianceGap, controls: tuple[str, ...], framework: str, at: datetime, planned: Planned) -> Gap:
    closed = row.closed_at if row.closed_at is not None and row.closed_at <= at else None
    title = checks()[row.check_name].title if row.check_name else _need(framework, row.control)
    return Gap(
        number=row.reference,
        title=f"{title} ({row.application.slug})" if row.application is not None else title,
        controls=controls,
        check=row.check_name,
        state="closed" if closed is not None else "open",
        opened_at=moment(row.opened_at),
        closed_at=moment(closed) if closed is not None else "",
        due=planned.due.isoformat() if planned.due is not None else "",
        owner=planned.owner,
        note=planned.note if len(planned.note) <= _MOST_NOTE else f"{planned.note[:_MOST_NOTE]} …",
        overdue=closed is None and planned.due is not None and planned.due < at.date(),
    )


def _need(framework: str, control: str) -> str:
    one = framework_named(framework).controls.get(control)
    return one.evidence.what if one is not None and one.evidence is not None else control


def _notes(
    told: shapes.FrameworkStanding, evidence: Iterable[shapes.EvidenceItem], at: datetime, *, past: bool
) -> Iterator[str]:
    asked = [check.since for control in told.controls for check in control.checks if check.since is not None]
    if at < timezone.now() - KEPT:
        yield f"What checks came to is kept for {KEPT.days // 365} years: where none of it is left of {at:%Y-%m-%d}, what rests on them is not known."
    elif not asked and any(control.checks for control in told.controls):
        yield f"No check had been asked by {at:%Y-%m-%d}: what rests on checks is not known."
    if not told.applications:
        yield "The scope has no application."
    if missing := sum(not one.readable and one.kind != EvidenceKind.LINK for one in evidence):
        yield f"{missing} pieces of evidence are named without their content: it is kept no more, or whoever made this pack may not read it."
    if past:
        yield "All of it is as it was recorded by the end of the period: inventories, VEX, waivers, verdicts and the plan of action too."
        yield "No history is kept of some things, which are as of the day on which this was made: names, which assets and units an application belongs to, and the versions of the framework and its checks."
    else:
        yield "The period still runs: inventories, VEX, waivers and verdicts are those that were known when this was made."
