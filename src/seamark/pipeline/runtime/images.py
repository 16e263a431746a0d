"""What is known of images: their scans, inventories, attestations and builds, each by digest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Count, F, Max, Min, Q
from django.db.models.functions import Coalesce

from seamark.analysis.drift.known import Attested, Built, Image, Listed, Scanned, Verdict
from seamark.core.assets import AssetKind, RelationKind
from seamark.core.severity import Severity
from seamark.pipeline.standing.running import CLUSTERS, RUNTIME
from seamark.store.models import Asset, Finding, Relation, Sbom, Scan, Statement, Survey
from seamark.store.models.findings import FindingFlag

ATTESTATIONS: Final = "attestations"
"""The source of statements about signatures that somebody verified here."""
IDLE: Final = "images that run nowhere"
"""The source of the statement that an image runs nowhere."""
_INVENTORIES: Final = frozenset({"cyclonedx", "spdx", "syft", "swid"})
"""Formats that list what is in an image; without a finding they are no scan."""
_ATTESTATION: Final = "attestation"
_CLOSED: Final = FindingFlag.SUPPRESSED | FindingFlag.NOT_AFFECTED | FindingFlag.REFUTED
_PIECE: Final = 2_000
_LOOKED: Final = Q(findings__gt=0) | (Q(proves=True) & ~Q(report__format__in=[*_INVENTORIES, _ATTESTATION]))
"""What makes an import a scan: it reports something, or ran to its end and was made to."""
_AT: Final = Coalesce("started_at", "imported_at")


class _Run(NamedTuple):
    """What one stream looked at of one build."""

    asset: int
    stream: int
    digest: str
    latest: int
    """Number of the latest scan."""
    first: datetime
    last: datetime


def known_images(assets: Mapping[str, Asset], running: Mapping[str, Iterable[str]]) -> dict[str, Image]:
    """Return what is known of images, under the names given; `running` has the digests that run of each."""
    numbers = sorted({asset.pk for asset in assets.values()})
    looked, imported = _runs(numbers)
    scans, boms = _scans(looked), _inventories(numbers, imported)
    digests: dict[int, set[str]] = defaultdict(set)
    for name, asset in assets.items():
        digests[asset.pk].update(running.get(name, ()))
    attested = _attestations(numbers, digests)
    built = set(
        Relation.objects.filter(source__in=numbers, kind=RelationKind.BUILT_FROM.value, until=None).values_list("source", flat=True)
    )  # fmt: skip
    found = {}
    for name, asset in assets.items():
        builds = _builds(asset)
        found[name] = Image(
            name=name, own=asset.pk in built or bool(builds), scans=tuple(scans[asset.pk]), inventories=tuple(boms[asset.pk]),
            attestations=tuple(attested[asset.pk]), builds=builds,
        )  # fmt: skip
    return found


def _builds(asset: Asset) -> tuple[Built, ...]:
    rows = asset.attributes.get("builds")
    return tuple(
        Built(str(one.get("digest", "")), str(one.get("at", "")), tuple(map(str, one.get("tags") or ())))
        for one in (rows if isinstance(rows, list) else ())
        if isinstance(one, dict) and one.get("digest")
    )


def _runs(assets: Sequence[int]) -> tuple[list[_Run], list[_Run]]:
    """Return the scans of images whose builds are known, one row a stream and build; and the same of everything that was imported of them."""
    scans: list[_Run] = []
    imports: list[_Run] = []
    for at in range(0, len(assets), _PIECE):
        rows = Scan.objects.filter(stream__asset__in=assets[at : at + _PIECE]).exclude(image_digest="")
        rows = rows.exclude(report__format=_ATTESTATION)
        for found, chosen in ((scans, rows.filter(_LOOKED)), (imports, rows)):
            told = chosen.values_list("stream__asset", "stream", "image_digest").annotate(
                latest=Max("id"), first=Min(_AT), last=Max(_AT)
            )
            found += [_Run(*row) for row in told]
    return scans, imports


def _scans(runs: Iterable[_Run]) -> dict[int, list[Scanned]]:
    """Return the scans by image, those of one build as one."""
    several: dict[tuple[int, str], list[_Run]] = defaultdict(list)
    for run in runs:
        several[run.asset, run.digest].append(run)
    severe = _severe(runs)
    found: dict[int, list[Scanned]] = defaultdict(list)
    for (asset, digest), mine in several.items():
        first, last = min(run.first for run in mine), max(run.last for run in mine)
        found[asset].append(
            Scanned(digest, last.isoformat(), sum(severe[run.latest] for run in mine), first.isoformat())
        )
    return found


def _severe(runs: Iterable[_Run]) -> dict[int, int]:
    """Return for each latest scan how many severe findings stood open in its stream when it had ended."""
    wanted = list(runs)
    streams = sorted({run.stream for run in wanted})
    counts: dict[int, list[tuple[int, int | None, int]]] = defaultdict(list)
    for at in range(0, len(streams), _PIECE):
        rows = (
            Finding.objects.filter(stream__in=streams[at : at + _PIECE], severity__gte=Severity.HIGH.value)
            .annotate(aside=F("flags").bitand(int(_CLOSED))).filter(aside=0)
            .values_list("stream", "opened_in", "closed_in").annotate(number=Count("id"))
        )  # fmt: skip
        for stream, opened, closed, number in rows:
            counts[stream].append((opened, closed, number))
    return {
        run.latest: sum(
            number for opened, closed, number in counts[run.stream] if opened <= run.latest and (closed is None or closed > run.latest)
        )
        for run in wanted
    }  # fmt: skip


def _inventories(assets: Sequence[int], runs: Iterable[_Run]) -> dict[int, list[Listed]]:
    """Return the inventories by image. One that a later scan found unchanged is of that scan's build as well."""
    first: dict[int, int] = {}
    for at in range(0, len(assets), _PIECE):
        rows = Sbom.objects.filter(asset__in=assets[at : at + _PIECE]).exclude(scan=None)
        first |= dict(rows.values_list("scan__stream").annotate(first=Min("scan")))
    found: dict[int, list[Listed]] = defaultdict(list)
    for run in runs:
        if run.stream in first and run.latest >= first[run.stream]:
            found[run.asset].append(Listed(run.digest, run.last.isoformat()))
    return found


