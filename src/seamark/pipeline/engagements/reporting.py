"""Taking in what testers report: bound to their engagement, and to nothing outside of its scope."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import BinaryIO, Final

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from msgspec import Struct

from seamark.core.assets import AssetKind
from seamark.core.errors import ImportRefused, NotAllowed
from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.record import record
from seamark.pipeline.engagements import rights
from seamark.pipeline.engagements.proving import restore
from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.scoring import rescore
from seamark.pipeline.target import Target
from seamark.store import evidence
from seamark.store.access import visible_to
from seamark.store.models import Asset, Engagement, EngagementReport, Finding, PentestFinding, Scan, User
from seamark.store.models.findings import FindingFlag

LARGEST: Final = 100 * 1024 * 1024
"""Bytes of a report: it is read at once, while its sender waits."""

TOO_LARGE: Final = f"A tester's report has at most {LARGEST // 1024**2} MB; split it"


class Sending(Struct, frozen=True, kw_only=True):
    """What testers say of a report."""

    format: str = "auto"
    asset: int | None = None
    """What they tested: an asset of the scope. None: the application."""
    proved: bool = False
    """They carried each of these out by hand: the findings count as verified."""
    mapping: str = ""


@transaction.atomic
def take(actor: User | None, row: Engagement, path: Path, name: str, sending: Sending) -> Outcome:
    """Import a report of an engagement at once. It closes nothing.

    Raises `NotAllowed`, `ImportRefused` (also for what lies outside of the scope), `UnreadableReport` and `StoreUnavailable`;
    nothing is then kept.
    """
    if actor is not None and not rights.reports(visible_to(actor), row):
        raise NotAllowed(f"Testers of {row.reference} report from {row.starts} to {row.ends}, until it is closed")
    Engagement.objects.select_for_update().filter(pk=row.pk).only("id").first()
    row = Engagement.objects.select_related("application").get(pk=row.pk)
    rights.check_open(row)
    asset = _asset(row, sending.asset)
    if path.stat().st_size > LARGEST:
        raise ImportRefused(TOO_LARGE)
    _check_new(row, path)
    outcome = import_file(path, _target(row, asset, sending), author=actor)
    if not outcome.findings:
        raise ImportRefused("The report has no finding")
    _check_scope(row, outcome)
    made = _bind(actor, row, outcome, asset, name)
    if sending.proved:
        _verify(made)
    restore(row.application)
    return outcome


def take_stream(actor: User | None, row: Engagement, stream: BinaryIO, name: str, sending: Sending) -> Outcome:
    """Import a report that is being sent, as `take` does it."""
    with tempfile.NamedTemporaryFile(prefix="seamark-", suffix=".report") as kept:
        size = 0
        while piece := stream.read(1024 * 1024):
            size += len(piece)
            if size > LARGEST:
                raise ImportRefused(TOO_LARGE)
            kept.write(piece)
        kept.flush()
        return take(actor, row, Path(kept.name), name, sending)


def in_scope(row: Engagement) -> QuerySet[Asset]:
    """Return the assets that may be tested: those that were named, else all of the application."""
    named = row.assets.filter(application=row.application_id)
    return named if named.exists() else Asset.objects.filter(application=row.application_id)


def _asset(row: Engagement, number: int | None) -> Asset | None:
    if number is None:
        return None
    found = in_scope(row).filter(pk=number).first()
    if found is None:
        raise ImportRefused(f"Asset {number} is not in the scope of {row.reference}")
    return found


def _check_new(row: Engagement, path: Path) -> None:
    with path.open("rb") as stream, evidence.Packed(stream) as packed:
        earlier = row.reports.filter(report__digest=packed.digest).first()
    if earlier is not None:
        raise ImportRefused(f"{row.reference} has this report already, since {earlier.at:%Y-%m-%d}")


def _target(row: Engagement, asset: Asset | None, sending: Sending) -> Target:
    """Return where a report belongs: a line of its own, so that no other report continues or closes it."""
    number = (EngagementReport.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    kind = asset.kind if asset is not None else ""
    return Target(
        application=row.application.name, configuration=f"{row.reference} #{number}", format=sending.format, mapping=sending.mapping,
        repository=asset.key if asset is not None and kind == AssetKind.REPOSITORY else "",
        image=asset.key if asset is not None and kind == AssetKind.IMAGE else "",
    )  # fmt: skip


def _check_scope(row: Engagement, outcome: Outcome) -> None:
    """Refuse what a report itself says of code or images elsewhere. The application as such is always in the scope."""
    allowed = set(in_scope(row).values_list("pk", flat=True))
    for scan in Scan.objects.filter(pk__in=outcome.scans).select_related("stream__asset"):
        asset = scan.stream.asset
        own = asset.kind == AssetKind.APPLICATION and asset.application_id == row.application_id
        if not own and asset.pk not in allowed:
            raise ImportRefused(f"The report speaks of {asset.name}, which is not in the scope of {row.reference}")


def _bind(
    actor: User | None, row: Engagement, outcome: Outcome, asset: Asset | None, name: str
) -> list[PentestFinding]:
    scan = Scan.objects.select_related("report").get(pk=outcome.scan)
    source = EngagementReport.objects.create(engagement=row, report=scan.report, author=actor, at=timezone.now())
    numbers = list(Finding.objects.filter(opened_in__in=outcome.scans).order_by("pk").values_list("pk", flat=True))
    PentestFinding.objects.bulk_create(
        [PentestFinding(engagement=row, source=source, finding_id=number, asset=asset) for number in numbers],
        batch_size=500,
    )
    body = {"step": "reported", "file": name[:300], "digest": scan.report.digest, "findings": len(numbers)}
    record("engagement", row.reference, body, actor=actor, rows=(row_of(source),))
    return list(PentestFinding.objects.filter(source=source).select_related("finding"))


def _verify(made: list[PentestFinding]) -> None:
    """Mark findings as proved, which is a factor of the score."""
    rows = Finding.objects.filter(pk__in=[one.finding_id for one in made])
    unproved = [row.pk for row in rows.only("id", "flags") if not row.flags & FindingFlag.VERIFIED]
    if unproved:
        Finding.objects.filter(pk__in=unproved).update(flags=F("flags") + FindingFlag.VERIFIED.value)
        rescore(set(rows.values_list("issue", flat=True)))
