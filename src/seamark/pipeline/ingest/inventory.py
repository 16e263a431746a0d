"""Keeps the software inventory that a scan carries, where it differs from the one before."""

from __future__ import annotations

from hashlib import sha256

import msgspec
from django.utils import timezone

from seamark.core.component import Component as Listed
from seamark.core.component import DependsOn, package_key, parse_purl
from seamark.store import writer
from seamark.store.models import Component, Sbom, SbomComponent, SbomEdge, Scan, Stream


def record_inventory(stream: Stream, scan: Scan, listed: list[Listed], depends: list[DependsOn]) -> None:
    """Store the components and edges of a scan as the asset's inventory; nothing, where they are as before."""
    if not listed:
        return
    digest = sha256(
        msgspec.json.encode(
            [sorted((c.ref, c.purl, c.name, c.version) for c in listed), sorted(depends, key=lambda edge: edge.ref)]
        )
    ).hexdigest()
    asset = stream.asset
    streams = Sbom.objects.filter(asset=asset, scan__stream=stream, replaced_at=None)
    if streams.filter(digest=digest).exists():
        return
    streams.update(replaced_at=timezone.now())
    sbom = Sbom.objects.create(asset=asset, scan=scan, digest=digest)
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
        SbomComponent, ["id", "sbom", "component", "ref", "scope", "licences"],
        [
            (number, sbom.pk, component, ref, one.scope[:20], msgspec.json.encode(one.licences).decode())
            for number, ((ref, component), one) in zip(ids, entries.items(), strict=True)
        ],
    )  # fmt: skip
    edges = sorted({(edge.ref, target) for edge in depends for target in edge.targets})
    ids = writer.reserve(SbomEdge, len(edges))
    writer.insert(
        SbomEdge, ["id", "sbom", "source", "target"], [(n, sbom.pk, *edge) for n, edge in zip(ids, edges, strict=True)]
    )


def _package(purl: str) -> str:
    return package_key(purl) or purl


def _version(purl: str, given: str) -> str:
    parsed = parse_purl(purl)
    return given or (parsed.version or "" if parsed else "")
