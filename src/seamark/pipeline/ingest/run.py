"""The sequence of an import: read, compare, write, close, score. One transaction; a failure leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from msgspec import Struct

from seamark.analysis.risk import Profile, load_profile
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding
from seamark.core.report import Repeated, Run
from seamark.intake.parsers.kit.normalise import moment
from seamark.intake.parsers.kit.read import OpenReport
from seamark.pipeline.ingest.batch import Writing
from seamark.pipeline.ingest.fixes import retarget
from seamark.pipeline.ingest.inventory import record_inventory
from seamark.pipeline.ingest.issues import Scorer, refresh
from seamark.pipeline.ingest.place import application_of, asset_of, stream_of
from seamark.pipeline.ingest.stream import OpenScan
from seamark.pipeline.profiles import active_profile
from seamark.pipeline.target import Target, short_ref
from seamark.store.models import Application, Asset, Issue, Report, Scan, Stream

Progress = Callable[[int], None]
_EVERY = 2000


class Outcome(Struct, frozen=True):
    """What an import did. The numbers add up over the scans in the report."""

    scan: int
    scans: tuple[int, ...]
    application: str
    format: str
    tools: tuple[str, ...]
    findings: int
    new: int
    unchanged: int
    moved: int
    fixed: int
    reopened: int
    unchecked: int
    issues: int
    """New issues."""
    resolved: int
    """Issues that no tool reports any more."""
    repeated: bool = False
    """The stream's latest scan had the very same report, which was not read again."""
    notes: tuple[str, ...] = ()
    """Why a scan closed nothing, where it did not."""


def ingest(opened: OpenReport, report: Report, target: Target, progress: Progress = lambda _: None) -> Outcome:
    """Import a report. Raises `UnreadableReport` and `ImportRefused`; nothing is then kept of it."""
    now = timezone.now()
    with transaction.atomic():
        if connection.vendor == "postgresql":
            # An import writes each row once and is repeated whole after a crash: waiting for the disk once, at the end, is enough.
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_advisory_xact_lock(hashtext(%s))", [f"import {target.application.strip().lower()}"]
                )
        if report.format != opened.parser.name:
            report.format = opened.parser.name
            report.save(update_fields=["format"])
        application = application_of(target)
        if repeated := _repeated(report, application, target):
            return repeated
        profile_row = active_profile()
        return _Import(
            application, report, target, load_profile(profile_row.content), profile_row.pk, now, progress
        ).run(opened)


def _repeated(report: Report, application: Application, target: Target) -> Outcome | None:
    """Answer for a report that is the latest of all its streams already: one scan row each, and nothing is read."""
    earlier = (
        Scan.objects.filter(report=report, stream__application=application).select_related("stream").order_by("-id")
    )
    latest: dict[int, Scan] = {}
    for scan in earlier:
        if _same_place(scan.stream, target):
            latest.setdefault(scan.stream_id, scan)
    if not latest:
        return None
    for stream, scan in latest.items():
        if Scan.objects.filter(stream=stream, id__gt=scan.pk).exists():
            return None
    scans = [
        Scan.objects.create(
            stream=scan.stream,
            report=report,
            run=scan.run,
            tool_version=scan.tool_version,
            commit=target.commit or scan.commit,
            pull_request=target.pull_request,
            started_at=scan.started_at,
            proves=scan.proves,
            why="The same report as before",
            findings=scan.findings,
            unchanged=scan.findings,
        )
        for scan in sorted(latest.values(), key=lambda one: one.run)
    ]
    return _outcome(application, report, scans, issues=0, resolved=0, repeated=True)


def _same_place(stream: Stream, target: Target) -> bool:
    ref = f"pull/{target.pull_request}" if target.pull_request else short_ref(target.ref)
    if ref and stream.ref != ref:
        return False
    if target.configuration and stream.configuration != target.configuration:
        return False
    asset = asset_of(stream.application, target, Run(tool=stream.tool)) if target.repository or target.image else None
    return asset is None or asset.pk == stream.asset_id


def _outcome(
    application: Application, report: Report, scans: list[Scan], *, issues: int, resolved: int, repeated: bool = False,
    notes: tuple[str, ...] = (),
) -> Outcome:  # fmt: skip
    def total(name: str) -> int:
        return sum(getattr(scan, name) for scan in scans)

    return Outcome(
        scan=scans[0].pk, scans=tuple(scan.pk for scan in scans), application=application.name, format=report.format,
        tools=tuple(dict.fromkeys(scan.stream.tool for scan in scans)), findings=total("findings"), new=total("new"),
        unchanged=total("unchanged"), moved=total("moved"), fixed=total("fixed"), reopened=total("reopened"),
        unchecked=total("unchecked"), issues=issues, resolved=resolved, repeated=repeated,
        notes=notes,
    )  # fmt: skip


