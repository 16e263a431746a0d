"""Bulk writing: any text, on either database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from seamark.store import writer
from seamark.store.models import Event, Rule

TEXTS = [
    "",
    "plain",
    "tab\tand\nline\r\n",
    "back\\slash \\n \\N",
    "\\N",
    "é漢🙂",
    "quo\"te's",
    "\x01\x1f",
    "\u2028",
    "{}",
    "%s",
]


@pytest.mark.django_db
def test_texts_come_back_as_they_were_written() -> None:
    with transaction.atomic():
        numbers = writer.reserve(Rule, len(TEXTS))
        writer.insert(
            Rule,
            ["id", "tool", "code", "title", "details"],
            [(n, "t", f"c{n}", text, "{}") for n, text in zip(numbers, TEXTS, strict=True)],
        )
    assert list(Rule.objects.order_by("id").values_list("title", flat=True)) == TEXTS


@pytest.mark.django_db
def test_reserved_numbers_are_never_given_again() -> None:
    with transaction.atomic():
        first, second = writer.reserve(Rule, 5), writer.reserve(Rule, 5)
        made = Rule.objects.create(tool="t", code="c")
    assert len({*first, *second, made.pk}) == 11
    assert writer.reserve(Rule, 0) == []


@pytest.mark.django_db
def test_updates_reach_the_rows_that_they_name() -> None:
    rules = [Rule.objects.create(tool="t", code=str(number)) for number in range(4)]
    with transaction.atomic():
        writer.update(Rule, ["title", "details"], [(rules[1].pk, "new\ttitle", '{"a": 1}'), (rules[3].pk, "x", "{}")])
        writer.update(Rule, ["title"], [])
    assert list(Rule.objects.order_by("id").values_list("title", flat=True)) == ["", "new\ttitle", "", "x"]
    assert Rule.objects.get(pk=rules[1].pk).details == {"a": 1}


@pytest.mark.django_db
def test_times_numbers_and_nothing_are_kept() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, 654321, tzinfo=UTC)
    with transaction.atomic():
        (number,) = writer.reserve(Event, 1)
        writer.insert(
            Event,
            ["id", "issue", "application", "kind", "details", "actor", "scan", "at"],
            [(number, None, None, "x", "{}", None, None, moment)],
        )
    event = Event.objects.get(pk=number)
    assert (event.at, event.issue_id, event.actor_id) == (moment, None, None)


@pytest.mark.django_db
def test_a_list_of_any_length_is_looked_up() -> None:
    made = Rule.objects.create(tool="t", code="c")
    assert writer.select_in(
        "SELECT id FROM store_rule WHERE tool = %s AND id {values}", list(range(made.pk + 25_000)), ["t"]
    ) == [(made.pk,)]
    assert writer.select_in("SELECT id FROM store_rule WHERE id {values}", []) == []


def test_the_suite_says_which_database_it_runs_on(request: pytest.FixtureRequest) -> None:
    import os

    expected = "postgresql" if os.environ.get("SEAMARK_TEST_DATABASE_URL") else "sqlite"
    assert connection.vendor == expected


@pytest.mark.django_db
def test_columns_that_hold_nothing_stay_empty_and_others_keep_their_place() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    names = ["id", "issue", "application", "kind", "details", "actor", "scan", "at"]
    told = [(None, "a", None), (7, "b", None), (None, "c", None)]
    with transaction.atomic():
        numbers = writer.reserve(Event, len(told))
        writer.insert(
            Event,
            names,
            (
                (n, issue, None, kind, "{}", actor, None, moment)
                for n, (issue, kind, actor) in zip(numbers, told, strict=True)
            ),
        )
        writer.insert(Event, names, [])
    found = Event.objects.order_by("id").values_list("issue_id", "kind", "actor_id", "at")
    assert list(found) == [(issue, kind, actor, moment) for issue, kind, actor in told]
