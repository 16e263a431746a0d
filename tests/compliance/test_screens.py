"""The screens, the API and the command line of compliance: the same numbers, each leading to its list, and nobody else's."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from seamark.pipeline.compliance import evidence, passing
from seamark.store.models import (
    Application,
    AuditorAccess,
    ComplianceEvidence,
    ComplianceFramework,
    ComplianceGap,
    User,
)
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.support.access import prove

from .test_frameworks import OWN

pytestmark = pytest.mark.django_db
PAGES = (
    "/compliance/", "/compliance/checks/", "/compliance/checks/?outcome=fail", "/compliance/checks/no-live-secrets/",
    "/compliance/checks/no-live-secrets/records/?answer=no", "/compliance/gaps/", "/compliance/evidence/",
    "/compliance/frameworks/pci-dss-4/", "/compliance/frameworks/hipaa-security/controls/164.308(a)(1)(i)/",
    "/compliance/frameworks/owasp-top-10-2021/controls/A06/?application=storefront", "/compliance/?unit=Retail",
    "/compliance/auditors/", "/compliance/bring/",
)  # fmt: skip


@pytest.fixture
def passed(world: dict[str, Application]) -> dict[str, Application]:
    passing.run(timezone.now())
    return world


@pytest.fixture
def admin(passed: dict[str, Application]) -> User:
    return make_person("ada", Role.ADMIN)


@pytest.fixture
def browser(admin: User, logged_in: Callable[[User], Client]) -> Client:
    client = logged_in(admin)
    prove(client, admin)
    return client


class Rows(HTMLParser):
    """Counts the rows of tables' bodies."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.count = False, 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.inside = self.inside or tag == "tbody"
        self.count += tag == "tr" and self.inside

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "tbody"


def rows_of(client: Client, address: str) -> int:
    """Return how many rows a page shows."""
    page = client.get(address)
    assert page.status_code == 200, address
    parser = Rows()
    parser.feed(page.content.decode())
    return parser.count


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_shown_without_inline_script_or_style(browser: Client, address: str) -> None:
    page = browser.get(address)
    assert page.status_code == 200
    text = page.content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", text)
    assert text.count("<h1") == 1


def test_every_number_of_a_framework_leads_to_as_many_controls(browser: Client) -> None:
    text = browser.get("/compliance/").content.decode()
    links = re.findall(r'href="(/compliance/frameworks/[^"]*?outcome=[^"]+)">(\d+)<', text)
    assert len(links) > 30
    for address, number in links[::4]:
        assert rows_of(browser, address.replace("&amp;", "&")) == int(number), address


def test_every_number_of_a_check_leads_to_as_many_records(browser: Client) -> None:
    text = browser.get("/compliance/checks/?application=storefront").content.decode()
    links = re.findall(r'href="(/compliance/checks/[^"]*?answer=[^"]+)">(\d+)<', text)
    assert len(links) > 200
    for address, number in links[::9]:
        assert rows_of(browser, address.replace("&amp;", "&")) == int(number), address


def test_nobody_without_a_role_sees_any_of_it(
    passed: dict[str, Application], logged_in: Callable[[User], Client]
) -> None:
    stranger = logged_in(make_person("sam"))
    for address in PAGES:
        assert stranger.get(address).status_code == 404, address
    viewer = logged_in(make_person("vera", Role.VIEWER, application=passed["payroll"]))
    assert viewer.get("/compliance/?application=storefront").status_code == 404
    assert viewer.get("/compliance/auditors/").status_code == 404
    assert viewer.get("/compliance/bring/").status_code == 404
    assert b"torefront" not in viewer.get("/compliance/gaps/").content


def test_what_people_wrote_is_escaped(browser: Client, admin: User) -> None:
    evidence.add_link(admin, "<script>alert(1)</script>", "https://a.example/", evidence.uses_from(["pci-dss-4/6.2.2"]))
    assert b"<script>alert" not in browser.get("/compliance/evidence/").content
    assert b"<script>alert" not in browser.get("/compliance/frameworks/pci-dss-4/controls/6.2.2/").content


def test_evidence_is_given_and_read_on_the_screen(browser: Client) -> None:
    address = "/compliance/frameworks/pci-dss-4/controls/6.2.2/"
    file = SimpleUploadedFile("training.txt", b"who, what, when")
    assert browser.post(address, {"title": "Training 2026", "file": file}).status_code == 302
    row = ComplianceEvidence.objects.get(title="Training 2026")
    assert b"pass" in browser.get(address).content
    answer = browser.get(f"/compliance/evidence/{row.pk}/")
    assert answer.content == b"who, what, when"
    assert answer["Content-Disposition"].startswith("attachment")
    assert browser.post("/compliance/evidence/", {"name": "posture"}).status_code == 302
    assert ComplianceEvidence.objects.filter(name="posture").count() == 1


def test_a_gap_is_assigned_on_the_screen(browser: Client, passed: dict[str, Application]) -> None:
    gap = ComplianceGap.objects.filter(application=passed["shop"], closed_at=None)[0]
    browser.post(f"/compliance/gaps/{gap.pk}/", {"owner": "ada", "due": "2027-01-31", "note": "next release"})
    gap.refresh_from_db()
    assert (str(gap.owner), str(gap.due)) == ("ada", "2027-01-31")
    browser.post(f"/compliance/gaps/{gap.pk}/", {"owner": "nobody-here"})
    gap.refresh_from_db()
    assert str(gap.owner) == "ada"


