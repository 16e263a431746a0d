"""The blast radius of a fix: what the change would reach, by the graph, from what is changed outwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.correlation.fixes import BASE_IMAGE, REPLACE, UPGRADE
from seamark.analysis.graph.answers import Node
from seamark.analysis.graph.asked import Asked
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.places import path_of, starts_of
from seamark.core.assets import AssetKind, RelationKind
from seamark.core.errors import NotAllowed
from seamark.insight.analytics.fixes import cleared_by
from seamark.pipeline.trees import source_of
from seamark.store.access import Visible
from seamark.store.models import Asset, Fix, Issue, Relation, SbomComponent, Statement
from seamark.store.permissions import Permission, needed

MOST_ISSUES: Final = 500
MOST_FILES: Final = 20
MOST_NODES: Final = 500
MOST_SHOWN: Final = 20
_SHOWN: Final = (AssetKind.SERVICE, AssetKind.WORKLOAD, AssetKind.IMAGE, AssetKind.PIPELINE, AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.DOMAIN)  # fmt: skip
_DECLARED: Final = (AssetKind.WORKLOAD.value, AssetKind.CLOUD_RESOURCE.value, AssetKind.DATA_STORE.value)
"""What stands in a file that is changed."""


class Group(Struct, frozen=True, kw_only=True):
    """What is reached of one kind."""

    kind: str
    total: int
    assets: list[Node]
    """The nearest, at most `MOST_SHOWN`."""


class Owner(Struct, frozen=True, kw_only=True):
    """A team or person who answers for what is reached."""

    name: str
    assets: int


class Touched(Struct, frozen=True, kw_only=True):
    """What a change touches: where it is made, and all that is built from that, runs it, leads to it or is reached by it."""

    start: list[Node]
    """Where the change is made: manifests, services, images, pipelines; the repository where no part of it is known."""
    applications: list[str]
    groups: list[Group]
    owners: list[Owner]
    """Those of the nearest `MOST_NODES` assets."""
    total: int
    complete: bool
    """Whether everything was looked at."""
    exposed: int
    """How many of these answer from the internet."""
    data_classes: list[str]


def touched_by(seen: Visible, fix: Fix) -> Touched:
    """Return what a fix touches, as far as the person may see. The caller has seen the fix. Raises `NotAllowed` without a view of the graph."""
    if not seen.may(Permission.GRAPH_READ, fix.application):
        raise NotAllowed(needed(Permission.GRAPH_READ, fix.application.name))
    starts = _starts(seen, fix)
    found = Asked(seen).radius(starts, Lens.IMPACT, limit=MOST_NODES)
    nodes = [*found.start, *found.nodes]
    kinds = Counter(one.kind for one in found.start)
    kinds.update(found.kinds)
    groups = [Group(kind=kind.value, total=kinds[kind.value], assets=[one for one in nodes if one.kind == kind.value][:MOST_SHOWN]) for kind in _SHOWN if kinds[kind.value]]  # fmt: skip
    owners = Counter(one.owner for one in nodes if one.owner)
    names = {*found.applications, *(one.application for one in found.start if one.application), fix.application.name}
    return Touched(
        start=found.start[:MOST_SHOWN], applications=sorted(names), groups=groups, owners=[Owner(name=name, assets=number) for name, number in owners.most_common()],
        total=found.total + len(found.start), complete=found.complete,
        exposed=found.exposed + sum(one.exposure == "internet" for one in found.start), data_classes=found.data_classes,
    )  # fmt: skip


def _starts(seen: Visible, fix: Fix) -> set[int]:
    """Return the assets that the change is made at."""
    if fix.kind == BASE_IMAGE:
        based = Relation.objects.filter(
            until=None, kind=RelationKind.BASED_ON.value, target__kind=AssetKind.IMAGE.value, target__key=fix.key, source__application=fix.application_id,
        )  # fmt: skip
        if images := set(based.values_list("source", flat=True)):
            return images
    if fix.kind in {UPGRADE, REPLACE} and (held := _holding(fix)):
        return held
    issues = list(cleared_by(fix, seen.issues()).select_related("asset").order_by("-risk", "-id")[:MOST_ISSUES])
    own = {one.asset_id for one in issues} | {fix.asset_id}
    parts = {number for numbers in starts_of(issues).values() for number in numbers} - own
    return parts | _declared(fix, issues) or own


def _holding(fix: Fix) -> set[int]:
    """Return the manifests and images of a fix's application that have its package, by their current inventories."""
    entries = SbomComponent.objects.filter(component__package=fix.key, sbom__replaced_at=None)
    kinds = (AssetKind.MANIFEST.value, AssetKind.IMAGE.value)
    own = entries.filter(
        sbom__asset__application=fix.application_id, sbom__asset__kind__in=kinds, sbom__asset__gone_at=None
    )
    within = Q(sbom__asset=fix.asset_id) | Q(sbom__asset__key__startswith=f"{fix.asset.key.partition('//')[0]}//")
    return set(own.filter(within).order_by().values_list("sbom__asset", flat=True).distinct()[:MOST_NODES])


def _declared(fix: Fix, issues: Iterable[Issue]) -> set[int]:
    """Return the pipelines, workloads and resources that the files of issues declare; of many files those of the riskiest."""
    repository = fix.asset.key.partition("//")[0]
    paths = list(dict.fromkeys(path_of(one.place) for one in issues if one.place))[:MOST_FILES]
    source = source_of(repository)
    own = Asset.objects.filter(application=fix.application_id, gone_at=None)
    found = set(own.filter(kind=AssetKind.PIPELINE.value, key__in=[f"{repository}//{path}" for path in paths]).values_list("id", flat=True))  # fmt: skip
    for path in paths:
        at = Q(source=source, until=None, at__startswith=f"{path}:")
        said = Statement.objects.filter(at, asset__kind__in=_DECLARED, asset__application=fix.application_id)
        found |= set(said.values_list("asset", flat=True)[:MOST_SHOWN])
        runs = Relation.objects.filter(said_in=source, until=None, at__startswith=f"{path}:", source__kind__in=_DECLARED, source__application=fix.application_id)  # fmt: skip
        found |= set(runs.order_by().values_list("source", flat=True).distinct()[:MOST_SHOWN])
    return found
