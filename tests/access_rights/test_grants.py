"""Giving roles, taking them away, and what nobody can do to the rest."""

from __future__ import annotations

import pytest
from django.test import Client

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.access import accounts, grants, groups, reading, roles, tokens
from seamark.governance.access.administrators import administrators
from seamark.governance.access.places import EVERYWHERE, Place, check_above, holds
from seamark.governance.ledger.attested import Expected
from seamark.governance.ledger.entry import read_entry
from seamark.pipeline.people import add_user, live_token, make_token
from seamark.store.access import everything, may, visible_to
from seamark.store.models import Application, Event, Grant, Group, LedgerEntry, Token, User
from seamark.store.models.people import Role
from seamark.store.permissions import Permission
from tests.factories import make_person


def give(actor: User | None, holder: User | Group, role: str, place: Place = EVERYWHERE) -> Grant:
    return grants.give(actor, holder, roles.named(role), place)


def test_somebody_gives_what_they_hold_where_they_hold_it(admin: User, shop: Application, payroll: Application) -> None:
    lead, mia = make_person("lead", Role.ADMIN, unit=shop.unit), make_person("mia")
    row = give(lead, mia, "analyst", Place(application=shop))
    assert may(mia, Permission.ISSUE_DISMISS, shop)
    assert give(lead, mia, "analyst", Place(application=shop)) == row
    assert not visible_to(lead).may(Permission.USER_MANAGE)
    for place in (EVERYWHERE, Place(application=payroll)):
        with pytest.raises(NotAllowed, match="the role admin"):
            give(lead, mia, "viewer", place)
    with pytest.raises(NotAllowed):
        give(make_person("ana", Role.ANALYST), mia, "viewer")
    grants.withdraw(lead, row)
    assert not may(mia, Permission.ISSUE_READ, shop)
    told = list(Event.objects.filter(kind="grant", actor=lead).order_by("pk"))
    wanted = {"role": "analyst", "on": "application shop"}
    assert [(one.details["before"], one.details["after"]) for one in told] == [(None, wanted), (wanted, None)]
    assert {one.application for one in told} == {shop}


def test_nobody_gives_more_than_they_hold(admin: User, shop: Application) -> None:
    roles.create(admin, "people", ["user.manage", "issue.read"])
    manager, mia = make_person("manager"), make_person("mia")
    give(admin, manager, "people")
    for role in (*Role.values, "people"):
        if role == "people":
            give(manager, mia, role, Place(application=shop))
            continue
        with pytest.raises(NotAllowed, match="Nobody gives more than they hold"):
            give(manager, mia, role, Place(application=shop))
    theirs = give(admin, mia, "analyst")
    with pytest.raises(NotAllowed, match="Nobody gives more"):
        grants.withdraw(manager, theirs)


def test_a_group_lets_nobody_in_to_more_than_the_doorkeeper_holds(admin: User) -> None:
    roles.create(admin, "people", ["user.manage", "issue.read"])
    manager, mia = make_person("manager"), make_person("mia")
    give(admin, manager, "people")
    group = groups.create(admin, "Security")
    groups.change_members(manager, group, add=[mia])
    give(admin, group, "analyst")
    assert may(mia, Permission.ISSUE_DISMISS)
    with pytest.raises(NotAllowed, match="Nobody gives more"):
        groups.change_members(manager, group, add=[manager])
    groups.change_members(manager, group, remove=[mia])
    assert not may(mia, Permission.ISSUE_DISMISS)
    groups.rename(admin, group, "Safety")
    with pytest.raises(NotAllowed, match="already"):
        groups.create(admin, "SAFETY")
    groups.remove(admin, group)
    assert not Grant.objects.filter(role="analyst").exists()
    kinds = Event.objects.filter(kind="group").order_by("pk").values_list("details", flat=True)
    assert [one["before"] and one["before"].get("members") for one in kinds] == [None, [], ["mia"], None, []]


def test_the_last_administrator_stays(admin: User) -> None:
    (own,) = Grant.objects.filter(user=admin)
    group = groups.create(admin, "Admins", members=[admin])
    give(admin, group, "admin")
    grants.withdraw(admin, own)
    assert list(administrators()) == [admin]
    with pytest.raises(NotAllowed, match="nobody who administers"):
        groups.change_members(admin, group, remove=[admin])
    with pytest.raises(NotAllowed, match="nobody who administers"):
        groups.remove(admin, group)
    with pytest.raises(NotAllowed, match="nobody who administers"):
        accounts.switch(admin, admin, on=False)
    with pytest.raises(NotAllowed, match="nobody who administers"):
        accounts.remove(None, admin)
    admin.refresh_from_db()
    assert admin.is_active
    assert list(group.members.all()) == [admin]
    service = accounts.create_service(admin, "robot")
    give(admin, service, "admin")
    with pytest.raises(NotAllowed, match="nobody who administers"):
        accounts.switch(admin, admin, on=False)
    groups.change_members(admin, group, add=[make_person("second")])
    accounts.switch(admin, admin, on=False)
    assert [one.get_username() for one in administrators()] == ["second"]


