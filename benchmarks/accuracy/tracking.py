"""How findings keep their identity over seeded edits: the figures of `python -m benchmarks.drift` that may only get better."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.drift import synthetic
from benchmarks.drift.__main__ import by_seed
from benchmarks.drift.score import Score

OURS = "Seamark, equal findings as neighbours"
CHECKOUT = "Seamark, with a checkout at hand"
BY_LINE = "rule + file + line"


def measure() -> Iterator[tuple[str, Score, Score]]:
    """Yield name, our score and that of identity by file and line, for any mixture of edits and for harmless ones alone."""
    for code in (True, False):
        told = "with code" if code else "without code"
        scores = by_seed(synthetic.EDITS, code=code)
        yield f"tracking, any edits, {told}", scores[OURS], scores[BY_LINE]
        yield f"tracking, any edits, {told}, checkout at hand", scores[CHECKOUT], scores[BY_LINE]
        for name, edit in synthetic.ALONE.items():
            scores = by_seed({name: edit}, code=code, steps=30, most=1)
            yield f"tracking, {name} alone, {told}", scores[OURS], scores[BY_LINE]
