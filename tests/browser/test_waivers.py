"""A waiver as people make it: asked for, approved by a second person, in the facts of gates, and over at its end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page

from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.governance.waivers import passing
from seamark.pipeline.facts import platform_facts
from seamark.store.access import everything
from seamark.store.models import Issue, Waiver
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person


def log_in(page: Page, name: str) -> None:
    page.context.clear_cookies()
    page.goto("/login/")
    page.get_by_label("Name").fill(name)
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda address: "/login/" not in address)


def is_waived(reference: str) -> bool | None:
    facts = platform_facts(everything(), now=timezone.now(), subjects={"issue"})
    return next(one.issue.waived for one in facts if one.issue is not None and one.ref == reference)


@pytest.fixture
def issue(world: None) -> Issue:
    sync(declare(STARTER, BundleKind.STARTER), now=timezone.now(), cache=Path())
    make_person("dev", Role.DEVELOPER)
    make_person("tom", Role.APPROVER)
    return Issue.objects.filter(application__slug="storefront").order_by("-risk", "-id")[0]


@pytest.mark.browser
def test_from_request_to_end(page: Page, issue: Issue) -> None:
    log_in(page, "dev")
    page.goto(f"/issues/{issue.reference}/")
    page.get_by_role("link", name="Ask for a waiver").click()
    page.get_by_label("In words").fill("The vendor has promised a fix")
    page.get_by_label("Last day").fill((timezone.now().date() + timedelta(days=7)).isoformat())
    page.get_by_role("button", name="Ask for it").click()
    page.wait_for_url("**/waivers/W-*/")
    assert page.get_by_role("button", name="Approve").count() == 0
    assert is_waived(issue.reference) is False
    log_in(page, "tom")
    page.goto("/waivers/")
    page.get_by_role("region", name="1 waits for you to decide").get_by_role("link", name="W-").click()
    page.wait_for_url("**/waivers/W-*/")
    page.get_by_label("Comment").fill("One week")
    shoot(page, "waiver-decision")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("is approved, and counts until").wait_for()
    assert is_waived(issue.reference) is True
    page.goto("/issues/?q=waived:true")
    assert page.get_by_role("listitem").filter(has_text="Log4j").count() or page.locator("[data-row]").count() == 1
    page.goto(f"/issues/{issue.reference}/")
    page.get_by_text("approved by tom").wait_for()
    Waiver.objects.update(expires_at=timezone.now())
    assert is_waived(issue.reference) is False, "without any pass"
    passing.run()
    page.reload()
    assert page.get_by_text("approved by tom").count() == 0
    page.get_by_text("Waiver expired").wait_for()


@pytest.mark.browser
def test_the_count_follows_the_query(page: Page, issue: Issue) -> None:
    log_in(page, "dev")
    page.goto("/waivers/new/?scope=query")
    page.get_by_label("Query").fill("kind:code")
    page.get_by_text("It would cover").wait_for()
    page.get_by_label("Query").fill("assignee:dev")
    page.get_by_text("cannot ask for assignee").wait_for()


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(page: Page, issue: Issue, theme: str, width: int) -> None:
    log_in(page, "dev")
    page.goto(f"/waivers/new/?issue={issue.pk}")
    page.get_by_label("In words").fill("The vendor has promised a fix")
    page.get_by_label("Last day").fill((timezone.now().date() + timedelta(days=7)).isoformat())
    page.get_by_role("button", name="Ask for it").click()
    page.wait_for_url("**/waivers/W-*/")
    log_in(page, "tom")
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, address in {
        "waivers": "/waivers/",
        "waivers-none": "/waivers/?state=refused",
        "waiver": f"/waivers/{Waiver.objects.get().reference}/",
        "waiver-new": f"/waivers/new/?issue={issue.pk}",
        "waiver-query": "/waivers/new/?query=kind:code",
        "issue-waiver": f"/issues/{issue.reference}/",
    }.items():
        page.goto(address)
        for summary in page.locator("main summary").all():
            summary.click()
        shoot(page, f"{name}-{theme}-{width}")
        if found := AXE.run(page).response["violations"]:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} width"] = page.evaluate("document.documentElement.scrollWidth")
    assert not wrong
