"""Draws the curves of a back-test as SVG: effort on a logarithmic scale to the right, coverage upwards."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from seamark.analysis.risk.backtest import BackTest

_WIDTH, _HEIGHT = 720, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 150, 48, 56
_COLOURS = ("#0b5fff", "#d1495b", "#6b7280", "#b7791f")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
"""So that the lines are told apart without colours, too."""
_LEAST = 0.001
_TICKS = ((0.001, "0.1 %"), (0.01, "1 %"), (0.05, "5 %"), (0.1, "10 %"), (0.2, "20 %"), (0.5, "50 %"), (1.0, "100 %"))


def draw(test: BackTest) -> str:
    """Return the picture."""
    words = f"Back-test of {test.as_of}: {test.flaws:,} flaws, {test.positives} exploited later"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12" role="img">',
        f"<title>{escape(words)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 26, words, size=14),
        *_grid(),
    ]
    for number, (name, points) in enumerate(test.curves.items()):
        colour, dash = _COLOURS[number % len(_COLOURS)], _DASHES[number % len(_DASHES)]
        path = " ".join(f"{_x(effort):.1f},{_y(coverage):.1f}" for effort, coverage in points)
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        stroke = f'fill="none" stroke="{colour}" stroke-width="2"{dashed}'
        height = _TOP + 12 + 20 * number
        label = f"{test.profile} (profile)" if name == "profile" else name
        parts.append(f'<polyline points="{path}" {stroke}/>')
        parts.append(f'<polyline points="{_WIDTH - _RIGHT + 12},{height} {_WIDTH - _RIGHT + 36},{height}" {stroke}/>')
        parts.append(_text(_WIDTH - _RIGHT + 42, height + 4, label))
    return "\n".join([*parts, "</svg>", ""])


def _grid() -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    lines = []
    for share, label in _TICKS:
        lines.append(_line(_x(share), _TOP, _x(share), bottom))
        lines.append(_text(_x(share), bottom + 18, label, anchor="middle"))
    for tenth in range(0, 11, 2):
        lines.append(_line(_LEFT, _y(tenth / 10), right, _y(tenth / 10)))
        lines.append(_text(_LEFT - 8, _y(tenth / 10) + 4, f"{tenth * 10} %", anchor="end"))
    lines.append(_text((_LEFT + right) / 2, bottom + 40, "effort: share of all flaws that are mended", anchor="middle"))
    lines.append(_text(_LEFT, _TOP - 8, "coverage: share of the flaws exploited later"))
    return lines


def _x(effort: float) -> float:
    span = math.log10(max(effort, _LEAST) / _LEAST) / math.log10(1 / _LEAST)
    return _LEFT + span * (_WIDTH - _RIGHT - _LEFT)


def _y(coverage: float) -> float:
    return _HEIGHT - _BOTTOM - coverage * (_HEIGHT - _BOTTOM - _TOP)


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#d9dde3"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="#1f2937">{escape(words)}</text>'
    )
