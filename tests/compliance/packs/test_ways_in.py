"""Packs on the command line, on the pages and over the API."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from seamark.governance.ledger.note import Signer
from seamark.insight.exports.pack.script import verifier
from seamark.insight.exports.pack.shapes import Period
from seamark.pipeline import packing
from seamark.pipeline.compliance.scope import Scope
from seamark.store.models import ComplianceGap, Job, LedgerEntry
from seamark.store.models.people import Role
from tests.api.conftest import Caller, caller
from tests.cli.conftest import Command, seamark
from tests.compliance.packs.conftest import PCI
from tests.factories import make_person
from tests.web.conftest import logged_in

__all__ = ["caller", "logged_in", "seamark"]
WHAT = ("--framework", PCI, "--application", "payments")


def test_export_and_verify(
    seamark: Command, payments: Scope, signer: Signer, key: str, period: Period, tmp_path: Path
) -> None:
    path = tmp_path / "pack.zip"
    words = ("compliance", "export", *WHAT, "--period", period.label, "--output", path)
    told = seamark(*words)
    assert told.code == 0, told.err
    assert "of the ledger" in told.out
    assert seamark(*words).code == 1, "what is there is not written over"
    assert "Good: " in seamark("compliance", "verify", path, "--key", key).out
    assert json.loads(seamark("compliance", "verify", path, "--key", key, "--database", "--json").out)["ok"] is True
    ComplianceGap.objects.filter(framework=PCI).delete()
    changed = seamark("compliance", "verify", path, "--key", key, "--database")
    assert changed.code == 1
    assert "no longer in the database" in changed.out
    assert seamark("compliance", "verify", __file__, "--key", key).code == 2
    assert seamark("compliance", "verify", path, "--key", "no+key").code == 2
    assert seamark("compliance", "verify", path, "--key", tmp_path / "missing.pub").code == 2


def test_export_that_cannot_be(seamark: Command, payments: Scope, period: Period, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    words = ("compliance", "export", *WHAT, "--output", path, "--period")
    assert seamark(*words, period.label).code != 0, "there is no key"
    assert seamark(*words, "someday").code != 0
    assert not path.exists()
    told = seamark(*words, period.label, "--unsealed", "--json")
    assert (told.code, json.loads(told.out)["entry"]) == (0, None)


def test_the_verifier_vex_and_the_changes(seamark: Command, payments: Scope, tmp_path: Path) -> None:
    path = tmp_path / "verify.py"
    assert seamark("compliance", "verifier", "--output", path).code == 0
    assert path.read_bytes() == verifier()
    for form in ("openvex", "csaf", "cyclonedx"):
        assert json.loads(seamark("compliance", "vex", "--application", "payments", "--format", form).out)
    assert seamark("compliance", "vex", "--application", "nobody").code == 1
    assert seamark("compliance", "delta", *WHAT).out.startswith("# PCI DSS")
    assert json.loads(seamark("compliance", "delta", *WHAT, "--json").out)["framework"] == PCI


@pytest.fixture
def browser(payments: Scope, logged_in: Callable[..., Client]) -> Client:
    return logged_in(make_person("olga", Role.AUDITOR))


def test_a_pack_is_taken_from_the_page(browser: Client, signer: Signer, key: str, period: Period) -> None:
    page = browser.get("/compliance/packs/")
    assert page.status_code == 200
    assert key in page.content.decode()
    sent = {"framework": PCI, "application": "payments", "period": period.label}
    answer = browser.post("/compliance/packs/", sent)
    assert (answer.status_code, answer["Location"]) == (302, "/compliance/packs/")
    job = Job.objects.get()
    waiting = f'hx-get="/made/{job.pk}/"'
    assert waiting in browser.get("/compliance/packs/").content.decode(), "the page asks how far it is"
    assert browser.get(f"/made/{job.pk}/file").status_code == 404
    assert packing.work_once()
    page = browser.get("/compliance/packs/").content.decode()
    assert (waiting in page, f'href="/made/{job.pk}/file"' in page) == (False, True)
    answer = browser.get(f"/made/{job.pk}/file")
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="pci-dss-4-payments-{period.label}.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert "report.pdf" in archive.namelist()
    for wrong in ({"period": "someday"}, {"application": "nobody"}, {"framework": "nothing"}):
        refused = browser.post("/compliance/packs/", {**sent, **wrong})
        assert refused.status_code == 400
        assert 'role="alert"' in refused.content.decode()
    assert Job.objects.count() == 1


def test_without_a_key_the_page_says_how_to_make_one(browser: Client) -> None:
    assert "seamark ledger key" in browser.get("/compliance/packs/").content.decode()


def test_the_pages_of_changes_and_flows(browser: Client) -> None:
    assert browser.get("/compliance/changes/?application=payments").status_code == 200
    assert browser.get("/compliance/changes/?day=nonsense").status_code == 400
    assert browser.get("/compliance/changes/?application=nobody").status_code == 400
    assert "Payment flows" in browser.get("/compliance/flows/").content.decode()
    assert "Protected health" in browser.get("/compliance/flows/?data=health").content.decode()
    assert browser.get("/compliance/flows/?application=nobody").status_code == 404


def test_over_the_api(caller: Callable[..., Caller], payments: Scope, signer: Signer, period: Period) -> None:
    call = caller(make_person("olga", Role.AUDITOR), "read")
    body: dict[str, Any] = {"framework": PCI, "application": "payments", "period": period.label}
    answer = call("POST", "/compliance/packs", body)
    job = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{job['id']}")
    assert (job["kind"], job["state"], job["total"]) == ("evidence pack", "queued", 4)
    assert call("GET", f"/jobs/{job['id']}/file").status_code == 404
    assert packing.work_once()
    done = call("GET", f"/jobs/{job['id']}").json()
    assert (done["state"], done["done"], done["error"]) == ("done", 4, None)
    file = call("GET", f"/jobs/{job['id']}/file")
    assert (file.status_code, file["Content-Type"]) == (200, "application/zip")
    content = b"".join(file.streaming_content)
    assert hashlib.sha256(content).hexdigest() == done["result"]["file"]["sha256"]
    assert len(content) == int(file["Content-Length"]) == done["result"]["file"]["size"]
    assert LedgerEntry.objects.get(pk=done["result"]["entry"]).kind == "compliance_pack"
    assert call("GET", "/jobs/import-1/file").status_code == 404
    assert call("POST", "/compliance/packs", {**body, "period": "someday"}).status_code == 422
    assert call("POST", "/compliance/packs", {**body, "framework": "nothing"}).status_code == 404
    assert call("GET", "/compliance/changes?application=payments").json()["framework"] == PCI
    assert call("GET", "/compliance/flows?data=health").json()["data_class"] == "PHI"
    vex = call("GET", "/compliance/vex?application=payments&form=csaf")
    assert vex.json()["document"]["csaf_version"] == "2.0"
    assert call("GET", "/compliance/vex?application=nobody").status_code == 404
    assert call("GET", "/compliance/verifier").content == verifier()


def test_somebody_who_sees_a_part_gets_no_pack_of_the_whole(
    caller: Callable[..., Caller], payments: Scope, signer: Signer, period: Period
) -> None:
    call = caller(make_person("olga", Role.AUDITOR, application=payments.application), "read")
    assert call("POST", "/compliance/packs", {"framework": PCI, "period": period.label}).status_code == 403


def test_somebody_who_may_read_nothing_is_told_nothing(
    caller: Callable[..., Caller], logged_in: Callable[..., Client], payments: Scope
) -> None:
    stranger = make_person("nobody")
    call, browser = caller(stranger, "read"), logged_in(stranger)
    for path in ("changes", "flows", "vex?application=payments"):
        assert call("GET", f"/compliance/{path}").status_code == 404
    for path in ("packs", "changes", "flows"):
        assert browser.get(f"/compliance/{path}/").status_code == 404
