"""What others do to tickets: by field ownership, once, without loops, and never past a gate. Commands act with their author's rights."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from seamark.governance.triage import confirming
from seamark.pipeline.outbox import connections
from seamark.pipeline.tickets import commands, following, hearing, mapping, opening
from seamark.response.actions.contract import MARKER
from seamark.store.models import ChannelConnection, Event, Fix, Issue, OutboxAct, Ticket, TicketChange, User, Waiver
from seamark.store.models.issues import COUNTS_AT_GATES, State
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.outbox.test_tickets import packages

Connect = Callable[..., ChannelConnection]


def person(name: str, role: Role | None, *, verified: bool = True) -> User:
    made = make_person(name, role)
    EmailAddress.objects.create(user=made, email=f"{name}@example.org", verified=verified)
    User.objects.filter(pk=made.pk).update(email=f"{name}@example.org" if verified else "")
    return made


@pytest.fixture
def place(far: FarSide, connect: Connect) -> ChannelConnection:
    """A connection with the open ticket of two issues."""
    connection = connect(far, commands=True)
    mapping.put(None, connection)
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(None, fix=Fix.objects.get())
    drain()
    return connection


class Clock:
    """Lets the worker listen again, ten minutes later each time, and all of that on one day."""

    def __init__(self) -> None:
        now = timezone.now()
        self.now = now if now.hour < 20 else now + timedelta(hours=5)

    def hear(self) -> int:
        self.now += timedelta(minutes=10)
        taken = hearing.hear(self.now)
        drain()
        return taken

    @property
    def at(self) -> str:
        return self.now.isoformat()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def owned(place: ChannelConnection, **owns: str) -> None:
    connections.change(None, place, owns=owns)


def outcome() -> str:
    return TicketChange.objects.latest("pk").outcome


def test_a_status_never_decides_anything_here(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("ada", Role.ADMIN)
    owned(place, status="far")
    far.change("FAR-1", "status", "closed:won't do", clock.at, "ada@example.org")
    assert clock.hear() == 1
    assert clock.hear() == 0, "it is taken once"
    assert set(Issue.objects.values_list("state", "open")) == {(State.OPEN, True)}
    assert not Waiver.objects.exists()
    row = Ticket.objects.get()
    assert (row.state, row.far_status) == ("open", "closed:won't do")
    assert far.verbs() == ["open"]


def test_what_is_closed_too_early_is_opened_again_once_a_day(
    far: FarSide, place: ChannelConnection, clock: Clock
) -> None:
    far.change("FAR-1", "status", "closed", clock.at)
    far.change("FAR-1", "status", "closed", clock.at)
    clock.hear()
    assert far.verbs() == ["open", "reopen"]
    assert "closes by itself once it is fixed" in far.tickets["FAR-1"]["comments"][0]
    assert "once today already" in outcome()


def test_work_there_is_work_here_where_its_author_may(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("ada", Role.DEVELOPER)
    person("vera", Role.VIEWER)
    owned(place, status="both")
    far.change("FAR-1", "status", "in_progress", clock.at, "eve@example.org")
    clock.hear()
    far.change("FAR-1", "status", "in_progress", clock.at, "vera@example.org")
    clock.hear()
    assert outcome().startswith("Noted only: This needs")
    assert set(Issue.objects.values_list("state", flat=True)) == {State.OPEN}
    far.change("FAR-1", "status", "in_progress", clock.at, "ada@example.org")
    clock.hear()
    assert set(Issue.objects.values_list("state", flat=True)) == {State.IN_PROGRESS}
    assert Event.objects.filter(kind="state", actor__username="ada").count() == 2


def test_an_assignee_comes_over_and_does_not_go_back(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    ada, bob = person("ada", Role.DEVELOPER), person("bob", Role.DEVELOPER)
    far.change("FAR-1", "assignee", "bob@example.org", clock.at, "ada@example.org")
    clock.hear()
    assert set(Issue.objects.values_list("assignee", flat=True)) == {bob.pk}
    following.follow(clock.now + timedelta(days=1))
    drain()
    assert far.verbs() == ["open"], "our own doing is not told back"
    far.change("FAR-1", "assignee", "bob@example.org", clock.at, "ada@example.org")
    clock.hear()
    assert outcome() == ""
    assert ada.pk


def test_fields_that_are_ours_are_put_right_once_a_day(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    for number in range(5):
        far.change("FAR-1", "priority", f"{number % 2 + 3}", clock.at)
        clock.hear()
        following.follow(clock.now)
        drain()
    assert far.verbs() == ["open", "update"]
    owned(place, priority="far")
    Ticket.objects.update(commented_on=None)
    Issue.objects.update(priority=0)
    following.follow(clock.now + timedelta(days=1))
    drain()
    assert far.did[-1]["ticket"]["keep"] == ["priority"]


def test_our_own_comments_start_nothing(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("ada", Role.ADMIN)
    far.change("FAR-1", "comment", f"/false-positive x\n{MARKER}: abc", clock.at, "ada@example.org")
    far.change("FAR-1", "comment", "/false-positive x", clock.at, "ada@example.org", own=True)
    assert clock.hear() == 2
    assert set(Issue.objects.values_list("state", flat=True)) == {State.OPEN}
    assert far.verbs() == ["open"]


def test_comments_come_over_with_their_author(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("ada", Role.DEVELOPER)
    far.change("FAR-1", "comment", "We look at it.", clock.at, "ada@example.org")
    far.change("FAR-1", "comment", "Me too.", clock.at, "eve@example.org")
    clock.hear()
    said = Event.objects.filter(kind="comment")
    assert [(one.actor and one.actor.username, one.details["comment"]) for one in said] == [
        ("ada", "We look at it.\n\n(FAR-1)")
    ]
    assert TicketChange.objects.filter(value="Me too.").exists()


def command(far: FarSide, clock: Clock, text: str, email: str) -> str:
    """Write a comment and return what is answered."""
    before = len(far.tickets["FAR-1"]["comments"])
    far.change("FAR-1", "comment", text, clock.at, email)
    clock.hear()
    (answer,) = far.tickets["FAR-1"]["comments"][before:]
    return str(answer)


def test_accept_asks_for_a_waiver_that_a_second_person_decides(
    far: FarSide, place: ChannelConnection, clock: Clock
) -> None:
    tom = person("tom", Role.APPROVER)
    day = (timezone.now() + timedelta(days=20)).date()
    answer = command(far, clock, f"Hello\n/accept We replace it next month until {day}", "tom@example.org")
    waiver = Waiver.objects.get()
    assert waiver.reference in answer
    assert "second person" in answer
    assert (waiver.state, waiver.requester, waiver.fix, waiver.text) == (
        "requested",
        tom,
        Fix.objects.get(),
        "We replace it next month",
    )
    assert set(Issue.objects.values_list("state", "open")) == {(State.OPEN, True)}


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("/accept for ever", "tom", "write /accept REASON until"),
        ("/accept x until 2020-01-01", "tom", "not done"),
        ("/accept x until 2027-13-45", "tom", "is no day"),
        ("/accept x until 2027-01-01", "vera", "This needs"),
        ("/false-positive", "ana", "write /false-positive REASON"),
        ("/false-positive never called", "dev", "This needs"),
        ("/false-positive never called", "vera", "This needs"),
        ("/false-positive never called", "eve", "nobody in Seamark"),
        ("/false-positive never called", "mal", "nobody in Seamark"),
        ("/reassign everybody", "dev", "write /reassign EMAIL"),
        ("/reassign eve@example.org", "dev", "confirmed address"),
        ("/reassign dev@example.org", "vera", "This needs"),
        ("/false-positive x", "out", "no such ticket"),
    ],
)  # fmt: skip
def test_commands_are_refused_in_words(
    far: FarSide, place: ChannelConnection, clock: Clock, text: str, name: str, words: str
) -> None:
    roles = {"tom": Role.APPROVER, "ana": Role.ANALYST, "dev": Role.DEVELOPER, "vera": Role.VIEWER, "out": None}
    for one, role in roles.items():
        person(one, role)
    person("mal", Role.ADMIN, verified=False)
    answer = command(far, clock, text, f"{name}@example.org")
    assert words in html.unescape(answer)
    assert set(Issue.objects.values_list("state", "assignee")) == {(State.OPEN, None)}
    assert not Waiver.objects.exists()


def test_false_positive_and_reassign(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("ana", Role.ANALYST)
    dev = person("dev", Role.DEVELOPER)
    assert "2 issues assigned to dev" in command(far, clock, "/reassign dev@example.org", "ana@example.org")
    assert set(Issue.objects.values_list("assignee", flat=True)) == {dev.pk}
    assert "2 issues dismissed" in command(far, clock, "/false-positive Never called.", "ana@example.org")
    assert set(Issue.objects.values_list("state", "resolution")) == {(State.DISMISSED, "false_positive")}
    assert Issue.objects.filter(COUNTS_AT_GATES).count() == 2, (
        "a second person has to confirm before a gate lets it pass"
    )
    following.follow(clock.now)
    drain()
    assert far.tickets["FAR-1"]["status"] == "open", "nor does the ticket close before"
    assert confirming.confirm(person("root", Role.ADMIN), Issue.objects.all()) == 2
    following.follow(clock.now)
    drain()
    assert far.tickets["FAR-1"]["status"] == "closed"


def test_commands_may_be_switched_off(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    person("root", Role.ADMIN)
    connections.change(None, place, commands=False)
    assert "switched off" in command(far, clock, "/false-positive x", "root@example.org")
    assert set(Issue.objects.values_list("state", flat=True)) == {State.OPEN}


@pytest.mark.parametrize(
    "text", ["see /accept", "a /false-positive b", "/acceptance x", "//accept x", "/dismiss x", ""]
)
def test_what_is_no_command(text: str) -> None:
    assert commands.parse(text) is None


def test_a_ticket_that_is_told_deleted(far: FarSide, place: ChannelConnection, clock: Clock) -> None:
    far.change("FAR-1", "deleted", "", clock.at)
    clock.hear()
    assert Ticket.objects.get().state == "deleted"
    assert clock.hear() == 0


def test_changes_of_tickets_that_are_not_ours_are_nobody_s(
    far: FarSide, place: ChannelConnection, connect: Connect
) -> None:
    from seamark.response.actions.contract import Change

    other = connect(far, name="Another")
    change = Change(id="1", reference="FAR-1", at="2027-01-01T00:00:00+00:00", author="u", kind="deleted")
    assert hearing.take(other, [change], timezone.now()) == 0
    assert Ticket.objects.get().state == "open"
    assert not TicketChange.objects.exists()


def test_a_far_side_that_does_not_answer_is_asked_again_later(
    far: FarSide, place: ChannelConnection, clock: Clock
) -> None:
    far.revoked = True
    assert clock.hear() == 0
    place.refresh_from_db()
    assert place.failures == 1
    assert place.hear_at is not None
    assert place.hear_at > clock.now
    assert isinstance(place.hear_at, datetime)
    far.revoked = False
    far.change("FAR-1", "comment", "Hello", clock.at)
    assert clock.hear() == 1
    assert OutboxAct.objects.filter(state="queued").count() == 0
