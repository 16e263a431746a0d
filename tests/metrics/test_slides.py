"""The slides, read back: nothing leaves them, no text is larger than its place, and nothing lies over anything else."""

from __future__ import annotations

import io
import itertools
import unicodedata
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import msgspec
import pytest
from PIL import ImageFont
from pptx import Presentation

from seamark.insight.exports.board import LONGEST, MOST_ROWS, Pack, Point, Table
from seamark.insight.exports.board_pptx import as_pptx
from seamark.insight.metrics.definitions import DEFINITIONS
from seamark.insight.metrics.scope import scope
from seamark.pipeline.metrics import packs
from seamark.store.access import everything

INCH = 914_400
LINE = 1.2
"""Height of a line, for each point of the size."""
SLACK = 0.01
"""Inches by which rounding may be off."""


class Box(NamedTuple):
    """A place on a slide, in inches."""

    left: float
    top: float
    right: float
    bottom: float

    def over(self, other: Box) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > SLACK and down > SLACK


def box(shape: Any) -> Box:
    left, top = shape.left / INCH, shape.top / INCH
    return Box(left, top, left + shape.width / INCH, top + shape.height / INCH)


@cache
def ruler() -> Any:
    """A font that is as wide as Helvetica: wider than what office programs use by default."""
    return ImageFont.load_default(100)


def wide(text: str, size: float) -> float:
    """Return how many inches a text takes on one line. Letters of East Asia take a square each."""
    square = sum(unicodedata.east_asian_width(one) in "WF" for one in text)
    narrow = "".join(one for one in text if unicodedata.east_asian_width(one) not in "WF")
    return (float(ruler().getlength(narrow)) / 100 + square) * size / 72


def tall(text: str, size: float, room: float) -> float:
    """Return how many inches down a text takes, broken into lines between words, and within one that is wider than a line."""
    lines = 0
    for part in text.split("\n"):
        lines += 1
        at = 0.0
        for word in part.split(" "):
            for piece in word if wide(word, size) > room else [f"{word} "]:
                if at and at + wide(piece.rstrip(), size) > room:
                    lines, at = lines + 1, 0.0
                at += wide(piece, size)
    return lines * size * LINE / 72


def size_of(frame: Any) -> float:
    sizes = [run.font.size or paragraph.font.size for paragraph in frame.paragraphs for run in paragraph.runs]
    return max((one.pt for one in sizes), default=0.0)


def text_faults(shape: Any) -> list[str]:
    frame, place = shape.text_frame, box(shape)
    room = place.right - place.left - (frame.margin_left + frame.margin_right) / INCH
    needed = tall(frame.text, size_of(frame), room) + (frame.margin_top + frame.margin_bottom) / INCH
    fits = needed <= place.bottom - place.top + SLACK
    return [] if fits else [f"{frame.text[:40]!r} takes {needed:.2f} of {place.bottom - place.top:.2f} inches"]


def rows_of(table: Any) -> list[float]:
    """Return how tall the rows of a table come out: rows grow with their texts."""
    found = []
    for row in table.rows:
        needed = [row.height / INCH]
        for cell, column in zip(row.cells, table.columns, strict=True):
            room = (column.width - cell.margin_left - cell.margin_right) / INCH
            text = tall(cell.text, size_of(cell.text_frame), room)
            needed.append(text + (cell.margin_top + cell.margin_bottom) / INCH)
        found.append(max(needed))
    return found


def faults(data: bytes) -> list[str]:
    """Return what is wrong with a deck, a sentence each."""
    deck = Presentation(io.BytesIO(data))
    page = Box(0, 0, deck.slide_width / INCH, deck.slide_height / INCH)
    found = []
    for number, slide in enumerate(deck.slides, 1):
        places: list[tuple[str, Box]] = []
        for shape in slide.shapes:
            place = box(shape)
            if shape.has_table:
                place = place._replace(bottom=place.top + sum(rows_of(shape.table)))
                columns = sum(column.width for column in shape.table.columns) / INCH
                place = place._replace(right=place.left + columns)
            elif shape.has_text_frame:
                found += [f"slide {number}: {one}" for one in text_faults(shape)]
            name = shape.text_frame.text[:30] if shape.has_text_frame else shape.name
            places.append((name, place))
            inside = place.left >= -SLACK and place.top >= -SLACK
            if not inside or place.right > page.right + SLACK or place.bottom > page.bottom + SLACK:
                found.append(f"slide {number}: {name!r} leaves the slide at {place}")
        for (one, here), (other, there) in itertools.combinations(places, 2):
            if here.over(there):
                found.append(f"slide {number}: {one!r} lies over {other!r}")
    return found