def _attestations(assets: Sequence[int], running: Mapping[int, set[str]]) -> dict[int, list[Attested]]:
    """Return the attestations by image: those that were verified here, and those that were imported as reports."""
    found: dict[int, list[Attested]] = defaultdict(list)
    for at in range(0, len(assets), _PIECE):
        piece = assets[at : at + _PIECE]
        for row in Statement.objects.filter(source=ATTESTATIONS, asset__in=piece, until=None):
            verdict = row.facts.get("attestation")
            if verdict in set(Verdict):
                found[row.asset_id].append(Attested(row.origin, Verdict(verdict), row.since.isoformat()))
        rows = Scan.objects.filter(report__format=_ATTESTATION, stream__asset__in=piece).exclude(image_digest="")
        for asset, digest in rows.values_list("stream__asset", "image_digest"):
            found[asset].append(Attested(digest, Verdict.UNVERIFIED))
    # Provenance stands at the repository that it names, whatever image it is about: its digest tells.
    digests = sorted(set().union(*running.values()) - {""})
    elsewhere: set[str] = set()
    for at in range(0, len(digests), _PIECE):
        rows = Scan.objects.filter(report__format=_ATTESTATION, image_digest__in=digests[at : at + _PIECE])
        elsewhere.update(rows.values_list("image_digest", flat=True))
    for asset, mine in running.items():
        found[asset] += [Attested(digest, Verdict.UNVERIFIED) for digest in sorted(elsewhere & mine)]
    return found


class Whereabouts(NamedTuple):
    """What is known of where images run."""

    complete: bool
    """Whether the latest look at every place where images run was a complete one."""
    idle: dict[int, Asset]
    """Scanned images that nothing runs, by number."""
    applications: dict[int, int]
    """Whose they are."""


def whereabouts() -> Whereabouts:
    """Return which scanned images run nowhere, as far as the latest surveys tell. Images that others are based on are not meant to run."""
    newest = Survey.objects.values("source").annotate(newest=Max("id")).values("newest")
    rows = Survey.objects.filter(pk__in=newest).values_list("source", "complete")
    latest = {source: complete for source, complete in rows if RUNTIME.fullmatch(source)}
    whole = bool(latest) and all(latest.values()) and any(CLUSTERS.fullmatch(source) for source in latest)
    runs = Relation.objects.filter(kind=RelationKind.RUNS.value, until=None, said_in__in=list(latest)).values("target")
    bases = Relation.objects.filter(kind=RelationKind.BASED_ON.value, until=None).values("target")
    owners: dict[int, int] = {}
    scans = Scan.objects.filter(_LOOKED, stream__asset__kind=AssetKind.IMAGE.value)
    told = scans.exclude(stream__asset__in=runs).exclude(stream__asset__in=bases)
    for asset, application in told.values_list("stream__asset", "stream__application").distinct():
        owners.setdefault(asset, application)
    idle = {asset.pk: asset for asset in Asset.objects.filter(pk__in=sorted(owners))}
    return Whereabouts(whole, idle, {number: asset.application_id or owners[number] for number, asset in idle.items()})
