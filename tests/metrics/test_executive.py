"""The dashboard: every number is the length of its list, on a generated estate and on the example's; filters, rights, saved ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from html import unescape
from pathlib import Path
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from seamark.insight.metrics import columns, costs
from seamark.pipeline.automation import watch
from seamark.pipeline.demo import load_example
from seamark.pipeline.metrics import recording
from seamark.store.models import Application, CostInputs, Dashboard, Issue, LedgerEntry, User
from seamark.store.models.people import Role
from tests.factories import make_person, make_world
from tests.support.access import prove

pytestmark = pytest.mark.django_db
EXAMPLE = Path(__file__).parents[2] / "examples" / "harbour"


def browser(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    prove(client, person)
    return client


@pytest.fixture
def _then(estate: datetime) -> Iterator[None]:
    """Look at the estate at the time at which it was recorded."""
    with mock.patch("seamark.interfaces.web.executive.timezone.now", return_value=estate):
        yield


@pytest.fixture
def client(db: None) -> Client:
    return browser(make_person("lea", Role.APPROVER))


def page(client: Client, address: str = "/analytics/") -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


TILE = re.compile(
    r'<div data-tile="(\w+)" data-count="(\d*)"><dt[^>]*>[^<]*</dt><dd>(?:<a href="([^"]+)">)?([^<]*)(?:</a>)?</dd>'
)


def tiles(text: str) -> dict[str, tuple[str, str, str]]:
    return {name: (count, unescape(address), number) for name, count, address, number in TILE.findall(text)}


def length(client: Client, address: str) -> int:
    """Count the lines of a list, page by page."""
    found = 0
    while address:
        text = page(client, address)
        found += text.count("<tr data-row>")
        more = re.search(r'rel="next" href="([^"]+)"', text)
        address = unescape(more[1]) if more else ""
    return found


def check(client: Client, address: str = "/analytics/") -> dict[str, tuple[str, str, str]]:
    found = tiles(page(client, address))
    for name, (count, where, number) in found.items():
        if where:
            assert length(client, where) == int(count), name
        if name in {"open", "urgent", "arrived", "burned", "fixed", "overdue", "old", "waiver_debt"}:
            assert number.replace(",", "") == count, name
    return found


@pytest.mark.usefixtures("_then")
def test_every_number_of_a_generated_estate_is_as_long_as_its_list(client: Client) -> None:
    found = check(client)
    assert len(found) == 25
    assert int(found["open"][0]) == Issue.objects.filter(open=True).count() > 50
    assert found["sla"][2].endswith(" %")
    slug = Application.objects.order_by("pk")[0].slug
    one = check(client, f"/analytics/?period=365&application={slug}")
    assert 0 < int(one["open"][0]) < int(found["open"][0])


def test_every_number_of_the_example_is_as_long_as_its_list(client: Client) -> None:
    make_world()
    columns.forget()
    recording.record()
    found = check(client, "/analytics/?period=30")
    assert int(found["open"][0]) == Issue.objects.filter(open=True).count() == 11
    assert found["arrived"][0] == "11"


def test_every_number_of_the_demo_is_as_long_as_its_list(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.SEAMARK_HOME = tmp_path
    load_example(EXAMPLE)
    watch.run()
    columns.forget()
    recording.record()
    found = check(client)
    assert int(found["open"][0]) == Issue.objects.filter(open=True).count() > 250
    assert int(found["overdue"][0]) > 0
    assert int(check(client, "/analytics/?period=365")["arrived"][0]) > 250


@pytest.mark.usefixtures("_then")
def test_filters_narrow_and_what_is_wrong_is_told(client: Client) -> None:
    every, unit = (int(tiles(page(client, f"/analytics/{query}"))["open"][0]) for query in ("", "?unit=Unit+0"))
    assert 0 < unit < every
    answer = client.get("/analytics/?period=7000", follow=True)
    assert "A period is 30, 90, 365 days or a quarter" in unescape(answer.content.decode())
    assert client.get("/analytics/lists/open/?unit=Nowhere").status_code == 404
    assert client.get("/analytics/lists/nothing/").status_code == 404
    assert "2026-07-01 to 2026-10-01" in page(client, "/analytics/?period=2026-Q3")


@pytest.mark.usefixtures("_then")
def test_somebody_sees_the_numbers_of_their_applications_only() -> None:
    mine = Application.objects.order_by("pk")[1]
    client = browser(make_person("bo", Role.VIEWER, application=mine))
    found = check(client)
    assert int(found["open"][0]) == Issue.objects.filter(open=True, application=mine).count()
    text = page(client)
    assert all(one.name not in text for one in Application.objects.exclude(pk=mine.pk))
    stranger = browser(make_person("nobody"))
    assert [
        stranger.get(one).status_code for one in ("/analytics/", "/analytics/lists/open/", "/analytics/costs/")
    ] == [403] * 3


@pytest.mark.usefixtures("_then")
def test_three_sentences_say_what_the_numbers_say(client: Client) -> None:
    text = page(client)
    said = re.findall(r"<p>([^<]+)</p>", text[text.index('id="said"') : text.index("numbers tiles")])
    found = tiles(text)
    assert len(said) == 3
    assert f"in {found['open'][2]} issues" in said[0]
    assert (
        f"{found['arrived'][2]} issues arrived and {found['burned'][2]} were closed, {found['fixed'][2]} of them fixed"
        in said[1]
    )
    assert said[2].startswith(f"{found['overdue'][2]} issues are overdue, {found['urgent'][2]} of P0 or P1 are open")


@pytest.mark.usefixtures("_then")
def test_decisions_lead_to_their_lists(client: Client) -> None:
    issue = Issue.objects.filter(open=False, state=5).order_by("pk")[0]
    Issue.objects.filter(pk=issue.pk).update(dismissal_unconfirmed=True)
    text = page(client)
    found = dict(re.findall(r'<a class="name" href="([^"]+)">[^<]+</a><span class="n">(\d+)</span>', text))
    assert found["/dismissals/"] == "1"
    assert {"/waivers/?state=requested", "/dismissals/"} < set(found)


@pytest.mark.usefixtures("_then")
def test_a_dashboard_is_kept_shared_and_removed(client: Client) -> None:
    client.post("/analytics/saved/", {"name": "Board", "query": "period=365&evil=1", "shared": "1"})
    row = Dashboard.objects.get()
    assert (row.query, row.shared) == ("period=365", True)
    other = browser(make_person("kim", Role.VIEWER))
    assert client.get(f"/analytics/?saved={row.pk}").headers["Location"] == "/analytics/?period=365"
    assert other.get(f"/analytics/?saved={row.pk}").headers["Location"] == "/analytics/?period=365"
    other.post(f"/analytics/saved/{row.pk}/remove/")
    assert Dashboard.objects.count() == 1
    client.post(f"/analytics/saved/{row.pk}/remove/")
    assert Dashboard.objects.count() == 0


@pytest.mark.usefixtures("_then")
def test_inputs_of_costs_are_changed_by_who_may(client: Client) -> None:
    client.post("/analytics/costs/", {"chance": "0.5"})
    assert CostInputs.objects.count() == 0
    admin = browser(make_person("root", Role.ADMIN))
    admin.post("/analytics/costs/", {"chance": "0.5", "currency": "CHF"})
    assert (costs.inputs_now().chance, costs.inputs_now().currency) == (0.5, "CHF")
    assert LedgerEntry.objects.filter(kind="costs").count() == 1
    for wrong in ({"chance": "2"}, {"chance": "nan"}, {"hours": "-1"}, {"currency": ""}):
        admin.post("/analytics/costs/", wrong)
    assert CostInputs.objects.count() == 1
    assert "CHF" in page(client)


def test_definitions_are_told(client: Client) -> None:
    text = page(client, "/analytics/definitions/")
    assert "Kaplan-Meier" in text
    assert text.count("<tr id=") == 25


def test_without_facts_the_page_says_so(client: Client) -> None:
    make_world()
    text = page(client)
    assert "No facts are recorded yet" in text
    assert timezone.now().year > 2000
