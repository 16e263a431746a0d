"""The query language, its pages and its bounds."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.errors import InvalidQuery
from seamark.pipeline.ingest import Outcome
from seamark.store.models import Issue
from seamark.store.query import FIELDS, bounded_count, ordered, page, parse, select
from tests.pipeline.conftest import load  # noqa: F401 - a fixture
from tests.pipeline.reports import RULES, hit, sarif

Load = Callable[..., Outcome]


@pytest.fixture
def issues(load: Load) -> None:  # noqa: F811
    levels = ("error", "warning", "note")
    load(
        sarif(
            [
                hit(RULES[at % 3], f"src/file_{at}.py", 5 + at, level=levels[at % 3], message=f"case {chr(97 + at)}")
                for at in range(12)
            ]
        )
    )


def found(text: str) -> set[int]:
    return set(select(Issue.objects.all(), parse(text)).values_list("id", flat=True))


@given(st.text(max_size=80))
def test_any_text_is_a_query_or_is_refused_with_a_position(text: str) -> None:
    try:
        query = parse(text)
    except InvalidQuery as error:
        assert 0 <= error.position <= len(text)  # noqa: PT017 - either outcome is right, each with its own proof
    else:
        assert parse(str(query)) == parse(str(parse(str(query))))


@pytest.mark.parametrize(
    "text",
    [
        "severity:critical,high app:payments kev:true age:>30d -tool:bandit sort:-risk",
        '"sql injection" -path:tests/',
        "https://a.example/x?y=1",
        "id:SM-4",
    ],
)
def test_a_query_in_its_normal_form_is_the_same_query(text: str) -> None:
    query = parse(text)
    assert [(t.field, t.values, t.negated) for t in parse(str(query)).terms] == [
        (t.field, t.values, t.negated) for t in query.terms
    ]


def test_a_value_is_toggled() -> None:
    query = parse("severity:high kind:code")
    assert str(query.toggled("severity", "low")) == "kind:code severity:high,low"
    assert str(query.toggled("severity", "high")) == "kind:code"


@pytest.mark.usefixtures("issues")
class TestSelect:
    def test_words_and_fields_narrow_down(self) -> None:
        assert len(found("")) == 12
        assert len(found("severity:high")) == 4
        assert len(found("severity:>=medium")) == 8
        assert len(found("severity:high,medium -path:src/file_0.py")) == 7
        assert len(found("file_11")) == 1
        assert len(found("cwe:89 kind:code")) == 4
        assert len(found("tool:acme app:SHOP state:open age:<1d")) == 12
        assert found("kev:true") == set()
        assert found("state:closed") == set()

    def test_a_reference_finds_its_issue(self) -> None:
        one = Issue.objects.order_by("id").first()
        assert one is not None
        assert found(one.reference) == found(f"id:{one.reference}") == {one.pk}

    @pytest.mark.parametrize(
        ("text", "words", "position"),
        [
            ("serverity:high", "did you mean severity", 0),
            ("kind:code severity:huge", "severity is one of", 10),
            ("age:30d", "comparison", 0),
            ("risk:much", "number", 0),
            ("state:gone", "state is one of", 0),
            ("kev:maybe", "true or false", 0),
            ("sort:colour", "sorted by", 0),
            ('"open', "quotation mark", 0),
            ("cwe:sql", "number", 0),
        ],
    )
    def test_what_is_not_understood_is_said(self, text: str, words: str, position: int) -> None:
        with pytest.raises(InvalidQuery, match=words) as caught:  # noqa: PT012 - either step may be the one that refuses
            ordered(parse(text))
            found(text)
        assert caught.value.position == position

    @pytest.mark.parametrize("field", sorted(FIELDS))
    @pytest.mark.parametrize("value", ["'; drop table x", "%", "\\", "9" * 30, "é\u0000", ">", ">=", "*(a+)+$"])
    def test_hostile_values_are_refused_or_find_nothing(self, field: str, value: str) -> None:
        with contextlib.suppress(InvalidQuery):
            select(Issue.objects.all(), parse(f'{field}:"{value}"')).exists()

    @pytest.mark.parametrize("sort", ["-risk", "risk", "age", "-age", "id", "-id"])
    def test_pages_hold_every_row_once_in_order_both_ways(self, sort: str) -> None:
        query = parse(f"sort:{sort}")
        column, descending = ordered(query)
        rows = select(Issue.objects.all(), query)
        whole = [
            row.pk for row in rows.order_by(f"{'-' if descending else ''}{column}", f"{'-' if descending else ''}id")
        ]
        seen, after, last = [], "", None
        while True:
            got = page(rows, column, descending=descending, size=5, after=after)
            seen += [row.pk for row in got.rows]
            if not got.after:
                last = got
                break
            after = got.after
        assert seen == whole
        back, before = [row.pk for row in last.rows], last.before
        while before:
            got = page(rows, column, descending=descending, size=5, before=before)
            back = [row.pk for row in got.rows] + back
            before = got.before
        assert back == whole

    def test_a_count_stops_at_its_bound(self) -> None:
        rows = Issue.objects.all()
        assert str(bounded_count(rows)) == "12"
        assert str(bounded_count(rows, 10)) == "10+"

    @pytest.mark.parametrize("cursor", ["x", "!!!!", "W10", "eyJhIjoxfQ"])
    def test_a_damaged_cursor_is_refused(self, cursor: str) -> None:
        with pytest.raises(InvalidQuery, match="cursor"):
            page(Issue.objects.all(), "risk", descending=True, after=cursor)
