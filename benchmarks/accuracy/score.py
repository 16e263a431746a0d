"""Pairwise precision and recall of what the matcher merges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.accuracy.labelled import Labelled
from seamark.analysis.correlation.matching import match


class Score(NamedTuple):
    """How often pairs of findings were rightly taken for one issue."""

    findings: int
    pairs: int
    precision: float
    recall: float
    suggested: int
    """Suggested pairs of findings."""
    rightly: float
    """Share of the suggestions that are one issue in truth."""


def score(rows: Sequence[Labelled]) -> Score:
    """Return how well the matcher does on labelled findings."""
    outcome = match([row.sighting for row in rows])
    cluster = {at: number for number, members in enumerate(outcome.clusters) for at in members}
    merged = Counter(cluster.values())
    both = Counter((number, rows[at].truth) for at, number in cluster.items())
    true = Counter(row.truth for row in rows)
    right, said, pairs = _pairs(both.values()), _pairs(merged.values()), _pairs(true.values())
    good = sum(rows[link.left].truth == rows[link.right].truth for link in outcome.suggestions)
    count = len(outcome.suggestions)
    return Score(
        len(rows), pairs, round(right / said if said else 1.0, 4), round(right / pairs if pairs else 1.0, 4),
        count, round(good / count if count else 1.0, 4),
    )  # fmt: skip


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)
