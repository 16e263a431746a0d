"""Applications, fixes, reports, formats and health."""

from __future__ import annotations

import io
from collections.abc import Callable
from hashlib import sha256

import pytest
from django.db import OperationalError

from seamark import __version__
from seamark.insight.analytics.fixes import ranked_fixes
from seamark.intake.parsers.kit.registry import parsers
from seamark.pipeline.imports import work_once
from seamark.store.models import Application, Fix, Issue, Report
from seamark.store.models.people import Role
from tests.api.conftest import Caller
from tests.factories import make_person


def test_an_application_with_how_it_stands(call: Caller, world: dict[str, Application]) -> None:
    shop = call("GET", "/applications/storefront").json()
    assert (shop["name"], shop["unit"], shop["criticality"], shop["exposure"], shop["data_classes"]) == (
        "Storefront",
        "Retail",
        1,
        "internet",
        ["PII"],
    )
    open_ones = Issue.objects.filter(application=world["shop"], open=True)
    assert sum(shop["open_issues"].values()) == open_ones.count()
    assert shop["open_issues"]["P0"] == open_ones.filter(priority=0).count()
    assert shop["highest_risk"] == max(open_ones.values_list("risk", flat=True)) / 10
    assert call("GET", "/applications").json()["items"][0] == shop


def test_an_application_without_issues(call: Caller) -> None:
    Application.objects.create(name="New", slug="new", revenue_per_hour="12.50")
    new = call("GET", "/applications/new").json()
    assert new["highest_risk"] is new["unit"] is new["criticality"] is None
    assert new["revenue_per_hour"] == 12.5


def test_applications_cost_the_same_however_many(call: Caller, django_assert_max_num_queries: Callable) -> None:
    call("GET", "/applications")
    for number in range(30):
        Application.objects.create(name=f"App {number}", slug=f"app-{number}")
    with django_assert_max_num_queries(9):
        assert len(call("GET", "/applications?limit=30").json()["items"]) == 30


def test_applications_are_paged(call: Caller) -> None:
    first = call("GET", "/applications?limit=1").json()
    second = call("GET", f"/applications?limit=1&after={first['next']}").json()
    assert [one["items"][0]["slug"] for one in (first, second)] == ["storefront", "payroll"]
    assert second["next"] is None


@pytest.mark.parametrize("slug", ["nothing", "%00", "Storefront", "x" * 500])
def test_applications_that_are_not_there(lone: Caller, slug: str) -> None:
    assert lone("GET", f"/applications/{slug}").status_code == 404


def test_fixes_are_ranked_by_what_they_are_worth(call: Caller) -> None:
    found = call("GET", "/fixes").json()["items"]
    assert found == ranked_fixes(Fix.objects.all(), 50)
    assert found
    assert [one["risk_removed"] for one in found] == sorted((one["risk_removed"] for one in found), reverse=True)
    assert len(call("GET", "/fixes?limit=1").json()["items"]) == 1
    assert call("GET", "/fixes?application=storefront").json()["items"] == [
        one for one in found if one["application"] == "Storefront"
    ]
    assert call("GET", "/fixes?application=nothing").json()["items"] == []


@pytest.mark.parametrize("asked", ["limit=0", "limit=501", "limit=x", "application=%00", "application=" + "x" * 201])
def test_impossible_fixes_are_refused(lone: Caller, asked: str) -> None:
    assert lone("GET", f"/fixes?{asked}").status_code == 422


def test_formats_are_those_that_can_be_read(lone: Caller) -> None:
    answer = lone("GET", "/formats")
    assert [one["name"] for one in answer.json()["items"]] == list(parsers())
    assert lone("GET", "/formats", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def _sent(call: Caller, content: bytes, name: str, application: str = "Storefront") -> str:
    file = io.BytesIO(content)
    file.name = name
    call("POST", "/imports", data={"application": application, "report": file})
    assert work_once()
    return sha256(content).hexdigest()


HTML = (
    b'[{"file":"<script>alert(1)</script>","line":1,"column":1,"level":"error","code":"DL3000","message":"Use absolute WORKDIR"}]'
    + b" " * 9_000_000
)


def test_a_report_comes_back_byte_for_byte_and_only_as_a_download(call: Caller) -> None:
    digest = _sent(call, HTML, 'a"b\u00e9.html')
    answer = call("GET", f"/reports/{digest}")
    assert answer.streaming
    assert b"".join(answer) == HTML
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["Content-Length"] == str(len(HTML))
    assert call("GET", f"/reports/{digest}", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_a_report_is_for_those_who_see_its_application(
    call: Caller, world: dict[str, Application], caller: Callable[..., Caller]
) -> None:
    digest = _sent(call, HTML[:200], "a.json", "Payroll")
    for application, status in (("payroll", 200), ("shop", 404)):
        other = caller(make_person(f"of {application}", Role.VIEWER, application=world[application]))
        assert other("GET", f"/reports/{digest}").status_code == status


@pytest.mark.parametrize("digest", ["0" * 64, "x", "0" * 63, "A" * 64, "%00" * 64])
def test_reports_that_are_not_there(call: Caller, digest: str) -> None:
    assert Report.objects.exists()
    assert call("GET", f"/reports/{digest}").status_code == 404


def test_health(db: None, django_assert_num_queries: Callable) -> None:
    with django_assert_num_queries(1):
        assert Caller()("GET", "/health").json() == {"status": "ok", "version": __version__}


def test_health_without_its_database(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.db import connections

    def away() -> None:
        raise OperationalError("connection refused: host=secret.example")

    with monkeypatch.context() as patched:
        patched.setattr(connections["default"], "cursor", away)
        answer = Caller()("GET", "/health")
    assert answer.status_code == 503
    assert b"secret" not in answer.content


def test_a_failing_database_is_a_problem_that_passes(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("database is locked: host=secret.example")

    monkeypatch.setattr("seamark.interfaces.api.fixes.ranked_fixes", away)
    answer = call("GET", "/fixes")
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert b"secret" not in answer.content
    assert "GET /api/v1/fixes" in caplog.text


def test_an_unforeseen_failure_says_nothing_of_the_inside(
    call: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("secret.example")

    monkeypatch.setattr("seamark.interfaces.api.fixes.ranked_fixes", broken)
    answer = call.client.get("/api/v1/fixes")
    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert b"secret" not in answer.content
    assert "secret.example" in caplog.text
