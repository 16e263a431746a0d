"""What other clients send, as plain requests: forms, reads, and who may do what."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from seamark.intake.parsers.kit.registry import parsers
from seamark.interfaces.api.dojo.scan_types import known_name, scan_types
from seamark.pipeline.people import make_token
from seamark.store.models import Application, DojoTest, Issue, User
from seamark.store.models.people import Role
from tests.dojo.test_client import HINTS, TYPE
from tests.factories import make_person, make_world

ROOT = "/api/v2"


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


def _client(person: User, *scopes: str) -> Client:
    token = make_token(person, "dojo", scopes=scopes or ("import", "read"))
    return Client(raise_request_exception=False, headers={"Authorization": f"Token {token}"})


def _send(client: Client, endpoint: str = "import-scan", report: Any = HINTS, **fields: Any) -> HttpResponse:
    file = io.BytesIO(report if isinstance(report, bytes) else json.dumps(report).encode())
    file.name = "report.json"
    return client.post(f"{ROOT}/{endpoint}/", {"scan_type": TYPE, **fields, "file": file})


def test_every_type_is_read_by_a_format_that_there_is() -> None:
    assert len(scan_types()) > 180
    assert set(scan_types().values()) - set(parsers()) == {"auto"}
    assert known_name(" zap scan ") == "ZAP Scan"
    assert known_name("nothing") is None


def test_words_of_curl_scripts_are_understood(world: dict[str, Application]) -> None:
    client = _client(make_person("ci", Role.DEVELOPER))
    told = _send(
        client, product_name="storefront", engagement_name="CI", auto_create_context="True", active="true", verified="False",
        close_old_findings="true", push_to_jira="false", environment="Production", scan_date="2026-11-20", lead="1",
        tags="a, b", group_by="component_name", service="web",
    )  # fmt: skip
    assert told.status_code == 201, told.content
    body = told.json()
    assert body["product_name"] == "Storefront"
    assert body["tags"] == ["a", "b"]
    assert body["close_old_findings"] is True
    again = _send(client, "reimport-scan", test=body["test_id"])
    assert again.json()["test_id"] == body["test_id"]
    assert again.json()["statistics"]["after"]["total"]["active"] == 4
    other = _send(client, "reimport-scan", report=b"[]", test=body["test_id"], scan_type="Bandit Scan")
    assert other.status_code == 400
    by_number = _send(client, engagement=body["engagement_id"])
    assert by_number.json()["engagement_name"] == "CI"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"scan_date": "yesterday"}, 400),
        ({"minimum_severity": "Awful"}, 400),
        ({"test": "x"}, 400),
        ({"source_code_management_uri": "https://git.example/"}, 400),
        ({"branch_tag": "a\x00b"}, 400),
        ({"report": b""}, 400),
        ({"report": b"nothing"}, 400),
    ],
)
def test_what_is_wrongly_sent(world: dict[str, Application], fields: dict[str, Any], status: int) -> None:
    client = _client(make_person("ci", Role.DEVELOPER))
    before = Issue.objects.count()
    where = {"product_name": "Storefront", "engagement_name": "CI", "auto_create_context": "true"}
    answer = _send(client, **{**where, **fields})
    assert answer.status_code == status, answer.content
    assert answer.json()
    assert Issue.objects.count() == before
    assert not DojoTest.objects.exists()


def test_nobody_imports_or_reads_what_is_not_theirs(world: dict[str, Application]) -> None:
    where = {"engagement_name": "CI", "auto_create_context": "true"}
    mine = _client(make_person("pay", Role.DEVELOPER, application=world["payroll"]))
    viewer = _client(make_person("see", Role.VIEWER))
    all_seeing = _client(make_person("ci", Role.DEVELOPER))
    made = _send(all_seeing, product_name="Storefront", **where).json()
    assert _send(mine, product_name="Storefront", **where).status_code == 403
    assert _send(mine, product_name="Brand new", **where).status_code == 403
    assert _send(viewer, product_name="Payroll", **where).status_code == 403
    assert _send(mine, "reimport-scan", test=made["test_id"]).status_code == 404
    assert _send(mine, engagement=made["engagement_id"]).status_code == 404
    assert _send(mine, product_name="Payroll", **where).status_code == 201
    assert _send(Client(), product_name="Payroll", **where).status_code == 401
    assert _send(_client(make_person("r", Role.DEVELOPER), "read"), product_name="Payroll", **where).status_code == 403
    for path in ("products", "engagements", "tests", "findings"):
        whole, part = all_seeing.get(f"{ROOT}/{path}/").json(), mine.get(f"{ROOT}/{path}/").json()
        assert whole["count"] > part["count"] > 0
    for path, key in (("products", "product_id"), ("engagements", "engagement_id"), ("tests", "test_id")):
        assert mine.get(f"{ROOT}/{path}/{made[key]}/").status_code == 404
        assert all_seeing.get(f"{ROOT}/{path}/{made[key]}/").json()["id"] == made[key]
    assert mine.get(f"{ROOT}/findings/?test={made['test_id']}").json()["count"] == 0


def test_lists_are_paged_by_offset(world: dict[str, Application]) -> None:
    client = _client(make_person("ci", Role.DEVELOPER))
    first = client.get(f"{ROOT}/findings/?limit=2&active=true").json()
    assert len(first["results"]) == 2
    assert first["previous"] is None
    second = client.get(first["next"]).json()
    assert second["results"][0]["id"] > first["results"][1]["id"]
    assert second["previous"]
    named = client.get(f"{ROOT}/products/?name_exact=payroll").json()["results"]
    assert [one["name"] for one in named] == ["Payroll"]
    assert client.get(f"{ROOT}/products/?name=STORE").json()["count"] == 1
    assert client.get(f"{ROOT}/findings/?limit=0").status_code == 400


def test_who_one_is_and_what_is_read(world: dict[str, Application]) -> None:
    client = _client(make_person("ci", Role.DEVELOPER))
    assert client.get(f"{ROOT}/user_profile/").json()["user"]["username"] == "ci"
    assert [one["username"] for one in client.get(f"{ROOT}/users/?username=ci").json()["results"]] == ["ci"]
    assert client.get(f"{ROOT}/users/?username=root").json()["count"] == 0
    assert client.get(f"{ROOT}/test_types/?name=ZAP+Scan").json()["results"][0]["name"] == "ZAP Scan"
    assert client.get(f"{ROOT}/nothing/").status_code == 404
    assert client.get(f"{ROOT}/import-scan/").status_code == 405
    assert "/api/v2/import-scan/" in client.get(f"{ROOT}/oa3/schema/").json()["paths"]


def test_what_was_decided_shows_in_the_statistics(world: dict[str, Application]) -> None:
    client = _client(make_person("ci", Role.DEVELOPER))
    where = {"product_name": "Storefront", "engagement_name": "CI", "auto_create_context": "true"}
    test = _send(client, **where).json()["test_id"]
    issues = Issue.objects.filter(findings__stream__in=DojoTest.objects.get().streams).order_by("pk")
    for issue, (state, resolution) in zip(
        issues, ((5, "false_positive"), (5, "accepted"), (2, ""), (5, "not_affected")), strict=True
    ):
        Issue.objects.filter(pk=issue.pk).update(state=state, resolution=resolution)
    told = _send(client, "reimport-scan", report=[*HINTS, HINTS[0] | {"line": 99, "code": "DL3099"}], test=test).json()
    total = told["statistics"]["after"]["total"]
    assert (total["false_p"], total["risk_accepted"], total["out_of_scope"], total["total"]) == (1, 1, 1, 5)
    shown = client.get(f"{ROOT}/findings/?test={test}").json()["results"]
    assert sum(one["false_p"] for one in shown) == 1
    assert {one["test"] for one in shown} == {test}
