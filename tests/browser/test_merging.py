"""What is one issue, in a real browser: with keys and without scripts, in both themes, wide and narrow."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from seamark.pipeline import merging
from seamark.store.models import Issue, Match, User
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD


def issue(title: str) -> Issue:
    return Issue.objects.get(title__startswith=title)


def suggest(left: Issue, right: Issue, confidence: int) -> Match:
    return Match.objects.create(
        application=left.application, left=left.findings.order_by("id")[0], right=right.findings.all()[0], merged=False, pending=True,
        confidence=confidence, reasons=[["close lines", 0.35], ["sibling weaknesses", 0.37]], at=timezone.now(),
    )  # fmt: skip


@pytest.fixture
def decided(ada: Page) -> Page:
    """A tab before a world in which something is suggested, joined and kept apart."""
    sql, path, debug = issue("SQL injection"), issue("Path built"), issue("Debug mode")
    person = User.objects.get(username="ada")
    suggest(sql, path, 720)
    suggest(sql, issue("S3 bucket"), 640)
    merging.join_issues(person, [sql, debug], "the debug page prints the same query")
    merging.keep_apart(person, sql, issue("AWS"), "a key is no query")
    return ada


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(decided: Page, theme: str, width: int) -> None:
    decided.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    decided.set_viewport_size({"width": width, "height": 900})
    pages = {
        "suggestions": "/suggestions/",
        "no-suggestions": "/suggestions/?application=payroll",
        "issue-joined": f"/issues/{issue('SQL injection').reference}/",
        "issue-merged": f"/issues/{issue('Debug mode').reference}/",
    }
    wrong: dict[str, object] = {}
    for name, address in pages.items():
        decided.goto(address)
        for summary in decided.locator("#why summary").all():
            summary.click()
        shoot(decided, f"{name}-{theme}-{width}")
        if found := AXE.run(decided).response["violations"]:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if decided.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = decided.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_suggestions_are_decided_by_key_and_undone(decided: Page) -> None:
    decided.keyboard.press("g")
    decided.keyboard.press("s")
    decided.wait_for_url("**/suggestions/")
    first = decided.get_by_role("listitem", name="Suggestion").first
    first.get_by_role("button", name="Same issue").focus()
    decided.keyboard.press("Enter")
    undo = decided.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(decided.get_by_role("status").filter(has_text="is part of")).to_have_count(1)
    expect(decided.get_by_role("button", name="Same issue")).to_have_count(1)
    assert issue("Path built").merged_into == issue("SQL injection")
    decided.keyboard.press("Enter")
    expect(decided.get_by_role("status").filter(has_text="two issues again")).to_have_count(1)
    assert issue("Path built").merged_into is None


def test_findings_are_split_off_and_taken_back(ada: Page) -> None:
    sql = issue("SQL injection")
    ada.goto(f"/issues/{sql.reference}/")
    ada.get_by_label("Choose what Bandit says").check()
    ada.get_by_label("Why the chosen ones are another problem").fill("another query")
    ada.get_by_role("button", name="Split off").click()
    expect(ada.get_by_role("status")).to_contain_text("Split off SM-")
    expect(ada.get_by_role("heading", name="Kept apart")).to_be_visible()
    ada.get_by_role("button", name="Undo").click()
    expect(ada.get_by_role("status")).to_contain_text("are one issue again")


def test_everything_works_without_scripts(browser: Browser, live_server: object, world: None) -> None:
    sql, path = issue("SQL injection"), issue("Path built")
    suggest(sql, path, 720)
    with browser.new_context(base_url=str(live_server), java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/login/")
        page.get_by_label("Name").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in", exact=True).click()
        page.goto("/suggestions/")
        page.get_by_role("button", name="Not the same").click()
        expect(page.get_by_role("status")).to_contain_text("stay two")
        page.get_by_role("button", name="Undo").click()
        page.goto(f"/issues/{sql.reference}/")
        page.locator("#why summary").click()
        page.get_by_label("Issue", exact=True).fill(path.reference)
        page.get_by_role("button", name="Join", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text(f"{path.reference} is part of {sql.reference}")
        page.goto(f"/issues/{path.reference}/")
        page.get_by_role("button", name="Unmerge").click()
        expect(page.get_by_role("status")).to_contain_text("two issues again")
