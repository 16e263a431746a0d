"""People with and without the right to approve, and policies that ask for what they decide about."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.governance.waivers.words import Asked
from seamark.store.models import Application, Issue, User, Waiver
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from seamark.store.models.waivers import Scope
from tests.factories import make_person, make_world


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    made = make_world()
    sync(declare(STARTER, BundleKind.STARTER), now=timezone.now(), cache=Path())
    return made


@pytest.fixture
def dev(world: dict[str, Application]) -> User:
    return make_person("dev", Role.DEVELOPER)


@pytest.fixture
def tom(world: dict[str, Application]) -> User:
    """Somebody who approves."""
    return make_person("tom", Role.APPROVER)


@pytest.fixture
def issue(world: dict[str, Application]) -> Issue:
    """The riskiest issue of the shop."""
    return Issue.objects.filter(application=world["shop"]).order_by("-risk", "-id")[0]


def in_days(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


def asked_for(*issues: Issue, days: float = 7, **more: object) -> Asked:
    """Return what somebody asks for who wants some issues out of the way."""
    wanted: dict[str, object] = {
        "scope": Scope.ISSUE, "reason": "no_fix", "text": "The vendor has promised one", "expires_at": in_days(days),
        "issues": tuple(one.pk for one in issues), **more,
    }  # fmt: skip
    return Asked(**wanted)  # type: ignore[arg-type]


def fresh(waiver: Waiver) -> Waiver:
    return Waiver.objects.get(pk=waiver.pk)
