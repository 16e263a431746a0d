"""Today: every number leads to its list, nothing of others is told, and the last look is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from seamark.store.models import Application, Event, Exploitation, FeedState, Group, Import, Issue, Preference, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, days_ago, import_findings, make_person
from tests.web.test_imports import report, work

LogIn = Callable[[User], Client]


def numbers(page: str) -> dict[str, tuple[str, str]]:
    """Return address and number behind each label."""
    found = re.findall(r'<dt>([\w ]+)</dt><dd><a href="([^"]+)"[^>]*>([\d,+]+)</a>', page)
    return {label: (address.replace("&amp;", "&"), number) for label, address, number in found}


def shown(client: Client, address: str) -> int:
    return client.get(address).content.decode().count("data-row")


def test_every_number_leads_to_exactly_its_list(client: Client) -> None:
    issue = Issue.objects.order_by("-risk")[0]
    client.post(f"/issues/{issue.reference}/assign/", {"assignee": "ada"})
    Issue.objects.filter(title__startswith="Debug").update(opened_at=days_ago(30), due=days_ago(1).date())
    Issue.objects.filter(title__startswith="MD5").update(due=(timezone.now() + timedelta(days=2)).date())
    import_findings("Storefront", "Gitleaks", [])
    found = numbers(client.get("/").content.decode())
    assert {label: number for label, (_, number) in found.items()} | {"New and urgent": "?"} == {
        "New issues": "9",
        "New and urgent": "?",
        "Overdue": "1",
        "Due within a week": "2",
        "Known exploited": "1",
        "Assigned to you": "1",
        "Resolved": "1",
        "Came back": "0",
    }
    for label, (address, number) in found.items():
        assert shown(client, address) == int(number), label


def test_what_came_back_is_listed(client: Client) -> None:
    secret = Issue.objects.get(title__startswith="AWS")
    secret.state, secret.open = State.OPEN, True
    Event.objects.create(issue=secret, application_id=secret.application_id, kind="reopened", at=timezone.now())
    address, number = numbers(client.get("/").content.decode())["Came back"]
    assert number == "1"
    assert secret.title.replace("'", "&#x27;") in client.get(address).content.decode()


def test_the_last_look_is_kept(client: Client, analyst: User) -> None:
    assert "in the last 7 days" in client.get("/").content.decode()
    assert "in the last 7 days" in client.get("/").content.decode()
    Preference.objects.update(looked_at=days_ago(2))
    Issue.objects.update(opened_at=days_ago(3))
    page = client.get("/").content.decode()
    assert "since you last looked" in page
    assert "2 d ago" in page
    assert numbers(page)["New issues"][1] == "0"
    assert "since you last looked" in client.get("/").content.decode()
    assert Preference.objects.get(user=analyst).looked_before is not None


def test_nothing_of_others_is_told(world: dict[str, Application], logged_in: LogIn) -> None:
    Issue.objects.filter(application=world["payroll"]).update(due=days_ago(1).date())
    page = logged_in(make_person("dev", Role.DEVELOPER, application=world["shop"])).get("/").content.decode()
    assert "Payroll" not in page
    assert numbers(page)["Overdue"][1] == "0"
    nothing = logged_in(make_person("nobody")).get("/").content.decode()
    assert "There is nothing to see for you yet" in nothing
    assert "Storefront" not in nothing


def test_ones_own_come_first(client: Client, analyst: User) -> None:
    assert "Nothing is assigned to you" in client.get("/").content.decode()
    team = Group.objects.create(name="Team Payments")
    team.members.add(analyst)
    issue = Issue.objects.filter(fix__isnull=False).order_by("risk")[0]
    Issue.objects.filter(pk=issue.pk).update(owner="Team Payments")
    page = client.get("/").content.decode()
    assert "Your first fixes" in page
    assert page.count('<li><div class="t-line"><a class="name" href="/fixes/') == 1


def test_newly_exploited_with_their_issues(client: Client) -> None:
    assert "No flaw of your open issues was added" in client.get("/").content.decode()
    Exploitation.objects.update(kev_added=days_ago(1).date())
    page = client.get("/").content.decode()
    address = re.search(r'<a class="linked" href="([^"]+)">1 open issue</a>', page)
    assert address is not None
    assert shown(client, address[1].replace("&amp;", "&")) == 1
    assert ">CVE-2021-44228</a>" in page


def test_what_does_not_work_is_said(client: Client) -> None:
    client.post("/imports/", {"reports": report("notes.txt", b"not the findings"), "application": "Storefront"})
    client.post("/imports/", {"reports": report(), "application": "Storefront"})
    work()
    FeedState.objects.create(name="EPSS", failure="The server did not answer", failed_at=timezone.now())
    page = client.get("/").content.decode()
    assert "notes.txt" in page
    assert "The server did not answer" in page
    assert '<a class="name" href="/imports/?state=failed">Failed imports</a><span class="n">1</span>' in page
    listed = client.get("/imports/?state=failed").content.decode()
    assert listed.count('<tr id="import-') == 1 < Import.objects.count()


def test_coverage_comes_after_the_page(client: Client) -> None:
    assert 'hx-get="/today/coverage/"' in client.get("/").content.decode()
    part = client.get("/today/coverage/").content.decode()
    assert "shop" in part
    assert "<html" not in part


def test_the_tour_is_put_away_and_comes_again(client: Client) -> None:
    assert 'id="tour"' in client.get("/").content.decode()
    client.post("/tour/", {"next": "/"})
    assert 'id="tour"' not in client.get("/").content.decode()
    assert client.post("/tour/", {"again": "1"})["Location"] == "/"
    assert 'id="tour"' in client.get("/").content.decode()


@pytest.mark.parametrize("address", ["/today/resolved/", "/today/resolved/?since=x", "/today/eaten/?since=2026-01-01"])
def test_no_such_list(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404


def test_statements_are_bounded(client: Client) -> None:
    client.get("/")
    with CaptureQueriesContext(connection) as before:
        client.get("/")
    import_findings("Storefront", "Other", [code("r", f"Problem {number}", f"a{number}.py", 3) for number in range(40)])
    with CaptureQueriesContext(connection) as after:
        client.get("/")
    assert len(before) == len(after) <= MOST_STATEMENTS


MOST_STATEMENTS = 30
"""Database statements of the page, those of the session included. Raised only where it answers more than before."""
