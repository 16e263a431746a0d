"""Packs: the numbers of the page, the same bytes for the same facts, names that are never markup, and kept for each quarter."""

from __future__ import annotations

import hashlib
import io
import time
from datetime import UTC, datetime, timedelta

import pytest
from pptx import Presentation

from seamark.insight.metrics.scope import scope
from seamark.insight.metrics.sentences import told
from seamark.pipeline.metrics import packs
from seamark.store.access import everything, visible_to
from seamark.store.models import Application, BoardPack
from seamark.store.models.people import Role
from tests.factories import make_person

pytestmark = pytest.mark.django_db


def test_the_slides_hold_the_numbers_of_the_page(estate: datetime) -> None:
    asked = scope(everything(), estate)
    deck = Presentation(io.BytesIO(packs.make_pack(asked, "pptx", made=estate)))
    texts = [shape.text_frame.text for slide in deck.slides for shape in slide.shapes if shape.has_text_frame]
    from seamark.insight.metrics.board import board
    from seamark.insight.metrics.sentences import sentences

    one = board(asked)
    for words in sentences(one):
        assert words in texts
    for tile in one.tiles:
        assert str(tile.about.title) in texts
        assert told(tile.value, tile.about, one.inputs.currency) in texts
    charts = [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]
    risk, flow = (list(chart.plots[0].series) for chart in charts)
    assert risk[0].values[-1] == pytest.approx(one.now.risk / 10)
    assert [sum(series.values) for series in flow] == [one.now.counts["arrived"], one.now.counts["burned"]]
    tables = [shape.table for slide in deck.slides for shape in slide.shapes if shape.has_table]
    assert [row.cells[0].text for row in tables[0].rows][1:] == [group.name for group in one.groups]


@pytest.mark.parametrize("form", ["pdf", "pptx"])
def test_the_same_facts_are_the_same_bytes(estate: datetime, form: str) -> None:
    made = [packs.make_pack(scope(everything(), estate), form, made=estate)]
    # The workbooks behind charts would tell the second in which they were written.
    time.sleep(1.1)
    made.append(packs.make_pack(scope(everything(), estate), form, made=estate))
    assert made[0] == made[1]
    assert made[0].startswith(b"%PDF" if form == "pdf" else b"PK")


def test_names_are_words_and_never_markup(estate: datetime) -> None:
    for one in Application.objects.all():
        one.name = f'#panic("no") $x$ `code` \\ ]#[ @here <b> {one.pk}'
        one.save()
    assert packs.make_pack(scope(everything(), estate), "pdf", made=estate).startswith(b"%PDF")


def test_an_empty_house_has_a_pack(db: None) -> None:
    asked = scope(everything(), datetime(2026, 11, 20, tzinfo=UTC))
    assert packs.make_pack(asked, "pdf").startswith(b"%PDF")
    assert packs.make_pack(asked, "pptx").startswith(b"PK")
    assert packs.pack_for(asked, baseline=True).title == "Baseline of risk"
    assert packs.keep_when_due() == []


def test_each_quarter_is_kept_once_for_who_sees_everything(estate: datetime) -> None:
    assert packs.keep_when_due(estate) == ["pdf", "pptx"]
    assert packs.keep_when_due(estate + timedelta(hours=1)) == []
    rows = {row.form: row for row in BoardPack.objects.all()}
    assert {row.quarter for row in rows.values()} == {"2026-Q3"}
    assert all(hashlib.sha256(bytes(row.data)).hexdigest() == row.digest for row in rows.values())
    some = visible_to(make_person("bo", Role.VIEWER, application=Application.objects.order_by("pk")[0]))
    assert packs.kept_packs(some) == []
    assert packs.kept_pack(some, "2026-Q3", "pdf") is None
    assert packs.kept_pack(everything(), "2026-Q3", "pdf") == bytes(rows["pdf"].data)
    # A quarter whose last day has no facts yet waits for them.
    assert packs.keep_when_due(datetime(2027, 1, 1, 0, 5, tzinfo=UTC)) == []


def test_quarters_have_names() -> None:
    assert [packs.last_quarter(datetime(2026, month, 3, tzinfo=UTC)) for month in (1, 3, 4, 12)] == [
        "2025-Q4", "2025-Q4", "2026-Q1", "2026-Q3",
    ]  # fmt: skip


def test_the_weekly_mail_says_the_same(estate: datetime) -> None:
    subject, text = packs.weekly(scope(everything(), estate, span="30"))
    assert subject == "Security in the week until 2026-11-20"
    assert "issues arrived and" in text
    assert "What moved most:" in text
