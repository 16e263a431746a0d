"""The pages of waivers: lists, the form, and the screen for a decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from seamark.governance.policy.kept.sync import STARTER, declare, sync
from seamark.governance.waivers.effective import waived
from seamark.store.models import Application, Control, Issue, Waiver
from seamark.store.models.people import Role
from seamark.store.models.policies import BundleKind
from tests.factories import make_person

LogIn = Callable[..., Client]


def day(number: int) -> str:
    return (timezone.now().date() + timedelta(days=number)).isoformat()


@pytest.fixture
def issue(world: dict[str, Application]) -> Issue:
    sync(declare(STARTER, BundleKind.STARTER), now=timezone.now(), cache=Path())
    return Issue.objects.filter(application=world["shop"]).order_by("-risk", "-id")[0]


@pytest.fixture
def dev(world: dict[str, Application], logged_in: LogIn) -> Client:
    return logged_in(make_person("dev", Role.DEVELOPER))


@pytest.fixture
def tom(world: dict[str, Application], logged_in: LogIn) -> Client:
    return logged_in(make_person("tom", Role.APPROVER))


def ask(client: Client, issue: Issue, **more: object) -> str:
    form = {
        "issue": issue.pk,
        "reason": "no_fix",
        "text": "The vendor <b>has promised</b> one",
        "expires": day(7),
        **more,
    }
    return client.post("/waivers/new/", form, follow=True).content.decode()


def test_from_the_issue_to_the_decision_and_back(issue: Issue, dev: Client, tom: Client) -> None:
    place = f"/issues/{issue.reference}/"
    assert f"/waivers/new/?issue={issue.pk}" in dev.get(place).content.decode()
    form = dev.get(f"/waivers/new/?issue={issue.pk}").content.decode()
    assert "It would cover <b>1</b> open issue now" in form
    assert "kev-overdue" in form
    page = ask(dev, issue)
    waiver = Waiver.objects.get()
    assert f"{waiver.reference} is asked for" in page
    assert "The vendor &lt;b&gt;has promised&lt;/b&gt; one" in page
    assert "nobody has decided yet" in dev.get(place).content.decode()
    assert "1 waits for you to decide" in tom.get("/waivers/").content.decode()
    assert "for you to decide" not in dev.get("/waivers/").content.decode()
    shown = tom.get(f"/waivers/{waiver.reference}/").content.decode()
    for words in (
        "What it covers now: 1 issue",
        "internet",
        "Approve</button>",
        "Gates",
        "kev-overdue",
        f'max="{day(7)}"',
    ):
        assert words in shown, words
    assert "Approve</button>" not in dev.get(f"/waivers/{waiver.reference}/").content.decode()
    decide = f"/waivers/{waiver.reference}/decide/"
    assert (
        "approver"
        in dev.post(decide, {"decision": "approve", "expires": day(7), "seen": "1"}, follow=True).content.decode()
    )
    assert waived([issue.pk]) == {}
    told = tom.post(
        decide, {"decision": "approve", "expires": day(6), "seen": "1", "comment": "a week"}, follow=True
    ).content.decode()
    assert "is approved" in told
    assert set(waived([issue.pk])) == {issue.pk}
    assert f"waived until {day(6)}" in dev.get(place).content.decode()
    assert waiver.reference in dev.get("/waivers/?state=in_force").content.decode()
    again = dev.post(f"/waivers/{waiver.reference}/renew/", {"text": "Still none", "expires": day(9)}, follow=True)
    assert "is asked for, in the place of" in again.content.decode()
    assert "counts again" in tom.post(decide, {"decision": "revoke", "comment": "fixed"}, follow=True).content.decode()
    assert waived([issue.pk]) == {}


def test_refused_with_the_reason(issue: Issue, dev: Client, tom: Client) -> None:
    ask(dev, issue)
    decide = f"/waivers/{Waiver.objects.get().reference}/decide/"
    assert "Say why" in tom.post(decide, {"decision": "refuse"}, follow=True).content.decode()
    assert "is refused" in tom.post(decide, {"decision": "refuse", "comment": "no"}, follow=True).content.decode()
    assert "Choose what should become" in tom.post(decide, {}, follow=True).content.decode()


def test_what_grew_is_looked_at_again(issue: Issue, dev: Client, tom: Client) -> None:
    ask(dev, issue)
    waiver = Waiver.objects.get()
    form = {"decision": "approve", "expires": day(7), "seen": "0"}
    assert "look at it again" in tom.post(f"/waivers/{waiver.reference}/decide/", form, follow=True).content.decode()


def test_the_other_scopes(issue: Issue, dev: Client, world: dict[str, Application]) -> None:
    fix = Issue.objects.filter(application=world["shop"], fix__isnull=False)[0].fix
    assert fix is not None
    assert fix.title in dev.get(f"/waivers/new/?fix={fix.pk}").content.decode()
    part = dev.get("/waivers/reach/?scope=query&query=kind:code&application=storefront").content.decode()
    assert "It would cover <b>" in part
    assert "cannot ask for assignee" in dev.get("/waivers/reach/?scope=query&query=assignee:dev").content.decode()
    assert "kev-overdue" in dev.get("/waivers/new/?scope=policy").content.decode()
    common = {"reason": "no_fix", "text": "x", "expires": day(7)}
    for form in (
        {"scope": "fix", "fix": fix.pk},
        {"scope": "query", "query": "kind:code", "application": "storefront"},
        {"scope": "policy", "policy": "kev-overdue", "application": "storefront"},
    ):
        assert "is asked for" in dev.post("/waivers/new/", {**form, **common}, follow=True).content.decode()
    assert "violation" in dev.get(f"/waivers/{Waiver.objects.latest('pk').reference}/").content.decode()


def test_a_control_of_the_application(issue: Issue, dev: Client, world: dict[str, Application]) -> None:
    control = Control.objects.create(application=world["shop"], name="WAF rule 12")
    assert "WAF rule 12" in dev.get(f"/waivers/new/?issue={issue.pk}").content.decode()
    assert "what shows that it works" in ask(dev, issue, reason="mitigated", control="WAF rule 12")
    ask(dev, issue, reason="mitigated", control="WAF rule 12", evidence="test run 7")
    assert Waiver.objects.get().control == control


def test_accepting_a_risk_and_a_selection_lead_to_the_form(issue: Issue, dev: Client) -> None:
    for form in ({"state": "waive"}, {"state": "dismissed", "resolution": "accepted", "comment": "x"}):
        answer = dev.post("/issues/triage/", {**form, "issue": issue.pk})
        assert (answer.status_code, answer["Location"]) == (302, f"/waivers/new/?issue={issue.pk}")
    answer = dev.post("/issues/triage/", {"state": "waive", "all": "1", "q": "kind:code"})
    assert answer["Location"] == "/waivers/new/?query=kind%3Acode"
    issue.refresh_from_db()
    assert issue.open


def test_who_sees_what(issue: Issue, dev: Client, logged_in: LogIn, world: dict[str, Application]) -> None:
    ask(dev, issue)
    reference = Waiver.objects.get().reference
    lone = logged_in(make_person("lone", Role.ADMIN, application=world["payroll"]))
    assert lone.get(f"/waivers/{reference}/").status_code == 404
    assert lone.post(f"/waivers/{reference}/decide/", {"decision": "approve"}).status_code == 404
    assert reference not in lone.get("/waivers/").content.decode()
    assert lone.get(f"/waivers/new/?issue={issue.pk}").status_code == 404
    vera = logged_in(make_person("vera", Role.VIEWER))
    assert vera.get(f"/waivers/{reference}/").status_code == 200
    assert vera.get(f"/waivers/new/?issue={issue.pk}").status_code == 403
    assert vera.get("/waivers/reach/?scope=query").status_code == 403


def test_nonsense(dev: Client, issue: Issue) -> None:
    for place in (
        "/waivers/?state=x",
        "/waivers/?after=x",
        "/waivers/W-99/",
        "/waivers/new/?fix=999999",
        "/waivers/new/?scope=query&application=x",
    ):
        assert dev.get(place).status_code == 404, place
    assert "Choose the last day" in ask(dev, issue, expires="soon")
    assert "in the future" in ask(dev, issue, expires=day(-3))
    assert dev.get("/waivers/new/").status_code == 200
    assert not Waiver.objects.exists()
