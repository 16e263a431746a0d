"""The pack for the board as PPTX: slides whose charts are the office program's own, so that they stay sharp and can be edited."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any, Final

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.util import Inches, Pt

from seamark.insight.exports.board import Pack, Point, Table
from seamark.insight.exports.fitting import LEAST, fitted, tall

_color: Any = RGBColor
_data: Any = CategoryChartData
_ACCENT: Final = _color(0x0B, 0x6E, 0x6E)
_CAME: Final = _color(0xA5, 0x4A, 0x06)
_WENT: Final = _color(0x1B, 0x7A, 0x43)
_SOFT: Final = _color(0x5F, 0x6E, 0x70)
_BLANK: Final = 6
"""The layout without anything on it."""
_TILES: Final = 5
"""Across."""
_TILE_ROWS: Final = 5
"""Down a slide."""
_TABLE: Final = (0.6, 1.2, 12.1, 6.0)
"""Where a table stands, and how tall it may be: left, top, width, height, in inches."""
_ROW: Final = 0.36
_INSETS: Final = (0.1, 0.05)
"""Around the text of a cell: on either side, above and below."""
_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)
_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""When a part was written; the workbooks behind charts tell it."""


def as_pptx(pack: Pack) -> bytes:
    """Draw a pack. The same pack gives the same bytes."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(13.333), Inches(7.5)
    told = deck.core_properties
    told.title, told.author, told.created, told.modified = pack.title, "Seamark", _FIXED, _FIXED
    _first(deck, pack)
    _tiles(deck, pack)
    if len(pack.points) > 1:
        _risk(deck, pack.points)
        _flow(deck, pack.points)
    for table in (pack.groups, pack.movers, pack.decisions, pack.ages, pack.tools):
        _table(deck, table)
    _words(deck, "Costs", pack.costs)
    for at in range(0, len(pack.definitions.rows), 9):
        _table(deck, Table(title=pack.definitions.title, head=pack.definitions.head, rows=pack.definitions.rows[at : at + 9]), size=10)  # fmt: skip
    written = io.BytesIO()
    deck.save(written)
    return _plain(written.getvalue())


def _slide(deck: Any, title: str) -> Any:
    slide = deck.slides.add_slide(deck.slide_layouts[_BLANK])
    _text(slide, title, 0.6, 0.35, 12.1, 0.6, size=26, bold=True, color=_ACCENT)
    return slide


def _text(
    slide: Any, text: str, left: float, top: float, width: float, height: float, *, size: int, bold: bool = False, color: Any = None
) -> None:  # fmt: skip
    frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height)).text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    run = frame.paragraphs[0].add_run()
    # Bold letters are wider by about a tenth.
    words, points = fitted(text, width * 0.9 if bold else width, height, size)
    run.text, run.font.size, run.font.bold = words, Pt(points), bold
    if color is not None:
        run.font.color.rgb = color


def _first(deck: Any, pack: Pack) -> None:
    slide = _slide(deck, pack.title)
    _text(slide, f"{pack.about} · {pack.made}", 0.6, 1.0, 12.1, 0.4, size=14, color=_SOFT)
    for at, sentence in enumerate(pack.sentences):
        _text(slide, sentence, 0.6, 1.9 + at * 1.4, 12.1, 1.2, size=24)


def _words(deck: Any, title: str, lines: list[str]) -> None:
    slide = _slide(deck, title)
    for at, line in enumerate(lines):
        _text(slide, line, 0.6, 1.4 + at * 1.1, 12.1, 1.0, size=16)


def _tiles(deck: Any, pack: Pack) -> None:
    for first in range(0, len(pack.tiles), _TILES * _TILE_ROWS):
        slide = _slide(deck, "Measures")
        for at, (title, number, before) in enumerate(pack.tiles[first : first + _TILES * _TILE_ROWS]):
            left, top = 0.6 + at % _TILES * 2.45, 1.2 + at // _TILES * 1.2
            _text(slide, title, left, top, 2.3, 0.22, size=11, color=_SOFT)
            _text(slide, number, left, top + 0.24, 2.3, 0.36, size=18, bold=True)
            if before:
                _text(slide, f"before: {before}", left, top + 0.62, 2.3, 0.22, size=10, color=_SOFT)


def _risk(deck: Any, points: list[Point]) -> None:
    data = _data()
    data.categories = [one.day for one in points]
    data.add_series("Open risk", [one.risk for one in points])
    chart = _chart(_slide(deck, "Open risk"), XL_CHART_TYPE.LINE, data)
    chart.has_legend = False
    line = chart.plots[0].series[0]
    line.format.line.color.rgb, line.smooth = _ACCENT, False


def _flow(deck: Any, points: list[Point]) -> None:
    data = _data()
    data.categories = [one.day for one in points[1:]]
    data.add_series("Arrived", [one.arrived for one in points[1:]])
    data.add_series("Burned down", [one.burned for one in points[1:]])
    slide = _slide(deck, "Arrived against burned down")
    if not any(one.arrived or one.burned for one in points[1:]):
        _text(slide, "Nothing arrived in the period, and nothing was closed.", 0.6, 1.2, 12.1, 0.5, size=18)
        return
    chart = _chart(slide, XL_CHART_TYPE.COLUMN_CLUSTERED, data)
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    for series, color in zip(chart.plots[0].series, (_CAME, _WENT), strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.rgb = color


def _chart(slide: Any, sort: Any, data: Any) -> Any:
    chart = slide.shapes.add_chart(sort, Inches(0.6), Inches(1.2), Inches(12.1), Inches(5.8), data).chart
    chart.font.size = Pt(11)
    # A scale that begins anywhere else makes much of little.
    chart.value_axis.minimum_scale = 0
    return chart


def _table(deck: Any, told: Table, *, size: int = 13) -> None:
    slide = _slide(deck, told.title)
    if not told.rows:
        _text(slide, "-", 0.6, 1.4, 12.1, 0.5, size=16)
        return
    left, top, width, _ = _TABLE
    lines, columns = [told.head, *told.rows], len(told.head)
    first = 3.2 if size < 13 else 4.6
    widths = [first, *[(width - first) / (columns - 1)] * (columns - 1)] if size >= 13 else [2.8, 8.3, 1.0]
    lines, points, heights = _laid_out(lines, widths, size)
    shape = slide.shapes.add_table(len(lines), columns, Inches(left), Inches(top), Inches(width), Inches(sum(heights)))
    table = shape.table
    table.first_row, table.horz_banding = True, False
    for at, one in enumerate(widths):
        table.columns[at].width = Inches(one)
    for down, row in enumerate(lines):
        table.rows[down].height = Inches(heights[down])
        for across, text in enumerate(row):
            _cell(table.cell(down, across), text, points, head=not down)


def _laid_out(lines: list[list[str]], widths: list[float], size: float) -> tuple[list[list[str]], float, list[float]]:
    """Return a table's texts, their size and the heights of its rows, so that it fits: smaller, and cut where that is not enough."""
    most, (side, above) = _TABLE[3], _INSETS
    while size > LEAST and sum(_heights(lines, widths, size)) > most:
        size -= 1
    if sum(_heights(lines, widths, size)) > most:
        room = most / len(lines) - 2 * above
        lines = [
            [fitted(text, 0.9 * (one - 2 * side), room, size, size)[0] for text, one in zip(row, widths, strict=True)]
            for row in lines
        ]
    return lines, size, _heights(lines, widths, size)


def _heights(lines: list[list[str]], widths: list[float], size: float) -> list[float]:
    """Return how tall rows are. Letters are taken to be a tenth wider than they are: those of the head are bold."""
    side, above = _INSETS
    return [
        max(
            _ROW, *(tall(text, size, 0.9 * (one - 2 * side)) + 2 * above for text, one in zip(row, widths, strict=True))
        )
        for row in lines
    ]


def _cell(cell: Any, text: str, size: float, *, head: bool) -> None:
    cell.text = text
    cell.margin_left = cell.margin_right = Inches(_INSETS[0])
    cell.margin_top = cell.margin_bottom = Inches(_INSETS[1])
    for paragraph in cell.text_frame.paragraphs:
        paragraph.font.size = Pt(size)
        if head:
            paragraph.font.bold = True
    if head:
        cell.fill.solid()
        cell.fill.fore_color.rgb = _ACCENT


def _plain(data: bytes) -> bytes:
    """Return the file without the times at which its parts were written: the same slides are the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name.endswith(".xlsx"):
                part = _plain(part)
            elif name == "docProps/core.xml":
                part = _TIME.sub(_FIXED.strftime("%Y-%m-%dT%H:%M:%SZ").encode(), part)
            target.writestr(zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return written.getvalue()
