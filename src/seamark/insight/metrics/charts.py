"""Drawings as numbers: where the lines and bars of a chart go, for SVG on a page and in a file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from seamark.insight.metrics.measures import Point

WIDTH: Final = 640
HEIGHT: Final = 180
_PAD: Final = 6


class Bar(Struct, frozen=True, kw_only=True):
    """An upright bar."""

    x: float
    y: float
    width: float
    height: float
    words: str


class Chart(Struct, frozen=True, kw_only=True):
    """Open risk as a line over an area, what came and went as pairs of bars."""

    line: str
    area: str
    urgent: str
    arrived: list[Bar]
    burned: list[Bar]
    most_risk: float
    """At the top of the line's scale, 0 to 100 an issue."""
    most_issues: int
    """At the top of the bars' scale."""
    width: int = WIDTH
    height: int = HEIGHT


def chart(points: Sequence[Point]) -> Chart | None:
    """Return the drawing of a trend; None where there are less than two points."""
    if len(points) < 2:
        return None
    most_risk = max(1, *(one.risk for one in points))
    most_urgent = max(1, *(one.open for one in points))
    line = _line([one.risk / most_risk for one in points])
    most = max(1, *(max(one.arrived, one.burned) for one in points))
    step = WIDTH / (len(points) - 1)
    wide = step * 0.4
    bars: tuple[list[Bar], list[Bar]] = ([], [])
    for at, one in enumerate(points[1:]):
        for place, (found, number) in enumerate(zip(bars, (one.arrived, one.burned), strict=True)):
            if not number:
                continue
            tall = number / most * (HEIGHT - _PAD)
            found.append(
                Bar(
                    x=round(at * step + step * 0.1 + place * wide, 2), y=round(HEIGHT - tall, 2), width=round(wide, 2),
                    height=round(tall, 2), words=f"{one.last:%Y-%m-%d}: {number:,}",
                )
            )  # fmt: skip
    return Chart(
        line=line, area=f"0,{HEIGHT} {line} {WIDTH},{HEIGHT}", urgent=_line([one.urgent / most_urgent for one in points]),
        arrived=bars[0], burned=bars[1], most_risk=most_risk / 10, most_issues=most,
    )  # fmt: skip


def _line(shares: Sequence[float]) -> str:
    step = WIDTH / (len(shares) - 1)
    return " ".join(f"{at * step:.1f},{HEIGHT - share * (HEIGHT - _PAD):.1f}" for at, share in enumerate(shares))
