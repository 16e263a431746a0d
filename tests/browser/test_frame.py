"""The frame in a real browser: drawer and keys, language and zone, fixes planned by a person, the library of parts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from seamark.store.models import Fix, FixPlan, User
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD


def judged(page: Page, name: str) -> list[object]:
    """Keep a picture and return what is wrong with a page."""
    shoot(page, name)
    wrong: list[object] = [(one["id"], one["nodes"][0]["html"][:160]) for one in AXE.run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append(("too wide", page.evaluate("document.documentElement.scrollWidth")))
    return wrong


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_the_frame_are_accessible_and_fit(ada: Page, theme: str, width: int) -> None:
    ada.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    ada.set_viewport_size({"width": width, "height": 900})
    fix = Fix.objects.get(title__contains="log4j")
    pages = {
        "today": "/",
        "fixes": "/fixes/",
        "fixes-first": "/fixes/?first=1",
        "fix": f"/fixes/{fix.pk}/",
        "ui": f"/_ui/?theme={theme}",
        "account": "/account/",
    }
    wrong = {}
    for name, address in pages.items():
        ada.goto(address)
        ada.wait_for_load_state("networkidle")
        if found := judged(ada, f"frame-{name}-{theme}-{width}"):
            wrong[name] = found
    User.objects.update(language="de")
    for name in ("today", "fix"):
        ada.goto(pages[name])
        ada.wait_for_load_state("networkidle")
        if found := judged(ada, f"frame-{name}-de-{theme}-{width}"):
            wrong[f"{name} in German"] = found
    assert wrong == {}


def test_the_drawer_of_a_phone_is_used_with_the_keyboard(ada: Page) -> None:
    ada.set_viewport_size({"width": 390, "height": 800})
    ada.goto("/fixes/")
    menu = ada.locator("[data-menu]")
    first = ada.locator("#drawer button, #drawer a").first
    assert not first.is_visible()
    menu.focus()
    ada.keyboard.press("Enter")
    assert menu.get_attribute("aria-expanded") == "true"
    assert first.is_visible()
    assert first.evaluate("one => one === document.activeElement")
    assert ada.locator("#main > *").first.evaluate("one => one.inert")
    assert judged(ada, "frame-drawer-390") == []
    # round and round: nothing outside is reached
    for _ in range(40):
        ada.keyboard.press("Tab")
        assert ada.evaluate("document.querySelector('.side').contains(document.activeElement)")
    ada.keyboard.press("Escape")
    assert menu.get_attribute("aria-expanded") == "false"
    assert menu.evaluate("one => one === document.activeElement")
    assert not ada.locator("#main > *").first.evaluate("one => one.inert")
    ada.keyboard.press("Enter")
    for _ in range(2):
        ada.keyboard.press("ArrowDown")
    ada.keyboard.press("Enter")
    ada.get_by_role("heading", name="Issues", exact=True).wait_for()
    # a tap beside it closes it, and a wide screen has everything in reach again
    menu.click()
    ada.mouse.click(380, 600)
    assert menu.get_attribute("aria-expanded") == "false"
    menu.click()
    ada.set_viewport_size({"width": 1200, "height": 800})
    ada.wait_for_function("!document.querySelector('#main > [inert]')")


def test_keys_lead_to_the_screens(ada: Page) -> None:
    for key, heading in {"f": "Fixes", "v": "Vulnerabilities", "p": "Policies", "h": "Today"}.items():
        ada.keyboard.press("g")
        ada.keyboard.press(key)
        ada.get_by_role("heading", name=heading, exact=True).first.wait_for()
        ada.wait_for_load_state("load")
    ada.keyboard.press("?")
    help = ada.get_by_role("dialog", name="Keyboard")
    assert "Vulnerabilities" in help.inner_text()
    help.get_by_role("button", name="Show the tour").click()
    ada.get_by_role("heading", name="Five minutes to know your way").wait_for()


def test_a_person_plans_a_fix(ada: Page) -> None:
    ada.goto("/fixes/")
    ada.get_by_role("link", name="log4j").first.click()
    ada.get_by_label("Who makes it").select_option("ada")
    ada.get_by_label("Until").fill("2099-01-31")
    ada.get_by_label("Hand its open issues to the same person").check()
    ada.get_by_role("button", name="Keep the plan").click()
    ada.get_by_text("The plan is kept.").wait_for()
    plan = FixPlan.objects.get()
    assert (plan.assignee.username, plan.due.isoformat()) == ("ada", "2099-01-31")  # type: ignore[union-attr]
    ada.goto("/fixes/")
    assert "ada makes it" in ada.locator("main").inner_text()


def test_language_and_zone_follow_the_browser_until_somebody_chooses(
    browser: Browser, live_server: object, world: None
) -> None:
    context = browser.new_context(base_url=str(live_server), locale="de-DE", timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.goto("/login/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden", exact=True).click()
    page.get_by_role("heading", name="Heute").wait_for()
    page.goto("/account/")
    assert "Asia/Tokyo" in page.locator("#locale").inner_text()
    page.get_by_label("Sprache").select_option("en")
    page.get_by_label("Zeitzone").select_option("Europe/Berlin")
    page.locator("#locale").get_by_role("button").click()
    page.get_by_text("Language and time zone are kept.").wait_for()
    assert "Europe/Berlin." in page.locator("#locale .hint").inner_text()
    context.close()
