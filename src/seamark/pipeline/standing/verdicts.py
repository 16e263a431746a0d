"""Verdicts of analyses of source code on the reach of packages, by asset, package and flaw."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from seamark.core.kind import Reach
from seamark.store import writer
from seamark.store.models import Reachability

LOUDEST: Final = (Reach.RUNTIME, Reach.STATIC, Reach.POTENTIAL, Reach.UNREACHABLE)
"""Verdicts, the most alarming first: one that says reachable counts before one that says not."""
_ALIKE: Final = re.compile(r"[-_.]+")


class Verdict(NamedTuple):
    """What counts of an issue's package, with who says so and the place that shows it."""

    reach: Reach
    origin: str
    confidence: float


def named(package: str) -> str:
    """Return a package's name so that spellings of registries meet: lower case, `group/artifact`, one dash for `_` and `.`."""
    return _ALIKE.sub("-", package.strip().lower().replace(":", "/"))[:300]


class Verdicts:
    """Loads the verdicts on assets at once, and answers for single issues."""

    def __init__(self) -> None:
        self._loaded: set[int] = set()
        self._rows: dict[tuple[int, str], list[tuple[int, Verdict]]] = defaultdict(list)

    def load(self, assets: Iterable[int]) -> None:
        """Load the verdicts on assets; flaws are told apart by the group that their name belongs to."""
        fresh = sorted(set(assets) - self._loaded)
        self._loaded.update(fresh)
        rows = [
            row
            for at in range(0, len(fresh), 5000)
            for row in Reachability.objects.filter(asset__in=fresh[at : at + 5000]).order_by("id")
        ]
        names = sorted({row.vulnerability for row in rows if row.vulnerability})
        groups = dict(writer.select_in("SELECT name, group_id FROM store_vulnerabilityname WHERE name {values}", names))
        for row in rows:
            group = groups.get(row.vulnerability, -1) if row.vulnerability else 0
            place = f": {row.evidence[0][0]}:{row.evidence[0][1]}" if row.evidence else ""
            verdict = Verdict(Reach(row.state), f"{row.source}{place}", row.confidence)
            self._rows[row.asset_id, row.package].append((group, verdict))

    def of(self, asset: int, component: str, flaw: int) -> Verdict | None:
        """Return the most alarming verdict on a package (with its version) and a flaw's group; None where nobody gave one.

        One on the flaw itself counts before one on the whole package.
        """
        if not self._rows or not component:
            return None
        told = self._rows.get((asset, named(component.rpartition(" ")[0] or component)), [])
        chosen = [verdict for group, verdict in told if group == flaw and flaw] or [
            verdict for group, verdict in told if not group
        ]
        return min(chosen, key=lambda one: LOUDEST.index(one.reach), default=None)