def test_switching_off_ends_sessions_and_tokens_for_good(admin: User) -> None:
    mia = make_person("mia", Role.VIEWER)
    text = make_token(mia, "ci")
    browser = Client()
    browser.force_login(mia, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/issues/").status_code == 200
    accounts.switch(admin, mia, on=False)
    assert browser.get("/issues/").status_code == 302
    assert live_token(text) is None
    accounts.switch(admin, mia, on=True)
    assert browser.get("/issues/").status_code == 302
    assert live_token(text) is None
    assert Token.objects.get(user=mia).revoked_at is not None


def test_who_leaves_keeps_the_name_and_nothing_else(admin: User) -> None:
    mia = make_person("mia", Role.ANALYST)
    group = groups.create(admin, "Team", members=[mia])
    accounts.remove(admin, mia)
    mia.refresh_from_db()
    assert (mia.is_active, mia.teams.count(), mia.grants.count()) == (False, 0, 0)
    assert mia.left_at is not None
    assert not reading.accounts(everything()).filter(pk=mia.pk).exists()
    with pytest.raises(NotAllowed, match="switched off"):
        give(admin, mia, "viewer")
    back = accounts.create(admin, "Mia", email="mia@corp.example")
    assert (back.pk, back.is_active, back.username, back.grants.count()) == (mia.pk, True, "Mia", 0)
    assert not group.members.exists()


def test_nobody_acts_on_an_account_that_may_do_more(admin: User, shop: Application) -> None:
    roles.create(admin, "people", ["user.manage", "issue.read"])
    manager, boss = make_person("manager"), make_person("boss", Role.ANALYST)
    give(admin, manager, "people")
    for act in (
        lambda: accounts.change(manager, boss, email="mine@corp.example"),
        lambda: accounts.switch(manager, boss, on=False),
        lambda: accounts.remove(manager, boss),
        lambda: check_above(manager, admin),
    ):
        with pytest.raises(NotAllowed, match="Nobody gives more"):
            act()
    weak = make_person("weak")
    accounts.change(manager, weak, email="weak@corp.example", username="feeble")
    assert User.objects.get(pk=weak.pk).get_username() == "feeble"
    for wrong in ({"username": "BOSS"}, {"email": "no address"}, {"first_name": "two\nlines"}, {"username": ""}):
        with pytest.raises(NotAllowed):
            accounts.change(manager, weak, **wrong)


def test_every_change_is_an_event_and_an_entry_and_the_rows_are_attested(admin: User, shop: Application) -> None:
    mia = accounts.create(admin, "mia")
    grant = give(admin, mia, "analyst", Place(application=shop))
    group = groups.create(admin, "Team", members=[mia])
    roles.create(admin, "looker", ["issue.read"])
    give(admin, group, "looker")
    token = tokens.make(mia, "ci", scopes=["read"], expires_at=soon(), actor=mia, applications=[shop])
    entries = [read_entry(one) for one in LedgerEntry.objects.order_by("number").values_list("content", flat=True)]
    assert [one.kind for one in entries] == ["user", "grant", "group", "role", "grant", "token"]
    assert [one.subject for one in entries] == [
        "user mia",
        "user mia",
        "group Team",
        "role looker",
        "group Team",
        "user mia",
    ]
    assert {one.actor for one in entries[:5]} == {"root"}
    assert Event.objects.filter(kind__in=["user", "grant", "group", "role", "token"]).count() == 6
    expected = Expected()
    for one in entries:
        expected.learn(one)
    Grant.objects.filter(user=admin).delete()
    assert list(expected.compare()) == []
    Token.objects.filter(pk=token.row.pk).update(applications=[])
    Grant.objects.filter(pk=grant.pk).update(application=None)
    User.objects.filter(pk=mia.pk).update(is_service=True)
    assert len(list(expected.compare())) == 3


def test_lists_are_for_those_who_manage(admin: User, shop: Application, payroll: Application) -> None:
    lead = make_person("lead", Role.ADMIN, unit=shop.unit.parent)  # type: ignore[union-attr]
    outside = give(admin, lead, "viewer", Place(application=payroll))
    inside = give(admin, make_person("mia"), "viewer", Place(application=shop))
    seen = visible_to(lead)
    assert set(reading.grants(seen)) == {inside, Grant.objects.get(user=lead, role="admin")}
    assert outside in reading.grants(visible_to(admin))
    assert [one.name for one in reading.units(seen)] == ["Checkout", "Commerce"]
    assert reading.place(seen, application="Shop") == Place(application=shop)
    assert holds(seen, Permission.USER_MANAGE, reading.place(seen, unit="checkout"))
    for unit, application in (("", "payroll"), ("", "nothing"), ("Elsewhere", "")):
        with pytest.raises(NotFound):
            reading.place(seen, unit, application)
    stranger = visible_to(make_person("vera", Role.ANALYST))
    for rows in (reading.accounts, reading.groups, reading.roles, reading.grants, reading.changes, reading.federations):
        with pytest.raises(NotAllowed):
            rows(stranger)
    assert reading.changes(visible_to(make_person("audrey", Role.AUDITOR))).filter(kind="grant").count() == 2


def test_a_user_of_the_command_line(db: None) -> None:
    add_user("mia", "viewer")
    assert Event.objects.get(kind="grant").details["after"] == {"role": "viewer", "on": "everything"}


def soon():
    from datetime import timedelta

    from django.utils import timezone

    return timezone.now() + timedelta(days=1)
