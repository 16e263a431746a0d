"""The list: what a query shows, how it is narrowed, what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from seamark.store.models import Issue
from tests.factories import code, days_ago, import_findings

MOST_STATEMENTS = {
    "/issues/": 14,
    "/issues/?q=priority:P0,P1": 15,
    "/issues/?q=kind:code severity:critical tool:semgrep": 17,
    "/issues/?group=fix": 11,
}
"""Database statements of a list page, those of the session included. Raised only where it answers more than before, or where one more is the quicker way."""


def titles(page: str) -> list[str]:
    return re.findall(r'<a href="/issues/SM-\d+/">([^<]+)</a>', page)


def test_riskiest_first_with_its_reason(client: Client) -> None:
    page = client.get("/issues/").content.decode()
    assert titles(page)[0] == "Log4Shell: code execution through log messages"
    assert "<em>Known exploited by ransomware</em>" in page
    assert "P0" in page


@pytest.mark.parametrize(("address", "most"), MOST_STATEMENTS.items())
def test_statements_are_bounded(client: Client, address: str, most: int) -> None:
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        client.get(address)
    import_findings("Storefront", "Other", [code("r", f"Problem {number}", f"a{number}.py", 3) for number in range(40)])
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(before) == len(after) == most


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("kind:secret", {"AWS access key in the CI&#x27;s environment"}),
        ("tool:checkov", {"S3 bucket for invoices is not encrypted"}),
        ("app:payroll", {"MD5 used for a password"}),
        ("vuln:CVE-2020-8203", {"Prototype pollution in lodash"}),
        ('"debug mode"', {"Debug mode is on in the settings"}),
        ("tools:>=3", {"SQL injection in order search"}),
        ("state:dismissed", set()),
    ],
)
def test_a_query_shows_its_issues(client: Client, query: str, wanted: set[str]) -> None:
    page = client.get("/issues/", {"q": query}).content.decode()
    assert set(titles(page)) == wanted


@pytest.mark.parametrize(
    "query",
    ["sevrity:high", "severity:huge", 'word "open', "risk:high", "age:30d", "sort:colour", "x" * 1001, "priority:P9"],
)
def test_a_wrong_query_is_explained(client: Client, query: str) -> None:
    answer = client.get("/issues/", {"q": query})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "That query is not understood" in page
    assert 'value="' + query.replace('"', "&quot;") in page


def test_a_damaged_cursor_is_explained(client: Client) -> None:
    assert "cursor is damaged" in client.get("/issues/?after=zzzz").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        "fix:99999999999999999999",
        "risk:>=1e300",
        "cwe:99999999999999999999",
        "id:SM-999999999999999999",
        "tools:-1e18",
        "\0",
        "due:<99999y",
        "age:>99999y",
    ],
)
def test_absurd_values_find_nothing_and_break_nothing(client: Client, query: str) -> None:
    assert client.get("/issues/", {"q": query}).status_code == 200


def test_facets_count_and_lead_on(client: Client) -> None:
    page = client.get("/issues/").content.decode()
    found = dict(re.findall(r"<span>([A-Z][\w ]+)</span><span>([\d,+]+)</span></a></li>", page))
    assert found["Secret"] == "1"
    assert found["Known exploited"] == "1"
    assert found["Several tools agree"] == "1"
    assert found["Payroll"] == "1"
    assert sum(int(found.get(f"P{number}", 0)) for number in range(5)) == Issue.objects.filter(open=True).count()
    address = re.search(r'href="([^"]+)"[^>]*><span>Secret<', page)
    assert address is not None
    assert len(titles(client.get(address[1].replace("&amp;", "&")).content.decode())) == 1


def test_a_chosen_facet_keeps_its_other_choices(client: Client) -> None:
    page = client.get("/issues/?q=kind:secret").content.decode()
    assert re.search(r'aria-current="true"><span>Secret</span>', page)
    assert "<span>Dependency</span>" in page


def test_pages_follow_each_other(client: Client) -> None:
    import_findings(
        "Storefront", "Semgrep", [code("r", f"Problem {number:03}", f"a{number}.py", 3) for number in range(120)]
    )
    address, seen = "/issues/", []
    while address:
        page = client.get(address).content.decode()
        seen += titles(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == Issue.objects.filter(open=True).count()
    previous = re.search(r'rel="prev" href="([^"]+)"', page)
    assert previous is not None
    assert titles(client.get(previous[1].replace("&amp;", "&")).content.decode())


def test_htmx_gets_the_part_only(client: Client) -> None:
    answer = client.get("/issues/?q=kind:code", headers={"HX-Request": "true", "HX-Target": "list"})
    page = answer.content.decode()
    assert page.lstrip().startswith('<div id="list" data-q="kind:code"')
    assert "<html" not in page
    assert "HX-Request" in answer["Vary"]
    assert "no-store" in answer["Cache-Control"]


def test_what_happened_to_the_noise(client: Client) -> None:
    page = client.get("/issues/").content.decode()
    assert "13 findings of 7 tools" in page
    assert "11 issues" in page
    assert "4 fixes" in page


def test_words_for_completion(client: Client) -> None:
    fields = {field["name"]: field for field in client.get("/issues/words.json").json()["fields"]}
    assert fields["app"]["choices"] == ["payroll", "storefront"]
    assert "Semgrep" in fields["tool"]["choices"]
    assert "critical" in fields["severity"]["choices"]
    assert "-risk" in fields["sort"]["choices"]


def test_nobody_is_left_with_an_empty_page(db: None, logged_in: Callable[..., Client]) -> None:
    from seamark.store.models.people import Role
    from tests.factories import make_person

    page = logged_in(make_person("first", Role.ADMIN)).get("/issues/").content.decode()
    assert "Import the first report" in page
    assert "No issues to see" in logged_in(make_person("second")).get("/issues/").content.decode()


def test_a_tab_counts_what_its_list_shows(client: Client) -> None:
    client.post("/issues/SM-1/assign/", {"assignee": "ada"})
    Issue.objects.filter(title__startswith="Debug").update(opened_at=days_ago(30))
    page = client.get("/issues/").content.decode()
    views = page[page.index('<nav class="views"') :]
    tabs = re.findall(r'<a href="(/issues/[^"]*)"[^>]*>([\w ]+)<span class="n">(\d+)</span>', views)
    assert [label for _, label, _ in tabs] == [
        "To do first",
        "Mine",
        "Known exploited",
        "New this week",
        "Fixable",
        "All open",
    ]
    for address, label, number in tabs:
        assert len(titles(client.get(address).content.decode())) == int(number), label


def test_the_address_of_a_tab_holds_the_person(client: Client) -> None:
    assert f"/issues/?q={quote('assignee:ada')}" in client.get("/issues/").content.decode()
