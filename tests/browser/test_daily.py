"""A day's work in a real browser: Today, the search over everything, views, bulk changes and back, reports dropped anywhere."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from seamark.pipeline.imports import work_once
from seamark.store.models import Import, Issue, Preference, SavedView, User
from seamark.store.models.issues import State
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.web.test_imports import sarif

DROP = """async ([selector, kind, name, content]) => {
    const bytes = Uint8Array.from(atob(content), (c) => c.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], name));
    document.querySelector(selector).dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: carried }));
}"""


def drop(page: Page, kind: str, name: str = "handmade.sarif", where: str = "main") -> None:
    page.evaluate(DROP, [where, kind, name, base64.b64encode(sarif("a.py", "b.py")).decode()])


def look(page: Page, name: str) -> Iterator[str]:
    """Keep a picture, and name what axe objects to and what sticks out."""
    shoot(page, name)
    for one in AXE.run(page).response["violations"]:
        yield f"{name}: {one['id']}: {one['nodes'][0]['html'][:160]}"
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        yield f"{name} is too wide: {page.evaluate('document.documentElement.scrollWidth')}"


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(ada: Page, theme: str, width: int) -> None:
    ada.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    ada.set_viewport_size({"width": width, "height": 900})
    Issue.objects.filter(pk__in=[1, 2]).update(owner="Team Payments")
    wrong: list[str] = []
    ada.goto("/")
    expect(ada.locator("#gaps ~ ul, #gaps ~ p").first).to_be_visible()
    wrong += look(ada, f"today-{theme}-{width}")
    ada.goto("/today/resolved/?since=2026-01-01T00:00:00Z")
    wrong += look(ada, f"today-resolved-{theme}-{width}")
    for name in ("fix", "owner"):
        ada.goto(f"/issues/?group={name}")
        wrong += look(ada, f"group-{name}-{theme}-{width}")
    Preference.objects.update_or_create(
        user=User.objects.get(username="ada"), defaults={"columns": ["where", "owner", "fix", "tools", "when"]}
    )
    ada.goto("/issues/")
    ada.get_by_text("Save view", exact=True).click()
    wrong += look(ada, f"columns-{theme}-{width}")
    ada.keyboard.press("Escape")
    ada.locator("[data-row] input").first.check()
    ada.get_by_role("button", name="Preview").click()
    expect(ada.locator("#outlook dl")).to_be_visible()
    wrong += look(ada, f"outlook-{theme}-{width}")
    ada.keyboard.press("Control+k")
    ada.get_by_role("combobox", name="Search everything").fill("log4j")
    expect(ada.locator("#palette [role=option]").filter(has_text="log4j-core").first).to_be_visible()
    wrong += look(ada, f"palette-{theme}-{width}")
    ada.keyboard.press("Escape")
    drop(ada, "dragenter")
    expect(ada.locator("#veil")).to_be_visible()
    drop(ada, "drop")
    expect(ada.get_by_role("dialog")).to_be_visible()
    wrong += look(ada, f"drop-{theme}-{width}")
    assert wrong == []


def test_the_tour_is_put_away_with_the_keyboard_and_comes_again(ada: Page) -> None:
    ada.goto("/")
    away = ada.get_by_role("button", name="Put the tour away")
    away.focus()
    ada.keyboard.press("Enter")
    expect(away).to_have_count(0)
    ada.reload()
    expect(away).to_have_count(0)
    ada.keyboard.press("?")
    ada.get_by_role("button", name="Show the tour").press("Enter")
    expect(away).to_be_visible()


def test_everything_is_found_with_the_keyboard_alone(ada: Page) -> None:
    ada.keyboard.press("Control+k")
    bar = ada.get_by_role("combobox", name="Search everything")
    expect(bar).to_be_focused()
    ada.keyboard.type("sql inj")
    expect(ada.locator("#palette [aria-selected=true]")).to_contain_text("SQL injection in order search")
    ada.keyboard.press("Enter")
    ada.wait_for_url("**/issues/SM-*/")
    ada.keyboard.press("Control+k")
    ada.keyboard.type("overdue")
    expect(ada.locator("#palette [aria-selected=true]")).to_contain_text("Overdue issues")
    ada.keyboard.press("ArrowDown")
    expect(ada.locator("#palette [aria-selected=true]")).to_contain_text("Issues with")
    ada.keyboard.press("ArrowUp")
    ada.keyboard.press("Enter")
    ada.wait_for_url(re.compile(r"q=due%3Aoverdue"))
    ada.keyboard.press("Control+k")
    ada.keyboard.press("Escape")
    expect(ada.locator("#palette")).to_be_hidden()


def test_a_range_is_previewed_changed_and_restored(ada: Page) -> None:
    boxes = ada.locator("[data-row] input[name=issue]")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(ada.locator("[data-selected]")).to_have_text("4 selected")
    ada.keyboard.press("e")
    expect(ada.get_by_role("button", name="Preview")).to_be_focused()
    ada.keyboard.press("Enter")
    expect(ada.locator("#outlook")).to_contain_text("4 of 4 issues would change")
    ada.get_by_role("button", name="Confirm").click()
    expect(ada.get_by_text("4 issues confirmed.")).to_be_visible()
    assert Issue.objects.filter(state=State.CONFIRMED).count() == 4
    ada.goto("/issues/")
    ada.get_by_role("button", name="Undo").click()
    expect(ada.get_by_text("Undone: 4 issues put back.")).to_be_visible()
    assert not Issue.objects.exclude(state=State.OPEN).exists()


def test_a_view_is_kept_and_a_group_is_opened(ada: Page) -> None:
    ada.goto("/issues/?q=kind:dependency")
    ada.get_by_text("Save view", exact=True).click()
    ada.get_by_label("Name", exact=True).fill("Packages")
    ada.get_by_role("button", name="Save", exact=True).click()
    expect(ada.get_by_role("link", name="Packages")).to_have_attribute("aria-current", "page")
    assert SavedView.objects.get().query == "kind:dependency"
    ada.get_by_text("Group", exact=True).click()
    ada.get_by_role("link", name="Fix", exact=True).click()
    expect(ada.get_by_text("Group: Fix")).to_be_visible()
    ada.locator(".grouped td.num a").first.click()
    expect(ada.locator("[data-row]").first).to_be_visible()
    with ada.expect_download() as download:
        ada.get_by_text("Export", exact=True).click()
        ada.get_by_role("link", name="XLSX").click()
    assert download.value.suggested_filename.endswith(".xlsx")


def test_a_report_is_dropped_on_any_page_and_followed(ada: Page) -> None:
    ada.goto("/fixes/")
    drop(ada, "dragenter")
    drop(ada, "dragleave")
    expect(ada.locator("#veil")).to_be_hidden()
    drop(ada, "drop")
    ada.get_by_label("Application").fill("Storefront")
    ada.keyboard.press("Enter")
    ada.wait_for_url("**/imports/")
    row = ada.locator("tr[data-import]")
    expect(row).to_contain_text("queued")
    expect(row).not_to_have_attribute("hx-get", re.compile(".*"))
    while work_once():
        pass
    expect(ada.locator("tr", has_text="handmade.sarif")).to_contain_text("done")
    assert Import.objects.get().state == "done"