class _Import:
    def __init__(
        self,
        application: Application,
        report: Report,
        target: Target,
        profile: Profile,
        profile_id: int,
        now: datetime,
        progress: Progress,
    ) -> None:
        self._application, self._report, self._target, self._now, self._progress = (
            application,
            report,
            target,
            now,
            progress,
        )
        self._writing = Writing(application, report, Scorer(profile), profile_id, now)
        self._scans: dict[int, OpenScan] = {}
        self._assets: dict[int, Asset] = {}

    def run(self, opened: OpenReport) -> Outcome:
        try:
            self._read(opened)
            return self._finish()
        finally:
            for scan in self._scans.values():
                scan.close()

    def _read(self, opened: OpenReport) -> None:
        current: OpenScan | None = None
        index = 0
        opened.known = _nothing
        for item in opened.items():
            if type(item) is Finding:
                assert current is not None  # noqa: S101 - the kit yields a run first
                current.add(index, item)
                index += 1
                if index % _EVERY == 0:
                    self._progress(index)
            elif type(item) is Repeated:
                assert current is not None  # noqa: S101 - the kit yields a run first
                current.repeat(item.row)
                index += 1
                if index % _EVERY == 0:
                    self._progress(index)
            elif type(item) is Run:
                current = self._open(item)
                opened.known = current.known
            elif current is not None and type(item) is Component:
                current.components[item.ref or item.purl or f"{item.name} {item.version}"] = item
            elif current is not None and type(item) is DependsOn:
                current.edges.append(item)
        self._progress(index)

    def _open(self, run: Run) -> OpenScan:
        asset = asset_of(self._application, self._target, run)
        asset = self._assets.setdefault(asset.pk, asset)
        stream = stream_of(self._application, asset, self._target, run)
        if stream.pk in self._scans:
            known = self._scans[stream.pk]
            known.merge_run(run)
            return known
        scanned = self._when(run)
        earlier = Scan.objects.filter(stream=stream, started_at__gt=scanned).exists()
        scan = Scan.objects.create(
            stream=stream, report=self._report, run=len(self._scans), tool_version=run.version[:200], started_at=scanned,
            commit=(self._target.commit or run.commit)[:64], pull_request=self._target.pull_request[:50],
        )  # fmt: skip
        # Issues open and close when the scan ran, not when somebody got round to importing its report.
        self._writing.now = scanned
        self._scans[stream.pk] = OpenScan(stream, scan, self._writing, run, overtaken=earlier)
        return self._scans[stream.pk]

    def _when(self, run: Run) -> datetime:
        """Return when a run ended: what its report says, else what the caller says, else now; never in the future."""
        told = _moment(run.finished) or _moment(run.started) or _moment(moment(self._target.scanned_at))
        return min(told, self._now) if told is not None else self._now

    def _finish(self) -> Outcome:
        writing, scans = self._writing, list(self._scans.values())
        for scan in scans:
            scan.finish(vouched=self._target.complete)
            record_inventory(scan.stream, scan.scan, list(scan.components.values()), scan.edges)
        counts = refresh(
            writing.touched,
            scorer=writing.scorer,
            profile_id=writing.profile_id,
            scan=scans[0].scan.pk,
            now=writing.now,
        )
        retarget(writing.fixes_touched | _fixes_of(writing.touched))
        return _outcome(
            self._application,
            self._report,
            [scan.scan for scan in scans],
            issues=writing.made,
            resolved=counts["resolved"],
            notes=tuple(
                f"{one.stream.tool}: {one.kept_why}; {one.kept_open} findings stay open"
                for one in scans
                if one.kept_open
            ),
        )


def _nothing(_row: int) -> bool:
    """Nothing is known before the first run."""
    return False


def _fixes_of(issues: set[int]) -> set[int]:
    numbers = sorted(issues)
    found: set[int] = set()
    for at in range(0, len(numbers), 5000):
        found.update(
            Issue.objects.filter(pk__in=numbers[at : at + 5000], fix__isnull=False).values_list("fix", flat=True)
        )
    return found


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        told = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return None
    return told if told.tzinfo is not None else told.replace(tzinfo=UTC)
