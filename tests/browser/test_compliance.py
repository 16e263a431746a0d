"""Compliance in a real browser: both themes, wide and narrow, from the list of frameworks to a record."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from seamark.governance.access.places import EVERYWHERE
from seamark.pipeline.compliance import auditing, evidence, passing, snapshots
from seamark.store.access import visible_to
from seamark.store.models import User
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person

PAGES = {
    "compliance": "/compliance/",
    "compliance-framework": "/compliance/frameworks/pci-dss-4/?application=storefront",
    "compliance-none": "/compliance/frameworks/slsa-1.1/?outcome=partial",
    "compliance-control": "/compliance/frameworks/pci-dss-4/controls/6.3.3/",
    "compliance-by-hand": "/compliance/frameworks/pci-dss-4/controls/6.2.2/",
    "compliance-not-covered": "/compliance/frameworks/iso-27001-2022/controls/A.7.1/",
    "compliance-checks": "/compliance/checks/",
    "compliance-check": "/compliance/checks/no-live-secrets/",
    "compliance-records": "/compliance/checks/no-live-secrets/records/?answer=no",
    "compliance-gaps": "/compliance/gaps/?application=storefront",
    "compliance-evidence": "/compliance/evidence/",
    "compliance-bring": "/compliance/bring/",
    "compliance-auditors": "/compliance/auditors/",
}


@pytest.fixture
def boss(world: None, page: Page) -> Page:
    """A tab in which an administrator is logged in, with something on every page."""
    person: User = make_person("boss", Role.ADMIN)
    passing.run(timezone.now())
    row = evidence.add_link(person, "Training 2026", "https://wiki.example/training", evidence.uses_of_need("training"))
    snapshots.take(person, "posture")
    evidence.content_for(visible_to(person), person, row.pk)
    auditing.give(person, make_person("otto"), EVERYWHERE, days=5, reason="PCI assessment")
    page.goto("/login/")
    page.get_by_label("Name").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Today").wait_for()
    return page


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(boss: Page, theme: str, width: int) -> None:
    boss.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    boss.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, address in PAGES.items():
        boss.goto(address)
        boss.get_by_role("heading", level=1).wait_for()
        shoot(boss, f"{name}-{theme}-{width}")
        found = AXE.run(boss)
        if found.violations_count:
            wrong[name] = [
                (one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found.response["violations"]
            ]
        spare = boss.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if spare > 0:
            wrong[f"{name} is too wide"] = spare
    assert not wrong


@pytest.mark.browser
def test_a_number_leads_to_its_list_and_evidence_is_given(boss: Page) -> None:
    boss.goto("/compliance/?application=storefront")
    boss.get_by_role("link", name="SOC 2 Trust Services Criteria", exact=True).click()
    expect(boss.get_by_role("heading", level=1)).to_contain_text("SOC 2")
    boss.get_by_role("link", name="CC7.1", exact=True).click()
    link = boss.locator("table a[href*='answer=unknown']").first
    number = int((link.text_content() or "0").split()[0])
    link.click()
    expect(boss.locator("tbody tr")).to_have_count(number) if number else expect(
        boss.get_by_text("No record")
    ).to_be_visible()
    boss.goto("/compliance/frameworks/soc-2/controls/CC5.3/")
    boss.get_by_text("Give evidence").click()
    boss.get_by_label("Title").fill("Security policy")
    boss.get_by_label("Or a link").fill("https://wiki.example/policy")
    boss.get_by_role("button", name="Keep it").click()
    expect(boss.get_by_text("Security policy")).to_be_visible()
