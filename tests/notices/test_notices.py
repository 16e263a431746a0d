"""Messages: at once what is urgent, the rest once a day, nothing twice, nothing that its reader may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from seamark.core.errors import NotAllowed
from seamark.governance.triage import comments, service
from seamark.pipeline.notices import buttons, subscriptions, telling, work
from seamark.pipeline.notices.kinds import KINDS
from seamark.response.actions.contract import Pressed
from seamark.store.models import (
    Application,
    ChannelConnection,
    Group,
    Issue,
    News,
    OutboxAct,
    RuleWish,
    Subscription,
    User,
)
from seamark.store.models.people import Role
from tests.factories import make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.outbox.test_tickets import packages

Connect = Callable[..., ChannelConnection]
START = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def chat(far: FarSide, connect: Connect) -> ChannelConnection:
    return connect(far, "chat")


@pytest.fixture
def ada(db: None) -> User:
    person = make_person("ada", Role.ANALYST)
    person.email = "ada@example.org"
    person.save()
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


def follow(person: User, connection: ChannelConnection, **more: Any) -> Subscription:
    """Subscribe somebody, as if on the day before the tests' first."""
    row = subscriptions.add(person, connection, **more)
    Subscription.objects.filter(pk=row.pk).update(
        created_at=START - timedelta(days=1), digest_until=START - timedelta(days=1)
    )
    row.refresh_from_db()
    return row


def at(hours: float = 0.0) -> datetime:
    return START + timedelta(hours=hours)


def told(far: FarSide, moment: datetime) -> list[dict[str, Any]]:
    """Make a pass, send what waits, and return the messages that came of it."""
    before = len(far.messages())
    work.work_once(moment)
    drain()
    return far.messages()[before:]


def urgent(number: int | None = None, **more: Any) -> None:
    rows = Issue.objects.order_by("pk")
    Issue.objects.filter(pk__in=rows.values("pk")[: number or 10**6]).update(**(more or {"priority": 0}))


