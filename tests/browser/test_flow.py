"""What a person does on a Monday, in a real browser: send reports in, look, decide, change one's mind."""

from __future__ import annotations

import json
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from seamark.pipeline.imports import work_once
from seamark.pipeline.worker import Worker
from seamark.store.models import Issue
from seamark.store.models.issues import State
from tests.browser.conftest import shoot


def write_report(folder: Path, name: str, *places: str) -> Path:
    results = [
        {
            "ruleId": "handmade/rule",
            "level": "error",
            "message": {"text": f"Unchecked input reaches the shell at {place}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": place},
                        "region": {"startLine": 7, "snippet": {"text": "os.system(request.args['name'])"}},
                    }
                }
            ],
        }
        for place in places
    ]
    path = folder / name
    path.write_text(
        json.dumps(
            {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": f"Handmade {name}"}}, "results": results}]}
        )
    )
    return path


def test_upload_list_issue_triage_undo(ada: Page, tmp_path: Path) -> None:
    ada.get_by_role("link", name="Import report").click()
    reports = [
        write_report(tmp_path, "first.sarif", "shell.py"),
        write_report(tmp_path, "second.sarif", "other.py", "third.py"),
    ]
    ada.get_by_label("Choose reports").set_input_files(reports)
    ada.get_by_role("combobox", name="Application").fill("Harbour")
    ada.get_by_role("button", name="Import", exact=True).click()
    expect(ada.locator(".uploads .chip.good")).to_have_count(2)
    expect(ada.locator("#history tbody tr")).to_have_count(2)
    expect(ada.locator("#history")).to_contain_text("queued")
    while work_once():
        pass
    expect(ada.locator("#history .chip.good")).to_have_count(2)
    shoot(ada, "imports-done")

    ada.goto("/issues/")
    ada.get_by_role("link", name=re.compile("Harbour")).click()
    expect(ada).to_have_url(re.compile("q=app%3Aharbour"))
    expect(ada.locator("[data-row]")).to_have_count(3)
    expect(ada.get_by_label("Query")).to_have_value("app:harbour")

    ada.get_by_role("link", name="Unchecked input reaches the shell at shell.py").click()
    expect(ada.get_by_role("heading", level=1)).to_contain_text("Unchecked input")
    expect(ada.locator(".code")).to_contain_text("os.system")
    ada.get_by_role("button", name="Confirm", exact=True).click()
    expect(ada.get_by_role("status")).to_contain_text("1 issue confirmed.")
    ada.get_by_role("link", name="Dismiss…").click()
    expect(ada.get_by_label("Reason")).to_be_visible()
    ada.get_by_label("Because").select_option("not_affected")
    ada.get_by_label("Reason").fill("The name comes from our own list.")
    shoot(ada, "issue-dismissing")
    ada.get_by_role("button", name="Dismiss", exact=True).click()
    expect(ada.locator(".head .chip").nth(1)).to_have_text("dismissed: not affected")
    ada.get_by_role("button", name="Undo").click()
    expect(ada.locator(".head .chip").nth(1)).to_have_text("confirmed")
    expect(ada.locator(".history")).to_contain_text("The name comes from our own list.")


def test_bulk_with_undo_keeps_the_filter(ada: Page) -> None:
    ada.goto("/issues/?q=kind:dependency")
    expect(ada.get_by_role("button", name="Dismiss")).to_be_hidden()
    ada.get_by_label("Select all on this page").check()
    expect(ada.locator("[data-selected]")).to_have_text("4 selected")
    shoot(ada, "issues-selected")
    ada.get_by_label("Reason").fill("Upgraded next week.")
    ada.get_by_label("Reason").press("Enter")
    expect(ada.get_by_role("status")).to_contain_text("4 issues dismissed.")
    expect(ada).to_have_url(re.compile(r"\?q=kind:dependency$"))
    expect(ada.locator("[data-row]")).to_have_count(0)
    ada.get_by_role("button", name="Undo").click()
    expect(ada.get_by_role("status")).to_contain_text("Undone: 4 issues put back.")
    expect(ada.locator("[data-row]")).to_have_count(4)
    assert not Issue.objects.exclude(state=State.OPEN).exists()


def test_every_state_is_an_address(ada: Page) -> None:
    ada.get_by_role("link", name="Known exploited").first.click()
    expect(ada).to_have_url(re.compile("q=kev%3Atrue"))
    expect(ada.locator("[data-row]")).to_have_count(1)
    ada.locator(".facets").get_by_role("link", name=re.compile("^Dependency")).click()
    expect(ada.get_by_label("Query")).to_have_value("kev:true kind:dependency")
    ada.reload()
    expect(ada.get_by_label("Query")).to_have_value("kev:true kind:dependency")
    expect(ada.locator("[data-row]")).to_have_count(1)
    ada.go_back()
    expect(ada.get_by_label("Query")).to_have_value("kev:true")
    ada.go_back()
    expect(ada.locator("[data-row]")).to_have_count(11)
    ada.get_by_role("link", name="Sort by Age").click()
    expect(ada).to_have_url(re.compile("sort%3A-age"))


def test_keyboard(ada: Page) -> None:
    ada.keyboard.press("j")
    ada.keyboard.press("j")
    expect(ada.locator("[data-row].at")).to_have_count(1)
    ada.keyboard.press("x")
    expect(ada.locator("[data-selected]")).to_have_text("1 selected")
    ada.keyboard.press("k")
    ada.keyboard.press("x")
    expect(ada.locator("[data-selected]")).to_have_text("2 selected")
    ada.keyboard.press("Escape")
    expect(ada.locator("[data-row] input:checked")).to_have_count(0)
    ada.keyboard.press("?")
    expect(ada.get_by_role("dialog")).to_be_visible()
    shoot(ada, "help")
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("dialog")).to_be_hidden()
    ada.keyboard.press("o")
    ada.wait_for_url("**/issues/SM-*/")
    ada.keyboard.press("u")
    ada.wait_for_url("**/issues/")
    ada.keyboard.press("g")
    ada.keyboard.press("f")
    ada.wait_for_url("**/fixes/")
    ada.keyboard.press("g")
    ada.keyboard.press("i")
    ada.wait_for_url("**/issues/")


