"""The issue page and an application's page in a browser: every part, in both themes, wide and narrow; a conversation; live numbers."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from seamark.core.finding import Exchange, Finding
from seamark.core.kind import Kind
from seamark.core.location import WebLocation
from seamark.core.severity import Severity
from seamark.governance.triage import comments
from seamark.store.models import Issue, User
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import code, import_findings, make_person, package

REQUEST = (
    "POST /orders?q="
    + "x" * 300
    + " HTTP/1.1\nHost: shop.example\nCookie: sessionid="
    + "0123456789abcdef" * 4
    + "\nX-Long: "
    + "y" * 200
    + "\n\nuser=ada&password=hunter2hunter2"
)


@pytest.fixture
def furnished(ada: Page) -> Page:
    """A tab of an analyst, with an issue of every sort and a conversation."""
    person = User.objects.get(username="ada")
    make_person("bob", Role.ANALYST)
    import_findings("Storefront", "ZAP", [
        Finding(rule="xss", title="Reflected words in the search", severity=Severity.HIGH, kind=Kind.WEB, location=WebLocation(url="https://shop.example/orders", method="GET"),
                exchange=Exchange(REQUEST, "HTTP/1.1 200 OK\nContent-Type: text/html\n\n<html><body>" + "z" * 400 + "</body></html>")),
    ])  # fmt: skip
    import_findings("Storefront", "Grype", [
        package(f"CVE-2025-{at}", "npm/left-pad", "1.2.0", fixed, Severity.HIGH, 7.0, f"Flaw {at}")
        for at, fixed in enumerate(("1.2.5", "1.3.0", "2.0.0", ""), start=1)
    ])  # fmt: skip
    issue = Issue.objects.get(title__startswith="SQL injection")
    comments.add(
        person,
        issue,
        "Is this **yours**, @bob?\n\n- `one`\n- two\n\n```\ncode\n```\n\n> said, see SM-2 and [this](https://a.example)",
    )
    comments.add(User.objects.get(username="bob"), issue, "@ada Yes.")
    comments.watch(person, issue)
    return ada


def reference(start: str) -> str:
    return Issue.objects.get(title__startswith=start).reference


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_part_is_accessible_and_fits(furnished: Page, theme: str, width: int) -> None:
    furnished.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    furnished.set_viewport_size({"width": width, "height": 900})
    places = {
        "issue-flow": f"/issues/{reference('SQL injection')}/", "issue-upgrade": f"/issues/{reference('Flaw 1')}/",
        "issue-nofix": f"/issues/{reference('Flaw 4')}/", "issue-exchange": f"/issues/{reference('Cross-site')}/",
        "issue-talk": f"/issues/{reference('SQL injection')}/comments/", "issue-options": f"/issues/{reference('Flaw 1')}/options/",
        "mentions": "/today/mentions/", "application-trend": "/applications/storefront/",
    }  # fmt: skip
    wrong: dict[str, object] = {}
    for name, address in places.items():
        furnished.goto(address)
        expect(furnished.locator("main [hx-trigger=load]")).to_have_count(0)
        furnished.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        shoot(furnished, f"{name}-{theme}-{width}")
        found = AXE.run(furnished).response["violations"]
        if found:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if furnished.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = furnished.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_a_name_is_completed_with_the_keyboard_and_told(furnished: Page) -> None:
    furnished.goto(f"/issues/{reference('SQL injection')}/")
    field = furnished.get_by_label("Comment", exact=True)
    field.press_sequentially("Ask @bo")
    expect(furnished.get_by_role("option", name="@bob")).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("Ask @bob ")
    expect(furnished.get_by_role("listbox", name="People")).to_be_hidden()
    furnished.get_by_role("button", name="Add comment").click()
    said = furnished.locator("#conversation .talk > li").last
    expect(said.locator(".mention")).to_have_text("@bob")
    said.get_by_text("Change…").click()
    said.get_by_role("button", name="Delete").click()
    expect(furnished.locator("#conversation .talk > li").last).to_contain_text("This comment was deleted.")


def test_watching_is_one_button(furnished: Page) -> None:
    furnished.goto(f"/issues/{reference('SQL injection')}/")
    furnished.get_by_role("button", name="Watching").click()
    expect(furnished.get_by_role("button", name="Watch", exact=True)).to_have_attribute("aria-pressed", "false")


def test_numbers_follow_while_the_page_is_open(furnished: Page) -> None:
    furnished.goto(f"/issues/{reference('SQL injection')}/")
    number = furnished.locator('#navigation a[href="/issues/"] .n')
    before = int(number.inner_text())
    with furnished.expect_request("**/live/"):
        pass
    import_findings("Storefront", "Other", [code("r", f"Thing {at}", f"t{at}.py", 3) for at in range(4)])
    expect(number).to_have_text(str(before + 4))
