"""What changes while a page is open: by the viewer's rights, for few at once, from one look at the database, and never for long."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from seamark.insight.analytics.pulse import Beat, Pulse, beat
from seamark.interfaces.web import live
from seamark.store.models import Application, Grant, Import, User
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person
from tests.support.connection import connection_kept
from tests.web.test_imports import report, work

LogIn = Callable[[User], Client]
LISTENS = {"Accept": "text/event-stream"}


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "PAUSE", 0.01)
    monkeypatch.setattr(live, "LASTS", 30.0)
    monkeypatch.setattr(live, "_pulse", Pulse(0.0))


def told(stream: Iterator[bytes]) -> tuple[str, dict[str, Any]]:
    kind, data = next(piece for piece in stream if piece.startswith(b"event")).decode().strip().split("\n")
    return kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))


def listening(client: Client) -> Any:
    answer = client.get("/live/", headers=LISTENS)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/event-stream"
    return answer


def test_numbers_are_told_when_they_change(client: Client) -> None:
    answer = listening(client)
    stream = iter(answer.streaming_content)
    kind, first = told(stream)
    assert (kind, first["/issues/"]) == ("counts", "11")
    import_findings("Storefront", "T", [code("r", f"Thing {at}", f"t{at}.py", 3) for at in range(3)])
    kind, second = told(stream)
    assert (kind, second["/issues/"]) == ("counts", "14")
    with connection_kept():
        answer.close()


def test_an_import_that_ends_is_told(client: Client) -> None:
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    answer = listening(client)
    stream = iter(answer.streaming_content)
    assert told(stream)[0] == "counts"
    work()
    found = dict([told(stream), told(stream)])
    number = Import.objects.get().pk
    assert found["import"]["id"] == number
    assert found["import"]["address"] == f"/imports/{number}/"
    assert found["import"]["words"].endswith("is imported.")
    with connection_kept():
        answer.close()


def test_each_hears_what_they_may_see(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    bob = make_person("bob", Role.DEVELOPER, application=world["payroll"])
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    answer = listening(logged_in(bob))
    stream = iter(answer.streaming_content)
    assert told(stream)[1]["/issues/"] == "1"
    work()
    import_findings("Payroll", "T", [code("r", "Thing", "t.py", 3)], repository="git.example/harbour/payroll")
    kind, numbers = told(stream)
    assert (kind, numbers["/issues/"]) == ("counts", "2")
    Grant.objects.filter(user=bob).delete()
    import_findings("Payroll", "T", [code("r", "More", "u.py", 3)], repository="git.example/harbour/payroll")
    assert told(stream)[1]["/issues/"] == "0"
    User.objects.filter(pk=bob.pk).update(is_active=False)
    import_findings("Payroll", "U", [code("r", "Most", "v.py", 3)], repository="git.example/harbour/payroll")
    assert told(stream) == ("end", {})
    with connection_kept():
        answer.close()


def test_few_listen_at_once_and_nobody_else_holds_a_place(client: Client) -> None:
    assert client.get("/live/").status_code == 204
    taken = [listening(client) for _ in range(live.AT_ONCE)]
    assert client.get("/live/", headers=LISTENS).status_code == 204
    with connection_kept():
        for one in taken:
            one.close()
            one.close()
        listening(client).close()


def test_a_stream_ends_by_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LASTS", 0.1)
    monkeypatch.setattr(live, "QUIET", 0.02)
    answer = listening(client)
    pieces = list(answer.streaming_content)
    assert b": still here\n\n" in pieces
    assert pieces[-1] == live.END
    with connection_kept():
        answer.close()


def test_a_failing_database_ends_it_quietly(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Beat:
        raise DatabaseError

    monkeypatch.setattr(live, "_pulse", Pulse(0.0, fail))
    answer = listening(client)
    assert list(answer.streaming_content) == [live.END]
    with connection_kept():
        answer.close()


def test_strangers_hear_nothing(db: None) -> None:
    assert Client().get("/live/", headers=LISTENS).status_code == 302


def test_one_look_serves_all() -> None:
    looks = []

    def look() -> Beat:
        looks.append(1)
        return Beat(1, 1, 1, ())

    pulse = Pulse(60.0, look)
    assert pulse.now() == pulse.now()
    assert len(looks) == 1
    eager = Pulse(0.0, look)
    eager.now()
    eager.now()
    assert len(looks) == 3


def test_a_look_costs_four_statements(world: dict[str, Application], django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(4):
        before = beat()
    import_findings("Storefront", "T", [code("r", "Thing", "t.py", 3)])
    assert beat() != before