def test_what_is_urgent_is_told_at_once_with_what_why_and_how(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1", "CVE-2024-2")
    Issue.objects.update(priority=2)
    follow(ada, chat, digest=False, to="U1")
    assert told(far, at()) == []
    urgent(1)
    (message,) = told(far, at(0.1))
    issue = Issue.objects.order_by("pk")[0]
    assert message["title"].startswith(f"P0: {issue.reference} Flaw CVE-2024-1")
    facts = dict(message["facts"])
    assert facts["How to fix"] == "Upgrade left-pad to 2.0"
    assert facts["Why"]
    assert (message["to"], message["urgent"]) == ("U1", True)
    assert [one["action"] for one in message["buttons"]] == ["take", "ticket"]
    for hours in (0.2, 1, 30):
        assert told(far, at(hours)) == [], "the same news is told once"
    Issue.objects.update(priority=1)
    assert told(far, at(31)) == []
    urgent(1)
    assert told(far, at(32)) == [], "and not again where the priority moves to and fro"


def test_what_was_urgent_before_somebody_subscribed_is_no_news(
    far: FarSide, chat: ChannelConnection, ada: User
) -> None:
    packages("CVE-2024-1")
    urgent()
    Issue.objects.update(opened_at=START - timedelta(days=9))
    follow(ada, chat, digest=False)
    assert told(far, at()) == []
    assert told(far, at(1)) == []


def test_what_returns_is_news(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    follow(ada, chat, digest=False)
    packages("CVE-2024-1")
    urgent()
    assert len(told(far, at(0.1))) == 1
    packages()
    assert told(far, at(0.2)) == []
    packages("CVE-2024-1")
    urgent()
    (message,) = told(far, at(0.3))
    assert message["title"].startswith("It is back: ")


def test_flaws_of_one_base_are_one_message(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    follow(ada, chat, digest=False)
    packages(*(f"CVE-2024-{number}" for number in range(30)))
    urgent()
    (message,) = told(far, at(0.1))
    assert message["title"].startswith("30 issues: Upgrade left-pad")
    assert "and 20 more" in message["text"]


def test_ten_thousand_new_findings_are_one_digest_and_the_truly_urgent(
    far: FarSide, chat: ChannelConnection, ada: User, root: User, connect: Connect
) -> None:
    work.work_once(at(-1))
    other = connect(far, "chat", name="Another")
    for person, zone in ((ada, "Asia/Tokyo"), (root, "")):
        follow(person, chat, to=person.username, hour=8, zone=zone)
        follow(person, other, to=f"{person.username}-too", hour=8, zone=zone)
    packages("CVE-2024-1")
    first = Issue.objects.get()
    Issue.objects.filter(pk=first.pk).update(priority=2, opened_at=START)
    first.refresh_from_db()
    first.pk = None
    fields = {one.attname: getattr(first, one.attname) for one in Issue._meta.concrete_fields if one.attname != "id"}
    Issue.objects.bulk_create((Issue(**{**fields, "fix_id": None}) for _ in range(9_999)), batch_size=300)
    numbers = Issue.objects.order_by("-pk").values_list("pk", flat=True)
    Issue.objects.filter(pk__in=list(numbers[:400])).update(priority=0)
    messages = [one for hour in range(25) for one in told(far, at(hour))]
    digests = [one for one in messages if not one["urgent"]]
    assert sorted(one["to"] for one in digests) == ["ada", "root"]
    assert all(one["title"] == "Today in Seamark: 10,000 new" for one in digests)
    assert "P0: 400, P2: 9,600" in digests[0]["text"]
    for name in ("ada", "ada-too", "root", "root-too"):
        (one,) = [one for one in messages if one["urgent"] and one["to"] == name]
        assert one["title"] == "400 urgent items" or one["title"].startswith("400 issues")
    assert len(messages) == 6


def test_the_digest_comes_at_the_person_s_hour_and_only_with_something_to_tell(
    far: FarSide, chat: ChannelConnection, ada: User
) -> None:
    follow(ada, chat, kinds=[], hour=8, zone="America/New_York")
    packages("CVE-2024-1")
    Issue.objects.update(opened_at=START, priority=2)
    assert told(far, at(0.5)) == [], "half past seven in New York"
    (message,) = told(far, at(1.1))
    assert message["title"] == "Today in Seamark: 1 new"
    assert "Upgrade left&#45;pad to 2.0 in Shop: 1" in message["text"]
    assert told(far, at(5)) == []
    assert told(far, at(25.2)) == [], "nothing new the next day"
    Issue.objects.update(assignee=ada, due=(START + timedelta(days=3)).date())
    (nudge,) = told(far, at(49.2))
    assert nudge["title"] == "Today in Seamark: 1 waiting for you"
    assert "until 2027-03-04" in nudge["text"]
    assert "Upgrade left&#45;pad" in nudge["text"]


def test_quiet_hours_hold_back_all_but_p0_and_what_is_exploited(
    far: FarSide, chat: ChannelConnection, ada: User
) -> None:
    work.work_once(at(-1))
    follow(ada, chat, digest=False, quiet=(11, 15))
    packages("CVE-2024-1")
    Issue.objects.update(priority=2, due=(START - timedelta(days=1)).date())
    assert told(far, at()) == []
    assert told(far, at(2)) == []
    urgent()
    (most,) = told(far, at(2.3))
    assert most["title"].startswith("P0"), "what is P0 breaks quiet hours"
    Issue.objects.update(kev=True)
    (exploited,) = told(far, at(2.5))
    assert exploited["title"].startswith("Known to be exploited")
    (held,) = told(far, at(3.1))
    assert held["title"].startswith("Time is over")
    assert told(far, at(4)) == []


def test_what_was_fixed_meanwhile_is_not_told_later(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    follow(ada, chat, digest=False, quiet=(11, 15))
    packages("CVE-2024-1")
    Issue.objects.update(priority=2, due=(START - timedelta(days=1)).date())
    assert told(far, at()) == []
    packages()
    assert told(far, at(4)) == []


def test_a_few_messages_an_hour_at_most(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    follow(ada, chat, digest=False)
    number = 0
    for minute in range(12):
        packages(f"CVE-2024-{minute}", application=f"App {minute}")
        Issue.objects.filter(application__name=f"App {minute}").update(priority=0)
        number += len(told(far, at(minute / 60)))
    assert number == telling.MOST_AN_HOUR
    (rest,) = told(far, at(1.1))
    assert "6 urgent items" in rest["title"] or rest["title"].startswith("6 issues")


def test_nobody_is_told_what_they_may_not_see(far: FarSide, chat: ChannelConnection, root: User) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1", application="Shop")
    packages("CVE-2024-2", application="Payroll")
    Issue.objects.update(opened_at=START, priority=0)
    some = make_person("some", Role.DEVELOPER, application=Application.objects.get(name="Shop"))
    follow(some, chat, to="some", hour=0)
    follow(make_person("none"), chat, to="none", hour=0)
    messages = told(far, at())
    assert {one["to"] for one in messages} == {"some"}
    assert all("CVE-2024-2" not in f"{one['title']} {one['text']}" for one in messages)
    assert len(messages) == 2


def test_personal_news_is_for_the_person(far: FarSide, chat: ChannelConnection, ada: User, root: User) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1")
    Issue.objects.update(priority=2)
    for person in (ada, root):
        follow(person, chat, digest=False, to=person.username)
    issue = Issue.objects.get()
    service.assign(root, Issue.objects.all(), ada)
    comments.add(root, issue, "Look at this, @ada.")
    messages = told(far, at(0.1))
    assert {one["to"] for one in messages} == {"ada"}
    assert {one["title"].split(":")[0] for one in messages} == {"Handed to you", "You were mentioned"}
    assert all("root" in one["text"] for one in messages)
    service.assign(ada, Issue.objects.all(), None)
    service.assign(ada, Issue.objects.all(), ada)
    assert told(far, at(0.2)) == [], "what somebody does themselves is no news to them"


def test_late_issues_and_what_rules_wish_are_told_once(
    far: FarSide, chat: ChannelConnection, ada: User, root: User
) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1")
    Issue.objects.update(priority=2, due=(START - timedelta(days=1)).date())
    for person in (ada, root):
        follow(person, chat, digest=False, to=person.username)
    RuleWish.objects.create(kind="notify", issue=Issue.objects.get(), rule="r", digest="d", target="ada", at=START)
    messages = told(far, at(0.1))
    assert sorted(one["to"] for one in messages) == ["ada", "root"]
    assert "wants you to know" in next(one for one in messages if one["to"] == "ada")["text"]
    assert told(far, at(0.2)) == []


def test_a_dead_connection_is_told_through_another(
    far: FarSide, chat: ChannelConnection, root: User, connect: Connect
) -> None:
    work.work_once(at(-1))
    from seamark.pipeline.outbox import breaker

    dead = connect(far, "chat", name="Dead one")
    follow(root, chat, digest=False, to="alive")
    follow(root, dead, digest=False, to="dead")
    follow(make_person("ada", Role.ANALYST), chat, digest=False, to="ada")
    breaker.trip(dead, "it answered 500", at(0.05))
    (message,) = told(far, at(0.1))
    assert message["to"] == "alive"
    assert "Dead one is paused" in message["text"]


def test_teams_hear_what_their_author_sees_while_a_member(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    work.work_once(at(-1))
    team = Group.objects.create(name="core")
    with pytest.raises(NotAllowed):
        subscriptions.add(ada, chat, group=team)
    team.members.add(ada)
    follow(ada, chat, group=team, digest=False, to="#core")
    packages("CVE-2024-1")
    urgent()
    assert [one["to"] for one in told(far, at(0.1))] == ["#core"]
    assert told(far, at(0.2)) == []
    team.members.clear()
    packages("CVE-2024-1", "CVE-2024-2")
    urgent()
    assert told(far, at(0.3)) == []


@pytest.mark.parametrize(
    "wrong", [{"kinds": ["nothing"]}, {"hour": 24}, {"zone": "Nowhere"}, {"quiet": (3, 99)}, {"to": "a\nb"}]
)
def test_what_cannot_be_is_refused(chat: ChannelConnection, ada: User, wrong: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        subscriptions.add(ada, chat, **wrong)
    assert not Subscription.objects.exists()


def test_subscriptions_are_one_s_own(chat: ChannelConnection, ada: User, root: User) -> None:
    row = subscriptions.add(ada, chat)
    assert set(row.kinds) == set(KINDS)
    with pytest.raises(NotAllowed):
        subscriptions.add(ada, chat)
    for act in (lambda: subscriptions.change(root, row, digest=False), lambda: subscriptions.remove(root, row)):
        with pytest.raises(NotAllowed):
            act()
    subscriptions.change(ada, row, digest=False, quiet=(22, 6), zone="Europe/Berlin")
    assert (row.quiet_from, row.quiet_to) == (22, 6)
    assert subscriptions.of(root).count() == 0
    subscriptions.remove(ada, row)
    assert not Subscription.objects.exists()


def test_buttons_act_with_the_presser_s_rights(far: FarSide, chat: ChannelConnection, ada: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    issue = Issue.objects.order_by("pk")[0]

    def press(action: str, value: str, email: str, delivery: str = "d") -> str:
        return buttons.press(chat, [Pressed(action=action, value=value, user="U1", user_email=email)], delivery)[0]

    assert "nobody in Seamark" in press("take", issue.reference, "eve@example.org")
    viewer = make_person("vera", Role.VIEWER)
    EmailAddress.objects.create(user=viewer, email="vera@example.org", verified=True)
    assert "Not done: This needs" in press("take", issue.reference, "vera@example.org")
    claimed = make_person("mal", Role.ANALYST)
    EmailAddress.objects.create(user=claimed, email="mal@example.org", verified=False)
    assert "nobody in Seamark" in press("take", issue.reference, "mal@example.org")
    assert not Issue.objects.filter(assignee__isnull=False).exists()
    assert press("take", issue.reference, "ada@example.org").startswith("2 handed to ada")
    assert set(Issue.objects.values_list("assignee__username", "state")) == {("ada", 3)}
    assert "no such issue" in press("take", "SM-999999", "ada@example.org")
    assert "no button" in press("drop", issue.reference, "ada@example.org")
    press("take", issue.reference, "ada@example.org")
    before = OutboxAct.objects.count()
    press("take", issue.reference, "ada@example.org")
    assert OutboxAct.objects.count() == before, "a call-back that comes twice is answered once"
    drain()
    assert all(one["to"] == "U1" for one in far.messages())


def test_nothing_is_lost_where_a_pass_dies(
    far: FarSide, chat: ChannelConnection, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.work_once(at(-1))
    packages("CVE-2024-1")
    follow(ada, chat, digest=False)
    urgent()
    with monkeypatch.context() as patch:
        patch.setattr(telling, "tell", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work.work_once(at())
    assert News.objects.filter(kind="p0").count() == 1
    assert len(told(far, at(0.1))) == 1
