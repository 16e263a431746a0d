"""Keeps inventories of software, those of scans and those of manifests, where they differ from the ones before."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.component import Component as Listed
from seamark.core.component import DependsOn, package_key, parse_purl
from seamark.store import writer
from seamark.store.models import Component, Sbom, SbomComponent, SbomEdge, Scan, Stream


def record_inventory(stream: Stream, scan: Scan, listed: list[Listed], depends: list[DependsOn]) -> None:
    """Store the components and edges of a scan as the asset's inventory; nothing, where they are as before."""
    before = Sbom.objects.filter(asset=stream.asset, scan__stream=stream, replaced_at=None)
    fresh = Sbom(
        asset=stream.asset, scan=scan, commit=scan.commit, image_digest=scan.image_digest, created_at=timezone.now()
    )
    keep(fresh, listed, depends, before)


def keep(fresh: Sbom, listed: Sequence[Listed], depends: Sequence[DependsOn], before: QuerySet[Sbom]) -> bool:
    """Store an inventory in the place of the ones `before`; tell whether it was kept: not, where it lists what they do.

    `fresh` is a row that is not stored yet. Call it inside a transaction.
    """
    if not listed:
        return False
    fresh.digest = sha256(
        msgspec.json.encode(
            [sorted((c.ref, c.purl, c.name, c.version) for c in listed), sorted(depends, key=lambda edge: edge.ref)]
        )
    ).hexdigest()
    if before.filter(digest=fresh.digest).exists():
        return False
    before.update(replaced_at=fresh.created_at)
    fresh.save()
    purls = {one.purl or f"pkg:generic/{one.name}@{one.version}": one for one in listed}
    known = dict(writer.select_in("SELECT purl, id FROM store_component WHERE purl {values}", sorted(purls)))
    missing = [purl for purl in sorted(purls) if purl not in known]
    numbers = writer.reserve(Component, len(missing))
    writer.insert(
        Component, ["id", "purl", "package", "name", "version"],
        [(number, purl, _package(purl), purls[purl].name, _version(purl, purls[purl].version)) for number, purl in zip(numbers, missing, strict=True)],
    )  # fmt: skip
    known |= dict(zip(missing, numbers, strict=True))
    entries = {(one.ref, known[one.purl or f"pkg:generic/{one.name}@{one.version}"]): one for one in listed}
    ids = writer.reserve(SbomComponent, len(entries))
    writer.insert(
        SbomComponent, ["id", "sbom", "component", "ref", "scope", "direct", "licences"],
        [
            (number, fresh.pk, component, ref, one.scope[:20], one.direct, msgspec.json.encode(one.licences).decode())
            for number, ((ref, component), one) in zip(ids, entries.items(), strict=True)
        ],
    )  # fmt: skip
    edges = sorted({(edge.ref, target) for edge in depends for target in edge.targets})
    ids = writer.reserve(SbomEdge, len(edges))
    writer.insert(
        SbomEdge, ["id", "sbom", "source", "target"], [(n, fresh.pk, *edge) for n, edge in zip(ids, edges, strict=True)]
    )
    return True


def _package(purl: str) -> str:
    return package_key(purl) or purl


def _version(purl: str, given: str) -> str:
    parsed = parse_purl(purl)
    return given or (parsed.version or "" if parsed else "")
