"""Questions about some assets: what they reach, what reaches them, by which way the internet does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import numpy as np
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from seamark.analysis.graph.answers import Node, Radius, Way
from seamark.analysis.graph.lens import Lens
from seamark.analysis.graph.nodes import described, way
from seamark.analysis.graph.places import starts_of
from seamark.analysis.graph.stored import Stored
from seamark.analysis.graph.walk import DEEPEST, MOST, nearest, reach
from seamark.core.assets import AssetKind
from seamark.core.component import package_key
from seamark.core.errors import NotFound
from seamark.store.access import Visible
from seamark.store.graph import INTERNET, Edges, tally
from seamark.store.models import Asset, Component, Sbom
from seamark.store.permissions import Permission

MOST_STARTS: Final = 2_000
PAGE: Final = 100


class Asked:
    """The graph as one person may see it, today or at a time."""

    def __init__(self, visible: Visible, at: datetime | None = None) -> None:
        self._visible, self._at = visible, at
        self._applications: frozenset[int] | None = None
        if not visible.may(Permission.GRAPH_READ):
            self._applications = frozenset(visible.applications(Permission.GRAPH_READ).values_list("id", flat=True))
        self.graph = Stored(Edges(at=at, applications=self._applications))

    def find(self, text: str) -> list[int]:
        """Return the assets that a text means: `SM-12`, a package (`log4j-core`, `pkg:npm/lodash@4.17.20`), `kind:key`, a key or a name.

        Raises `NotFound` with what is near for a text that means nothing, or assets of several kinds and names.
        """
        text = text.strip()
        number = text.upper().removeprefix("SM-")
        if text.upper().startswith("SM-") and number.isascii() and number.isdecimal() and len(number) < 19:
            issue = self._visible.issues().filter(pk=int(number)).first()
            if issue is None:
                raise NotFound(f"There is no issue {text.upper()}")
            return list(starts_of([issue])[issue.pk])
        found = self._named(text) or self._holding(text)
        if not found:
            raise NotFound(f"Nothing in the inventory is called {text!r}", hint=self._near(text))
        return found

    def radius(
        self,
        starts: Iterable[int],
        lens: Lens,
        *,
        most: int = MOST,
        deepest: int = DEEPEST,
        after: int = 0,
        limit: int = PAGE,
    ) -> Radius:
        """Return what a walk from some assets finds. A page of its nodes begins behind the first `after` ones."""
        found = reach(self.graph, starts, lens, most=most, deepest=deepest)
        begin = int(np.count_nonzero(found.before == -1))
        beyond, depths = found.nodes[begin:].tolist(), found.depths[begin:].tolist()
        whole = tally(beyond)
        page = beyond[after : after + limit]
        return Radius(
            start=described(found.nodes[:begin].tolist()[:limit]), total=len(beyond), complete=found.complete,
            kinds=whole.kinds, applications=whole.applications, data_classes=whole.data_classes, exposed=whole.exposed,
            nodes=described(page, dict(zip(beyond, depths, strict=True))),
        )  # fmt: skip

    def path(self, starts: Iterable[int], goals: Collection[int], lens: Lens = Lens.IMPACT) -> Way:
        """Return a shortest way from some assets to the nearest of others, with the proof of each step."""
        return way(nearest(self.graph, starts, goals, lens), lens, self._at)

    def to_kind(self, starts: Iterable[int], kinds: Collection[AssetKind], lens: Lens = Lens.IMPACT) -> Way:
        """Return a shortest way from some assets to the nearest one of these kinds."""
        found = reach(self.graph, starts, lens)
        wanted = self._first(found.nodes.tolist(), Q(kind__in=[kind.value for kind in kinds]))
        return way(found.path(wanted), lens, self._at) if wanted is not None else Way()

    def exposure(self, starts: Iterable[int]) -> Way:
        """Return a shortest way from the internet to the nearest of some assets; empty where none is known.

        It begins at a domain where one leads there, else at what else answers from the internet, the asset itself at last.
        """
        found = reach(self.graph, starts, Lens.APPROACH)
        nodes = found.nodes.tolist()
        entries = (Q(kind=AssetKind.DOMAIN.value), Q(kind__in=_ENTRIES), Q())
        wanted = next(
            (hit for each in entries if (hit := self._first(nodes, each & Q(exposure=INTERNET))) is not None), None
        )
        return way(found.path(wanted)[::-1], Lens.ACCESS, self._at) if wanted is not None else Way()

    def code_to_cloud(self, starts: Iterable[int]) -> list[Node]:
        """Return the line from code to data: of each kind on it the nearest asset, in the order of the line.

        What the internet reaches comes before what it does not: that is where the line leads when it matters.
        """
        found = reach(self.graph, starts, Lens.IMPACT)
        depths = dict(zip(found.nodes.tolist(), found.depths.tolist(), strict=True))
        best: dict[str, tuple[bool, int, int]] = {}
        kinds = [kind.value for kind in LINE]
        nodes = found.nodes.tolist()
        for at in range(0, len(nodes), 5000):
            rows = Asset.objects.filter(pk__in=nodes[at : at + 5000], kind__in=kinds)
            for number, kind, exposure in rows.values_list("id", "kind", "exposure"):
                rank = (exposure != INTERNET, depths[number], number)
                best[kind] = min(best.get(kind, rank), rank)
        return described([best[kind][2] for kind in kinds if kind in best], depths)

    def _first(self, numbers: list[int], condition: Q) -> int | None:
        """Return the first of these assets that fits."""
        for at in range(0, len(numbers), 2000):
            piece = numbers[at : at + 2000]
            hits = set(Asset.objects.filter(condition, pk__in=piece).values_list("id", flat=True))
            if hits:
                return next(number for number in piece if number in hits)
        return None

    def _shown(self) -> QuerySet[Asset]:
        if self._applications is None:
            return Asset.objects.all()
        return Asset.objects.filter(
            Q(application__in=self._applications) | Q(application=None, kind=AssetKind.DATA_CLASS.value)
        )

    def _named(self, text: str) -> list[int]:
        kind, colon, key = text.partition(":")
        rows = self._shown()
        if colon and kind in set(AssetKind):
            rows, text = rows.filter(kind=kind), key
        for condition in (Q(key=text), Q(name__iexact=text), Q(key__endswith=f"/{text}") | Q(key__endswith=f"#{text}")):
            found = list(rows.filter(condition).order_by("gone_at", "id")[:20])
            if len({(each.kind, each.key) for each in found}) > 1 and not (colon and kind in set(AssetKind)):
                # A service and the image that is built from it often share a name: the one that is nearest to code.
                order = {kind.value: at for at, kind in enumerate(LINE)}
                found.sort(key=lambda each: order.get(each.kind, len(order)))
                found = [each for each in found if each.kind == found[0].kind]
            if len(found) > 1:
                names = ", ".join(f"{each.kind}:{each.key}" for each in found[:5])
                raise NotFound(f"{text!r} may mean several assets", hint=f"write one of: {names}")
            if found:
                return [found[0].pk]
        return []

    def _holding(self, text: str) -> list[int]:
        """Return the assets whose inventory holds a package."""
        if text.startswith("pkg:"):
            package, version = package_key(text.partition("?")[0]), "@" in text.rpartition("/")[2]
            components = Component.objects.filter(purl=text) if version else Component.objects.filter(package=package)
        else:
            components = Component.objects.filter(Q(name=text) | Q(package__endswith=f"/{text}"))
        numbers = list(components.values_list("id", flat=True)[:1000])
        if not numbers:
            return []
        boms = Sbom.objects.filter(entries__component__in=numbers, asset__in=self._shown().values("id"))
        if self._at is None:
            boms = boms.filter(replaced_at=None)
        else:
            boms = boms.filter(Q(created_at__lte=self._at) & (Q(replaced_at=None) | Q(replaced_at__gt=self._at)))
        return sorted(set(boms.values_list("asset", flat=True)[:MOST_STARTS]))

    def _near(self, text: str) -> str:
        last = text.rpartition("/")[2][:40]
        if len(last) < 3:
            return ""
        rows = (
            self._shown()
            .filter(Q(name__icontains=last) | Q(key__icontains=last))
            .order_by(Coalesce(F("name"), F("key")))[:3]
        )
        names = ", ".join(f"{row.kind}:{row.key}" for row in rows)
        return f"near are {names}" if names else ""


_ENTRIES: Final = (AssetKind.WORKLOAD.value, AssetKind.CLOUD_RESOURCE.value)
LINE: Final = (
    AssetKind.REPOSITORY, AssetKind.MANIFEST, AssetKind.SERVICE, AssetKind.PIPELINE, AssetKind.IMAGE, AssetKind.WORKLOAD, AssetKind.CLUSTER,
    AssetKind.DOMAIN, AssetKind.DATA_STORE, AssetKind.DATA_CLASS,
)  # fmt: skip
"""From code to cloud to data."""
