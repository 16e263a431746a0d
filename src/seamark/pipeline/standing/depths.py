"""How deep packages lie, by the inventories that are kept: 1 is asked for by name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from seamark.store import writer
from seamark.store.models import Sbom, SbomComponent

DEEPEST: Final = 8
"""Steps that are looked up; what lies deeper counts as this deep."""
_PIECE: Final = 5_000


class Depths:
    """Looks up whole batches, and remembers."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, str], int] = {}

    def of(self, asset: int, component: str) -> int:
        """Return how deep a package version (`name version`) lies in an asset's inventory, 0 for not known."""
        return self._known.get((asset, component), 0)

    def load(self, wanted: Iterable[tuple[int, str]]) -> None:
        """Look up packages of assets: manifests, repositories, images."""
        fresh = set(wanted) - self._known.keys()
        if not fresh:
            return
        self._known.update(dict.fromkeys(fresh, 0))
        assets = sorted({asset for asset, _ in fresh})
        boms: dict[int, int] = {}
        for at in range(0, len(assets), _PIECE):
            rows = Sbom.objects.filter(asset__in=assets[at : at + _PIECE], replaced_at=None)
            boms |= dict(rows.values_list("id", "asset"))
        if boms:
            self._look(fresh, boms)

    def _look(self, fresh: set[tuple[int, str]], boms: dict[int, int]) -> None:
        numbers = sorted(boms)
        names = sorted({component.rpartition(" ")[0] or component for _, component in fresh})
        deep: dict[tuple[int, str], set[tuple[int, str]]] = defaultdict(set)
        columns = ("sbom", "ref", "direct", "component__name", "component__version")
        for at in range(0, len(names), _PIECE):
            rows = SbomComponent.objects.filter(sbom__in=numbers, component__name__in=names[at : at + _PIECE])
            for bom, ref, direct, name, version in rows.values_list(*columns):
                key = (boms[bom], f"{name} {version}".strip()[:500])
                if key not in fresh:
                    continue
                if direct:
                    self._known[key] = 1
                elif ref:
                    deep[key].add((bom, ref))
                if direct is False:
                    self._known[key] = self._known[key] or 2
        above = _Above({place for key, places in deep.items() if self._known[key] != 1 for place in places})
        for key, places in deep.items():
            if self._known[key] != 1 and (found := above.depth(places)):
                self._known[key] = found


class _Above:
    """What asks for some packages, step by step up to what is asked for by name."""

    def __init__(self, places: set[tuple[int, str]]) -> None:
        self._parents: dict[tuple[int, str], set[tuple[int, str]]] = defaultdict(set)
        self._direct: set[tuple[int, str]] = set()
        seen, frontier = set(places), set(places)
        for _ in range(DEEPEST):
            if not frontier:
                break
            found: set[tuple[int, str]] = set()
            by_bom: dict[int, set[str]] = defaultdict(set)
            for bom, ref in frontier:
                by_bom[bom].add(ref)
            for bom, source, target in _edges(by_bom):
                self._parents[bom, target].add((bom, source))
                found.add((bom, source))
            frontier = found - seen
            seen |= frontier
        self._name(seen)

    def _name(self, seen: set[tuple[int, str]]) -> None:
        boms, refs = sorted({bom for bom, _ in seen}), sorted({ref for _, ref in seen if ref})
        for at in range(0, len(refs), _PIECE):
            rows = SbomComponent.objects.filter(sbom__in=boms, ref__in=refs[at : at + _PIECE], direct=True)
            self._direct.update(rows.values_list("sbom", "ref"))
        # What the document itself asks for stands at the empty reference.
        self._direct |= {place for place, parents in self._parents.items() if any(not ref for _, ref in parents)}

    def depth(self, places: set[tuple[int, str]]) -> int:
        """Return the fewest steps from what is asked for by name, 0 where no way is known."""
        seen, frontier = set(places), set(places)
        for depth in range(1, DEEPEST + 1):
            if not self._direct.isdisjoint(frontier):
                return depth
            frontier = {one for place in frontier for one in self._parents.get(place, ())} - seen
            seen |= frontier
            if not frontier:
                return 0
        return DEEPEST


def _edges(by_bom: dict[int, set[str]]) -> list[tuple[int, str, str]]:
    """Return the edges that end at these references of these inventories."""
    boms = sorted(by_bom)
    targets = sorted(set().union(*by_bom.values()))
    own = ", ".join(str(number) for number in boms)
    sql = f"SELECT sbom_id, source, target FROM store_sbomedge WHERE sbom_id IN ({own}) AND target {{values}}"  # noqa: S608 - numbers
    return [
        (bom, source, target) for bom, source, target in writer.select_in(sql, targets) if target in by_bom.get(bom, ())
    ]
