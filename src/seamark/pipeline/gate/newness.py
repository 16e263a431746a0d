"""Which findings a change brings: by their identity, against what was known before; never by counting. Knows no database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from seamark.analysis.correlation.signals import hash64, place_text, signals
from seamark.analysis.correlation.tracking import track
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.discovery.changed import Changes, is_clean
from seamark.intake.discovery.lines import LineMap, line_map
from seamark.pipeline.gate.baseline import Baseline, Known, Stream, content_of
from seamark.pipeline.gather import Gathered

OLD: Final = False
NEW: Final = True

Moved = Callable[[str, int], tuple[str, int] | None]
"""Where a line of the old state is now; None where it is gone."""


class Standing(NamedTuple):
    """Whether each finding is new (None where that cannot be told), and since when each old one is known."""

    new: list[bool | None]
    since: list[str]


def against(baseline: Baseline, reports: Gathered, findings: Sequence[Finding], moved: Moved | None = None) -> Standing:
    """Compare findings with a baseline, stream by stream. What a tool did not look for before is not known to be new."""
    standing = Standing([None] * len(findings), [""] * len(findings))
    mine: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, told in enumerate(reports.told):
        run = reports.runs[told.run]
        mine[run.tool, run.configuration].append(number)
    for key, numbers in mine.items():
        stream = baseline.streams.get(key)
        if stream is not None:
            _compare(stream, numbers, findings, moved, standing)
    return standing


def _compare(
    stream: Stream, numbers: list[int], findings: Sequence[Finding], moved: Moved | None, standing: Standing
) -> None:
    for number, before in _recognised(stream.findings, [findings[number] for number in numbers], moved).items():
        standing.new[numbers[number]] = OLD
        standing.since[numbers[number]] = before.since
    for number in numbers:
        asked = stream.ruleset is None or findings[number].rule in stream.ruleset
        if standing.new[number] is None and stream.whole and asked:
            standing.new[number] = NEW


def _recognised(before: Sequence[Known], after: Sequence[Finding], moved: Moved | None) -> dict[int, Known]:
    """Return the known finding behind each that was there, by position."""
    waiting: dict[int, list[int]] = defaultdict(list)
    for at, known in enumerate(before):
        waiting[known.content].append(at)
    for places in waiting.values():
        places.reverse()
    equal = []  # to the letter
    for at, one in enumerate(after):
        if there := waiting.get(content_of(one)):
            equal.append((there.pop(), at))
    gone, come = {a for a, _ in equal}, {b for _, b in equal}
    left = [at for at in range(len(before)) if at not in gone]
    right = [at for at in range(len(after)) if at not in come]
    files = {before[at].place for at in left} | {place_text(after[at]) for at in right}
    near = [pair for pair in equal if before[pair[0]].place in files]
    olds, news = [*left, *(a for a, _ in near)], [*right, *(b for _, b in near)]
    lines = None
    if moved is not None:
        lines = (
            [_then(before[at], moved) for at in olds],
            [_now(after[at]) for at in news],
        )
    matches = track(
        [before[at].signs for at in left], [signals(after[at]) for at in right], [before[a].signs for a, _ in near], lines,
    )  # fmt: skip
    # What is equal to the letter is the same, unless another turned out to be its counterpart.
    found = {b: before[a] for a, b in equal}
    for old in matches.old_left:
        if old >= len(left):
            found.pop(near[old - len(left)][1], None)
    for old, new, _pass in matches.pairs:
        found[news[new]] = before[olds[old]]
    taken = {news[new] for new in matches.new_left}
    return {at: known for at, known in found.items() if at not in taken}


def _then(known: Known, moved: Moved) -> int:
    there = moved(known.place, known.line) if known.line else None
    return hash64(f"{known.rule}\0{there[0]}\0{there[1]}\0{known.signs.column}") if there is not None else 0


def _now(finding: Finding) -> int:
    place = finding.location
    if type(place) is not CodeLocation or not place.line:
        return 0
    return hash64(f"{finding.rule}\0{place.path}\0{place.line}\0{place.column or 0}")


def history(source: Path | None, before: str, after: str, places: Sequence[str]) -> Moved | None:
    """Return where the lines of an old commit are now, by git; None where it cannot say, or the tree is not what was committed."""
    if source is None or not before or not after or not is_clean(source):
        return None
    found: LineMap | None = line_map(source, before, after, places)
    return found.now if found is not None else None


def by_change(
    changes: Changes, findings: Sequence[Finding], wanted: Sequence[int], code: Callable[[str, int, int | None], str]
) -> dict[int, bool]:
    """Return which of some findings stand on lines that a change brings.

    Lines that it only moved, or indented otherwise, are none: so often as the change took one away it may bring it elsewhere. Of
    what stands on no line of a file, only that is told which lies in a file that nobody touched. `code` reads the tree.
    """
    found: dict[int, bool] = {}
    moved: Counter[tuple[str, str]] = Counter()
    for number in sorted(wanted, key=lambda at: (place_text(findings[at]), _line(findings[at]), findings[at].rule)):
        place = findings[number].location
        if type(place) is not CodeLocation or not place.path:
            continue
        if not changes.touches(place.path):
            found[number] = OLD
        elif place.line is not None:
            found[number] = _brought(changes, findings[number].rule, place, moved, code)
    return found


def _line(finding: Finding) -> int:
    place = finding.location
    return place.line or 0 if type(place) is CodeLocation else 0


def _brought(
    changes: Changes, rule: str, place: CodeLocation, moved: Counter[tuple[str, str]], code: Callable[[str, int, int | None], str]
) -> bool:  # fmt: skip
    line = place.line or 1
    if not changes.brings(place.path, line, place.end_line):
        return OLD
    texts = changes.brought(place.path, line, place.end_line)
    if not texts:
        # A file that git does not know yet has no lines in the patch.
        texts = ["".join(text.split()) for text in code(place.path, line, place.end_line).splitlines() if text.strip()]
    if not texts or any(moved[rule, text] >= changes.removed[text] for text in texts):
        return NEW
    moved.update((rule, text) for text in texts)
    return OLD
