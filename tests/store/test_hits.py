"""The riskiest issues of a list: their order, their bounds and what is told of each, in every way of reading them."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from seamark.pipeline.ingest import Outcome
from seamark.store.models import Issue
from seamark.store.query import Query, among, hits, parse
from tests.pipeline.conftest import load  # noqa: F401 - a fixture
from tests.pipeline.reports import RULES, hit, sarif

MODULE = "seamark.store.query.hits"
Load = Callable[..., Outcome]
NUMBER = 24


@pytest.fixture
def issues(load: Load) -> list[Issue]:  # noqa: F811
    """Return issues of various risks, the riskiest first, every third of them closed."""
    load(
        sarif([hit(RULES[at % 3], f"src/{'ab'[at % 2]}/file_{at}.py", 5, message=f"case {at}") for at in range(NUMBER)])
    )
    for at, row in enumerate(Issue.objects.order_by("id")):
        row.risk, row.owner, row.component = (at * 7) % 10, f"team-{at % 2}", f"left-pad {at}"
        row.open, row.state = (False, 4) if at % 3 == 2 else (True, row.state)
        row.save(update_fields=["risk", "owner", "component", "open", "state"])
    return list(Issue.objects.order_by("-risk", "-id"))


@pytest.mark.parametrize(
    "text", ["", "path:src/a/", "file_1", "state:any", "state:any path:src/b/", "owner:team-1", "nowhere-to-be-found"]
)
def test_the_order_is_that_of_the_list(issues: list[Issue], text: str) -> None:
    query = parse(text)
    expected = [
        one
        for one in issues
        if (one.open or "state:any" in text)
        and ("path:" not in text or one.place.startswith(query.values("path")[0]))
        and ("file_1" not in text or "file_1" in one.place)
        and ("owner" not in text or one.owner == "team-1")
        and "nowhere" not in text
    ]
    found = hits(Issue.objects.all(), query, ("component", "kind", "owner"))
    assert found.numbers == [one.pk for one in expected]
    assert found.column("component") == [one.component for one in expected]
    assert found.column("owner") == [one.owner for one in expected]
    assert found.column("risk") == [one.risk for one in expected]
    assert (str(found.total), found.more) == (str(len(expected)), False)


def test_what_reads_texts_is_counted_less_far(issues: list[Issue], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[MODULE], "COUNT_BOUND", 6)
    monkeypatch.setattr(sys.modules[MODULE], "_READ_BOUND", 3)
    whole, read = hits(Issue.objects.all(), Query()), hits(Issue.objects.all(), parse("path:src/"))
    assert (str(whole.total), len(whole.numbers)) == ("6+", 7)
    assert (str(read.total), len(read.numbers)) == ("3+", 4)
    assert read.numbers == whole.numbers[:4]
    assert str(read.counted(2)) == "2+"


def test_rows_are_found_by_thousands_of_numbers(issues: list[Issue]) -> None:
    numbers = [one.pk for one in issues[:3]]
    assert set(Issue.objects.filter(among([*numbers, *range(10**6, 10**6 + 20_000)]))) == set(issues[:3])
    assert not Issue.objects.filter(among([])).exists()
    assert Issue.objects.exclude(among(numbers)).count() == NUMBER - 3