def test_completion(ada: Page) -> None:
    with ada.expect_response("**/issues/words.json"):
        ada.keyboard.press("/")
    bar = ada.get_by_label("Query")
    expect(bar).to_be_focused()
    bar.press_sequentially("sev")
    expect(ada.get_by_role("option")).to_have_text(re.compile("severity:"))
    bar.press("Tab")
    expect(bar).to_have_value("severity:")
    expect(ada.get_by_role("option")).to_have_count(5)
    shoot(ada, "completion")
    bar.press("ArrowDown")
    bar.press("Enter")
    expect(bar).to_have_value("severity:critical")
    bar.press_sequentially(" app:st")
    bar.press("Tab")
    expect(bar).to_have_value("severity:critical app:storefront")
    bar.press("Enter")
    expect(ada).to_have_url(re.compile("severity%3Acritical"))
    expect(ada.locator("[data-row]")).to_have_count(3)
    expect(bar).to_have_value("severity:critical app:storefront")


def test_a_wrong_query_is_explained_in_place(ada: Page) -> None:
    bar = ada.get_by_label("Query")
    bar.fill("sevrity:high")
    bar.press("Enter")
    expect(ada.get_by_role("alert")).to_contain_text("did you mean severity")
    expect(bar).to_have_value("sevrity:high")


def test_the_theme_is_kept(ada: Page) -> None:
    ada.get_by_role("button", name="Dark").click()
    expect(ada.locator("html")).to_have_attribute("data-theme", "dark")
    dark = ada.evaluate("getComputedStyle(document.body).backgroundColor")
    ada.goto("/fixes/")
    assert ada.evaluate("getComputedStyle(document.body).backgroundColor") == dark == "rgb(14, 21, 22)"
    ada.get_by_role("button", name="Light").click()
    expect(ada.locator("html")).to_have_attribute("data-theme", "light")


def test_on_a_telephone_the_navigation_folds(ada: Page) -> None:
    ada.set_viewport_size({"width": 390, "height": 800})
    ada.goto("/issues/")
    expect(ada.get_by_role("navigation", name="Main")).to_be_hidden()
    ada.get_by_role("button", name="Menu").click()
    ada.get_by_role("link", name=re.compile("^Fixes")).click()
    ada.wait_for_url("**/fixes/")
    ada.goto("/issues/")
    expect(ada.locator(".facet").first).to_be_hidden()
    ada.locator("summary").filter(has_text="Filter").click()
    ada.get_by_role("link", name=re.compile("^Secret")).click()
    expect(ada.locator("[data-row]")).to_have_count(1)


def test_an_expired_session_leads_to_the_log_in(ada: Page) -> None:
    ada.context.clear_cookies()
    ada.get_by_role("link", name="Fixable").click()
    ada.wait_for_url("**/login/?next=/issues/**")


def test_a_live_import_shows_its_progress(ada: Page, tmp_path: Path) -> None:
    ada.goto("/imports/?application=Storefront")
    expect(ada.get_by_role("combobox", name="Application")).to_have_value("Storefront")
    ada.get_by_label("Choose reports").set_input_files(write_report(tmp_path, "live.sarif", "live.py"))
    with ada.expect_response(lambda answer: answer.request.method == "POST"):
        ada.get_by_role("button", name="Import", exact=True).click()
    expect(ada.locator("#history tbody tr")).to_have_count(1)
    worker = Worker(poll=0.05)
    worker.start()
    try:
        expect(ada.locator("#history .chip.good")).to_have_count(1)
    finally:
        worker.stop()
    ada.get_by_role("link", name="live.sarif").click()
    expect(ada.locator(".numbers")).to_contain_text("New issues")
    shoot(ada, "import-detail")
