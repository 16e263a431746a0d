"""What keeps a ticket open: rules that ask for it, people who want it, policies that are violated, dismissals that nobody has confirmed."""

from __future__ import annotations

from typing import Any

import pytest

from seamark.governance.triage import confirming, service
from seamark.pipeline.tickets import opening
from seamark.store.models import (
    Application,
    ChannelConnection,
    Fix,
    Issue,
    RuleWish,
    StandingViolation,
    Ticket,
    TicketChange,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.outbox.test_tickets import NOON, packages, pass_on, place, root

__all__ = ["place", "root"]


def wishes(rule: str = "r") -> None:
    """A rule wants a ticket of every open issue."""
    for issue in Issue.objects.filter(open=True):
        RuleWish.objects.create(kind="ticket", issue=issue, rule=rule, digest="d", at=NOON)


def test_a_ticket_that_only_a_rule_wanted_goes_with_the_rule_and_comes_back_with_it(
    far: FarSide, place: ChannelConnection
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    wishes()
    opening.open_wished(NOON)
    pass_on(0)
    assert far.verbs() == ["open"]
    RuleWish.objects.filter(pk=RuleWish.objects.order_by("pk")[0].pk).update(ended_at=NOON)
    pass_on(1)
    assert far.verbs() == ["open"], "one of its issues is wished for still"
    RuleWish.objects.update(ended_at=NOON)
    pass_on(1)
    assert far.verbs() == ["open", "close"]
    assert "does not ask for this ticket any more" in far.tickets["FAR-1"]["comments"][0]
    assert Issue.objects.filter(open=True).count() == 2
    pass_on(2)
    assert far.verbs() == ["open", "close"], "open issues alone do not open it again"
    RuleWish.objects.update(ended_at=None)
    pass_on(3)
    assert far.tickets["FAR-1"]["status"] == "open"
    assert len(far.tickets) == 1


@pytest.mark.parametrize("who", ["person", "there", "policy"])
def test_what_somebody_else_wants_too_stays(far: FarSide, place: ChannelConnection, root: User, who: str) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    wishes()
    opening.open_wished(NOON)
    pass_on(0)
    issue = Issue.objects.order_by("pk")[0]
    if who == "person":
        assert opening.open_by_hand(root, issue=issue) == Ticket.objects.get()
    elif who == "there":
        change = TicketChange(connection=place, ticket=Ticket.objects.get(), far_id="c", kind="comment", at=NOON)
        change.outcome = "Kept with the ticket"
        change.save()
    else:
        violation("no-flaws", issue=issue, ref=issue.reference, subject="issue")
    RuleWish.objects.update(ended_at=NOON)
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "open"


def test_a_withdrawn_ticket_opens_again_for_a_person(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    wishes()
    opening.open_wished(NOON)
    pass_on(0)
    RuleWish.objects.update(ended_at=NOON)
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "closed"
    opening.open_by_hand(root, fix=Fix.objects.get())
    pass_on(2)
    pass_on(3)
    assert far.tickets["FAR-1"]["status"] == "open"
    assert len(far.tickets) == 1


def violation(policy: str, **more: Any) -> StandingViolation:
    fields = {
        "policy": policy, "digest": "d", "subject": "coverage", "key": 77, "ref": "repository:git.example/Shop sast", "standing": "violates",
        "effect": "ticket", "severity": "high", "content": 1, "since": NOON, "wants_ticket": True, "message": "Nobody *scans* this",
        "application": Application.objects.get(name="Shop"),
    }  # fmt: skip
    return StandingViolation.objects.create(**{**fields, **more})


def test_what_violates_a_policy_and_is_no_issue_has_a_ticket_of_its_own(far: FarSide, place: ChannelConnection) -> None:
    packages("CVE-2024-1")
    violation("scan-all")
    violation("scan-sast")
    opening.open_wished(NOON)
    opening.open_wished(NOON)
    pass_on(0)
    (one,) = far.tickets.values()
    assert one["ticket"]["title"] == "[P1] repository:git.example/Shop sast: scan-all, scan-sast (Shop)"
    assert "clears 2 violations in Shop" in one["ticket"]["text"]
    assert "scan&#45;all&#58; Nobody &#42;scans&#42; this" in one["ticket"]["text"]
    pass_on(1)
    assert far.verbs() == ["open"]
    StandingViolation.objects.filter(policy="scan-sast").update(until=NOON)
    pass_on(2)
    assert far.verbs() == ["open", "update"], "it says less, and nobody is told for it"
    StandingViolation.objects.update(until=NOON)
    pass_on(3)
    assert far.tickets["FAR-1"]["status"] == "closed"
    assert far.tickets["FAR-1"]["comments"] == ["Nothing is left to do: it violates no policy any more."]
    violation("scan-all")
    opening.open_wished(NOON)
    pass_on(4)
    assert far.tickets["FAR-1"]["status"] == "open"
    assert "Nobody &#42;scans&#42; this" in far.tickets["FAR-1"]["comments"][-1]
    assert (len(far.tickets), Ticket.objects.count()) == (1, 1)


def test_a_dismissal_that_nobody_confirmed_leaves_the_ticket_open(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    analyst = make_person("ana", Role.ANALYST)
    service.change_state(analyst, Issue.objects.all(), State.DISMISSED, "false_positive", "Never called.")
    assert Issue.objects.filter(dismissal_unconfirmed=True).count() == 2
    for number in (0, 1):
        pass_on(number)
        assert far.tickets["FAR-1"]["status"] == "open"
    confirming.confirm(root, Issue.objects.all())
    pass_on(2)
    assert far.tickets["FAR-1"]["comments"] == ["Nothing is left to do: 2 issues dismissed (false positive)."]