def test_a_framework_is_brought_versioned_and_retired_on_the_screen(browser: Client) -> None:
    assert browser.post("/compliance/bring/", {"text": OWN}).status_code == 302
    browser.post("/compliance/bring/", {"text": OWN.replace("Lunch is served", "Dinner is served")})
    assert list(ComplianceFramework.objects.order_by("version").values_list("version", "active")) == [
        (1, False),
        (2, True),
    ]
    assert b"Dinner is served" in browser.get("/compliance/frameworks/acme-rules/").content
    assert (
        b"no check" in browser.post("/compliance/bring/", {"text": OWN.replace("packages-in-90-days", "nope")}).content
    )
    browser.post("/compliance/bring/", {"action": "retire", "name": "acme-rules"})
    assert browser.get("/compliance/frameworks/acme-rules/").status_code == 404


def test_an_auditor_is_let_in_on_the_screen(browser: Client) -> None:
    make_person("otto")
    browser.post("/compliance/auditors/", {"person": "otto", "application": "storefront", "days": "5", "reason": "PCI"})
    row = AuditorAccess.objects.get()
    assert (row.auditor.get_username(), row.place) == ("otto", "application storefront")
    browser.post("/compliance/auditors/", {"action": "end", "number": str(row.pk)})
    row.refresh_from_db()
    assert row.ended_at is not None


def test_the_api_says_what_the_screens_say(
    passed: dict[str, Application], admin: User, caller: Callable[..., Any]
) -> None:
    call = caller(admin)
    shares = call("GET", "/compliance/frameworks?application=storefront").json()["items"]
    pci = next(one for one in shares if one["name"] == "pci-dss-4")
    account = call("GET", "/compliance/frameworks/pci-dss-4?application=storefront").json()
    assert account["counts"] == pci["counts"]
    assert len(account["controls"]) == pci["controls"] == 77
    control = call("GET", "/compliance/control?framework=pci-dss-4&control=6.3.3&application=storefront").json()
    assert {one["name"] for one in control["checks"]} == {
        "critical-packages-in-30-days",
        "packages-in-90-days",
        "exploited-in-time",
    }
    check = call("GET", "/compliance/checks/no-live-secrets?application=storefront").json()
    records = call("GET", "/compliance/checks/no-live-secrets/records?application=storefront&answer=no").json()
    assert check["no"] == records["total"] == 1
    assert len(call("GET", "/compliance/checks").json()["items"]) > 70
    listed = call("GET", "/compliance/gaps?application=storefront").json()
    gap = listed["items"][0]
    changed = call("PATCH", f"/compliance/gaps/{gap['number']}", {"owner": "ada", "due": "2027-01-31"}).json()
    assert (changed["owner"], changed["due"]) == ("ada", "2027-01-31")
    frozen = call("POST", "/compliance/snapshots", {"name": "posture", "application": "storefront"}).json()
    content = call("GET", f"/compliance/evidence/{frozen['number']}/content")
    assert json.loads(content.content)["scope"] == "application storefront"
    given = call(
        "POST",
        "/compliance/evidence",
        data={"title": "Training", "controls": "pci-dss-4/6.2.2", "link": "https://a.example/"},
    ).json()
    assert given["current"] is True
    assert {one["number"] for one in call("GET", "/compliance/evidence").json()["items"]} >= {
        frozen["number"],
        given["number"],
    }
    assert call("POST", "/compliance/frameworks", {"text": OWN}).json()["version"] == 1
    assert call("DELETE", "/compliance/frameworks/acme-rules").json()["active"] is False
    make_person("otto")
    access = call("POST", "/compliance/auditors", {"person": "otto", "days": 3, "reason": "PCI"}).json()
    assert call("POST", f"/compliance/auditors/{access['number']}/end").json()["ended_at"] is not None
    assert len(call("GET", "/compliance/auditors").json()["items"]) == 1
    assert len(call("GET", "/compliance/evidence-readings").json()["items"]) == 1


def test_the_api_refuses_in_problems(passed: dict[str, Application], caller: Callable[..., Any]) -> None:
    call = caller(make_person("vera", Role.VIEWER, application=passed["payroll"]))
    assert call("GET", "/compliance/frameworks/nothing").status_code == 404
    assert call("GET", "/compliance/frameworks?application=storefront").status_code == 404
    assert call("GET", "/compliance/auditors").status_code == 403
    assert call("POST", "/compliance/snapshots", {"name": "posture"}).status_code == 403
    assert call("POST", "/compliance/frameworks", {"text": OWN}).status_code == 403


def test_the_command_line_says_the_same(
    passed: dict[str, Application], seamark: Callable[..., Any], tmp_path: Any
) -> None:
    counts = next(one for one in json.loads(seamark("compliance", "list", "--json").out) if one["name"] == "soc-2")[
        "counts"
    ]
    told = json.loads(seamark("compliance", "status", "soc-2", "--json").out)
    assert told["counts"] == counts
    assert "CC7.1" in seamark("compliance", "status", "soc-2", "--application", "storefront").out
    shown = seamark("compliance", "show", "soc-2", "CC7.1").out
    assert "coverage.scanned" in shown
    assert "nist-ssdf-1.1/RV.2.2" in shown
    frozen = json.loads(seamark("compliance", "evidence", "take", "waivers", "--json").out)
    seamark("compliance", "evidence", "read", frozen["reference"].removeprefix("E-"), "--output", tmp_path / "out.json")
    assert json.loads((tmp_path / "out.json").read_text())["snapshot"] == "waivers"
    (tmp_path / "training.txt").write_text("who, what, when")
    seamark("compliance", "evidence", "add", "Training", "--file", tmp_path / "training.txt", "--need", "training")
    assert "Training" in seamark("compliance", "evidence", "list").out
    assert json.loads(seamark("compliance", "run", "--json").out)["changed"] == 0
