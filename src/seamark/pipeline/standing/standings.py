"""The facts of a score that come from where an issue stands: of its service first, of its application where that says nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import Final, NamedTuple

from django.utils import timezone

from seamark.analysis.graph.crown import named_touching
from seamark.analysis.graph.places import Parts, path_of
from seamark.core.assets import AssetKind
from seamark.pipeline.standing.around import Around
from seamark.pipeline.standing.controls import MOST, Covering, Spot, in_force
from seamark.pipeline.standing.declared import Declared
from seamark.pipeline.standing.derive import NOTHING, PERSON, WIDTH, Known, Trail, rank_of
from seamark.pipeline.standing.running import Looked, inventoried, looked
from seamark.store.models import Application, Asset
from seamark.store.models.inventory import Criticality

DECIDED: Final = "a person's decision"
_FACTS: Final = ("criticality", "sla_tier", "revenue_per_hour")
_MOST_PLACES: Final = 3
"""Places that are named of one fact."""


class Standing(NamedTuple):
    """What is known of a place; each field is the one of `Facts` with that name."""

    criticality: int = 0
    exposure: str = ""
    data_classes: tuple[str, ...] = ()
    context: str = ""
    environment: str = ""
    deployed: str = ""
    privileges: str = ""
    blast: int = -1
    sla_tier: str = ""
    revenue_per_hour: float | None = None
    origins: tuple[tuple[str, str], ...] = ()


def of(asset: Asset, place: str) -> Standing:
    """Return where a place of an asset stands: `path:line` of a repository, or whatever an issue has as its place."""
    standings = Standings()
    if asset.application is None:
        return Standing()
    standings.prepare([(asset.application, asset.pk)])
    return standings.of(asset.application.pk, asset.pk, place)


class Standings:
    """Answers for one piece of work. What is asked about is prepared first, all at once."""

    def __init__(self, now: datetime | None = None) -> None:
        self._now = now or timezone.now()
        self._around = Around()
        self._applications: dict[int, Application] = {}
        self._repositories: set[int] = set()
        self._prepared: set[int] = set()
        self._parts, self._declared = Parts([]), Declared()
        self._controls: dict[int, list[Covering]] = {}
        self._known: dict[tuple[int, int, tuple[int, ...]], Standing] = {}
        self._places: dict[tuple[int, str], tuple[int, ...]] = {}
        self._covered: dict[tuple[int, int, tuple[int, ...], str, int], tuple[str, ...]] = {}

    def prepare(self, wanted: Iterable[tuple[Application, int]]) -> None:
        """Load what is needed of these assets (by number) of applications: a bounded number of queries, however many there are."""
        given = list(wanted)
        fresh = {one.pk: one for one, _ in given if one.pk not in self._applications}
        if fresh:
            self._applications |= fresh
            self._controls |= in_force(list(fresh), self._now.date())
        assets = {number for _, number in given} - self._prepared
        if not assets:
            return
        self._prepared |= assets
        repositories = _repositories(assets)
        self._repositories |= {row.pk for row in repositories}
        self._parts.add(repositories)
        starts = assets | self._declared.load({row.key: row.pk for row in repositories})
        for row in repositories:
            starts.update(self._parts.all(row.pk))
        self._around.load(starts, self._applications.keys())

    def at(self, asset: int, place: str) -> tuple[int, ...]:
        """Return what of an asset a place lies in: a repository's service and manifest, else what is declared there, else nothing of it."""
        if asset not in self._repositories:
            return (asset,)
        key = (asset, place)
        if (found := self._places.get(key)) is None:
            parts = self._parts.around(asset, place) or self._declared.at(asset, place)
            found = self._places[key] = tuple(parts)
        return found

    def varies(self, asset: int, path: str) -> bool:
        """Tell whether single lines of a file stand for different things."""
        return asset in self._repositories and self._declared.holds(asset, path) and not self._parts.around(asset, path)

    def of(self, application: int, asset: int, place: str) -> Standing:
        """Return where a place stands. Equal places give one and the same object."""
        key = (application, asset, self.at(asset, place))
        if (found := self._known.get(key)) is None:
            found = self._known[key] = self._derived(self._applications[application], asset, key[2])
        return found

    def controls(self, application: int, asset: int, place: str, cwe: int) -> tuple[str, ...]:
        """Return the controls in force that cover a weakness (0 for none named) at a place: `name (until 2027-01-31)`."""
        covering = self._controls.get(application) if self._controls else None
        if not covering:
            return ()
        parts, path = self.at(asset, place), path_of(place)
        key = (application, asset, parts, path, cwe)
        if (found := self._covered.get(key)) is None:
            spot = self._spot(asset, parts, path, cwe)
            found = tuple(sorted(one.words for one in covering if one.covers(spot)))[:MOST]
            self._covered[key] = found
        return found

    def _spot(self, asset: int, parts: tuple[int, ...], path: str, cwe: int) -> Spot:
        services: set[str] = set()
        assets: set[str] = set()
        for number in {asset, *parts}:
            node = self._around.nodes.get(number)
            if node is None:
                continue
            inside = node.key.partition("//")[2]
            names = {node.key, node.name, inside, inside.rpartition("/")[2]} - {""}
            assets |= names
            if node.kind == AssetKind.SERVICE.value:
                services |= names
        return Spot(path, cwe, frozenset(services), frozenset(assets))

    @cached_property
    def _jewels(self) -> dict[int, str]:
        return named_touching()

    @cached_property
    def _looked(self) -> Looked:
        return looked()

    @cached_property
    def _inventoried(self) -> set[int]:
        return inventoried(self._looked.sources) if self._looked.sources else set()

    def _derived(self, application: Application, asset: int, parts: tuple[int, ...]) -> Standing:
        trail = Trail(self._around, parts, application.pk)
        exposure = self._exposure(application, trail)
        environment = self._environment(application, trail)
        deployed, privileges = self._deployed(application, trail), trail.privileges()
        classes, said = self._data(application, trail)
        blast = (trail if parts else Trail(self._around, (asset,), application.pk)).blast()
        origins = {
            name: _words(application.origins.get(name))
            for name in _FACTS
            if getattr(application, name) not in {0, "", None}
        }
        origins |= {
            "exposure": exposure.origin, "environment": environment.origin, "deployed": deployed.origin,
            "privileges": privileges.origin, "data_classes": said,
        }  # fmt: skip
        revenue, criticality = application.revenue_per_hour, application.criticality
        jewel = next((self._jewels[part] for part in parts or (asset,) if part in self._jewels), "")
        if jewel and not _decided(application, "criticality"):
            criticality, origins["criticality"] = Criticality.TIER_1, jewel
        return Standing(
            criticality=criticality, exposure=exposure.value, data_classes=classes, context=_context(application),
            environment=environment.value, deployed=deployed.value, privileges=privileges.value, blast=blast, sla_tier=application.sla_tier,
            revenue_per_hour=float(revenue) if revenue is not None else None,
            origins=tuple(sorted((name, origin) for name, origin in origins.items() if origin)),
        )  # fmt: skip

    def _exposure(self, application: Application, trail: Trail) -> Known:
        own = Known(application.exposure, _words(application.origins.get("exposure")))
        found = trail.exposure()
        if _decided(application, "exposure") and not found.decided:
            return own
        wider = WIDTH.get(found.value, 0) > WIDTH.get(own.value, 0)
        return _told(found) if found.value and (wider or not own.value or found.firm) else own

    def _environment(self, application: Application, trail: Trail) -> Known:
        own = Known(application.environment, _words(application.origins.get("environment")))
        found = trail.environment()
        if _decided(application, "environment") and not found.decided:
            return own
        wider = rank_of(found.value) > rank_of(own.value)
        return _told(found) if found.value and (wider or not own.value or found.firm) else own

    def _deployed(self, application: Application, trail: Trail) -> Known:
        """Return whether it runs. That it does not is said only where every place was looked at lately, and would have shown it."""
        running = trail.running()
        if running.value or not trail.is_built or application.pk not in self._inventoried:
            return running
        if not self._around.complete or not self._looked.proves(self._now):
            return NOTHING
        return Known("not_running", self._looked.words)

    def _data(self, application: Application, trail: Trail) -> tuple[tuple[str, ...], str]:
        """Return the classes of data with the words for where they are known from."""
        own = {str(name).upper() for name in application.data_classes}
        origin = _words(application.origins.get("data_classes")) if own else ""
        if _decided(application, "data_classes"):
            return tuple(sorted(own)), origin
        more = {name: place for name, place in trail.data().items() if name not in own}
        places: dict[str, list[str]] = {}
        for name, place in sorted(more.items()):
            places.setdefault(place, []).append(name)
        told = [f"{place} ({', '.join(names)})" for place, names in places.items() if place][:_MOST_PLACES]
        return tuple(sorted(own | more.keys())), ", ".join(filter(None, [origin, *told]))


def _repositories(assets: set[int]) -> list[Asset]:
    numbers = sorted(assets)
    return [
        row
        for at in range(0, len(numbers), 5000)
        for row in Asset.objects.filter(pk__in=numbers[at : at + 5000], kind=AssetKind.REPOSITORY.value).only(
            "id", "key"
        )
    ]


def _decided(application: Application, name: str) -> bool:
    return bool(application.origins.get(name) == PERSON)


def _told(known: Known) -> Known:
    return known._replace(origin=_words(known.origin))


def _words(origin: object) -> str:
    """Return an origin as people read it."""
    return DECIDED if origin == PERSON else str(origin or "")


def _context(application: Application) -> str:
    origins = sorted({str(origin) for origin in application.origins.values()})
    return ", ".join(origins)
