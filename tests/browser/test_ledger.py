"""The ledger in a real browser: both themes, wide and narrow, and the proof as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from seamark.governance.ledger import checkpoints
from seamark.governance.ledger.folder import verify_proof
from seamark.governance.ledger.note import new_signer
from seamark.governance.triage import service
from seamark.store.models import Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, make_person


@pytest.fixture
def odo(world: None, page: Page) -> Page:
    """A tab in which an auditor is logged in, behind decisions of an analyst."""
    ada = User.objects.get(username="ada")
    service.change_state(ada, Issue.objects.all(), State.CONFIRMED)
    make_person("odo", Role.AUDITOR)
    page.goto("/login/")
    page.get_by_label("Name").fill("odo")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Today").wait_for()
    return page


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_are_accessible_and_fit(odo: Page, theme: str, width: int, settings: pytest.FixtureRequest) -> None:
    settings.SEAMARK_LEDGER_KEY = str(new_signer("tests.example/ledger"))  # type: ignore[attr-defined]
    checkpoints.sign_now()
    odo.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    odo.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, address in {
        "ledger": "/ledger/",
        "ledger-none": "/ledger/?subject=SM-0",
        "ledger-entry": "/ledger/0/",
    }.items():
        odo.goto(address)
        for summary in odo.locator("main summary").all():
            summary.click()
        shoot(odo, f"{name}-{theme}-{width}")
        if found := AXE.run(odo).response["violations"]:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if odo.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} width"] = odo.evaluate("document.documentElement.scrollWidth")
    assert not wrong


@pytest.mark.browser
def test_filtered_opened_and_proved(odo: Page, tmp_path: Path, settings: pytest.FixtureRequest) -> None:
    key = new_signer("tests.example/ledger")
    settings.SEAMARK_LEDGER_KEY = str(key)  # type: ignore[attr-defined]
    checkpoints.sign_now()
    issue = Issue.objects.order_by("pk")[0]
    odo.goto("/ledger/")
    odo.get_by_label("About").fill(issue.reference)
    odo.get_by_label("Kind").select_option("triage")
    odo.get_by_role("button", name="Filter").click()
    odo.locator("tbody a").click()
    assert f"Triage: {issue.reference}" in odo.get_by_role("heading", level=1).inner_text()
    with odo.expect_download() as download:
        odo.get_by_role("link", name="Download the proof").click()
    download.value.save_as(tmp_path / "proof")
    assert verify_proof((tmp_path / "proof").read_bytes(), key.verifier).ok
