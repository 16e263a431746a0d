"""The frame around all screens: navigation by right, the mark of where somebody is, keys, and the library of parts."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from seamark.interfaces.web import navigation
from seamark.interfaces.web.navigation import entries, groups_for
from seamark.store.models import Application, Issue, User
from seamark.store.models.people import Role
from tests.factories import make_person

LogIn = Callable[[User], Client]


def shown(page: str) -> dict[str, str]:
    """Return the addresses of the navigation with their labels."""
    part = page[page.index('<nav id="navigation"') : page.index('<div class="foot">')]
    return dict(re.findall(r'<a href="([^"]+)"[^>]*><span>([^<]+)</span>', part))


def here(page: str) -> list[str]:
    part = page[page.index('<nav id="navigation"') : page.index('<div class="foot">')]
    return re.findall(r'<a href="([^"]+)" aria-current="page"', part)


def test_every_entry_has_a_page_and_no_key_is_there_twice(client: Client, logged_in: LogIn) -> None:
    admin = logged_in(make_person("root", Role.ADMIN))
    links = shown(admin.get("/").content.decode())
    assert len(links) == len(list(entries()))
    for address in links:
        assert admin.get(address).status_code == 200, address
    keys = [one.key for one in entries() if one.key]
    assert len(keys) == len(set(keys))
    # j, k, o, x, e, u and ? alone mean something else, but g goes before these keys
    assert all(re.fullmatch("[a-z]", key) for key in keys)


@pytest.mark.parametrize("role", [None, *Role])
def test_nobody_is_led_to_a_page_that_refuses_them(db: None, logged_in: LogIn, role: Role | None) -> None:
    browser = logged_in(make_person("somebody", role))
    for address, label in shown(browser.get("/").content.decode()).items():
        assert browser.get(address).status_code == 200, label


def test_the_ledger_and_the_administration_are_for_those_who_may(db: None, logged_in: LogIn) -> None:
    found = {role: set(shown(logged_in(make_person(role, role)).get("/").content.decode()).values()) for role in Role}
    assert {role for role in Role if "Ledger" in found[role]} == {Role.AUDITOR, Role.ADMIN}
    assert "Administration" not in found[Role.DEVELOPER]
    assert {"Administration", "Today", "Fixes"} <= found[Role.ADMIN]


def test_one_entry_is_marked_on_pages_and_on_those_below(client: Client, world: dict[str, Application]) -> None:
    issue = Issue.objects.order_by("-risk")[0]
    wanted = {
        "/": "/", "/today/resolved/?since=2026-01-01T00:00:00Z": "/", "/issues/": "/issues/", f"/issues/{issue.reference}/": "/issues/",
        "/fixes/": "/fixes/", "/policies/": "/policies/", "/policy-editor/": "/policies/", "/violations/": "/violations/",
        "/applications/storefront/": "/applications/", "/account/": None,
    }  # fmt: skip
    for address, marked in wanted.items():
        assert here(client.get(address).content.decode()) == ([marked] if marked else []), address


def test_a_screen_more_is_one_line_more(
    client: Client, analyst: User, monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    more = navigation.Section("More", (navigation.Entry("Receipts", "suggestions", key="z"),))
    monkeypatch.setattr(navigation, "NAVIGATION", (*navigation.NAVIGATION, more))
    page = client.get("/").content.decode()
    assert 'data-key="z"' in page
    assert "<kbd>z</kbd></dt><dd>Receipts" in page
    request = rf.get("/")
    request.user = analyst
    assert [one.title for one in groups_for(request)][-1] == "More"


def test_sections_without_an_entry_are_left_out(
    analyst: User, monkeypatch: pytest.MonkeyPatch, rf: RequestFactory
) -> None:
    hidden = navigation.Section("Hidden", (navigation.Entry("No", "home", shown=lambda _: False),))
    monkeypatch.setattr(navigation, "NAVIGATION", (hidden,))
    request = rf.get("/")
    request.user = analyst
    assert groups_for(request) == []


def test_the_help_lists_the_keys_that_lead_somewhere(client: Client) -> None:
    page = client.get("/").content.decode()
    listed = re.findall(r"<kbd>g</kbd> <kbd>(\w)</kbd></dt><dd>([^<]+)", page)
    keys = dict(re.findall(r'data-key="(\w)" aria-keyshortcuts="g \w"><span>([^<]+)', page))
    assert dict(listed) == keys
    assert keys["i"] == "Issues"


def test_the_navigation_costs_no_more_than_its_numbers(client: Client) -> None:
    client.get("/account/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/account/")
    assert len(captured) == 6


@pytest.mark.parametrize("theme", ["", "light", "dark", "<script>"])
def test_the_library_shows_the_parts_in_both_themes(client: Client, theme: str) -> None:
    page = client.get(reverse("ui"), {"theme": theme}).content.decode()
    assert (f'data-theme="{theme}"' in page) == (theme in {"light", "dark"})
    assert "<script>" not in page.replace('<script src="', "")
    assert not re.search(r"<style|\sstyle=|\son\w+=", page)
    # parts of other pages, by their own templates
    assert page.count("data-row") == 3
    for part in (
        'class="facets"',
        'class="bulk"',
        'class="pages"',
        "curve",
        "empty",
        "tour-steps",
        'class="notice error"',
    ):
        assert part in page, part
    identifiers = re.findall(r'\sid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_the_library_reads_nothing_of_the_company(world: dict[str, Application], logged_in: LogIn) -> None:
    page = logged_in(make_person("stranger")).get(reverse("ui")).content.decode()
    assert "made up" in page
    assert "Payroll" not in page
