"""The risk profile in a browser: a weight is moved by keyboard, what it would do is shown, and it is applied."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect

from seamark.analysis.risk import default_profile
from seamark.pipeline import outlook, profiles
from seamark.store.access import everything
from seamark.store.models import Issue, ProfileUse
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person


@pytest.fixture
def root(world: None, page: Page) -> Page:
    """A tab of an administrator, on the page of the risk profile."""
    outlook.forget()
    make_person("root", Role.ADMIN)
    page.goto("/login/")
    page.get_by_label("Name").fill("root")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Today").wait_for()
    page.get_by_role("link", name="Risk profile").click()
    expect(page.locator("#outcome .summary")).to_contain_text("Nothing:")
    return page


def test_a_slider_by_keyboard_shows_what_moves_and_is_applied(root: Page) -> None:
    slider = root.get_by_role("slider", name="Exposure, slider")
    number = root.locator("#weight-exposure")
    now = default_profile().weights["exposure"]
    expect(number).to_have_value(f"{now:g}")
    slider.focus()
    for _ in range(6):
        root.keyboard.press("ArrowRight")
    expect(number).to_have_value(f"{now + 0.3:g}")
    expect(root.locator("#outcome .summary")).to_contain_text("another score")
    root.keyboard.press("End")
    expect(number).to_have_value("4")
    own = default_profile()
    told = outlook.outlook(everything(), replace(own, weights={**own.weights, "exposure": 4.0})).preview
    expect(root.locator("#said")).to_contain_text(f"{told.moved} of {told.issues} open issues get another score")
    first = root.locator("#outcome .shifts li").first
    expect(first).to_contain_text("SM-")

    root.get_by_label("Why", exact=True).fill("Exposure counts for more")
    root.get_by_role("button", name="Apply", exact=True).click()
    expect(root.locator(".notice")).to_contain_text("holds now for everything")
    use = ProfileUse.objects.order_by("-id")[0]
    assert use.comment == "Exposure counts for more"
    assert Issue.objects.filter(open=True, profile=use.profile).count() == told.moved > 0
    expect(number).to_have_value("4")
    expect(root.locator("table.cards")).to_contain_text("Exposure counts for more")


def test_plain_numbers_work_beyond_the_slider(root: Page) -> None:
    number = root.locator("#weight-epss")
    number.fill("9.5")
    slider = root.get_by_role("slider", name="EPSS, slider", exact=True)
    expect(slider).to_have_value("9.5")
    expect(root.locator("#outcome .summary")).to_contain_text("another score")
    number.fill("21")
    expect(root.locator("#outcome [role=alert]")).to_contain_text("must lie between 0 and 20")
    expect(slider).to_have_value("9.5")
    number.fill("0")
    expect(slider).to_have_value("0")
    expect(root.locator("#outcome .summary")).to_contain_text("another score")
    root.get_by_role("button", name="Save as draft").click()
    expect(root.locator(".notice")).to_contain_text("is kept as a draft")
    assert profiles.weights_of(profiles.versions(everything(), drafts=True).order_by("-id")[0]).weights["epss"] == 0


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible_and_fits(root: Page, theme: str, width: int) -> None:
    root.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    root.set_viewport_size({"width": width, "height": 900})
    root.locator("#weight-exposure").fill("3")
    expect(root.locator("#outcome .summary")).to_contain_text("another score")
    root.locator(".weight details summary").first.click()
    shoot(root, f"profile-{theme}-{width}")
    violations = AXE.run(root).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:160]) for one in violations] == []
    assert not root.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_others_read_it(ada: Page) -> None:
    ada.goto("/risk-profile/")
    expect(ada.get_by_role("heading", name="Read only")).to_be_visible()
    expect(ada.locator("#weight-epss")).to_be_disabled()
    assert AXE.run(ada).response["violations"] == []
