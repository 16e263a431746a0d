"""Waivers through the API: every answer is checked against its description."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.governance.waivers.effective import waived
from seamark.store.models import Application, Control, Issue, Waiver
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.api.conftest import Caller
from tests.factories import make_person


def day(number: int) -> str:
    return (timezone.now().date() + timedelta(days=number)).isoformat()


def ask(issue: Issue, **more: Any) -> dict[str, Any]:
    wanted = {"scope": "issue", "issues": [issue.reference], "reason": "no_fix", "text": "The vendor has promised one"}
    return {**wanted, "expires": day(7), **more}


@pytest.fixture
def policies(world: dict[str, Application]) -> None:
    sync(declare(STARTER, BundleKind.STARTER), now=timezone.now(), cache=Path())


@pytest.fixture
def tom(caller: Callable[..., Caller]) -> Caller:
    return caller(make_person("tom", Role.APPROVER))


@pytest.fixture
def dev(caller: Callable[..., Caller]) -> Caller:
    return caller(make_person("dev", Role.DEVELOPER))


def test_asked_approved_renewed_revoked(issue: Issue, dev: Caller, tom: Caller) -> None:
    made = dev("POST", "/waivers", ask(issue))
    assert made.status_code == 201
    told = made.json()
    place = f"/waivers/{told['waiver']}"
    assert (told["state"], told["count"], told["issues"], told["requester"]) == (
        "requested",
        1,
        [issue.reference],
        "dev",
    )
    assert dev("POST", f"{place}/approve", {}).status_code == 403
    answer = tom("POST", f"{place}/approve", {"comment": "one week", "expires": day(5), "seen": 1})
    assert answer.status_code == 200
    assert answer.json()["expires_at"][:10] == day(6), "the end of the last day"
    assert set(waived([issue.pk])) == {issue.pk}
    assert tom("POST", f"{place}/approve", {}).status_code == 409
    again = dev("POST", f"{place}/renew", {"text": "Still none", "expires": day(9)})
    assert (again.status_code, again.json()["renews"]) == (201, told["waiver"])
    assert (
        tom("POST", f"/waivers/{again.json()['waiver']}/refuse", {"comment": "there is one now"}).json()["state"]
        == "refused"
    )
    assert tom("POST", f"{place}/revoke", {"comment": "there is one now"}).json()["state"] == "revoked"
    assert waived([issue.pk]) == {}
    history = [step["step"] for step in tom("GET", place).json()["history"]]
    assert history == ["requested", "approved", "revoked"]


def test_whoever_asks_does_not_approve(issue: Issue, tom: Caller) -> None:
    place = f"/waivers/{tom('POST', '/waivers', ask(issue)).json()['waiver']}"
    answer = tom("POST", f"{place}/approve", {})
    assert (answer.status_code, "second person" in answer.json()["detail"]) == (409, True)


def test_scopes_and_controls(issue: Issue, dev: Caller, policies: None, world: dict[str, Application]) -> None:
    Control.objects.create(application=world["shop"], name="WAF rule 12", evidence="blocks it")
    told = dev("POST", "/waivers", ask(issue, reason="mitigated", control="WAF rule 12", evidence="test run 7")).json()
    assert Waiver.objects.get(pk=int(told["waiver"][2:])).control is not None
    for wanted in (
        {"scope": "query", "query": "kind:code", "application": "storefront", "issues": []},
        {"scope": "policy", "policy": "kev-overdue", "application": "storefront", "issues": []},
        {"scope": "fix", "fix": issue.fix_id or Issue.objects.filter(fix__isnull=False)[0].fix_id, "issues": []},
    ):
        assert dev("POST", "/waivers", ask(issue, **wanted)).status_code == 201, wanted


def test_refused(issue: Issue, dev: Caller, world: dict[str, Application]) -> None:
    for wrong in (
        {"reason": "boring"}, {"text": " "}, {"issues": []}, {"issues": ["SM-999999"]}, {"expires": day(-2)}, {"expires": day(4000)},
        {"expires": "9999-12-31"}, {"scope": "query", "query": "assignee:dev"}, {"scope": "policy"}, {"scope": "fix", "fix": 10**12},
    ):  # fmt: skip
        assert dev("POST", "/waivers", ask(issue, **wrong)).status_code in {403, 422}, wrong
    for wrong in ({"application": "nowhere"}, {"scope": "all"}, {"expires": "soon"}, {"issues": ["12"]}, {"more": 1}):
        assert dev("POST", "/waivers", ask(issue, **wrong)).status_code == 422, wrong
    assert not Waiver.objects.exists()


def test_a_viewer_asks_for_nothing(issue: Issue, caller: Callable[..., Caller]) -> None:
    assert caller(make_person("vera", Role.VIEWER))("POST", "/waivers", ask(issue)).status_code == 403


def test_a_reading_token_changes_nothing(issue: Issue, caller: Callable[..., Caller]) -> None:
    assert caller(make_person("root", Role.ADMIN), "read")("POST", "/waivers", ask(issue)).status_code == 403


def test_lists(
    issue: Issue, dev: Caller, tom: Caller, caller: Callable[..., Caller], world: dict[str, Application]
) -> None:
    for days in (7, 3, 5):
        dev("POST", "/waivers", ask(issue, expires=day(days)))
    page = dev("GET", "/waivers?limit=2").json()
    assert [one["expires_at"][:10] for one in page["items"]] == [day(4), day(6)]
    rest = dev("GET", f"/waivers?limit=2&after={page['next']}").json()
    assert ([one["expires_at"][:10] for one in rest["items"]], rest["next"]) == ([day(8)], None)
    tom("POST", f"/waivers/{page['items'][0]['waiver']}/approve", {})
    for state, number in (
        ("requested", 2),
        ("in_force", 1),
        ("expiring", 1),
        ("approved", 1),
        ("expired", 0),
        ("refused", 0),
    ):
        assert dev("GET", f"/waivers?state={state}").json()["count"]["number"] == number, state
    assert dev("GET", f"/waivers?issue={issue.reference}&application=storefront").json()["count"]["number"] == 3
    assert dev("GET", "/waivers?policy=kev-overdue").json()["items"] == []
    assert dev("GET", "/waivers?state=boring").status_code == 422
    stranger = caller(make_person("lone", Role.ADMIN, application=world["payroll"]))
    assert stranger("GET", "/waivers").json()["items"] == []
    assert stranger("GET", f"/waivers/{page['items'][0]['waiver']}").status_code == 404
    assert stranger("POST", f"/waivers/{page['items'][1]['waiver']}/approve", {}).status_code == 404


def test_limits(dev: Caller) -> None:
    assert dev("GET", "/waivers/limits").json()["days"] == [14, 30, 90, 180, 180]
