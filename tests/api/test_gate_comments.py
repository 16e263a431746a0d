"""A verdict that changes without another run of the pipeline reaches the pull request by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from seamark.governance.triage import service
from seamark.pipeline.gate import kept
from seamark.pipeline.pulls import gates, repositories
from seamark.store.access import everything
from seamark.store.models import Asset, Issue, User, Verdict
from seamark.store.models.issues import State
from tests.api.conftest import Caller
from tests.api.test_gate import ask, boss, request_7, shop
from tests.integrations.forges import TOKEN, GitHubFake, serving

__all__ = ["boss", "request_7", "shop"]


@pytest.fixture
def forge(request_7: None, settings: Settings) -> Iterator[GitHubFake]:
    with serving(GitHubFake()) as fake:
        assert isinstance(fake, GitHubFake)
        settings.SEAMARK_INTERNAL_HOSTS = ["127.0.0.1"]
        asset = Asset.objects.filter(kind="repository", application__slug="shop").get()
        repositories.put(
            None, asset, forge="github", api=fake.url, remote=f"{fake.url}/acme/shop.git", name="acme/shop", secrets={"token": TOKEN}
        )  # fmt: skip
        yield fake


def dismiss(person: User) -> None:
    service.change_state(person, Issue.objects.filter(rule="eval"), State.DISMISSED, "false_positive", "never reached")


def test_triage_changes_the_comment_and_the_check(lone: Caller, forge: GitHubFake, boss: User) -> None:
    assert ask(lone, pull_request="7", commit="b" * 40)["outcome"] == "block"
    assert not gates.work_once()
    dismiss(boss)
    (renewed,) = kept.refresh(everything())
    assert renewed.tell_at is not None
    assert gates.work_once()
    (text,) = forge.texts()
    assert "Seamark" in text
    assert [one["conclusion"] for one in forge.checks] == ["success"]
    assert not gates.work_once()
    dismiss(boss)
    assert kept.refresh(everything()) == []


def test_what_says_the_same_is_not_told_again(lone: Caller, forge: GitHubFake, boss: User) -> None:
    ask(lone, pull_request="7", commit="b" * 40)
    service.change_state(boss, Issue.objects.filter(rule="eval"), State.CONFIRMED)
    (renewed,) = kept.refresh(everything())
    assert renewed.tell_at is None
    assert not forge.asked


def test_a_forge_that_is_away_is_told_later_and_a_refusal_is_final(lone: Caller, forge: GitHubFake, boss: User) -> None:
    ask(lone, pull_request="7", commit="b" * 40)
    dismiss(boss)
    (row,) = kept.refresh(everything())
    forge.refused = [(500, {})] * 20
    now = timezone.now()
    assert gates.work_once(now)
    row.refresh_from_db()
    assert (row.tell_at, row.tell_attempt) == (now + timedelta(seconds=10), 1)
    forge.refused = [(401, {"message": "Bad credentials"})] * 20
    assert gates.work_once(now + timedelta(seconds=11))
    row.refresh_from_db()
    assert row.tell_at is None
    assert not forge.texts()


def test_without_access_nobody_is_told(lone: Caller, request_7: None, boss: User) -> None:
    ask(lone, pull_request="7", commit="b" * 40)
    dismiss(boss)
    kept.refresh(everything())
    assert gates.work_once()
    assert not Verdict.objects.filter(tell_at__isnull=False).exists()
