"""Connections, tickets, messages, triage rules, dismissals and service levels in a browser: both themes, wide and narrow, and by form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from seamark.governance.triage import service
from seamark.pipeline.automation import reading
from seamark.pipeline.notices import subscriptions
from seamark.pipeline.outbox import breaker, send
from seamark.pipeline.tickets import mapping, opening
from seamark.store.models import ChannelConnection, Fix, Group, Issue, OutboxAct, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person
from tests.outbox.conftest import connect, far
from tests.outbox.far import FarSide

__all__ = ["connect", "far"]
Connect = Callable[..., ChannelConnection]


@pytest.fixture
def boss(world: None, far: FarSide, connect: Connect, page: Page) -> Page:
    """A tab in which an administrator is logged in, with something on every page."""
    person = make_person("boss", Role.ADMIN)
    _fill(person, far, connect)
    page.goto("/login/")
    page.get_by_label("Name").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Today").wait_for()
    return page


def _fill(person: User, far: FarSide, connect: Connect) -> None:
    now = timezone.now()
    board, chat = connect(far, name="Board"), connect(far, "chat", name="Chat")
    silent = connect(far, "chat", name="Silent one")
    mapping.put(person, board, fields={"project": "SEC"}, labels=["security"])
    opening.open_by_hand(person, fix=Fix.objects.order_by("pk")[0])
    while send.work_once():
        pass
    opening.open_by_hand(person, issue=Issue.objects.filter(open=True, fix=None).order_by("pk")[0])
    acts = OutboxAct.objects.order_by("-pk")
    OutboxAct.objects.filter(pk=acts[0].pk).update(
        state="failed", told="Board answered 422 (the project does not take this type)", finished_at=now
    )
    breaker.trip(silent, "it answered 500", now)
    team = Group.objects.create(name="Payments")
    team.members.add(person)
    subscriptions.add(person, chat, to="U01234567", quiet=(22, 6), zone="Europe/Berlin")
    subscriptions.add(person, chat, group=team, to="#payments")
    reading.adopt(person, reading.starter_lines()[0]["name"])
    ada = User.objects.get(username="ada")
    newest = Issue.objects.filter(open=True, fix=None).order_by("-pk").values_list("pk", flat=True)[:2]
    rows = Issue.objects.filter(pk__in=list(newest))
    service.change_state(ada, rows, State.DISMISSED, "false_positive", "Never called.")
    Issue.objects.filter(open=True).update(due=(now - timedelta(days=2)).date())


PAGES = {
    "connections": "/administration/connections/", "connections-add": "/administration/connections/?channel=far", "deliveries": "/administration/deliveries/",
    "deliveries-failed": "/administration/deliveries/?state=failed", "tickets": "/tickets/", "tickets-none": "/tickets/?state=deleted",
    "subscriptions": "/account/messages/", "rules": "/rules/", "learned": "/rules/learned/", "dismissals": "/dismissals/", "levels": "/service-levels/",
}  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(boss: Page, theme: str, width: int) -> None:
    boss.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    boss.set_viewport_size({"width": width, "height": 900})
    fix = Fix.objects.order_by("pk")[0]
    pages = {**PAGES, "fix": f"/fixes/{fix.pk}/", "issue": f"/issues/{Issue.objects.filter(fix=fix)[0].reference}/"}
    wrong: dict[str, object] = {}
    for name, path in pages.items():
        boss.goto(path)
        boss.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true })")
        shoot(boss, f"messages-{name}-{theme}-{width}")
        found = AXE.run(boss).response["violations"]
        if found:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if boss.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = boss.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_a_connection_is_added_tried_paused_and_its_log_replayed(boss: Page, far: FarSide) -> None:
    boss.goto("/administration/connections/")
    boss.get_by_label("Channel", exact=True).select_option("far")
    boss.get_by_role("button", name="Choose").click()
    boss.locator("#name").fill("Another")
    boss.locator("#field-url").fill(far.url)
    boss.locator("#field-token").fill("hush")
    boss.get_by_role("button", name="Add", exact=True).click()
    expect(boss.get_by_role("status").first).to_contain_text("Try it before you rely on it")
    boss.get_by_role("button", name="Try Another").click()
    expect(boss.get_by_role("status").first).to_contain_text("Logged in as seamark")
    boss.get_by_role("button", name="Switch Another").click()
    expect(boss.get_by_role("status").first).to_contain_text("Another is switched off")
    boss.get_by_role("button", name="Go on with Silent one").click()
    expect(boss.get_by_role("status").first).to_contain_text("is sent now")
    boss.goto("/administration/deliveries/?state=failed")
    boss.get_by_role("checkbox").first.check()
    boss.get_by_role("button", name="Send the chosen ones again").click()
    expect(boss.get_by_role("status").first).to_contain_text("Sent again: 1")


def test_from_an_issue_to_its_ticket(boss: Page) -> None:
    issue = Issue.objects.filter(open=True, tickets=None, fix__tickets=None).order_by("pk")[0]
    boss.goto(f"/issues/{issue.reference}/")
    boss.get_by_role("button", name="Open a ticket").click()
    boss.get_by_role("status").first.wait_for(state="attached")
    expect(boss.get_by_text("is being opened")).to_be_visible()
    expect(boss.get_by_role("button", name="Open a ticket")).to_have_count(0)


def test_messages_are_chosen(boss: Page) -> None:
    boss.goto("/account/")
    boss.get_by_role("link", name="Choose messages").click()
    mine = boss.get_by_role("region", name="Chat U01234567")
    mine.get_by_text("Change", exact=True).click()
    mine.get_by_label("An issue became P0").uncheck()
    mine.get_by_label("At (hour)").select_option("6")
    mine.get_by_role("button", name="Keep").click()
    expect(boss.get_by_role("status").first).to_contain_text("Your choice is kept")
    mine = boss.get_by_role("region", name="Chat U01234567")
    mine.get_by_text("Change", exact=True).click()
    expect(mine.get_by_label("An issue became P0")).not_to_be_checked()
    mine.get_by_role("button", name="Switch off").click()
    expect(boss.get_by_role("status").first).to_contain_text("No message comes any more")
