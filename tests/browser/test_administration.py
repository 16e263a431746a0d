"""The pages of the administration in a browser: both themes, wide and narrow, by keyboard and by form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from seamark.governance.access import accounts, grants, groups, roles
from seamark.pipeline import heartbeat, jobs
from seamark.pipeline.people import make_token
from seamark.store.models import FeedState, Import, Job, Report, Scan, User
from seamark.store.models.people import Role
from seamark.store.models.requests import JobState
from tests.browser.axe import AXE
from tests.browser.conftest import shoot
from tests.factories import PASSWORD, days_ago, make_person

BASE = "/administration"


@pytest.fixture
def boss(world: None, page: Page) -> Page:
    """A tab in which an administrator is logged in, of an installation with something of everything."""
    person = make_person("boss", Role.ADMIN)
    _fill(person)
    page.goto("/login/")
    page.get_by_label("Name").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_role("heading", name="Today").wait_for()
    return page


def _fill(person: User) -> None:
    now = timezone.now()
    robot = accounts.create_service(person, "robot")
    make_token(robot, "ci")
    team = groups.create(person, "Security", members=[person])
    grants.give(person, team, roles.named("viewer"))
    roles.create(person, "looker", ["issue.read"])
    heartbeat.Pulse().beat()
    Scan.objects.filter(stream__tool="Trivy").update(imported_at=days_ago(9.1))
    base = {"snapshot": "EPSS 2026-11-02 (v2025.03.14)", "entries": 289_041, "loaded_at": now, "checked_at": now}
    FeedState.objects.create(name="epss", day=now.date(), sha256="a" * 64, **base)
    FeedState.objects.create(name="kev", day=(now - timedelta(days=30)).date(), **base)
    FeedState.objects.create(
        name="nuclei", failure="https://feeds.example/cves.json answers 404 Not Found", failed_at=now, **base
    )
    failed, _ = (jobs.submit(person, "triage", {}, total=120) for _ in range(2))
    Job.objects.filter(pk=failed.pk).update(
        state=JobState.FAILED,
        error="The database refused it: too many connections",
        done=40,
        attempt=3,
        finished_at=now,
    )
    Import.objects.create(
        report=Report.objects.all()[0], author=person, target={"application": "Storefront"}, lane="x", state="failed",
        error="The file ends in the middle of a result at $.runs[0].results[812]", failure="unreadable-report", finished_at=now,
    )  # fmt: skip


def _addresses() -> dict[str, str]:
    person, group = User.objects.get(username="boss"), User.objects.get(username="boss").teams.get()
    return {
        "overview": "", "people": "people/", "person": f"people/{person.pk}/", "groups": "groups/", "group": f"groups/{group.pk}/",
        "grants": "grants/", "roles": "roles/", "tokens": "tokens/", "sso": "sso/", "health": "health/", "jobs": "jobs/",
        "jobs-imports": "jobs/?kind=imports", "jobs-none": "jobs/?kind=re-scoring&state=failed", "feeds": "feeds/", "coverage": "coverage/",
        "coverage-silent": "coverage/?silent=1", "audit": "audit/", "audit-ledger": "audit/?of=ledger", "audit-none": "audit/?kind=nonsense",
    }  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(boss: Page, theme: str, width: int) -> None:
    boss.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    boss.set_viewport_size({"width": width, "height": 900})
    wrong: dict[str, object] = {}
    for name, path in _addresses().items():
        boss.goto(f"{BASE}/{path}")
        shoot(boss, f"administration-{name}-{theme}-{width}")
        found = AXE.run(boss).response["violations"]
        if found:
            wrong[name] = [(one["id"], one["nodes"][0]["html"][:160]) for one in found]
        if boss.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong[f"{name} is too wide"] = boss.evaluate("document.documentElement.scrollWidth")
    assert wrong == {}


def test_what_failed_is_tried_again_and_what_waits_is_cancelled(boss: Page) -> None:
    boss.goto(f"{BASE}/jobs/")
    boss.get_by_role("button", name="Try again").click()
    expect(boss.get_by_role("status")).to_contain_text("waits for a worker again")
    boss.get_by_role("button", name="Cancel").first.click()
    expect(boss.get_by_role("status")).to_contain_text("is cancelled")
    boss.get_by_label("State").select_option("failed")
    boss.get_by_role("button", name="Filter").click()
    expect(boss.get_by_text("boss cancelled it")).to_be_visible()


def test_from_a_silent_scanner_to_its_streams(boss: Page) -> None:
    boss.goto("/imports/")
    boss.get_by_role("link", name="Which scanners report").click()
    boss.get_by_role("link", name="Trivy has not reported for 9 days").click()
    expect(boss.get_by_label("Scanner")).to_have_value("Trivy")
    expect(boss.locator("tbody tr").first).to_contain_text("silent")


def test_the_audit_is_filtered_and_taken_along(boss: Page) -> None:
    boss.goto(f"{BASE}/")
    boss.get_by_role("navigation", name="Administration").get_by_role("link", name="Audit").click()
    boss.get_by_label("Kind").fill("login")
    boss.get_by_role("button", name="Filter").click()
    expect(boss.locator("tbody tr").first).to_contain_text("boss")
    with boss.expect_download() as download:
        boss.get_by_role("link", name="JSON").click()
    assert download.value.suggested_filename.startswith("seamark-audit-events-")
    boss.get_by_role("link", name="Decisions in the ledger").click()
    expect(boss.get_by_label("Kind")).to_have_value("login")


def test_a_token_asks_for_the_password_again_and_is_made_then(boss: Page, settings: pytest.FixtureRequest) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = -1  # type: ignore[attr-defined]
    boss.goto(f"{BASE}/tokens/")
    boss.locator("#label").fill("pipeline")
    boss.locator("#scopes").select_option(["read", "import"])
    boss.get_by_role("button", name="Make", exact=True).click()
    boss.wait_for_url("**/login/again/**")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 600  # type: ignore[attr-defined]
    boss.locator("#id_password").fill(PASSWORD)
    boss.get_by_role("button", name="Confirm").click()
    expect(boss.get_by_role("heading", name="Your new token")).to_be_visible()
