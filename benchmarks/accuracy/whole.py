"""The labelled reports through `seamark correlate`, as a user sends them: reading, paths, aliases and matching together."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.accuracy import labelled
from benchmarks.accuracy.score import Score
from seamark.core.location import CodeLocation
from seamark.pipeline.correlate import correlate
from seamark.pipeline.gather import Gathered


def whole(folder: Path) -> Score:
    """Return how well the command does on the reports of the OWASP Benchmark for Python that it reads."""
    truth = labelled.truth_of(folder)
    gathered = Gathered()
    for name, file in labelled.REPORTS.items():
        gathered.read(folder / "python_results" / file, name)
    labels: dict[tuple[str, int], str] = {}
    for told in gathered.told:
        place = told.finding.location
        case = labelled.case_of(place.path) if isinstance(place, CodeLocation) else ""
        line = (place.line or 0) if isinstance(place, CodeLocation) else 0
        if case and (category := truth.get((told.report, case, told.finding.rule, line))):
            labels[told.report, told.number] = f"{case} {category}"
    found = correlate(gathered)
    merged = [
        Counter(labels[one.report, one.index] for one in issue.findings if (one.report, one.index) in labels)
        for issue in found.issues
    ]
    right = sum(_pairs(count) for sizes in merged for count in sizes.values())
    said = sum(_pairs(sizes.total()) for sizes in merged)
    pairs = sum(_pairs(count) for count in Counter(labels.values()).values())
    return Score(
        len(labels), pairs, round(right / said if said else 1.0, 4), round(right / pairs if pairs else 1.0, 4), 0, 1.0
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
