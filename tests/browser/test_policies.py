"""Policies in a browser: form and YAML in step, facts completed, mistakes as one types, tried, and kept."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import declare, sync, versions
from seamark.pipeline import violations
from seamark.pipeline.bundles import cache
from seamark.store.models import StandingViolation
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import make_person
from tests.policy.written import text

SEVERE = text(
    "issue.severity >= HIGH",
    "description: Nothing severe",
    name="severe",
    stages="{pull_request: block, monitor: ticket}",
)


@pytest.fixture
def root(world: None, page: Page, live_server: object) -> Page:
    """A tab of an administrator, with the starter bundle and a policy that was written here in force."""
    person = make_person("root", Role.ADMIN)
    sync(declare("starter", BundleKind.STARTER), now=timezone.now(), cache=cache())
    save(SEVERE, actor=person, comment="because", now=timezone.now())
    violations.run()
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": str(live_server)}])
    page.goto("/policies/")
    return page


def test_from_the_list_to_exactly_what_violates(root: Page) -> None:
    root.get_by_role("link", name="Policies", exact=True).click()
    number = StandingViolation.objects.filter(policy="severe", until=None).count()
    root.get_by_role("link", name=f"{number} violations of severe").click()
    expect(root.get_by_role("heading", name="Violations of severe")).to_be_visible()
    expect(root.locator("tbody tr")).to_have_count(number)
    root.get_by_label("How it stands").select_option("waived")
    root.get_by_role("button", name="Filter").click()
    expect(root.get_by_role("heading", name="No violation")).to_be_visible()


def test_form_and_text_go_together(root: Page) -> None:
    root.goto("/policy-editor/?policy=severe")
    yaml = root.get_by_label("YAML")
    expect(yaml).to_have_value(SEVERE)
    root.get_by_label("Mode").select_option("warn")
    expect(yaml).to_have_value(SEVERE + "  mode: warn\n")
    root.get_by_label("What it demands").fill("Nothing severe at all")
    expect(yaml).to_have_value(SEVERE.replace("Nothing severe", "Nothing severe at all") + "  mode: warn\n")
    yaml.fill(SEVERE.replace("HIGH", "CRITICAL") + "  mode: log\n")
    expect(root.get_by_label("Mode")).to_have_value("log")
    expect(root.get_by_label("Condition")).to_have_value("issue.severity >= CRITICAL")
    expect(root.locator("#checked")).to_contain_text("No mistakes.")

    root.get_by_role("button", name="Simulate on today").click()
    expect(root.locator("#outcome")).to_contain_text("It would hold for")
    root.get_by_role("button", name="Replay past builds").click()
    expect(root.locator("#outcome")).to_contain_text("would have blocked")
    root.get_by_label("Why", exact=True).fill("stricter")
    root.get_by_role("button", name="Keep as a new version").click()
    expect(root.locator(".notice")).to_contain_text("Version 2 of severe is in force")
    first = versions("severe")[0]
    assert (first.comment, first.text) == ("stricter", SEVERE.replace("HIGH", "CRITICAL") + "  mode: log\n")


def test_facts_are_completed_by_keyboard(root: Page) -> None:
    root.goto("/policy-editor/?policy=severe")
    condition = root.get_by_label("Condition")
    condition.fill("")
    condition.press_sequentially("issue.ke")
    offers = root.get_by_role("listbox", name="Completions")
    expect(offers.get_by_role("option").first).to_contain_text("Known to be exploited in the wild")
    condition.press("ArrowDown")
    condition.press("Enter")
    expect(condition).to_have_value("issue.kev")
    expect(root.get_by_label("YAML")).to_have_value(SEVERE.replace("issue.severity >= HIGH", "issue.kev"))
    expect(offers).to_be_hidden()
    yaml = root.get_by_label("YAML")
    yaml.fill(SEVERE.replace("issue.severity >= HIGH", 'asset.exposure == "inter'))
    yaml.evaluate("one => { const at = one.value.indexOf('inter') + 5; one.setSelectionRange(at, at); }")
    yaml.press_sequentially("n")
    expect(offers.get_by_role("option")).to_have_count(2)
    yaml.press("Escape")
    expect(offers).to_be_hidden()


def test_a_mistake_leads_to_its_place(root: Page) -> None:
    root.goto("/policy-editor/?policy=severe")
    yaml = root.get_by_label("YAML")
    yaml.fill(SEVERE.replace("severity", "sevrity"))
    expect(root.locator(".mistakes")).to_contain_text("did you mean issue.severity?")
    root.locator(".mistakes button").first.click()
    expect(yaml).to_be_focused()
    line = yaml.evaluate("one => one.value.slice(0, one.selectionStart).split('\\n').length")
    assert line == 5
    # What cannot be read leaves the form aside until it can.
    yaml.fill("a: [")
    expect(root.locator("#fields")).to_contain_text("cannot be read")
    yaml.fill(SEVERE)
    expect(root.get_by_label("Condition")).to_have_value("issue.severity >= HIGH")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(root: Page, theme: str, width: int) -> None:
    root.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    root.set_viewport_size({"width": width, "height": 900})
    pages = {
        "policies": "/policies/", "policy": "/policies/severe/", "starter": "/policies/no-critical-in-internet-facing/",
        "violations": "/violations/?standing=any", "editor": "/policy-editor/?policy=severe",
    }  # fmt: skip
    for name, address in pages.items():
        root.goto(address)
        if name == "editor":
            root.get_by_role("button", name="Simulate on today").click()
            expect(root.locator("#outcome")).to_contain_text("It would hold for")
            root.get_by_label("YAML").fill(SEVERE + "  modes: warn\n")
            expect(root.locator(".mistakes")).to_contain_text("there is no key modes here")
        shoot(root, f"{name}-{theme}-{width}")
        found = AXE.run(root).response["violations"]
        assert [(name, one["id"], one["nodes"][0]["html"][:160]) for one in found] == []
        assert not root.evaluate("document.documentElement.scrollWidth > innerWidth"), name
