"""Questions to all inventories of software that are kept: who holds a package, since when; matched anew; written as one document."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from msgspec import Struct
from msgspec.structs import replace

from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.nodes import described
from seamark.analysis.software.matching import match, wanted
from seamark.analysis.software.query import Answer, Query, Row
from seamark.core.assets import AssetKind
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding, Vex
from seamark.core.kind import KIND_CODES, Kind, VexState
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.sbom import Entry, Statement
from seamark.core.sbom import Sbom as Document
from seamark.intake.sbom.merge import merge
from seamark.intake.sbom.osv import read_advisories
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.own import import_own
from seamark.pipeline.target import Target
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, Issue, Sbom, SbomComponent, SbomEdge
from seamark.store.models import Finding as FindingRow
from seamark.store.models.issues import State

TOOL: Final = "Seamark advisories"
MOST_ROWS: Final = 200_000


class Holding(Struct, frozen=True, kw_only=True):
    """A package version in an asset's inventory."""

    asset: Node
    package: str
    version: str
    purl: str
    licences: list[str]
    direct: bool | None
    answer: str
    """`yes`, or `unknown` where the name fits and the version cannot be compared."""
    since: str
    """When it was first seen there."""
    commit: str
    """The commit that it was first seen in, empty where that is not known."""


def holders(visible: Visible, query: Query, *, at: datetime | None = None, limit: int = 1000) -> list[Holding]:
    """Return who holds what a query means, now or at a time, in the order of assets."""
    boms = Sbom.objects.filter(asset__in=visible.assets().values("id"))
    holds = Q(replaced_at=None) if at is None else Q(created_at__lte=at) & (Q(replaced_at=None) | Q(replaced_at__gt=at))
    rows = SbomComponent.objects.filter(sbom__in=boms.filter(holds).values("id"))
    if query.like:
        rows = rows.filter(Q(component__name__icontains=query.like) | Q(component__package__icontains=query.like))
    if query.ecosystem:
        rows = rows.filter(component__package__startswith=f"{query.ecosystem}/")
    values = (
        "sbom__asset",
        "component",
        "component__purl",
        "component__name",
        "component__version",
        "licences",
        "direct",
    )
    found: dict[tuple[int, int], tuple[str, str, str, list[str], bool | None, Answer]] = {}
    for asset, number, purl, name, version, licences, direct in (
        rows.order_by("sbom__asset", "component__purl").values_list(*values)[:MOST_ROWS].iterator()
    ):
        answer = query.answer(Row(purl, name, version, tuple(licences)))
        if answer is not Answer.NO:
            found.setdefault((asset, number), (purl, name, version, licences, direct, answer))
            if len(found) >= limit:
                break
    nodes = {node.id: node for node in described(sorted({asset for asset, _ in found}))}
    first = _first_seen(boms, found)
    return [
        Holding(
            asset=nodes[asset], package=name, version=version, purl=purl, licences=licences, direct=direct, answer=answer.value,
            since=first[asset, number][0].isoformat(), commit=first[asset, number][1],
        )
        for (asset, number), (purl, name, version, licences, direct, answer) in found.items()
        if asset in nodes
    ]  # fmt: skip


def _first_seen(
    boms: QuerySet[Sbom], wanted_pairs: Mapping[tuple[int, int], object]
) -> dict[tuple[int, int], tuple[datetime, str]]:
    """Return when, and in which commit, each asset's inventories first held each component."""
    assets, components = {asset for asset, _ in wanted_pairs}, {number for _, number in wanted_pairs}
    entries = SbomComponent.objects.filter(
        sbom__in=boms.filter(asset__in=assets).values("id"), component__in=components
    )
    oldest = (
        entries.values("sbom__asset", "component")
        .annotate(first=Min("sbom"))
        .values_list("sbom__asset", "component", "first")
    )
    numbers = {(asset, number): first for asset, number, first in oldest}
    rows = {row.pk: row for row in Sbom.objects.filter(pk__in=set(numbers.values()))}
    return {pair: (rows[first].created_at, rows[first].commit) for pair, first in numbers.items()}


class Matched(Struct, frozen=True, kw_only=True):
    """What came of matching one asset's inventories anew."""

    asset: str
    components: int
    vulnerable: int
    not_comparable: int
    """Components whose versions cannot be compared, or that have none."""
    outcome: Outcome


def rematch(path: str | os.PathLike[str], *, application: Application | None = None) -> list[Matched]:
    """Match all current inventories against OSV records, without a scan, and import what is vulnerable, asset by asset.

    `path` is a file, a zip as OSV exports them, or a folder of both. What no record says any more is closed: the records are
    taken for complete. Raises `UnreadableReport`.
    """
    groups = _inventories(application)
    components = {component for parts in groups.values() for _, listed in parts for component in listed}
    advisories = list(read_advisories(path, wanted(components)))
    taken = []
    for (owner, kind, key), parts in groups.items():
        findings: list[Finding] = []
        unplaced = 0
        for place, listed in parts:
            result = match(listed, advisories)
            unplaced += len({one.component for one in result.unplaced})
            findings += [_placed(one, kind, key, place) for one in result.findings]
        where = {"image": key} if kind is AssetKind.IMAGE else {"repository": key}
        target = Target(application=owner, configuration="osv", **where)  # type: ignore[arg-type]
        with transaction.atomic():
            outcome = import_own(TOOL, findings, target, complete=True)
        taken.append(
            Matched(
                asset=f"{kind.value}:{key}", components=sum(len(listed) for _, listed in parts), vulnerable=len(findings),
                not_comparable=unplaced, outcome=outcome,
            )
        )  # fmt: skip
    return taken


