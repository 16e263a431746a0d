"""A graph of assets by seed, written straight into the tables: packages of very different fame, manifests, services, images, workloads.

Loaded where Django is.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from seamark.core.assets import AssetKind, RelationKind

Numbers = NDArray[np.int64]

SHARES: Final = {
    AssetKind.PACKAGE: 0.58, AssetKind.ENDPOINT: 0.14, AssetKind.MANIFEST: 0.07, AssetKind.SERVICE: 0.05, AssetKind.IMAGE: 0.06,
    AssetKind.WORKLOAD: 0.07, AssetKind.DATA_STORE: 0.02, AssetKind.DOMAIN: 0.0099, AssetKind.DATA_CLASS: 0.0001,
}  # fmt: skip
_EDGES: Final = (
    (RelationKind.DEPENDS_ON, AssetKind.MANIFEST, AssetKind.PACKAGE, 0.40), (RelationKind.DEPENDS_ON, AssetKind.PACKAGE, AssetKind.PACKAGE, 0.36),
    (RelationKind.CONTAINS, AssetKind.SERVICE, AssetKind.MANIFEST, 0.02), (RelationKind.SERVES, AssetKind.SERVICE, AssetKind.ENDPOINT, 0.05),
    (RelationKind.BUILT_FROM, AssetKind.IMAGE, AssetKind.SERVICE, 0.02), (RelationKind.BASED_ON, AssetKind.IMAGE, AssetKind.IMAGE, 0.02),
    (RelationKind.RUNS, AssetKind.WORKLOAD, AssetKind.IMAGE, 0.04), (RelationKind.EXPOSES, AssetKind.DOMAIN, AssetKind.WORKLOAD, 0.02),
    (RelationKind.READS, AssetKind.SERVICE, AssetKind.DATA_STORE, 0.03), (RelationKind.CALLS, AssetKind.SERVICE, AssetKind.SERVICE, 0.02),
    (RelationKind.HANDLES, AssetKind.DATA_STORE, AssetKind.DATA_CLASS, 0.02),
)  # fmt: skip


def nodes(count: int) -> dict[AssetKind, Numbers]:
    """Return the numbers of the nodes by kind, from 1."""
    found, first = {}, 1
    for kind, share in SHARES.items():
        many = max(1, round(count * share))
        found[kind] = np.arange(first, first + many)
        first += many
    return found


def edges(count: int, seed: int = 5) -> list[tuple[RelationKind, Numbers, Numbers]]:
    """Return five times as many edges as nodes, by kind: sources and targets. A few packages are used by very many."""
    random = np.random.default_rng(seed)
    there = nodes(count)
    found = []
    for kind, source, target, share in _EDGES:
        many = round(count * 5 * share)
        starts = random.integers(0, len(there[source]), many)
        if kind is RelationKind.DEPENDS_ON and source is AssetKind.PACKAGE:
            # Packages stand on older ones, and on their like.
            ends = (starts * random.random(many) ** 2).astype(np.int64)
        elif kind in {RelationKind.DEPENDS_ON, RelationKind.BASED_ON}:
            ends = (len(there[target]) * random.random(many) ** 3).astype(np.int64)
        else:
            ends = random.integers(0, len(there[target]), many)
        pairs = np.unique(np.stack((there[source][starts], there[target][ends])), axis=1)
        pairs = pairs[:, pairs[0] != pairs[1]]
        found.append((kind, pairs[0], pairs[1]))
    return found


def fill(count: int) -> int:
    """Write the graph; return how many relations it has."""
    from django.db import transaction

    from seamark.store import writer
    from seamark.store.models import Asset, Relation

    now = datetime(2026, 5, 1, tzinfo=UTC)
    written = 0
    with transaction.atomic():
        for kind, numbers in nodes(count).items():
            names = ["id", "kind", "key", "name", "default_ref", "attributes", "exposure", "environment", "first_seen"]
            exposure = "internet" if kind is AssetKind.DOMAIN else ""
            rows = (
                (n, kind.value, f"{kind.value}-{n}", f"{kind.value}-{n}", "", "{}", exposure, "", now)
                for n in numbers.tolist()
            )
            writer.insert(Asset, names, rows)
        for kind, sources, targets in edges(count):
            names = ["id", "kind", "source", "target", "origin", "said_in", "at", "confidence", "since"]
            pairs = zip(sources.tolist(), targets.tolist(), strict=True)
            first = written + 1
            writer.insert(
                Relation,
                names,
                ((n, kind.value, s, t, "made", "", "", 1.0, now) for n, (s, t) in enumerate(pairs, start=first)),
            )
            written += len(sources)
    return written
