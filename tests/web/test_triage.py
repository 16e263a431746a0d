"""Triage through the pages: one and many, with undo."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.test import Client

from seamark.store.models import Application, Event, Issue, User
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import make_person


def change_in(page: str) -> str:
    found = re.search(r'name="change" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_many_at_once_and_back(client: Client) -> None:
    chosen = list(Issue.objects.order_by("-risk")[:3])
    here = "/issues/?q=kind:dependency"
    answer = client.post(
        "/issues/triage/",
        {
            "issue": [one.pk for one in chosen],
            "state": "dismissed",
            "resolution": "not_affected",
            "comment": "until June",
            "next": here,
        },
        follow=True,
    )
    page = answer.content.decode()
    assert answer.redirect_chain == [(here, 302)]
    assert "3 issues dismissed." in page
    assert Issue.objects.filter(state=State.DISMISSED, resolution="not_affected").count() == 3
    answer = client.post("/issues/undo/", {"change": change_in(page), "next": here}, follow=True)
    assert "Undone: 3 issues put back." in answer.content.decode()
    assert not Issue.objects.exclude(state=State.OPEN).exists()


def test_all_of_a_list(client: Client) -> None:
    number = Issue.objects.filter(kind=1).count()
    page = client.post(
        "/issues/triage/", {"all": "1", "q": "kind:code", "state": "confirmed"}, follow=True
    ).content.decode()
    assert f"{number} issues confirmed." in page
    assert Issue.objects.filter(state=State.CONFIRMED).count() == number


def test_refusals_are_said(client: Client) -> None:
    issue = Issue.objects.all()[0].pk
    for data, words in (
        ({"issue": issue, "state": "dismissed", "resolution": "not_affected"}, "A dismissal needs a reason"),
        ({"issue": issue, "state": "dismissed", "resolution": "accepted", "comment": "x"}, "Ask for a waiver"),
        ({"issue": issue, "state": "dismissed", "resolution": "boring", "comment": "x"}, "A dismissal names one of"),
        ({"issue": issue, "state": "resolved"}, "Choose what should become"),
        ({"state": "confirmed"}, "Choose at least one issue"),
        ({"issue": "no-number", "state": "confirmed"}, "Choose at least one issue"),
        ({"issue": issue, "state": "open"}, "Nothing to change"),
        ({"all": "1", "q": "sevrity:x", "state": "open"}, "There is no field"),
    ):
        assert words in client.post("/issues/triage/", data, follow=True).content.decode()
    assert "no such change" in client.post("/issues/undo/", {"change": "0-0"}, follow=True).content.decode()


def test_history_tells_what_people_did(client: Client) -> None:
    issue = Issue.objects.get(title__startswith="SQL injection")
    address = f"/issues/{issue.reference}/"
    client.post("/issues/triage/", {"issue": issue.pk, "state": "confirmed", "next": address})
    client.post(f"{address}comment/", {"comment": "Looked at it <b>twice</b>."})
    client.post(f"{address}assign/", {"assignee": "ada"})
    page = client.get(address).content.decode()
    assert "Open → confirmed" in page
    assert "Looked at it &lt;b&gt;twice&lt;/b&gt;." in page
    assert "Assigned to ada" in page
    assert "Opened by Semgrep" in page
    assert "Severity: high → critical" in page
    assert client.get("/issues/?q=assignee:ada").content.decode().count("data-row") == 1
    client.post(f"{address}assign/", {"assignee": ""})
    assert Event.objects.filter(issue=issue, kind="assigned").count() == 2


def test_nobody_of_that_name(client: Client) -> None:
    issue = Issue.objects.all()[0]
    assert client.post(f"/issues/{issue.reference}/assign/", {"assignee": "mallory"}).status_code == 404


def test_changes_need_a_post(client: Client) -> None:
    for address in ("/issues/triage/", "/issues/undo/", "/issues/SM-1/comment/", "/account/theme/"):
        assert client.get(address).status_code == 405


def test_a_fix_is_verified_and_a_dismissal_says_why_in_the_words_of_vex(client: Client) -> None:
    one, two = Issue.objects.order_by("pk")[:2]
    told = {"state": "dismissed", "resolution": "not_affected", "justification": "component_not_present", "comment": "It is not built in"}  # fmt: skip
    client.post("/issues/triage/", {"issue": one.pk, **told})
    assert Issue.objects.get(pk=one.pk).justification == "component_not_present"
    Issue.objects.filter(pk=two.pk).update(state=State.RESOLVED, resolution="fixed", open=False)
    assert "Verify the fix" in client.get(f"/issues/{two.reference}/").content.decode()
    client.post("/issues/triage/", {"issue": two.pk, "state": "verified", "comment": "Tried the attack again"})
    assert Issue.objects.get(pk=two.pk).resolution == "verified"


def test_a_dismissal_that_waits_says_so(world: dict[str, Application], logged_in: Callable[[User], Client]) -> None:
    ann = logged_in(make_person("ann", Role.ANALYST))
    issue = Issue.objects.order_by("pk")[0]
    told = {"state": "dismissed", "resolution": "false_positive", "comment": "A test double"}
    ann.post("/issues/triage/", {"issue": issue.pk, **told})
    assert "not confirmed yet" in ann.get(f"/issues/{issue.reference}/").content.decode()
