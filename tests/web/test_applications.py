"""Applications and fixes: what stands on their pages, and what an analyst may say."""

from __future__ import annotations

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.store.models import Application, Event, Grant, Issue
from seamark.store.models.people import Role
from tests.factories import import_findings, package

STATEMENTS = [10, 8, 16, 31]
"""Database statements of the pages below, those of the session included. Raised only where it answers more than before."""


def test_the_list_leads_to_exactly_its_issues(client: Client) -> None:
    page = client.get("/applications/").content.decode()
    assert page.index("Storefront") < page.index("Payroll")
    for address, number in re.findall(r'<td data-label="P\d" class="num"><a href="([^"]+)">(\d+)</a>', page):
        shown = client.get(address.replace("&amp;", "&")).content.decode()
        assert shown.count("data-row") == int(number)


def test_the_page_shows_scans_and_what_they_prove(client: Client) -> None:
    page = client.get("/applications/storefront/").content.decode()
    assert "Semgrep" in page
    assert "closes what is gone" in page
    assert '<a class="linked" href="/assets/?kind=repository&amp;application=storefront">1</a>' in page
    assert "Log4Shell" in page


def test_facts_are_kept_and_score_anew(client: Client, world: dict[str, Application]) -> None:
    # Making it look safer takes the right to approve waivers as well: see tests/waivers/test_routes.py.
    Grant.objects.update(role=Role.ADMIN)
    before = dict(Issue.objects.filter(application=world["shop"]).values_list("pk", "risk"))
    form = {
        "criticality": "4",
        "exposure": "none",
        "data_classes": ["PII"],
        "more_classes": "trade secrets, ",
        "description": "The shop.",
    }
    page = client.post("/applications/storefront/", form, follow=True).content.decode()
    assert "its issues are scored anew" in page
    shop = Application.objects.get(slug="storefront")
    assert (shop.criticality, shop.exposure, shop.data_classes) == (4, "none", ["PII", "TRADE SECRETS"])
    assert shop.origins["exposure"] == "person"
    after = dict(Issue.objects.filter(application=shop).values_list("pk", "risk"))
    assert sum(after.values()) < sum(before.values())
    event = Event.objects.get(kind="described")
    assert event.details["before"]["criticality"] == 1
    assert client.post("/applications/storefront/", form, follow=True).content.decode().count("scored anew") == 0


def test_wrong_facts_are_refused(client: Client) -> None:
    for form in (
        {"criticality": "9", "exposure": ""},
        {"criticality": "", "exposure": ""},
        {"criticality": "1", "exposure": "moon"},
        {"criticality": "1", "exposure": "", "more_classes": "x" * 41},
    ):
        assert "notice error" in client.post("/applications/storefront/", form, follow=True).content.decode()
    assert Application.objects.get(slug="storefront").exposure == "internet"


def test_fixes_are_ranked_by_the_risk_they_remove(client: Client) -> None:
    page = client.get("/fixes/").content.decode()
    removed = [int(number) for number in re.findall(r"<td data-label=\"Risk removed\"><b>(\d+)</b>", page)]
    assert removed == sorted(removed, reverse=True)
    assert removed[0] > 100
    for address, number in re.findall(r'<td data-label="Issues" class="num"><a href="([^"]+)">(\d+)</a>', page):
        assert client.get(address.replace("&amp;", "&")).content.decode().count("data-row") == int(number)


def test_statements_do_not_grow(client: Client) -> None:
    from seamark.core.severity import Severity

    pages = (
        "/fixes/",
        "/applications/",
        "/applications/storefront/",
        f"/issues/{Issue.objects.order_by('-risk')[0].reference}/",
    )
    counts: list[list[int]] = []
    for _ in range(2):
        found = []
        for page in pages:
            client.get(page)
            with CaptureQueriesContext(connection) as captured:
                client.get(page)
            found.append(len(captured))
        counts.append(found)
        import_findings(
            "Storefront",
            "Grype",
            [
                package(
                    f"CVE-2025-{number}", f"npm/left{number}", "1.0.0", "1.1.0", Severity.LOW, 3.0, f"Flaw {number}"
                )
                for number in range(1000, 1030)
            ],
        )
    assert counts[0] == counts[1] == STATEMENTS
