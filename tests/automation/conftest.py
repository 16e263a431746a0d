"""A small company with rules of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from seamark.governance.policy.kept.edit import save
from seamark.governance.policy.kept.sync import in_force
from seamark.store.models import Application, Issue, RuleEffect, User
from seamark.store.models.people import Role
from tests.factories import make_person, make_world

Put = Callable[..., None]


@pytest.fixture
def world(db: None) -> dict[str, Application]:
    return make_world()


@pytest.fixture
def root(world: dict[str, Application]) -> User:
    """Somebody who may do everything."""
    return make_person("root", Role.ADMIN)


def rule(name: str, match: str, acts: str, *, more: str = "") -> str:
    """Write a triage rule."""
    return (
        "apiVersion: seamark.dev/v1\nkind: Policy\n"
        f"metadata: {{name: {name}}}\nspec:\n  type: triage\n  description: Rule {name}\n  match: {match}\n{more}  triage: {acts}\n"
    )


@pytest.fixture
def put(root: User) -> Put:
    """Let rules be in force, written by root or by whom is named."""

    def write(*texts: str, actor: User | None = None) -> None:
        for text in texts:
            name = text.split("name: ")[1].split("}")[0]
            before = in_force().named(name)
            save(text, actor=actor or root, comment="", now=timezone.now(), instead_of=before.digest if before else "")

    return write


_COLUMNS = (
    "pk", "state", "resolution", "justification", "dismissal_unconfirmed", "open", "resolved_at", "owner", "assignee", "priority", "due",
)  # fmt: skip


def stands() -> list[tuple[Any, ...]]:
    """Return how all issues stand."""
    return list(Issue.objects.order_by("pk").values_list(*_COLUMNS))


def tags() -> set[tuple[int, str]]:
    """Return the tags that rules gave."""
    return set(RuleEffect.objects.filter(field__startswith="tag:").values_list("issue", "field"))
