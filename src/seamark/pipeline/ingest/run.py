"""The sequence of an import: read, compare, write, close, score. One transaction; a failure leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from msgspec import Struct

from seamark.analysis.risk import Profile, load_profile
from seamark.core.assets import AssetKind, Relation
from seamark.core.checkout import Route
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding
from seamark.core.report import Repeated, Run
from seamark.governance.ledger import changes
from seamark.governance.ledger.canonical import digest
from seamark.intake.parsers.kit.normalise import moment
from seamark.intake.parsers.kit.read import OpenReport, collector_at_rest
from seamark.pipeline.ai_code import mark_issues
from seamark.pipeline.ingest.batch import Writing
from seamark.pipeline.ingest.corroborating import confirmed_by, corroborate_issues
from seamark.pipeline.ingest.fixes import retarget
from seamark.pipeline.ingest.inventory import record_inventory
from seamark.pipeline.ingest.issues import Scorer
from seamark.pipeline.ingest.lineage import record_layers, record_relations
from seamark.pipeline.ingest.place import application_of, asset_of, digest_of, stream_of
from seamark.pipeline.ingest.refreshing import refresh
from seamark.pipeline.ingest.rekeying import rekey_assets
from seamark.pipeline.ingest.source import Root, Source
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


def ingest(
    opened: OpenReport,
    report: Report,
    target: Target,
    progress: Progress = lambda _: None,
    source: Source | None = None,
) -> Outcome:
    """Import a report; `source` is the code that was scanned, where it is at hand.

    Raises `UnreadableReport` and `ImportRefused`; nothing is then kept of it once the transaction that the caller has opened is rolled back.
    """
    now = timezone.now()
    # Without a savepoint inside the caller's transaction: SQLite would keep the original of every changed page in memory for it.
    with transaction.atomic(savepoint=False):
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
        # A mapping may have changed since: what it says of the same bytes is read again.
        mapped = opened.parser.name.startswith("mapping:")
        if not mapped and (repeated := _repeated(report, application, target)):
            return repeated
        profile_row = active_profile(application)
        return _Import(
            application,
            report,
            target,
            load_profile(profile_row.content),
            profile_row.pk,
            now,
            progress,
            source or Source(),
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
            image_digest=digest_of(target, Run(tool="")) or scan.image_digest,
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
        source: Source,
    ) -> None:
        self._application, self._report, self._target, self._now, self._progress = (
            application,
            report,
            target,
            now,
            progress,
        )
        self._writing = Writing(application, report, Scorer(profile), profile_id, now, source, Root(target.root))
        self._scans: dict[int, OpenScan] = {}
        self._assets: dict[int, Asset] = {}
        self._relations: list[Relation] = []
        self._related: set[int] = set()
        """Assets whose relations changed."""

    def run(self, opened: OpenReport) -> Outcome:
        self._since = changes.begin()
        try:
            with collector_at_rest():
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
                if self._relations:
                    self._relate()
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
            elif type(item) is Relation:
                self._relations.append(item)
            elif current is not None and type(item) is Component:
                current.components[item.ref or item.purl or f"{item.name} {item.version}"] = item
            elif current is not None and type(item) is DependsOn:
                current.edges.append(item)
        self._progress(index)

    def _relate(self) -> None:
        """Keep what the report says of where things come from and where they run, before findings are placed by it."""
        relations, self._relations = self._relations, []
        changed = record_relations(relations, application=self._application, now=self._now)
        if changed:
            self._related |= changed
            self._writing.roots.forget()

    def _routes(self) -> dict[int, Sequence[Route]]:
        """Return the routes of the code at hand, by the repository that was scanned."""
        routes = self._writing.source.routes()
        repositories = [number for number, asset in self._assets.items() if asset.kind == AssetKind.REPOSITORY]
        return dict.fromkeys(repositories, routes) if routes else {}

    def _open(self, run: Run) -> OpenScan:
        asset = asset_of(self._application, self._target, run)
        asset = self._assets.setdefault(asset.pk, asset)
        if run.layers and asset.kind == AssetKind.IMAGE and record_layers(asset.pk, run.layers):
            self._related.add(asset.pk)
        stream = stream_of(self._application, asset, self._target, run)
        if stream.pk in self._scans:
            known = self._scans[stream.pk]
            known.merge_run(run)
            return known
        scanned = self._when(run)
        earlier = Scan.objects.filter(stream=stream, started_at__gt=scanned).exists()
        scan = Scan.objects.create(
            stream=stream, report=self._report, run=len(self._scans), tool_version=run.version[:200], started_at=scanned,
            commit=(self._target.commit or run.commit)[:64], pull_request=self._target.pull_request[:50], image_digest=digest_of(self._target, run),
        )  # fmt: skip
        # Issues open and close when the scan ran, not when somebody got round to importing its report.
        self._writing.now = scanned
        self._scans[stream.pk] = OpenScan(stream, scan, self._writing, run, overtaken=earlier)
        return self._scans[stream.pk]

    def _when(self, run: Run) -> datetime:
        """Return when a run ended: what its report says, else what the caller says, else now; never in the future."""
        told = _moment(run.finished) or _moment(run.started) or _moment(moment(self._target.scanned_at))
        return min(told, self._now) if told is not None else self._now

    def _refresh(self, issues: Iterable[int]) -> dict[str, int]:
        writing, scan = self._writing, next(iter(self._scans.values())).scan.pk
        return refresh(issues, scorer=writing.scorer, profile_id=writing.profile_id, scan=scan, now=writing.now)

    def _finish(self) -> Outcome:
        writing, scans = self._writing, list(self._scans.values())
        for scan in scans:
            scan.finish(vouched=self._target.complete)
            record_inventory(scan.stream, scan.scan, list(scan.components.values()), scan.edges)
        if self._relations:
            self._relate()
        writing.touched |= rekey_assets(self._related, self._application, now=writing.now)
        writing.touched |= corroborate_issues(
            self._application, [*writing.touched, *writing.fresh], self._routes(), now=writing.now
        )
        counts = self._refresh(writing.touched)
        self._refresh(confirmed_by(writing.touched))
        retarget(writing.fixes_touched | _fixes_of(writing.touched))
        for asset in self._assets.values():
            mark_issues(asset, mapper=writing.source.moved, issues=writing.touched | set(writing.fresh))
        self._record()
        return _outcome(
            self._application,
            self._report,
            [scan.scan for scan in scans],
            issues=len(writing.fresh),
            resolved=counts["resolved"],
            notes=tuple(
                f"{one.stream.tool}: {one.kept_why}; {one.kept_open} findings stay open"
                for one in scans
                if one.kept_open
            ),
        )

    def _record(self) -> None:
        """Enter into the ledger what was merged, and what was closed or brought back with the proof for it."""
        touched = self._writing.touched
        changes.record_matches(self._since, self._application.pk, touched)
        if not touched:
            return
        scans = [one.scan for one in self._scans.values()]
        changes.record_closures(
            self._since,
            f"scan {scans[0].pk}",
            lambda: _proof(self._report, scans),
            [scan.pk for scan in scans],
            "import",
        )


def _proof(report: Report, scans: Sequence[Scan]) -> dict[str, object]:
    return {"report": report.digest, "format": report.format, "scans": [_proof_of(scan) for scan in scans]}


def _proof_of(scan: Scan) -> dict[str, object]:
    """Return what makes a scan's word count, or not; of rules and scope, which may be long, the digest."""
    stream = scan.stream
    return {
        "scan": scan.pk, "tool": stream.tool, "version": scan.tool_version, "asset": stream.asset_id, "ref": stream.ref,
        "configuration": stream.configuration, "commit": scan.commit, "proves": scan.proves, "why": scan.why,
        "ruleset": digest(scan.ruleset), "scope": digest(scan.scope),
    }  # fmt: skip


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
