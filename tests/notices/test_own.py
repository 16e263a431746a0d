"""What concerns one person comes by mail without asking, watchers hear what others do, and teams are subscribed by right."""

from __future__ import annotations

import pytest

from seamark.core.errors import NotAllowed
from seamark.governance.triage import comments, service
from seamark.pipeline.notices import subscriptions, work
from seamark.pipeline.notices.kinds import PERSONAL
from seamark.pipeline.outbox import channels
from seamark.response.actions.contract import Role as ChannelRole
from seamark.store.models import Application, ChannelConnection, Group, Issue, Subscription, User
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.notices.test_notices import Connect, ada, at, chat, follow, root, told, urgent
from tests.outbox.far import FarChannel, FarSide
from tests.outbox.test_tickets import packages

__all__ = ["ada", "chat", "root"]


@pytest.fixture
def mail(far: FarSide, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> ChannelConnection:
    """A connection that takes mail: the far side of the tests under its name."""
    every = channels.channels()
    monkeypatch.setattr(channels, "channels", lambda: {**every, "email": FarChannel("email", ChannelRole.MESSAGE)})
    return connect(far, "email")


def test_watchers_hear_what_others_do(far: FarSide, chat: ChannelConnection, ada: User, root: User) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1", "CVE-2024-2")
    Issue.objects.update(priority=2)
    issue, other = Issue.objects.order_by("pk")
    for person in (ada, root):
        follow(person, chat, digest=False, to=person.username)
    comments.watch(ada, issue, on=True)
    comments.add(root, issue, "It is in the build only.")
    comments.add(root, other, "Nobody watches this.")
    comments.add(ada, issue, "I see.")
    (message,) = told(far, at(0.1))
    assert (message["to"], message["title"].split(":")[0]) == ("ada", "Somebody commented")
    assert "root" in message["text"]
    comments.add(root, issue, "What do you say, @ada?")
    (message,) = told(far, at(0.2))
    assert message["title"].startswith("You were mentioned"), "named and watching, one hears of it once"
    packages("CVE-2024-2")
    (message,) = told(far, at(0.3))
    assert message["title"].startswith("It is no longer found")
    assert told(far, at(0.4)) == []


def test_who_has_not_said_how_hears_by_mail(
    far: FarSide, mail: ChannelConnection, chat: ChannelConnection, ada: User, root: User
) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1")
    Issue.objects.update(priority=0)
    issue = Issue.objects.get()
    assert told(far, at()) == []
    assert not Subscription.objects.exists(), "what concerns everybody is mailed to nobody who did not ask"
    comments.add(root, issue, "Look, @ada.")
    service.assign(root, Issue.objects.all(), ada)
    messages = told(far, at(0.1))
    assert {one["to"] for one in messages} == {"ada@example.org"}
    text = " ".join(one["title"] for one in messages)
    assert "mentioned" in text
    assert "Handed to you" in text
    row = Subscription.objects.get()
    assert (row.user, row.connection, row.digest, set(row.kinds)) == (ada, mail, False, set(PERSONAL))
    assert told(far, at(0.2)) == []
    subscriptions.remove(ada, row)
    row.refresh_from_db()
    assert not row.active, "ended, it is off and does not come back by itself"
    comments.add(root, issue, "Again, @ada.")
    assert told(far, at(0.3)) == []
    subscriptions.change(ada, row, active=True)
    comments.add(root, issue, "And again, @ada.")
    assert told(far, at(0.4))
    assert Subscription.objects.count() == 1


def test_who_hears_elsewhere_gets_no_mail_and_who_has_no_address_neither(
    far: FarSide, mail: ChannelConnection, chat: ChannelConnection, ada: User, root: User
) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1")
    Issue.objects.update(priority=2)
    follow(ada, chat, digest=False, to="U1")
    make_person("bob", Role.ANALYST)
    comments.add(root, Issue.objects.get(), "Look, @ada and @bob.")
    assert [one["to"] for one in told(far, at(0.1))] == ["U1"]
    assert Subscription.objects.count() == 1


def test_a_team_is_subscribed_by_right(far: FarSide, chat: ChannelConnection, ada: User, root: User) -> None:
    work.work_once(at(-1))
    team = Group.objects.create(name="core")
    assert not subscriptions.teams_of(ada).exists()
    assert list(subscriptions.teams_of(root)) == [team]
    row = follow(root, chat, group=team, digest=False, to="#core")
    assert row in subscriptions.of(root)
    assert row not in subscriptions.of(ada)
    packages("CVE-2024-1")
    urgent()
    assert [one["to"] for one in told(far, at(0.1))] == ["#core"]
    with pytest.raises(NotAllowed):
        subscriptions.change(ada, row, digest=True)
    team.members.add(ada)
    subscriptions.change(ada, row, kinds=["kev", "mention"], hour=9)
    row.refresh_from_db()
    assert (row.kinds, row.hour) == (["kev"], 9)


def test_changes_are_checked_like_new_ones(chat: ChannelConnection, ada: User) -> None:
    packages("CVE-2024-1")
    shop = Application.objects.get()
    some = make_person("some", Role.DEVELOPER, application=shop)
    row = subscriptions.add(some, chat)
    subscriptions.change(some, row, applications=[shop])
    assert subscriptions.slugs_of(row) == ["shop"]
    packages("CVE-2024-1", application="Payroll")
    hidden = Application.objects.get(name="Payroll")
    for wrong in ({"applications": [hidden]}, {"kinds": ["nothing"]}, {"hour": 24}, {"zone": "Nowhere"}):
        with pytest.raises(NotAllowed):
            subscriptions.change(some, row, **wrong)
    row.refresh_from_db()
    assert (subscriptions.slugs_of(row), row.hour) == (["shop"], 8)
