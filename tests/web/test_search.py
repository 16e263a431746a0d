"""The search over everything: each sort is found, little of it, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.insight.analytics.search import EACH
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person
from tests.support.counted import statements

LogIn = Callable[[User], Client]
MOST_STATEMENTS = 14
"""Database statements of a search, those of the session included. Raised only where it answers more than before."""


def found(client: Client, text: str) -> dict[str, list[dict[str, str]]]:
    return {group["title"]: group["hits"] for group in client.get("/search.json", {"q": text}).json()["groups"]}


@pytest.mark.parametrize(
    ("text", "title", "label"),
    [
        ("sql order", "Issues", "SQL injection in order search"),
        ("orders/settings", "Issues", "Debug mode is on in the settings"),
        ("cve-2021-44", "Vulnerabilities", "CVE-2021-44228"),
        ("CVE-1999-0001", "Vulnerabilities", "CVE-1999-0001"),
        ("log4j", "Components", "org.apache.logging.log4j/log4j-core 2.14.1"),
        ("front", "Applications", "Storefront"),
        ("overdue", "Go to", "Overdue issues"),
        ("profile", "Go to", "Risk profile"),
    ],
)
def test_each_sort_is_found_and_leads_somewhere(client: Client, text: str, title: str, label: str) -> None:
    hits = {hit["label"]: hit["address"] for hit in found(client, text)[title]}
    assert label in hits
    assert client.get(hits[label], follow=True).status_code == 200


def test_by_reference_even_when_it_is_closed(client: Client) -> None:
    issue = Issue.objects.order_by("pk")[0]
    Issue.objects.filter(pk=issue.pk).update(open=False, state=4)
    for text in (issue.reference, issue.reference.lower(), f"sm{issue.pk}"):
        assert found(client, text)["Issues"][0]["address"] == f"/issues/{issue.reference}/"


def test_people_by_what_they_work_on(client: Client) -> None:
    assert "People" not in found(client, "ada")
    first, second = Issue.objects.order_by("pk")[:2]
    client.post(f"/issues/{first.reference}/assign/", {"assignee": "ada"})
    Issue.objects.filter(pk=second.pk).update(owner="Adair and friends")
    people = found(client, "ada")["People"]
    assert [one["label"] for one in people] == ["ada", "Adair and friends"]
    for one in people:
        assert client.get(one["address"]).content.decode().count("data-row") == 1


def test_a_component_leads_to_exactly_its_issues(client: Client) -> None:
    [one] = found(client, "log4j-core")["Components"]
    assert client.get(one["address"]).content.decode().count("data-row") == 2


def test_nothing_of_others_is_found(world: dict[str, Application], logged_in: LogIn) -> None:
    dev = make_person("dev", Role.DEVELOPER, application=world["shop"])
    hidden = Issue.objects.get(application=world["payroll"])
    Issue.objects.filter(pk=hidden.pk).update(assignee=dev, owner="Paymasters", component="secret-lib")
    client = logged_in(dev)
    for text in ("MD5", "payroll", "paymasters", "dev", "secret-lib", hidden.reference):
        groups = found(client, text)
        assert [hit["label"] for hit in groups["Issues"]] == [f"Issues with “{text}”"]
        assert not set(groups) - {"Issues", "Go to"}


def test_pages_are_offered_to_those_who_may_open_them(client: Client, logged_in: LogIn) -> None:
    assert "Go to" not in found(client, "ledger")
    auditor = logged_in(make_person("odo", Role.AUDITOR))
    assert [one["label"] for one in found(auditor, "ledger")["Go to"]] == ["Ledger"]
    assert [one["label"] for one in found(client, "import")["Go to"]] == ["Import a report"]
    assert "Go to" not in found(auditor, "import a report")


def test_it_is_bounded(client: Client) -> None:
    address = "/search.json?q=problem"
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        client.get(address)
    import_findings("Storefront", "Other", [code("r", f"Problem {number}", f"a{number}.py", 3) for number in range(40)])
    with CaptureQueriesContext(connection) as after:
        assert len(found(client, "problem")["Issues"]) == EACH + 1
    # PostgreSQL does not look for issues with a word that no phrase has.
    assert statements(before) <= statements(after) <= min(MOST_STATEMENTS, statements(before) + 1)


@pytest.mark.parametrize(
    "text", ["", "x", "%", "\0", "_" * 5000, '"', "sm-99999999999999999999", "SM-999999999999999999"]
)
def test_absurd_texts_break_nothing(client: Client, text: str) -> None:
    assert client.get("/search.json", {"q": text}).status_code == 200


def test_policies_in_force_for_people_with_a_role(client: Client, logged_in: LogIn) -> None:
    from django.utils import timezone

    from seamark.insight.analytics.search import find
    from seamark.store.access import visible_to
    from seamark.store.models import Bundle, Policy

    bundle = Bundle.objects.create(name="house", kind="server")
    for version, active in ((1, False), (2, True)):
        Policy.objects.create(
            bundle=bundle, name="no-secrets", version=version, digest="0", content="{}", active=active, created_at=timezone.now()
        )  # fmt: skip
    assert [
        hit.key for hit in find(visible_to(User.objects.get(username="ada")), "secrets") if hit.sort == "policy"
    ] == ["no-secrets"]
    assert not find(visible_to(make_person("nobody")), "secrets")
