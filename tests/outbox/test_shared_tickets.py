"""One ticket for one change, also where several applications need it; and nobody is told of an application that they may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from seamark.core.component import Component
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Read
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation
from seamark.core.severity import Severity
from seamark.pipeline.notices import work
from seamark.pipeline.outbox import log
from seamark.pipeline.outbox.settled import deleted
from seamark.pipeline.tickets import commands, following, mapping, opening, reading
from seamark.store.access import visible_to
from seamark.store.models import (
    Application,
    ChannelConnection,
    Event,
    Fix,
    Issue,
    OutboxAct,
    RuleWish,
    StandingViolation,
    Ticket,
    User,
    Waiver,
)  # fmt: skip
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.notices.test_notices import at, chat, follow, told, urgent
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.outbox.test_tickets import day, pass_on
from tests.pipeline.test_roots import LAYER, based_on
from tests.pipeline.test_roots import send as scan

__all__ = ["chat"]
Connect = Callable[..., ChannelConnection]
FLAWS = range(1000, 1030)
RED, BLUE = "red", "blue"


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def place(far: FarSide, connect: Connect) -> ChannelConnection:
    """A connection to which the tickets of all applications go."""
    connection = connect(far, commands=True)
    mapping.put(None, connection, fields={"project": "SEC"})
    return connection


def images(application: str, number: int, flaws: Any = FLAWS) -> None:
    """Scan so many images of an application that stand on one base image, each with these flaws of it."""
    for at_ in range(number):
        name = f"registry.example/{application}/service-{at_}"
        found = [
            Read(
                rule=f"CVE-2024-{flaw}", title=f"Flaw {flaw}", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=(f"CVE-2024-{flaw}",),
                component=Component(name=f"lib{flaw}", version="1.0-1", purl=f"pkg:deb/debian/lib{flaw}@1.0-1"), cwes=(89,),
                location=ImageLocation(image=name, layer=LAYER), fixed_versions=("1.0-2",),
            )
            for flaw in flaws
        ]  # fmt: skip
        scan("Trivy", *found, relations=(based_on(name, "debian:12"),), application=application, image=name)


def fix_of(application: str) -> Fix:
    return Fix.objects.get(kind="base_image", application__slug=application)


def of(application: str) -> Ticket:
    return Ticket.objects.exclude(state="deleted").get(application__slug=application)


def both(root: User, flaws: Any = (1000, 1001)) -> None:
    """Both applications have two images with the flaws, and the one ticket is open."""
    for name in (RED, BLUE):
        images(name, 2, flaws)
        opening.open_by_hand(root, fix=fix_of(name))
    drain()


def member(name: str, application: str, role: Role = Role.ANALYST) -> User:
    person = make_person(name, role, application=Application.objects.get(slug=application))
    User.objects.filter(pk=person.pk).update(email=f"{name}@example.org")
    EmailAddress.objects.create(user=person, email=f"{name}@example.org", verified=True)
    return person


def test_forty_images_in_two_applications_with_thirty_flaws_are_one_ticket_and_one_message(
    far: FarSide, place: ChannelConnection, chat: ChannelConnection, root: User
) -> None:
    work.work_once(at(-1))
    follow(root, chat, digest=False, to="U1")
    for name in (RED, BLUE):
        images(name, 20)
    urgent()
    (message,) = told(far, at())
    assert message["title"].endswith("Move to a newer debian")
    for number, issue in enumerate(Issue.objects.filter(open=True).order_by("pk")):
        RuleWish.objects.create(kind="ticket", issue=issue, rule="r", digest=str(number), at=timezone.now())
    opening.open_wished(day(0))
    drain()
    assert (list(far.tickets), far.verbs().count("open")) == (["FAR-1"], 1)
    ticket = far.tickets["FAR-1"]["ticket"]
    assert "(blue, red)" in ticket["title"]
    assert "clears 60 issues" in ticket["text"]
    for name in (RED, BLUE):
        assert f"- {name}: 30 issues, in " in ticket["text"]
    assert "and 15 more" in ticket["text"]
    assert {(one.reference, one.state) for one in Ticket.objects.all()} == {("FAR-1", "open")}
    for name in (RED, BLUE):
        images(name, 20, ())
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "closed"
    assert far.tickets["FAR-1"]["comments"] == ["Nothing is left to do: 60 issues fixed."]
    assert {one.state for one in Ticket.objects.all()} == {"closed"}
    images(BLUE, 20, [1000])
    pass_on(2)
    assert (far.tickets["FAR-1"]["status"], len(far.tickets)) == ("open", 1)
    assert "has come back" in far.tickets["FAR-1"]["comments"][-1]
    assert {one.state for one in Ticket.objects.all()} == {"open"}
    assert reading.size_of(of(BLUE)) == 1


def test_it_closes_only_when_no_application_needs_it_any_more(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    both(root)
    images(RED, 2, ())
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "open"
    assert far.tickets["FAR-1"]["ticket"]["title"].endswith("(blue)")
    assert "2 issues went" in far.tickets["FAR-1"]["comments"][-1]
    images(BLUE, 2, ())
    pass_on(2)
    assert far.tickets["FAR-1"]["status"] == "closed"
    before = OutboxAct.objects.count()
    pass_on(3)
    assert OutboxAct.objects.count() == before


def test_an_application_joins_a_ticket_that_is_there(far: FarSide, place: ChannelConnection, root: User) -> None:
    images(RED, 2, [1000])
    opening.open_by_hand(root, fix=fix_of(RED))
    drain()
    images(BLUE, 2, [1000, 1001])
    pass_on(1)
    assert far.verbs() == ["open"], "nobody asked for a ticket of the other application"
    joined = opening.open_by_hand(root, fix=fix_of(BLUE))
    assert (joined.reference, joined.lead, joined.state) == ("FAR-1", of(RED), "open")
    assert opening.open_by_hand(root, fix=fix_of(BLUE)) == joined
    pass_on(2)
    assert far.verbs() == ["open", "comment", "update"]
    assert "2 issues came" in far.tickets["FAR-1"]["comments"][0]
    assert "(blue, red)" in far.tickets["FAR-1"]["ticket"]["title"]
    assert [one.details["change"] for one in Event.objects.filter(kind="ticket")] == ["opened", "opened"]


def test_one_that_is_closed_opens_again_for_whoever_joins(far: FarSide, place: ChannelConnection, root: User) -> None:
    images(RED, 1, [1000])
    opening.open_by_hand(root, fix=fix_of(RED))
    drain()
    images(RED, 1, ())
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "closed"
    images(BLUE, 1, [1001])
    opening.open_by_hand(root, fix=fix_of(BLUE))
    pass_on(2)
    assert (far.tickets["FAR-1"]["status"], of(BLUE).state) == ("open", "open")
    assert far.tickets["FAR-1"]["ticket"]["title"].endswith("(blue)")


def test_what_goes_to_places_of_its_own_is_a_ticket_of_its_own(far: FarSide, connect: Connect, root: User) -> None:
    for name in (RED, BLUE):
        images(name, 1, [1000])
    connection = connect(far)
    mapping.put(None, connection, application=Application.objects.get(slug=RED))
    mapping.put(None, connection)
    opening.open_by_hand(root, fix=fix_of(RED))
    opening.open_by_hand(root, fix=fix_of(BLUE))
    drain()
    texts = [one["ticket"]["text"] + one["ticket"]["title"] for one in far.tickets.values()]
    assert len(texts) == 2
    assert BLUE not in texts[0]
    assert RED not in texts[1]


@pytest.mark.parametrize("fields", [{"project": "{{application}}"}, {"custom": {"groups": ["{{ team }}"]}}])
def test_fields_that_name_the_application_keep_tickets_apart(
    far: FarSide, connect: Connect, root: User, fields: dict[str, Any]
) -> None:
    mapping.put(None, connect(far), fields=fields)
    both(root)
    assert len(far.tickets) == 2
    assert not Ticket.objects.exclude(lead=None).exists()


def test_nobody_is_told_of_an_application_that_they_may_not_see(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    both(root)
    images(RED, 2, ())
    images(BLUE, 2, ())
    pass_on(1)
    images(RED, 2, [1000])
    images(BLUE, 2, [1001])
    pass_on(2)
    secrets = {
        "red": [f"SM-{one.pk}" for one in Issue.objects.filter(application__slug=BLUE)] + ["blue"],
        "blue": [f"SM-{one.pk}" for one in Issue.objects.filter(application__slug=RED)] + ["red/", "(red", '"red'],
    }
    for name in (RED, BLUE):
        person = member(f"of-{name}", name)
        seen = visible_to(person)
        (row,) = reading.tickets(seen)
        assert (row.application, reading.size_of(row)) == (Application.objects.get(slug=name), 1)
        assert reading.ticket_of(seen, fix=fix_of(name)) == row
        assert not log.acts(seen).exists(), "what was written there names the other application"
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        paths = (
            "/tickets/",
            f"/fixes/{fix_of(name).pk}/",
            f"/api/v1/tickets/{row.pk}",
            "/api/v1/tickets",
            "/api/v1/deliveries",
        )
        said = "".join(client.get(path).content.decode() for path in paths)
        said += "".join(str(one.details) for one in seen.events().filter(kind="ticket"))
        assert "FAR-1" in said
        assert not [word for word in secrets[name] if word in said]
    assert reading.tickets(visible_to(root)).count() == 2
    assert log.acts(visible_to(member("of-both", RED))).count() == 0
    # Whoever sees both sees what was written.
    person = member("of-all", RED)
    person.grants.create(role=Role.ANALYST, application=Application.objects.get(slug=BLUE))
    assert log.acts(visible_to(person)).count() == OutboxAct.objects.filter(ticket__isnull=False).count()


def test_a_deleted_one_is_gone_for_all_and_told_once(
    far: FarSide, place: ChannelConnection, chat: ChannelConnection, root: User
) -> None:
    both(root)
    work.work_once(at(-1))
    follow(root, chat, digest=False, kinds=("ticket",), to="U1")
    deleted(of(RED), at())
    assert not Ticket.objects.exclude(state="deleted").exists()
    (message,) = told(far, at(0.1))
    assert "FAR&#45;1" in message["text"]
    following.work_once(day(3))
    drain()
    assert len(far.tickets) == 1, "nobody opens another by itself"
    opening.open_by_hand(root, fix=fix_of(BLUE))
    opening.open_by_hand(root, fix=fix_of(RED))
    drain()
    assert (len(far.tickets), of(RED).lead) == (2, of(BLUE))


def test_commands_do_what_their_author_may_where_they_may(far: FarSide, place: ChannelConnection, root: User) -> None:
    both(root)
    lead = of(RED)
    mine, none = member("of-blue", BLUE, Role.ADMIN), make_person("of-none")
    end = (timezone.now() + timedelta(days=20)).date()
    refused = commands.carry_out(lead, commands.Command("false-positive", "no"), none)
    assert "is not done" in refused
    told = commands.carry_out(lead, commands.Command("accept", f"Base image moves soon until {end}"), mine)
    assert told.startswith("Waiver ")
    assert Waiver.objects.get().fix == fix_of(BLUE)
    told = commands.carry_out(lead, commands.Command("accept", f"Base image moves soon until {end}"), root)
    assert told.startswith("Waivers ")
    told = commands.carry_out(lead, commands.Command("false-positive", "Never called"), mine)
    assert told.startswith("2 issues dismissed")
    assert set(Issue.objects.filter(open=True).values_list("application__slug", flat=True)) == {RED}


def test_the_others_go_on_where_the_row_that_led_them_is_gone(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    both(root)
    images("green", 1, [1000])
    opening.open_by_hand(root, fix=fix_of("green"))
    of(RED).delete()
    assert set(Ticket.objects.values_list("lead", flat=True)) == {None}
    pass_on(1)
    assert of("green").lead == of(BLUE)
    for name in (BLUE, "green"):
        images(name, 2, ())
    pass_on(2)
    assert far.tickets["FAR-1"]["status"] == "closed"
    assert far.verbs().count("close") == 1


def test_a_rule_that_goes_closes_it_only_where_nobody_else_asked(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    for name in (RED, BLUE):
        images(name, 1, [1000])
    for issue in Issue.objects.filter(open=True):
        RuleWish.objects.create(kind="ticket", issue=issue, rule="r", digest="d", at=timezone.now())
    opening.open_wished(day(0))
    drain()
    assert (len(far.tickets), Ticket.objects.exclude(lead=None).count()) == (1, 1)
    RuleWish.objects.filter(issue__application__slug=RED).update(ended_at=timezone.now())
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "open", "the other application's wish stands"
    RuleWish.objects.update(ended_at=timezone.now())
    pass_on(2)
    assert far.tickets["FAR-1"]["status"] == "closed"
    RuleWish.objects.filter(issue__application__slug=BLUE).update(ended_at=None)
    pass_on(3)
    assert (far.tickets["FAR-1"]["status"], of(RED).state) == ("open", "open")
    opening.open_by_hand(root, fix=fix_of(BLUE))
    RuleWish.objects.update(ended_at=timezone.now())
    pass_on(4)
    assert far.tickets["FAR-1"]["status"] == "open", "a person asked for it too"


def standing(policy: str, key: int, application: Application | None = None) -> StandingViolation:
    return StandingViolation.objects.create(
        policy=policy, digest="d", subject="coverage", key=key, ref="git.example/forgotten", application=application, standing="violates",
        effect="ticket", severity="high", content=key, message="Nobody scans it", since=timezone.now(), wants_ticket=True,
    )  # fmt: skip


def test_a_violation_of_no_application_has_a_ticket_where_those_of_all_go(
    far: FarSide, connect: Connect, root: User
) -> None:
    images(RED, 1, [1000])
    one = standing("scanned", 7)
    connection = connect(far, commands=True)
    mapping.put(None, connection, application=Application.objects.get(slug=RED))
    opening.open_wished(day(0))
    assert not Ticket.objects.exists(), "the mapping of an application is not for what belongs to none"
    one.refresh_from_db()
    assert one.wants_ticket, "it goes on wishing until there is a place"
    with pytest.raises(NotAllowed, match="belongs to no application"):
        opening.opened(None, None, subject=one)
    mapping.put(None, connection)
    standing("owned", 7)
    opening.open_wished(day(0))
    drain()
    (ticket,) = (one["ticket"] for one in far.tickets.values())
    assert "(no application)" in ticket["title"]
    assert "clears 2 violations" in ticket["text"]
    assert ticket["text"].count("Nobody scans it") == 2
    row = Ticket.objects.get()
    assert row.application is None
    assert list(reading.tickets(visible_to(root))) == [row]
    for person in (member("of-red", RED, Role.ADMIN), make_person("nobody")):
        assert not reading.tickets(visible_to(person)).exists()
        assert not log.acts(visible_to(person)).exists()
        assert "is not done" in commands.carry_out(row, commands.Command("reassign", "a@example.org"), person)
    client = Client()
    client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"/api/v1/tickets/{row.pk}").json()["application"] is None
    assert "git.example/forgotten" in client.get("/tickets/").content.decode()
    StandingViolation.objects.update(until=timezone.now())
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "closed"
    StandingViolation.objects.filter(policy="owned").update(until=None)
    pass_on(2)
    assert (far.tickets["FAR-1"]["status"], Ticket.objects.count()) == ("open", 1)
