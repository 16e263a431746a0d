"""Words and patterns find the same issues on both databases, by way of phrases or not."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection

from seamark.pipeline.ingest import Outcome
from seamark.store.models import Application, Issue
from seamark.store.query import parse, phrases, select
from seamark.store.query.folded import escaped
from seamark.store.query.phrases import install_phrases, patterned
from tests.pipeline.conftest import load  # noqa: F401 - a fixture
from tests.pipeline.reports import RULES, hit, sarif

Load = Callable[..., Outcome]
PLACES = (
    "src/shop/basket_1.py:128", "src/shop/basket_12.py:8", "SRC/Shop/Basket.py:128", "lib%70/x_y.c:1:22", "https://shop.example:8443/login",
    "libssl3", "1b12 (case 12) of -3-45", "128", "a:b:7", "", "deploy/10:20", "src/shop/basket_1.py:1280", "x\\y.cs:12",
)  # fmt: skip
PIECES = (
    "basket", "BASKET_1", "basket_1.py:12", "py:128", ":128", "128", "28", "8443/log", "libssl3", "ssl", "%70", "x_y", "y.c:1", "1:22", "10:20",
    "a:b", "b:7", "\\y", "shop.example:8443", "t_1", "b12", "2 (case 1", "e 12", "-3-4", "f -3", "12 (", "nowhere",
)  # fmt: skip


@pytest.fixture
def issues(load: Load) -> list[Issue]:  # noqa: F811
    """Return an issue at each of the places."""
    load(sarif([hit(RULES[at % 3], f"src/file_{at}.py", 5, message=f"case {at}") for at in range(len(PLACES))]))
    rows = list(Issue.objects.order_by("id"))
    for row, place in zip(rows, PLACES, strict=True):
        row.place = place
        row.save(update_fields=["place"])
    return rows


def like(pattern: str, text: str) -> bool:
    """Tell whether a text is like a pattern of SQL's, as the database's own words define it."""
    made = "".join(
        ".*" if one == "%" else "." if one == "_" else re.escape(one.removeprefix("\\"))
        for one in re.findall(r"\\.|.", pattern, re.DOTALL)
    )
    return re.fullmatch(made, text, re.IGNORECASE | re.DOTALL) is not None


@pytest.mark.django_db
def test_a_pattern_finds_what_is_like_it(issues: list[Issue]) -> None:
    patterns = [escaped(piece) for piece in PIECES]
    for pattern in (
        *(f"%{one}%" for one in patterns),
        *(f"{one}%" for one in patterns),
        *patterns,
        "src%py:%",
        "%_asket%12%",
        "%",
    ):
        found = set(Issue.objects.filter(patterned("place", pattern)).values_list("place", flat=True))
        assert found == {place for place in PLACES if like(pattern, place)}, pattern
    assert issues


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["title", "rule", "component"])
def test_other_columns_are_searched_the_same_way(issues: list[Issue], column: str) -> None:
    for row, text in zip(issues, PLACES, strict=True):
        setattr(row, column, text)
        row.save(update_fields=[column])
    for piece in PIECES:
        found = set(Issue.objects.filter(patterned(column, f"%{escaped(piece)}%")).values_list(column, flat=True))
        assert found == {text for text in PLACES if like(f"%{escaped(piece)}%", text)}, piece


@pytest.mark.django_db
@pytest.mark.usefixtures("issues")
class TestWords:
    def test_they_are_looked_for_in_titles_places_and_rules(self) -> None:
        def found(text: str) -> int:
            return select(Issue.objects.all(), parse(text)).count()

        assert found("basket") == 4
        assert found("basket_1.py:128") == 2
        assert found('"case 11"') == 1
        assert found(RULES[0].upper()) == 5
        assert found(f"rule:{RULES[1].upper()}") == 4
        assert found(f"rule:{RULES[1][:-1]}") == 0
        assert found("path:src/shop/*12") == 4
        assert found("path:SRC/") == 4
        assert found("nowhere") == 0
        assert found("-basket") == len(PLACES) - 4

    def test_what_has_too_many_phrases_is_found_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(phrases, "_MOST", 1)
        assert select(Issue.objects.all(), parse("basket")).count() == 4

    @pytest.mark.skipif(connection.vendor != "postgresql", reason="only there are phrases")
    def test_issues_of_before_have_phrases_too(self) -> None:
        """An installation that had issues when it learnt of phrases finds them."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("DROP TABLE store_phrase")
            cursor.execute("DROP TRIGGER store_issue_phrases ON store_issue")
            cursor.execute("DROP TRIGGER store_issue_rephrased ON store_issue")
            cursor.execute("DROP INDEX issue_phrases")
        install_phrases()
        install_phrases()
        assert select(Issue.objects.all(), parse("basket_12")).count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("issues")
def test_phrases_are_found_in_a_list_within_another() -> None:
    inner = select(Issue.objects.all(), parse("basket_12"))
    assert Issue.objects.filter(pk__in=inner.values("pk")).count() == 1
    assert Application.objects.filter(pk__in=inner.values("application")).count() == 1
