"""Imports told while they go, and what a scan changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from seamark.interfaces.web import progress
from seamark.store.models import Application, Import, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.support.connection import connection_kept
from tests.web.test_imports import report, work

LogIn = Callable[[User], Client]


def events(pieces: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(piece.split(b"data: ")[1]) for piece in pieces if piece.startswith(b"event: import")]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PAUSE", 0.01)


def test_a_row_is_told_until_it_is_done(client: Client) -> None:
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    number = Import.objects.get().pk
    answer = client.get(f"/imports/events/?id={number}")
    assert answer["Content-Type"] == "text/event-stream"
    told = iter(answer.streaming_content)
    first = next(told)
    [one] = events([first])
    assert (one["id"], one["state"]) == (number, "queued")
    assert one["row"].startswith(f'<tr id="import-{number}"')
    assert "hx-get" not in one["row"]
    work()
    rest = list(told)
    assert [one["state"] for one in events(rest)] == ["done"]
    assert rest[-1].startswith(b"event: end")
    with connection_kept():
        answer.close()


def test_only_ones_own_are_told(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    client.post("/imports/", {"reports": report(), "application": "Payroll"})
    number = Import.objects.get().pk
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    answer = dev.get(f"/imports/events/?id={number}&id=x&id=99999999999999999999999")
    assert answer.status_code == 204
    assert answer.content == b""


def test_few_listen_at_once(client: Client) -> None:
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    address = f"/imports/events/?id={Import.objects.get().pk}"
    taken = [client.get(address) for _ in range(progress.AT_ONCE)]
    assert client.get(address).status_code == 503
    with connection_kept():
        for one in taken:
            one.close()
            one.close()
    again = client.get(address)
    assert again.status_code == 200
    with connection_kept():
        again.close()


def test_a_stream_does_not_last(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LASTS", 0.1)
    monkeypatch.setattr(progress, "QUIET", 0.02)
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    answer = client.get(f"/imports/events/?id={Import.objects.get().pk}")
    told = list(answer.streaming_content)
    assert b": still here\n\n" in told
    assert told[-1].startswith(b"event: end")
    with connection_kept():
        answer.close()


def test_what_a_scan_changed_and_covered(client: Client) -> None:
    client.post("/imports/", {"reports": report(), "application": "Storefront", "ref": "main"})
    work()
    page = client.get(f"/imports/{Import.objects.get().pk}/").content.decode()
    assert "What each scan covered and changed" in page
    assert "Handmade" in page
    assert "may close" in page


def test_where_one_may_import(client: Client, world: dict[str, Application], logged_in: LogIn) -> None:
    assert client.get("/imports/names.json").json() == {"applications": ["Payroll", "Storefront"]}
    dev = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    assert dev.get("/imports/names.json").json() == {"applications": ["Storefront"]}
    assert 'id="drop"' in dev.get("/issues/").content.decode()
    viewer = logged_in(make_person("vera", Role.VIEWER))
    assert viewer.get("/imports/names.json").json() == {"applications": []}
    assert 'id="drop"' not in viewer.get("/issues/").content.decode()