_Groups = dict[tuple[str, AssetKind, str], list[tuple[str, list[Component]]]]


def _inventories(application: Application | None) -> _Groups:
    """Return the components of current inventories by application and asset, each with the file that lists them.

    What a manifest lists is its repository's. Assets of no application have nobody who would care for their findings.
    """
    boms = Sbom.objects.filter(replaced_at=None, asset__application__isnull=False).select_related("asset__application")
    if application is not None:
        boms = boms.filter(asset__application=application)
    groups: _Groups = defaultdict(list)
    for bom in boms.order_by("asset", "id"):
        asset, owner = bom.asset, bom.asset.application
        if owner is None:
            continue
        kind, key, place = AssetKind(asset.kind), asset.key, ""
        if kind is AssetKind.MANIFEST:
            kind, (key, _, place) = AssetKind.REPOSITORY, asset.key.partition("//")
        if kind in {AssetKind.REPOSITORY, AssetKind.IMAGE}:
            groups[owner.name, kind, key].append((place, [one.component for one in _entries(bom)]))
    return dict(groups)


def _entries(bom: Sbom) -> Iterator[Entry]:
    rows = SbomComponent.objects.filter(sbom=bom).select_related("component").order_by("id")
    for row in rows.iterator():
        one = row.component
        yield Entry(
            component=Component(
                name=one.name, version=one.version, purl=one.purl if not one.purl.startswith("pkg:generic/") else "", ref=row.ref or one.purl,
                scope=row.scope, direct=row.direct, licences=tuple(row.licences),
            )
        )  # fmt: skip


def _placed(finding: Finding, kind: AssetKind, key: str, place: str) -> Finding:
    location = ImageLocation(image=key) if kind is AssetKind.IMAGE else CodeLocation(path=place)
    return replace(finding, location=location, kind=Kind.CONTAINER if kind is AssetKind.IMAGE else Kind.DEPENDENCY)


def document_of(visible: Visible, application: Application) -> Document:
    """Return one inventory of everything that an application's assets hold now, with what was decided on vulnerabilities (VEX).

    The same inventories and decisions give the same document.
    """
    boms = Sbom.objects.filter(
        replaced_at=None, asset__in=visible.assets().filter(application=application).values("id")
    )
    documents = [inventory(bom) for bom in boms.select_related("asset").order_by("asset__kind", "asset__key", "id")]
    return merge(
        documents or [Document(format="cyclonedx")], application.name, "", list(_statements(visible, application))
    )


def inventory(bom: Sbom) -> Document:
    """Return an inventory as it was kept, about its asset."""
    edges: dict[str, list[str]] = defaultdict(list)
    for source, target in (
        SbomEdge.objects.filter(sbom=bom).order_by("source", "target").values_list("source", "target")
    ):
        edges[source].append(target)
    root = f"{bom.asset.kind}:{bom.asset.key}"
    depends = tuple(DependsOn(source or root, tuple(targets)) for source, targets in edges.items())
    subject = Entry(
        component=Component(name=bom.asset.key, ref=root),
        type="container" if bom.asset.kind == AssetKind.IMAGE else "application",
    )
    return Document(
        format="cyclonedx", created=bom.created_at.isoformat(), subject=subject, roots=(root,), entries=tuple(_entries(bom)), edges=depends
    )  # fmt: skip


_SAID: Final = {
    "not_affected": (VexState.NOT_AFFECTED, ""), "false_positive": (VexState.FALSE_POSITIVE, ""), "accepted": (VexState.AFFECTED, "The risk is accepted"),
}  # fmt: skip


def _statements(visible: Visible, application: Application) -> Iterator[Statement]:
    """Yield what people and scans say of each vulnerability in a package, by the package URLs that it was found in."""
    kinds = [KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER]]
    issues = visible.issues().filter(application=application, kind__in=kinds, merged_into=None, branch_only=False)
    for issue in issues.order_by("id").iterator():
        rows = list(FindingRow.objects.filter(issue=issue).order_by(F("closed_in").asc(nulls_first=True), "id")[:20])
        full = evidence.read(rows)
        found = [one for row in rows if (one := full.get(row.pk)) is not None]
        names = list(dict.fromkeys(name for one in found for name in one.vulnerabilities))
        purls = tuple(
            dict.fromkeys(one.component.purl for one in found if one.component is not None and one.component.purl)
        )
        if names and purls:
            yield Statement(vulnerability=names[0], aliases=tuple(names[1:]), vex=_vex(issue), refs=purls)


def _vex(issue: Issue) -> Vex:
    state = State(issue.state)
    if state is State.RESOLVED:
        return Vex(state=VexState.FIXED)
    if state is State.DISMISSED and issue.dismissal_unconfirmed:
        return Vex(state=VexState.UNDER_INVESTIGATION, detail="A dismissal waits to be confirmed")
    if state is State.DISMISSED:
        said, detail = _SAID.get(issue.resolution, (VexState.UNDER_INVESTIGATION, ""))
        return Vex(
            state=said, justification=issue.justification if said is VexState.NOT_AFFECTED else "", detail=detail
        )
    return Vex(state=VexState.AFFECTED if state is not State.OPEN else VexState.UNDER_INVESTIGATION)
