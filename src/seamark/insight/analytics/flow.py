"""The way that data takes through code, on the lines of code that the reports hold: which step is where, and in which order.

Everything comes from findings as their reports told them. Lines that no report shows are not made up: the gaps are said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from seamark.core.finding import FlowStep
from seamark.core.location import CodeLocation

MOST_FILES: Final = 12
MOST_LINES: Final = 300
"""Lines shown of one flow; the first ones count."""


class Line(Struct, frozen=True, kw_only=True):
    """A line of code with the numbers of the steps that are on it."""

    number: int
    text: str
    steps: tuple[int, ...] = ()
    after_gap: bool = False
    """Lines between it and the one above are not known."""


class Stretch(Struct, frozen=True, kw_only=True):
    """What is known of one file along the way."""

    path: str
    lines: list[Line]


class Step(Struct, frozen=True, kw_only=True):
    """One step in words. `shown` tells whether its line is among the lines of code."""

    number: int
    path: str
    line: int | None
    message: str
    role: str
    """`source` for the first step, `sink` for the last one, empty between them."""
    snippet: str
    shown: bool


class Flow(Struct, frozen=True, kw_only=True):
    """One tool's account of the way."""

    tool: str
    steps: list[Step]
    stretches: list[Stretch]
    more: bool = False
    """There are more files or lines than are shown."""


def flow_of(tool: str, steps: Sequence[FlowStep], snippets: Iterable[CodeLocation] = ()) -> Flow:
    """Return a flow on its code. `snippets` are places whose code is known besides, such as those of the findings themselves."""
    texts: dict[tuple[str, int], str] = {}
    for place in (*(step.location for step in steps), *snippets):
        for number, text in _lines(place):
            # Tools cut the line of a step short more often than the code of a finding.
            texts[place.path, number] = max(texts.get((place.path, number), ""), text, key=len)
    order = list(dict.fromkeys(step.location.path for step in steps))
    on: dict[tuple[str, int], list[int]] = {}
    for at, step in enumerate(steps, start=1):
        if step.location.line is not None:
            on.setdefault((step.location.path, step.location.line), []).append(at)
    stretches, left = [], MOST_LINES
    for path in order[:MOST_FILES]:
        numbers = sorted(number for one, number in texts if one == path)
        lines = _marked(path, numbers[:left], texts, on)
        left -= len(lines)
        if any(line.steps for line in lines):
            stretches.append(Stretch(path=path, lines=lines))
    shown = {(stretch.path, line.number) for stretch in stretches for line in stretch.lines}
    return Flow(
        tool=tool, steps=[_step(at, len(steps), step, shown) for at, step in enumerate(steps, start=1)], stretches=stretches,
        more=len(order) > MOST_FILES or left <= 0,
    )  # fmt: skip


def _lines(place: CodeLocation) -> Iterable[tuple[int, str]]:
    first = place.snippet_line or place.line
    return enumerate(place.snippet.rstrip("\n").splitlines(), start=first) if first is not None else ()


def _marked(
    path: str, numbers: Sequence[int], texts: dict[tuple[str, int], str], on: dict[tuple[str, int], list[int]]
) -> list[Line]:
    found, before = [], None
    for number in numbers:
        gap = before is not None and number != before + 1
        steps = tuple(on.get((path, number), ()))
        found.append(Line(number=number, text=texts[path, number], steps=steps, after_gap=gap))
        before = number
    return found


def _step(at: int, last: int, step: FlowStep, shown: set[tuple[str, int]]) -> Step:
    place = step.location
    known = place.line is not None and (place.path, place.line) in shown
    return Step(
        number=at, path=place.path, line=place.line, message=step.message, snippet="" if known else place.snippet, shown=known,
        role="" if last == 1 else "source" if at == 1 else "sink" if at == last else "",
    )  # fmt: skip
