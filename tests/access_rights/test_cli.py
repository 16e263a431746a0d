"""People, groups, roles, grants and tokens on the command line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from seamark.interfaces.cli.commands import grant_, group_, role_, token_, user_
from seamark.pipeline.people import live_token
from seamark.store.access import may
from seamark.store.models import Application, Federation, Grant, Token, User
from seamark.store.permissions import Permission
from tests.cli.conftest import Command, seamark

__all__ = ["seamark"]


def rows(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_every_command_has_a_module() -> None:
    for module in (user_, group_, role_, grant_, token_):
        assert module.command.commands


def test_giving_and_taking(seamark: Command, shop: Application) -> None:
    assert re.search(r"mia may log in with the password \S{23}", seamark("user", "add", "mia", "--role", "viewer").out)
    assert seamark("group", "add", "Security", "mia").out == "The group Security has 1 members\n"
    assert seamark("role", "add", "triager", "issue.triage", "issue.dismiss").code == 0
    given = seamark("grant", "give", "triager", "--group", "security", "--unit", "Commerce")
    assert given.out.startswith("group Security is triager on unit Commerce (grant ")
    mia = User.objects.get(username="mia")
    assert may(mia, Permission.ISSUE_DISMISS, shop)
    assert {one["role"] for one in rows(seamark("grant", "list", "--user", "mia", "--json").out)} == {
        "viewer",
        "triager",
    }
    assert [one["holder"] for one in rows(seamark("grant", "list", "--group", "Security", "--json").out)] == [
        "group Security"
    ]
    assert "triager" in seamark("grant", "list").out
    assert seamark("role", "change", "triager", "issue.merge").code == 0
    assert not may(mia, Permission.ISSUE_DISMISS, shop)
    assert rows(seamark("role", "list", "--json").out)[-1] == {
        "role": "triager",
        "custom": True,
        "permissions": ["issue.merge", "issue.read"],
    }
    assert "issue.merge" in seamark("role", "rights").out
    assert "is held" in seamark("role", "remove", "triager").err
    assert seamark("grant", "withdraw", Grant.objects.get(custom__name="triager").pk).code == 0
    assert seamark("role", "remove", "triager").code == 0
    assert seamark("group", "members", "Security", "--remove", "mia").out == ""
    assert rows(seamark("group", "list", "--json").out) == [{"group": "Security", "members": []}]
    assert seamark("group", "remove", "security").code == 0


def test_accounts_and_tokens(seamark: Command, shop: Application) -> None:
    seamark("user", "add", "root", "--role", "admin")
    assert (
        seamark("user", "service", "robot", "--responsible", "root").out
        == "robot is a service account without any grant\n"
    )
    seamark("grant", "give", "developer", "--user", "robot", "--application", "shop")
    made = seamark(
        "token", "make", "robot", "--scope", "import", "--scope", "gate", "--application", "shop", "--days", "7"
    )
    live = live_token(made.out.strip())
    assert live is not None
    assert (live.scopes, live.applications) == (["import", "gate"], [shop.pk])
    (row,) = rows(seamark("token", "list", "--json").out)
    assert (row["owner"], row["applications"]) == ("robot", [shop.pk])
    assert "robot" in seamark("token", "list").out
    assert "is revoked" in seamark("token", "revoke", row["token"]).out
    assert Token.objects.get().revoked_at is not None
    words = ("--account", "robot", "--issuer", "https://gitlab.com", "--audience", "x")
    assert seamark("token", "federate", "shop", *words, "--claim", "project_path=acme/shop").code == 0
    assert Federation.objects.get().claims == {"project_path": "acme/shop"}
    assert "Say whose pipelines" in seamark("token", "federate", "more", *words, "--claim", "ref=x").err
    assert seamark("token", "federate", "more", *words, "--claim", "ref").code == 2
    listed = {one["user"]: one for one in rows(seamark("user", "list", "--json").out)}
    assert listed["robot"] == {
        "user": "robot",
        "active": True,
        "service": True,
        "holds": ["developer on application shop"],
    }
    assert "service" in seamark("user", "list").out
    assert seamark("user", "off", "robot").out == "robot is switched off\n"
    assert seamark("user", "on", "robot").code == 0
    assert seamark("user", "remove", "robot").out == "robot has left\n"
    assert "nobody who administers" in seamark("user", "off", "root").err


@pytest.mark.parametrize(
    "words",
    [
        ("grant", "give", "viewer"), ("grant", "give", "nothing", "--user", "mia"), ("grant", "give", "viewer", "--user", "nobody"),
        ("grant", "give", "viewer", "--group", "nobody"), ("grant", "give", "viewer", "--user", "mia", "--unit", "x"), ("grant", "withdraw", "999"),
        ("role", "change", "viewer", "import"), ("role", "remove", "viewer"), ("role", "add", "x", "fly"), ("token", "revoke", "999"),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said(seamark: Command, words: tuple[str, ...]) -> None:
    seamark("user", "add", "mia")
    told = seamark(*words)
    assert told.code in {1, 2}
    assert "Traceback" not in told.err