def worst(name: str) -> Pack:
    """Return a pack in which every name is as long as a name may be, and every table as full."""
    money, long = "1,234,567,890.5 EUR", (name * LONGEST)[: LONGEST - 1] + "…"
    rows = [[long, *["1,234,567.8"] * 5] for _ in range(MOST_ROWS)]
    return Pack(
        title=f"{long} {long}", about=f"2026-07-01 - 2026-10-01 · {long}", made="2026-11-22 17:07 UTC", sentences=[f"{long} {long}. {long}."] * 3,
        tiles=[[f"{one.title} {one.title}", money, money] for one in (*DEFINITIONS, *DEFINITIONS[:9])],
        points=[Point(day=f"2026-07-{day:02}", risk=day, arrived=day, burned=1) for day in range(1, 31)],
        groups=Table(title=long, head=[long] * 6, rows=rows), movers=Table(title="Top movers", head=["A", "B", "C", "D"], rows=[row[:4] for row in rows]),
        decisions=Table(title="Decisions wanted", head=["What", "How many"], rows=[row[:2] for row in rows[:5]]),
        tools=Table(title="Tools", head=["A", "B", "C", "D"], rows=[row[:4] for row in rows]), ages=Table(title="Ages", head=["Age", "Issues"], rows=[]),
        costs=[f"{long} {long} {long}"] * 4,
        definitions=Table(title="What the numbers mean", head=["Measure", "How", "Unit"], rows=[[long, f"{long} {long}", "points"]] * 25),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("span", ["30", "2026-Q3"])
def test_the_slides_of_an_estate_are_in_order(estate: datetime, span: str) -> None:
    data = packs.make_pack(scope(everything(), estate, span=span), "pptx", made=estate)
    assert faults(data) == []


@pytest.mark.parametrize(
    "name", ["W", "Harbour payments service ", "支払い", "mmmm-mmmm-"], ids=["wide", "words", "square", "hyphens"]
)
def test_the_longest_names_stay_in_their_places(name: str) -> None:
    assert faults(as_pptx(worst(name))) == []


def test_faults_are_found() -> None:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    for left in (1, 3):
        frame = slide.shapes.add_textbox(left * INCH, INCH, 3 * INCH, INCH // 4).text_frame
        frame.word_wrap = True
        frame.paragraphs[0].add_run().text = "more words than there is room for on a line of three inches"
        frame.paragraphs[0].runs[0].font.size = 20 * 12_700
    slide.shapes.add_table(4, 2, 9 * INCH, 7 * INCH, 3 * INCH, INCH)
    written = io.BytesIO()
    deck.save(written)
    told = "\n".join(faults(written.getvalue()))
    assert told.count("takes") == 2
    assert "lies over" in told
    assert "leaves the slide" in told


def test_scales_begin_at_nothing_and_an_empty_chart_is_a_sentence() -> None:
    quiet = worst("a")
    quiet = msgspec.structs.replace(
        quiet, points=[Point(day=f"2026-07-{day:02}", risk=16_000 + day, arrived=0, burned=0) for day in range(1, 31)]
    )
    for pack, drawn, said in ((worst("a"), 2, 0), (quiet, 1, 1)):
        shapes = [shape for slide in Presentation(io.BytesIO(as_pptx(pack))).slides for shape in slide.shapes]
        charts = [shape.chart for shape in shapes if shape.has_chart]
        assert [chart.value_axis.minimum_scale for chart in charts] == [0] * drawn
        assert (
            sum(shape.has_text_frame and shape.text_frame.text.startswith("Nothing arrived") for shape in shapes)
            == said
        )
