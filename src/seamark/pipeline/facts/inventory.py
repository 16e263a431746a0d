"""Coverage, drift and scans as facts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, get_args

from django.db.models import Max, Q
from django.db.models.functions import Coalesce

from seamark.analysis.graph.estate import coverage
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.governance.policy.facts import Coverage, Drift, Facts, KindWord, Scan
from seamark.governance.policy.shapes import fields
from seamark.intake.parsers.kit.registry import parsers
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.issues import Told
from seamark.store import models
from seamark.store.access import Visible

_MOST: Final = 50_000
_DRIFT: Final = "drift/"
_STATES: Final = frozenset(fields(Drift)["state"].choices)
_KINDS: Final = frozenset(get_args(KindWord))


def coverage_facts(visible: Visible, around: Around, now: datetime) -> Iterator[Facts]:
    """Yield, for each asset and each kind of scan that it should have, whether and when a good one was made."""
    among = Q(pk__in=around.rows().values("id"))
    # No scan is young enough: so each that is to be expected is told of.
    gaps = [
        one for one in coverage(visible, now, stale=timedelta(0), limit=_MOST, among=among) if one.missing in _KINDS
    ]
    around.load({one.asset.id for one in gaps})
    for kind in sorted({one.missing for one in gaps}):
        mine = [one for one in gaps if one.missing == kind]
        last = _last_good(Kind(kind), [one.asset.id for one in mine])
        for one in mine:
            at = last.get(one.asset.id)
            told = Coverage(
                ref=f"{one.asset.kind}:{one.asset.key} {kind}", kind=kind, scanned=at is not None, why=one.why,  # type: ignore[arg-type]
                age_days=max((now - at).days, 0) if at is not None else None,
            )  # fmt: skip
            yield Facts(
                coverage=told, asset=around.asset(one.asset.id), application=around.application_of(one.asset.id)
            )


def _last_good(kind: Kind, assets: list[int]) -> dict[int, datetime]:
    """Return when the last scan of a kind that proves what it says looked at assets."""
    formats = [parser.name for parser in parsers().values() if parser.kind is kind]
    found: dict[int, datetime] = {}
    for at in range(0, len(assets), 5_000):
        piece = assets[at : at + 5_000]
        streams = (
            models.Finding.objects.filter(stream__asset__in=piece, kind=KIND_CODES[kind]).values("stream").distinct()
        )
        rows = models.Scan.objects.filter(
            Q(stream__in=streams) | Q(report__format__in=formats), stream__asset__in=piece, proves=True
        )
        when = rows.order_by().values_list("stream__asset").annotate(last=Max(Coalesce("started_at", "imported_at")))
        found.update(dict(when))
    return found


def drift_facts(told: Iterable[Told]) -> Iterator[Facts]:
    """Yield the issues that drift was found in, as drift."""
    for one in told:
        if not one.row.rule.startswith(_DRIFT) or one.facts.issue is None:
            continue
        name = one.row.rule.removeprefix(_DRIFT)
        configured = name.startswith("configuration-")
        state = "configuration" if configured else name
        if state not in _STATES:
            continue
        facts, subject = one.facts, one.row.title.rpartition(": ")[2]
        drift = Drift(
            ref=facts.issue.ref if facts.issue is not None else None, workload=one.row.place or None, image=None if configured else subject,
            state=state, field=subject if configured else None, severity=Severity(one.row.severity),  # type: ignore[arg-type]
            exposure=facts.asset.exposure if facts.asset is not None else None,
            age_days=facts.issue.age_days if facts.issue is not None else None,
        )  # fmt: skip
        yield Facts(drift=drift, asset=facts.asset, application=facts.application, waived=facts.waived)


def scan_facts(visible: Visible, around: Around, now: datetime) -> Iterator[Facts]:
    """Yield the latest scan of each stream."""
    rows = visible.scans().filter(stream__application__in=list(around.applications))
    latest = rows.order_by().values("stream").annotate(latest=Max("id")).values("latest")
    found = rows.filter(pk__in=latest).select_related("stream").order_by("-id")[:_MOST]
    around.load({row.stream.asset_id for row in found})
    for row in found:
        yield Facts(
            scan=scan_of(row, now),
            asset=around.asset(row.stream.asset_id),
            application=around.applications.get(row.stream.application_id),
        )


def scan_of(row: models.Scan, now: datetime) -> Scan:
    """Return a scan as facts; its stream has been read with it."""
    return Scan(
        ref=str(row.pk), tool=row.stream.tool, commit=row.commit or None, branch=row.stream.ref or None, default_branch=row.stream.is_default,
        pull_request=row.pull_request, complete=row.proves, age_days=max((now - row.at).days, 0), findings=row.findings, new=row.new,
        fixed=row.fixed,
    )  # fmt: skip
