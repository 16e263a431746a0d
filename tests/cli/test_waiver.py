"""`seamark waiver`: acting as a named person, whose rights count."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from seamark.governance.waivers.effective import waived
from seamark.store.models import Issue, Waiver
from seamark.store.models.people import Role
from tests.factories import make_person, make_world

from .conftest import Command

pytestmark = pytest.mark.django_db


def day(number: int) -> str:
    return (timezone.now().date() + timedelta(days=number)).isoformat()


@pytest.fixture
def issue() -> Issue:
    shop = make_world()["shop"]
    make_person("dev", Role.DEVELOPER)
    make_person("tom", Role.APPROVER)
    return Issue.objects.filter(application=shop).order_by("-risk", "-id")[0]


def ask(seamark: Command, *what: str) -> str:
    words = (
        "--reason",
        "no_fix",
        "--text",
        "The vendor has promised one",
        "--expires",
        day(7),
        "--as",
        "dev",
        "--json",
    )
    told = seamark("waiver", "request", *what, *words)
    assert told.code == 0, told.err
    return str(json.loads(told.out)["waiver"])


def test_from_request_to_revocation(seamark: Command, issue: Issue) -> None:
    assert "Nobody has asked" in seamark("waiver", "list").out
    name = ask(seamark, "--issue", issue.reference)
    refused = seamark("waiver", "approve", name, "--as", "dev")
    assert (refused.code, "approver" in refused.err) == (1, True)
    assert (
        seamark("waiver", "approve", name, "--as", "tom", "--expires", day(5)).out
        == f"{name} is approved: it counts until {day(5)}\n"
    )
    assert set(waived([issue.pk])) == {issue.pk}
    assert day(5) in seamark("waiver", "list", "--state", "in_force").out
    shown = seamark("waiver", "show", name).out
    assert "The vendor has promised one" in shown
    assert f"Covers 1 now: {issue.reference}" in shown
    again = json.loads(
        seamark("waiver", "renew", name, "--text", "Still none", "--expires", day(9), "--as", "dev", "--json").out
    )
    assert again["renews"] == name
    assert "is refused" in seamark("waiver", "refuse", again["waiver"], "--comment", "No", "--as", "tom").out
    assert "counts again" in seamark("waiver", "revoke", name, "--comment", "Fixed", "--as", "tom").out
    assert waived([issue.pk]) == {}
    states = [json.loads(line)["state"] for line in seamark("waiver", "list", "--json").out.splitlines()]
    assert sorted(states) == ["refused", "revoked"]
    assert json.loads(seamark("waiver", "show", name, "--json").out)["history"][-1]["step"] == "revoked"


def test_by_fix_and_by_query(seamark: Command, issue: Issue) -> None:
    fix = Issue.objects.filter(fix__isnull=False, open=True)[0].fix_id
    ask(seamark, "--fix", str(fix))
    ask(seamark, "--query", "kind:code", "--application", "storefront")
    assert list(Waiver.objects.order_by("pk").values_list("scope", flat=True)) == ["fix", "query"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("request", "--reason", "no_fix", "--text", "x", "--expires", "2027-01-01", "--as", "dev"), 2),
        (("request", "--issue", "1", "--fix", "1", "--reason", "no_fix", "--text", "x", "--expires", "2027-01-01", "--as", "dev"), 2),
        (("request", "--issue", "1", "--reason", "no_fix", "--text", "x", "--expires", "soon", "--as", "dev"), 2),
        (("request", "--issue", "1", "--reason", "no_fix", "--text", "x", "--expires", "2027-01-01", "--as", "nobody"), 1),
        (("approve", "W-x", "--as", "tom"), 2),
        (("approve", "W-99", "--as", "tom"), 1),
        (("approve", "W-99"), 2),
        (("show", "W-99"), 1),
    ],
)  # fmt: skip
def test_refused(seamark: Command, issue: Issue, words: tuple[str, ...], code: int) -> None:
    assert seamark("waiver", *words).code == code
    assert not Waiver.objects.exists()
