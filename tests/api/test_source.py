"""Reports that come with what the sender's checkout tells about their places."""

from __future__ import annotations

import io
from typing import Any

import httpx2
import msgspec
import pytest
from django.db import DatabaseError
from django.http import HttpResponse

from seamark.client import Client
from seamark.core.checkout import Route
from seamark.intake.discovery import excerpt
from seamark.intake.discovery.excerpt import Excerpt
from seamark.pipeline import imports
from seamark.pipeline.imports import work_once
from seamark.store import evidence
from seamark.store.models import Asset, Finding, Import
from tests.api.conftest import Caller
from tests.pipeline.reports import hit, sarif

REPORT = msgspec.json.encode(sarif([hit(line=9)]))
TOLD = Excerpt(
    scopes={"app.py": {9: "orders"}},
    lines={"app.py": {"9-9": "    return database.execute(word)"}},
    handlers=(Route(path="/orders", method="GET", file="app.py", line=7, end_line=9, scope="orders"),),
)


def send(call: Caller, source: bytes | None, *, report: bytes = REPORT, key: str = "") -> HttpResponse:
    parts = (
        {"report": io.BytesIO(report), "source": io.BytesIO(source)}
        if source is not None
        else {"report": io.BytesIO(report)}
    )
    for name, part in parts.items():
        part.name = f"{name}.json"
    headers = {"Idempotency-Key": key} if key else {}
    fields = {"application": "Shop", "repository": "git.example/acme/shop", "ref": "main"}
    return call("POST", "/imports", data={**fields, **parts}, headers=headers)


def kept(number: int) -> tuple[bool, bool]:
    """Return whether the source of an import is still there, and whether its digest is."""
    row = Import.objects.get(pk=number)
    return row.source is not None, bool(row.source_digest)


def place() -> tuple[str, str]:
    (found,) = evidence.read(Finding.objects.all()).values()
    return found.location.scope, found.location.snippet  # type: ignore[union-attr]


def test_what_the_sender_knows_of_the_code_is_used_and_dropped(lone: Caller) -> None:
    sent = send(lone, excerpt.encode(TOLD))
    number = sent.json()["id"]
    assert sent.status_code == 202
    assert kept(number) == (True, True)
    assert work_once()
    assert lone("GET", f"/imports/{number}").json()["state"] == "done"
    assert place() == ("orders", "    return database.execute(word)")
    assert [one["path"] for one in Asset.objects.get(kind="repository").attributes["routes"]] == ["/orders"]
    assert kept(number) == (False, True)


def test_without_it_all_is_as_before(lone: Caller) -> None:
    number = send(lone, None).json()["id"]
    assert kept(number) == (False, False)
    assert work_once()
    assert place() == ("", "")


def test_it_is_dropped_with_an_import_that_failed(lone: Caller) -> None:
    number = send(lone, excerpt.encode(TOLD), report=b"no report at all").json()["id"]
    assert kept(number) == (True, True)
    assert work_once()
    assert lone("GET", f"/imports/{number}").json()["failure"] == "unknown-format"
    assert kept(number) == (False, True)


def test_it_is_there_for_the_next_attempt(lone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    number = send(lone, excerpt.encode(TOLD)).json()["id"]

    def away(*_: Any) -> None:
        raise DatabaseError("the connection was lost")

    with monkeypatch.context() as patch:
        patch.setattr(imports, "ingest", away)
        assert work_once()
    assert kept(number) == (True, True)
    assert work_once()
    assert place()[0] == "orders"


def test_lists_of_imports_do_not_read_it(lone: Caller) -> None:
    send(lone, excerpt.encode(TOLD))
    (row,) = Import.objects.select_related("report")
    assert row.get_deferred_fields() == {"source"}
    assert imports.claim().get_deferred_fields() == {"source"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"scopes":{"app.py":{"9":5}}}', "$.scopes"),
        (b'{"lines":{"app.py":{"9-9":"\\u0000"}}}', "$.lines"),
        (b'{"routes":[{"path":"/","line":-1}]}', "$.routes[0]"),
        (b"\xff\xd8\xff", "malformed"),
    ],
)
def test_wrong_shapes_are_refused_at_the_door(lone: Caller, source: bytes, words: str) -> None:
    refused = send(lone, source)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:seamark:problem:refused")
    assert refused.json()["detail"].startswith("The excerpt of the source")
    assert words in refused.json()["detail"]
    assert not Import.objects.exists()


def test_one_that_is_too_large_is_refused_before_it_is_read(lone: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpt, "LARGEST", 1024**2)
    monkeypatch.setattr(excerpt, "decode", lambda _: pytest.fail("it was read"))
    over = send(lone, b"{}" + b" " * 1024**2)
    assert (over.status_code, over.json()["type"]) == (413, "urn:seamark:problem:too-large")
    assert "excerpt of the source is larger than 1 MB" in over.json()["detail"]
    assert not Import.objects.exists()


def test_the_same_request_has_the_same_source(lone: Caller) -> None:
    first = send(lone, excerpt.encode(TOLD), key="build-7").json()
    spaced = msgspec.json.format(excerpt.encode(TOLD))
    assert send(lone, spaced, key="build-7").json() == first
    for other in (excerpt.encode(Excerpt()), None):
        refused = send(lone, other, key="build-7")
        assert refused.status_code == 422
        assert "Idempotency-Key" in refused.json()["detail"]
    assert work_once()
    assert send(lone, spaced, key="build-7").json()["id"] == first["id"]
    assert send(lone, None, key="build-7").status_code == 422
    assert Import.objects.count() == 1


def test_a_key_that_came_without_a_source_is_not_used_with_one(lone: Caller) -> None:
    assert send(lone, None, key="build-8").status_code == 202
    assert send(lone, excerpt.encode(TOLD), key="build-8").status_code == 422


def test_the_client_sends_it_as_a_part_of_its_own(tmp_path: Any) -> None:
    bodies: list[bytes] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        bodies.append(request.read())
        state = "done" if len(bodies) > 1 else "queued"
        return httpx2.Response(
            503 if len(bodies) == 1 else 202, json={"id": 1, "state": state, "progress": 0, "result": {}}
        )

    path = tmp_path / "semgrep.sarif"
    path.write_bytes(REPORT)
    transport = httpx2.MockTransport(answer)
    with Client("https://seamark.example", "smk_token", transport=transport, sleep=lambda _: None) as server:
        server.send(path, {"application": "shop"}, source=excerpt.encode(TOLD))
        server.send(path, {"application": "shop"})
    part = b'name="source"; filename="source.json"\r\nContent-Type: application/json\r\n\r\n' + excerpt.encode(TOLD)
    # Sent again after a busy server's answer, it is still whole.
    assert [part in body for body in bodies] == [True, True, False]
    assert b'name="source"' not in bodies[2]
