"""Sending reports in, with and without the script."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from seamark.pipeline.imports import work_once
from seamark.store.models import Application, Import, Issue, User
from seamark.store.models.people import Role
from seamark.store.models.work import ImportState
from tests.factories import make_person

LogIn = Callable[[User], Client]


def sarif(*places: str) -> bytes:
    """Make a report by hand, in the form of SARIF 2.1.0."""
    results = [
        {
            "ruleId": "made-up",
            "level": "error",
            "message": {"text": f"Made up at {place}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": place}, "region": {"startLine": 3}}}],
        }
        for place in places
    ]
    run = {"tool": {"driver": {"name": "Handmade", "version": "1"}}, "results": results}
    return json.dumps({"version": "2.1.0", "runs": [run]}).encode()


def report(name: str = "handmade.sarif", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, sarif("a.py", "b.py") if content is None else content)


def work() -> None:
    while work_once():
        pass


def test_a_plain_form_is_enough(client: Client) -> None:
    answer = client.post(
        "/imports/",
        {
            "reports": [report(), report("second.sarif.gz", gzip.compress(sarif("c.py")))],
            "application": "Storefront",
            "repository": "git.example/harbour/shop",
            "ref": "main",
        },
        follow=True,
    )
    assert answer.redirect_chain == [("/imports/", 302)]
    assert "2 reports are queued." in answer.content.decode()
    work()
    first, second = Import.objects.order_by("pk")
    assert (first.state, second.state) == (ImportState.DONE, ImportState.DONE)
    assert first.author is not None
    assert first.target == {"application": "Storefront", "repository": "git.example/harbour/shop", "ref": "main"}
    page = client.get("/imports/").content.decode()
    assert "second.sarif.gz" in page
    assert "Handmade" in page
    detail = client.get(f"/imports/{first.pk}/").content.decode()
    assert first.report.digest in detail
    assert Issue.objects.filter(title="Made up at a.py").exists()


def test_the_script_is_answered_in_json(client: Client) -> None:
    answer = client.post(
        "/imports/", {"reports": report(), "application": "New one"}, headers={"Accept": "application/json"}
    )
    assert answer.json() == {"imports": [Import.objects.get().pk], "errors": []}
    answer = client.post(
        "/imports/", {"reports": report(content=b""), "application": "New one"}, headers={"Accept": "application/json"}
    )
    assert answer.status_code == 422
    assert "empty" in answer.json()["errors"][0]


def test_a_bad_report_does_not_keep_the_others_out(client: Client) -> None:
    page = client.post(
        "/imports/", {"reports": [report("empty.json", b""), report()], "application": "Storefront"}, follow=True
    ).content.decode()
    assert "empty.json: The file is empty" in page
    assert "1 report is queued." in page


def test_a_failed_import_says_why(client: Client) -> None:
    client.post(
        "/imports/", {"reports": report("notes.txt", b"these are not the findings"), "application": "Storefront"}
    )
    work()
    failed = Import.objects.get()
    assert failed.state == ImportState.FAILED
    for address in ("/imports/", f"/imports/{failed.pk}/"):
        page = client.get(address).content.decode()
        assert "failed" in page
        assert failed.error[:40].replace("'", "&#x27;").replace('"', "&quot;") in page


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "Name the application"),
        ({"application": "x" * 201}, "1 to 200"),
        ({"application": "Storefront", "image": "no image !"}, "is not an image"),
        ({"application": "Storefront"}, "Choose at least one report"),
    ],
)
def test_what_is_missing_is_said(client: Client, form: dict[str, str], words: str) -> None:
    data = {**form, **({"reports": report()} if "Choose" not in words else {})}
    assert words in client.post("/imports/", data, follow=True).content.decode()
    assert not Import.objects.exists()


def test_only_into_applications_of_ones_role(world: dict[str, Application], logged_in: LogIn) -> None:
    client = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"]))
    for name, number in (("Payroll", 0), ("A new one", 0), ("storefront", 1)):
        client.post("/imports/", {"reports": report(), "application": name})
        assert Import.objects.count() == number
    viewer = logged_in(make_person("vera", Role.VIEWER))
    assert "data-upload" not in viewer.get("/imports/").content.decode()
    viewer.post("/imports/", {"reports": report(), "application": "Storefront"})
    assert Import.objects.count() == 1


def test_an_upload_over_the_limit_is_refused_before_it_is_read(client: Client, settings: Any) -> None:
    settings.SEAMARK_UPLOAD_LIMIT = 1024
    large = report(content=b" " * (2 * 1024 * 1024))
    answer = client.post("/imports/", {"reports": large, "application": "Storefront"})
    assert answer.status_code == 413
    assert "SEAMARK_UPLOAD_LIMIT" in answer.content.decode()
    small = report(content=b" " * 2048)
    assert (
        "larger than"
        in client.post("/imports/", {"reports": small, "application": "Storefront"}, follow=True).content.decode()
    )
    assert not Import.objects.exists()


def test_a_forged_upload_is_refused(analyst: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(analyst, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post("/imports/", {"reports": report(), "application": "Storefront"})
    assert answer.status_code == 403
    assert "out of date" in answer.content.decode()
    assert not Import.objects.exists()


def test_a_row_asks_again_until_it_is_done(client: Client) -> None:
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    number = Import.objects.get().pk
    headers = {"HX-Request": "true", "HX-Target": f"import-{number}"}
    row = client.get(f"/imports/{number}/", headers=headers).content.decode()
    assert row.startswith(f'<tr id="import-{number}" hx-get=')
    assert "queued" in row
    work()
    row = client.get(f"/imports/{number}/", headers=headers).content.decode()
    assert "hx-get" not in row
    assert "done" in row
