"""Sending reports in."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from seamark.pipeline.imports import work_once
from seamark.pipeline.people import make_token
from seamark.store.models import Application, Import, User
from seamark.store.models.people import Role
from tests.api.conftest import ROOT, Caller
from tests.factories import make_person

HINTS = b'[{"file":"Dockerfile","line":3,"column":1,"level":"warning","code":"DL3008","message":"Pin versions in apt get install"}]'


def _send(
    call: Caller, content: bytes = HINTS, *, name: str = "hadolint.json", key: str = "", **fields: Any
) -> HttpResponse:
    file = io.BytesIO(content)
    file.name = name
    headers = {"Idempotency-Key": key} if key else {}
    return call("POST", "/imports", data={"application": "Storefront", "report": file, **fields}, headers=headers)


def test_a_report_is_queued_worked_off_and_told_of(call: Caller) -> None:
    sent = _send(call, repository="https://git.example/harbour/shop.git", ref="refs/heads/main", complete="true")
    made = sent.json()
    assert sent.status_code == 202
    assert sent["Location"] == f"{ROOT}/imports/{made['id']}"
    assert made["state"] == "queued"
    assert made["report"] == {"name": "hadolint.json", "size": len(HINTS), "digest": sha256(HINTS).hexdigest()}
    assert made["target"] == {
        "application": "Storefront",
        "repository": "https://git.example/harbour/shop.git",
        "ref": "refs/heads/main",
        "complete": True,
    }
    assert work_once()
    done = call("GET", f"/imports/{made['id']}").json()
    assert (done["state"], done["progress"], done["error"], done["failure"]) == ("done", 1, None, None)
    assert done["finished_at"]
    assert {name: done["result"][name] for name in ("format", "findings", "new", "application")} == {
        "format": "hadolint",
        "findings": 1,
        "new": 1,
        "application": "Storefront",
    }


MAPPING = "name: acme\ntool: Acme\nkind: code\nformat: json\nfields: {title: headline, path: file}\n"


def test_a_report_is_read_by_the_mapping_that_comes_with_it(call: Caller) -> None:
    sent = _send(call, b'[{"headline": "Weak hash", "file": "a.py"}]', mapping=MAPPING)
    assert (sent.status_code, sent.json()["target"]["mapping"].split()) == (202, MAPPING.split())
    assert work_once()
    done = call("GET", f"/imports/{sent.json()['id']}").json()
    assert (done["state"], done["result"]["format"], done["result"]["findings"]) == ("done", "mapping:acme", 1)
    refused = _send(call, mapping="name: [")
    assert (refused.status_code, "mapping cannot be used: Not YAML" in refused.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (b"no report at all", "unknown-format"),
        (
            b'{"runs": [{"results": 5}], "version": "2.1.0", "$schema": "https://json.schemastore.org/sarif-2.1.0.json"}',
            "unreadable-report",
        ),
    ],
)
def test_a_report_that_cannot_be_read_fails_with_its_reason(call: Caller, content: bytes, failure: str) -> None:
    number = _send(call, content).json()["id"]
    assert work_once()
    failed = call("GET", f"/imports/{number}").json()
    assert (failed["state"], failed["failure"], failed["result"]) == ("failed", failure, None)
    assert failed["error"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"application": ""}, "application"),
        ({"application": "a" * 201}, "application"),
        ({"application": "a\0b"}, "application"),
        ({"repository": "git.example/\0"}, "repository"),
        ({"ref": "x" * 501}, "ref"),
        ({"complete": "perhaps"}, "complete"),
        ({"pull_request": "\n"}, "pull_request"),
    ],
)
def test_fields_that_cannot_be_right_are_named(lone: Caller, fields: dict[str, str], field: str) -> None:
    refused = _send(lone, **fields)
    assert refused.status_code == 422
    assert field in refused.json()["fields"][0]["field"]
    assert not Import.objects.filter(author__username="ada").exists()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"image": "a b"}, "registry/name"),
        ({"repository": "/"}, "repository"),
        ({"format": "sarrif"}, "sarrif"),
        ({"application": "   "}, "1 to 200"),
    ],
)
def test_targets_that_cannot_be_right_are_refused(lone: Caller, fields: dict[str, str], words: str) -> None:
    refused = _send(lone, **fields)
    assert (refused.status_code, refused.json()["type"]) == (422, "urn:seamark:problem:refused")
    assert words in refused.json()["detail"]


def test_an_empty_or_missing_report_is_refused(lone: Caller) -> None:
    empty = _send(lone, b"")
    assert (empty.status_code, empty.json()["type"]) == (422, "urn:seamark:problem:unreadable-report")
    missing = lone("POST", "/imports", data={"application": "Storefront"})
    assert missing.status_code == 422
    assert "report" in missing.json()["fields"][0]["field"]


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\nContent-Disposition: form-data; name=report; filename=a\r\n\r\n1", b"\0" * 500]
)
@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "multipart/form-data", "application/json", "text/plain", ""]
)
def test_bodies_that_are_no_form_are_refused(analyst: User, body: bytes, kind: str) -> None:
    client = Client(raise_request_exception=False, headers={"Authorization": f"Bearer {make_token(analyst, 'tests')}"})
    answer = client.generic("POST", f"{ROOT}/imports", body, content_type=kind)
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"] == "application/problem+json"


def test_a_name_in_other_letters_is_the_same_application(
    call: Caller, world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    made = _send(call, application=" sTOREFRONT ").json()
    assert made["target"]["application"] == "Storefront"
    colleague = caller(make_person("bob", Role.VIEWER, application=world["shop"]))
    assert colleague("GET", f"/imports/{made['id']}").status_code == 200


def test_a_developer_of_one_application_imports_into_it_only(
    world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    call = caller(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    assert _send(call, application="storefront").status_code == 202
    for name in ("Payroll", "storefront2", "Storefrönt"):
        assert _send(call, application=name).status_code == 403


def test_a_report_over_the_limit_is_refused_before_it_is_read(
    call: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SEAMARK_UPLOAD_LIMIT = 1024
    over = _send(call, b"[" + b" " * 1024 + b"]")
    assert (over.status_code, over.json()["type"]) == (413, "urn:seamark:problem:too-large")
    monkeypatch.setattr(
        "django.http.request.HttpRequest.parse_file_upload", lambda *_: pytest.fail("the body was read")
    )
    assert _send(call, b" " * (1024 * 1024 + 2048)).status_code == 413
    assert not Import.objects.filter(author__username="ada").exists()


def test_a_large_report_goes_through_a_file(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = []
    from seamark.interfaces.api import imports

    real = imports.accept

    def spy(stream: Any, *args: Any, **kwargs: Any) -> Import:
        kinds.append(hasattr(stream, "fileno") and stream.fileno() > 0)
        return real(stream, *args, **kwargs)

    monkeypatch.setattr(imports, "accept", spy)
    assert _send(call, b"[" + b" " * 3_000_000 + b"]").status_code == 202
    assert kinds == [True]


def test_the_same_key_makes_one_import(call: Caller, caller: Callable[..., Caller]) -> None:
    first, again = _send(call, key="build-7"), _send(call, key="build-7")
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert work_once()
    assert not work_once()
    assert _send(call, key="build-7").json()["state"] == "done"
    assert _send(call, key="build-8").json()["id"] != first.json()["id"]
    assert _send(caller(make_person("eve", Role.ANALYST)), key="build-7").json()["id"] != first.json()["id"]
    assert _send(call).json()["id"] != _send(call).json()["id"]


def test_a_key_is_not_used_for_something_else(call: Caller) -> None:
    _send(call, key="build-7")
    for changed in (_send(call, b"[2]", key="build-7"), _send(call, key="build-7", ref="main")):
        assert changed.status_code == 422
        assert "Idempotency-Key" in changed.json()["detail"]
    assert Import.objects.filter(idempotency_key="build-7").count() == 1


@pytest.mark.parametrize("key", ["x" * 101, "with blank", "é"])
def test_keys_have_bounds(lone: Caller, key: str) -> None:
    assert _send(lone, key=key).status_code == 422


def test_a_request_that_lost_the_race_for_a_key_gets_the_winner(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked for the key before either had written it."""
    from seamark.pipeline import imports

    winner: list[int] = []
    real = imports._earlier

    def blind_once(author: User, key: str) -> Import | None:
        if not winner:
            winner.append(0)
            winner[0] = _send(call, key="build-7").json()["id"]
            return None
        return real(author, key)

    monkeypatch.setattr(imports, "_earlier", blind_once)
    assert _send(call, key="build-7").json()["id"] == winner[0]
    assert Import.objects.filter(idempotency_key="build-7").count() == 1


def test_imports_are_paged_newest_first(call: Caller) -> None:
    numbers = [_send(call, b"[%d]" % at).json()["id"] for at in range(5)][::-1]
    first = call("GET", "/imports?limit=2").json()
    second = call("GET", f"/imports?limit=2&after={first['next']}").json()
    assert [one["id"] for one in first["items"] + second["items"]] == numbers[:4]
    assert first["previous"] is None
    back = call("GET", f"/imports?limit=2&before={second['previous']}").json()
    assert [one["id"] for one in back["items"]] == numbers[:2]
    assert first["count"] == {"number": Import.objects.count(), "more": False}


def test_an_import_that_did_not_change_is_not_sent_again(call: Caller) -> None:
    number = _send(call).json()["id"]
    tag = call("GET", f"/imports/{number}")["ETag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        assert call("GET", f"/imports/{number}", headers={"If-None-Match": known}).status_code == 304
    assert work_once()
    assert call("GET", f"/imports/{number}", headers={"If-None-Match": tag}).status_code == 200
