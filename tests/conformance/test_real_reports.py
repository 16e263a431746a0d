"""What the established tools do wrong with real reports, tried on every real report that one of our formats recognises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from seamark.analysis.correlation.signals import signals
from seamark.analysis.correlation.tracking import track
from seamark.core.errors import UnreadableReport
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.core.report import Run
from seamark.intake.parsers.kit.read import ParserBug, open_report
from seamark.pipeline.compare import State, compare

pytestmark = pytest.mark.corpus
LARGEST = 20 * 1024 * 1024
SHIFT = 7


def reports(corpus: Path) -> Iterator[Path]:
    for part in ("peer/reports", "sarif", "realscan", "benchmark/python_results"):
        for path in sorted((corpus / part).rglob("*")):
            if path.is_file() and 0 < path.stat().st_size < LARGEST:
                yield path


@pytest.fixture(scope="module")
def readable(corpus: Path) -> dict[Path, list[list[Finding]]]:
    """Return the findings of every report that is recognised, by run."""
    found: dict[Path, list[list[Finding]]] = {}
    bugs = []
    for path in reports(corpus):
        runs: list[list[Finding]] = []
        try:
            for item in open_report(path).items():
                if isinstance(item, Run):
                    runs.append([])
                elif isinstance(item, Finding):
                    runs[-1].append(item)
        except ParserBug as error:
            bugs.append(f"{path.relative_to(corpus)}: {error}")
        except UnreadableReport:
            continue
        else:
            found[path] = runs
    assert not bugs
    return found


def test_many_reports_are_read(readable: dict[Path, list[list[Finding]]]) -> None:
    assert len(readable) >= 350
    assert sum(len(run) for runs in readable.values() for run in runs) >= 20_000


def test_the_same_report_again_changes_nothing(corpus: Path, readable: dict[Path, list[list[Finding]]]) -> None:
    wrong = []
    for path in readable:
        before, after = State(), State()
        before.read(str(path))
        after.read(str(path))
        difference = compare(before, after)
        if difference.new or difference.fixed or difference.moved or difference.unproved:
            wrong.append(str(path.relative_to(corpus)))
    assert not wrong


def shifted(finding: Finding) -> Finding:
    """Return a finding as a tool reports it once seven lines were put in at the top of every file."""
    place = finding.location
    if not isinstance(place, CodeLocation) or place.line is None:
        return finding
    end = None if place.end_line is None else place.end_line + SHIFT
    first = None if place.snippet_line is None else place.snippet_line + SHIFT
    return replace(finding, location=replace(place, line=place.line + SHIFT, end_line=end, snippet_line=first))


def test_seven_lines_at_the_top_close_and_open_nothing(corpus: Path, readable: dict[Path, list[list[Finding]]]) -> None:
    """The established platform closes and recreates nearly all findings of 14 of 24 code, secret and IaC scanners."""
    lost: Counter[str] = Counter()
    tried = 0
    for path, runs in readable.items():
        for run in runs:
            placed = [one for one in run if isinstance(one.location, CodeLocation) and one.location.line]
            tried += len(placed)
            old, new = [signals(one) for one in placed], [signals(shifted(one)) for one in placed]
            equal = set(old) & set(new)
            matches = track(
                [s for s in old if s not in equal], [s for s in new if s not in equal], [s for s in old if s in equal]
            )
            fresh = [s for s in new if s not in equal]
            # What a report says several times of one line cannot be told apart by anybody.
            told = Counter(fresh)
            if gone := sum(at < len(fresh) and told[fresh[at]] == 1 for at in matches.new_left):
                lost[str(path.relative_to(corpus))] += gone
    assert tried >= 10_000
    assert lost.total() * 10_000 <= tried, lost.most_common(20)
