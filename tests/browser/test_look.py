"""Every page in both themes, wide and narrow: nothing that axe objects to, nothing that sticks out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from seamark.store.models import Issue
from tests.browser.axe import AXE
from tests.browser.conftest import shoot

PAGES = {
    "issues": "/issues/",
    "filtered": "/issues/?q=kind:code,secret sort:-risk",
    "error": "/issues/?q=sevrity:high",
    "none": "/issues/?q=no-such-word",
    "fixes": "/fixes/",
    "applications": "/applications/",
    "application": "/applications/storefront/",
    "imports": "/imports/",
    "account": "/account/",
}


def _addresses() -> dict[str, str]:
    issues = {
        "issue-code": Issue.objects.filter(place__startswith="orders/search.py").order_by("-risk")[0],
        "issue-package": Issue.objects.filter(title__startswith="Log4Shell")[0],
        "issue-lowered": Issue.objects.filter(title__startswith="MD5")[0],
        "issue-web": Issue.objects.filter(title__startswith="Cross-site")[0],
    }
    return PAGES | {name: f"/issues/{issue.reference}/" for name, issue in issues.items()}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(ada: Page, theme: str, width: int) -> None:
    ada.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    ada.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, address in _addresses().items():
        ada.goto(address)
        shoot(ada, f"{name}-{theme}-{width}")
        found = AXE.run(ada).response["violations"]
        if found:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if ada.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = ada.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_the_log_in_is_accessible(page: Page, transactional_db: None) -> None:
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.goto("/login/")
        shoot(page, f"login-{theme}")
        assert AXE.run(page).response["violations"] == []


def test_axe_is_awake(page: Page, transactional_db: None) -> None:
    page.goto("/login/")
    page.evaluate("document.querySelector('label[for=id_password]').remove()")
    assert [one["id"] for one in AXE.run(page).response["violations"]] == ["label"]
