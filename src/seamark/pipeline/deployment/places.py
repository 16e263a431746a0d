"""Where something is to run, by what the inventory knows: cluster, workload, environment, exposure, application."""

from __future__ import annotations

from typing import Final, NamedTuple

from seamark.core.assets import AssetKind, RelationKind
from seamark.pipeline.deployment.subject import Place
from seamark.store.access import Visible
from seamark.store.models import Asset, Relation

_MOST: Final = 2_000


class Located(NamedTuple):
    """A place, with what the inventory adds."""

    place: Place
    workload: Asset | None
    application: int | None
    """Number of the application that it belongs to."""
    declared: bool | None
    """Whether git declares it; None where the inventory does not know the workload."""
    images: tuple[str, ...]
    """Images that it runs now, with digests where these are known."""


def located(visible: Visible, place: Place) -> Located:
    """Return what is known of a place. Where the workload is new, its namespace tells, as far as all that runs there agrees."""
    if not place.namespace:
        return Located(place, None, None, None, ())
    row = _workload(visible, place)
    if row is not None:
        told = row.attributes if isinstance(row.attributes, dict) else {}
        edges = Relation.objects.filter(kind=RelationKind.DECLARED_IN.value, until=None, source=row)
        found = _with(place, row.environment, row.exposure, row.key.split("/")[0])
        return Located(found, row, row.application_id, edges.exists(), _images(told))
    beside = list(_beside(visible, place))
    environments = {environment for environment, _, _ in beside if environment}
    applications = {application for _, application, _ in beside}
    clusters = {key.split("/")[0] for _, _, key in beside}
    environment = environments.pop() if len(environments) == 1 else ""
    application = applications.pop() if len(applications) == 1 else None
    return Located(
        _with(place, environment, "", clusters.pop() if len(clusters) == 1 else ""), None, application, None, ()
    )


def _with(place: Place, environment: str, exposure: str, cluster: str) -> Place:
    return Place(
        cluster=place.cluster or cluster, namespace=place.namespace, kind=place.kind, name=place.name,
        environment=environment or place.environment, exposure=exposure or place.exposure, privileged=place.privileged,
        runs_as_root=place.runs_as_root, host_network=place.host_network,
    )  # fmt: skip


def _workload(visible: Visible, place: Place) -> Asset | None:
    """Return the workload, by its key; where nobody says in which cluster, the only one of that name."""
    rows = visible.assets().filter(kind=AssetKind.WORKLOAD.value, gone_at=None).exclude(key__contains="//")
    if not place.kind or not place.name:
        return None
    if place.cluster:
        return rows.filter(key=place.key).first()
    found = list(rows.filter(key__endswith=f"/{place.namespace}/{place.kind}/{place.name}")[:2])
    return found[0] if len(found) == 1 else None


def _beside(visible: Visible, place: Place) -> list[tuple[str, int | None, str]]:
    rows = visible.assets().filter(kind=AssetKind.WORKLOAD.value, gone_at=None).exclude(key__contains="//")
    if place.cluster:
        rows = rows.filter(key__startswith=f"{place.cluster}/{place.namespace}/")
    else:
        rows = rows.filter(key__contains=f"/{place.namespace}/")
    told = rows.order_by("id").values_list("environment", "application", "key")[:_MOST]
    return [one for one in told if one[2].split("/")[-3:-2] == [place.namespace]]


def _images(told: dict[str, object]) -> tuple[str, ...]:
    listed = told.get("images")
    rows = [one for one in (listed if isinstance(listed, list) else []) if isinstance(one, dict)]
    return tuple(
        dict.fromkeys(f"{one['name']}@{one['digest']}" for one in rows if one.get("name") and one.get("digest"))
    )
