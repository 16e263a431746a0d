"""Plans on screen: an application's changes, what a fix moves with its proof, what it touches, and the button for the pull request."""

# ruff: noqa: F811 - fixtures are named as what they give

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client

from seamark.store.models import Application, Fix, Issue, PullRepository, PullRequest, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.remediation.example.conftest import served, tree  # noqa: F401 - fixtures
from tests.remediation.example.shop import REPOSITORY, forge, harbour, inventory, repository  # noqa: F401 - fixtures

LogIn = Callable[[User], Client]


@pytest.fixture
def browser(db: None, logged_in: LogIn) -> Client:
    return logged_in(make_person("ada", Role.ANALYST))


@pytest.fixture
def base(harbour: Application) -> Fix:
    return Fix.objects.get(kind="base_image")


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def plain(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_page_of_a_plan_fetches_its_changes(harbour: Application, browser: Client) -> None:
    page = text(browser, "/applications/harbour/plan/")
    assert 'hx-get="/applications/harbour/plan/changes/"' in page
    # Without a repository to read there is nothing to be online with.
    assert 'hx-get="/applications/harbour/plan/changes/"' in text(browser, "/applications/harbour/plan/?online=1")


def test_changes_by_what_is_kept(harbour: Application, browser: Client) -> None:
    page = plain(text(browser, "/applications/harbour/plan/changes/"))
    assert f"{REPOSITORY} was not read" in page
    assert "What stays, and why" in page
    assert "glibc in python 3.8-slim-buster services/orders/Dockerfile:1 which versions there are is not known" in page
    assert "Read the files and ask registries" not in page


def test_changes_online(repository: PullRepository, browser: Client) -> None:
    assert "/applications/harbour/plan/?online=1" in text(browser, "/applications/harbour/plan/changes/")
    page = text(browser, "/applications/harbour/plan/changes/?online=1")
    assert f"The files of {REPOSITORY} were read now." in page
    rates = [float(one) for one in re.findall(r'data-label="For one of effort" class="num">([\d.]+)<', page)]
    assert len(rates) >= 4
    assert rates == sorted(rates, reverse=True)
    shown = plain(page)
    assert "python 3.8-slim-buster → 3.13-slim-bookworm image · minor" in shown
    assert "actions/checkout v3 → v3 3333333333333333333 action" in shown
    fix = Fix.objects.get(kind="base_image")
    assert f'<a class="name" href="/fixes/{fix.pk}/">python</a>' in page
    # What is wrong with a pin leads to its issue.
    linked = {int(one) for one in re.findall(r'href="/issues/SM-(\d+)/"', page)}
    assert linked == set(Issue.objects.filter(pk__in=linked).values_list("pk", flat=True)) != set()


def test_a_base_image_fix(repository: PullRepository, base: Fix, browser: Client) -> None:
    page = text(browser, f"/fixes/{base.pk}/")
    assert f'hx-get="/fixes/{base.pk}/pins/"' in page
    assert f'hx-get="/fixes/{base.pk}/touches/"' in page
    # The versions of packages in the image are no versions of the image.
    assert "To which version" not in page
    assert "Open a pull request" in page
    assert f'hx-get="/fixes/{base.pk}/pins/?online=1"' in text(browser, f"/fixes/{base.pk}/?online=1")
    kept = plain(text(browser, f"/fixes/{base.pk}/pins/"))
    assert "no target" in kept
    assert "There is no change to prove: which versions there are is not known." in kept
    assert "Read the files and ask registries" in kept
    moved = plain(text(browser, f"/fixes/{base.pk}/pins/?online=1"))
    assert "Target 3.13-slim-bookworm · minor Clears 2 of 3: CVE-2023-4911 , CVE-2022-37434" in moved
    assert "Effort 3 Mind another release of debian" in moved
    assert "Proven: the change was made in a copy" in moved
    assert "least that clears something, least that clears all, latest of its line, latest" in moved
    assert "Stays: CVE-2026-9999 (no version that is known is without it)" in moved


def test_the_button_asks_for_the_pull_request(repository: PullRepository, base: Fix, browser: Client) -> None:
    answer = browser.post("/pulls/open/", {"fix": base.pk, "next": f"/fixes/{base.pk}/"}, follow=True)
    assert "The pull request is on its way." in answer.content.decode()
    assert PullRequest.objects.get().repository == repository


def test_a_fix_that_moves_nothing(harbour: Application, browser: Client) -> None:
    fix = Fix.objects.get(kind="configuration", key="services/orders/Dockerfile")
    assert plain(text(browser, f"/fixes/{fix.pk}/pins/")) == ""


def test_what_a_fix_touches(harbour: Application, base: Fix, browser: Client) -> None:
    page = text(browser, f"/fixes/{base.pk}/touches/")
    shown = plain(page)
    assert "Applications (1) harbour" in shown
    assert re.search(r"Workloads \(\d+\) .*monthly-report", shown)
    assert re.search(r"Who answers .*orders", shown)
    assert 'href="/applications/harbour/"' in page


def test_rights(repository: PullRepository, base: Fix, logged_in: LogIn, browser: Client) -> None:
    viewer = logged_in(make_person("vi", Role.VIEWER))
    page = plain(text(viewer, f"/fixes/{base.pk}/pins/?online=1"))
    # It is planned, and nothing is asked.
    assert f"{REPOSITORY} was not read now" in page
    assert "Read the files and ask registries" not in page
    stranger = logged_in(make_person("eve"))
    for path in (
        "/applications/harbour/plan/",
        "/applications/harbour/plan/changes/",
        f"/fixes/{base.pk}/pins/",
        f"/fixes/{base.pk}/touches/",
    ):
        assert stranger.get(path).status_code == 404, path
