"""Tickets: one for each fix, opened by hand and by policy, closed, opened again and told of changes by what scanners see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from seamark.core.component import Component
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding as Read
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation
from seamark.core.severity import Severity
from seamark.governance.triage import service
from seamark.pipeline.outbox import send
from seamark.pipeline.tickets import following, mapping, opening, texts
from seamark.store.models import (
    Application,
    ChannelConnection,
    Event,
    Fix,
    Issue,
    News,
    OutboxAct,
    RuleWish,
    StandingViolation,
    Ticket,
    User,
)  # fmt: skip
from seamark.store.models.issues import State
from seamark.store.models.people import Role
from tests.factories import code, import_findings, make_person
from tests.outbox.conftest import drain
from tests.outbox.far import FarSide
from tests.pipeline.test_roots import LAYER, based_on
from tests.pipeline.test_roots import send as scan

Connect = Callable[..., ChannelConnection]
NOON = timezone.now().replace(hour=12, minute=0)


@pytest.fixture
def root(db: None) -> User:
    return make_person("root", Role.ADMIN)


@pytest.fixture
def place(far: FarSide, connect: Connect) -> ChannelConnection:
    """A connection to which the tickets of all applications go."""
    connection = connect(far)
    mapping.put(
        None, connection, fields={"project": "SEC", "summary": "{{title}} of {{application}}"}, labels=["seamark"]
    )
    return connection


def packages(*cves: str, application: str = "Shop", tool: str = "Trivy") -> None:
    """Scan: these flaws of one package are there, and no others."""
    found = [
        Read(
            rule=cve, title=f"Flaw {cve}", severity=Severity.HIGH, kind=Kind.DEPENDENCY, vulnerabilities=(cve,), fixed_versions=("2.0",),
            component=Component(name="left-pad", version="1.0", purl="pkg:npm/left-pad@1.0"),
            location=_lock(),
        )
        for cve in cves
    ]  # fmt: skip
    import_findings(application, tool, found, repository=f"git.example/{application}")


def _lock() -> Any:
    from seamark.core.location import CodeLocation

    return CodeLocation(path="package-lock.json")


def day(number: int) -> datetime:
    return NOON + timedelta(days=number)


def pass_on(number: int = 0) -> None:
    """The worker looks after tickets at noon of a day, and sends what waits."""
    following.follow(day(number))
    drain()


def test_forty_images_with_thirty_flaws_of_one_base_are_one_ticket(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    for number in range(40):
        name = f"registry.example/shop/service-{number}"
        found = [
            Read(
                rule=f"CVE-2024-{flaw}", title=f"Flaw {flaw}", severity=Severity.HIGH, kind=Kind.CONTAINER, vulnerabilities=(f"CVE-2024-{flaw}",),
                component=Component(name=f"lib{flaw}", version="1.0-1", purl=f"pkg:deb/debian/lib{flaw}@1.0-1"),
                location=ImageLocation(image=name, layer=LAYER), fixed_versions=("1.0-2",),
            )
            for flaw in range(1000, 1030)
        ]  # fmt: skip
        scan("Trivy", *found, relations=(based_on(name, "debian:12"),), application="shop", image=name)
    fix = Fix.objects.get(kind="base_image")
    for issue in Issue.objects.filter(open=True).order_by("pk"):
        opening.open_by_hand(root, issue=issue)
    drain()
    assert len(far.tickets) == 1
    assert Ticket.objects.get().fix == fix
    assert far.tickets["FAR-1"]["ticket"]["title"].endswith("Move to a newer debian (shop)")
    first = Ticket.objects.get()
    assert len(first.says["members"]) == Issue.objects.filter(open=True).count() >= 30


def test_a_ticket_says_what_is_to_be_done(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    fix = Fix.objects.get()
    row = opening.open_by_hand(root, fix=fix)
    assert opening.open_by_hand(root, issue=Issue.objects.first()) == row
    drain()
    told = far.tickets["FAR-1"]["ticket"]
    assert told["title"].endswith("Upgrade left-pad to 2.0 (Shop)")
    assert told["fields"] == {"project": "SEC", "summary": "Upgrade left-pad to 2.0 of Shop"}
    assert told["labels"] == ["seamark"]
    assert "2 issues" in told["text"]
    assert all(f"SM-{one.pk}" in told["text"] for one in Issue.objects.all())
    row.refresh_from_db()
    assert (row.state, row.reference, row.url) == ("open", "FAR-1", f"{far.url}/FAR-1")
    assert Event.objects.filter(kind="ticket", details__change="opened").count() == 1


def test_it_closes_itself_and_the_same_ticket_opens_again(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    packages("CVE-2024-1")
    pass_on(0)
    assert far.tickets["FAR-1"]["status"] == "open"
    packages()
    pass_on(0)
    assert far.tickets["FAR-1"]["status"] == "closed"
    assert far.tickets["FAR-1"]["comments"] == ["Nothing is left to do: 2 issues fixed."]
    assert Ticket.objects.get().state == "closed"
    pass_on(1)
    assert far.verbs() == ["open", "close"], "nothing happened since"
    packages("CVE-2024-2")
    pass_on(1)
    assert far.tickets["FAR-1"]["status"] == "open"
    assert "has come back" in far.tickets["FAR-1"]["comments"][-1]
    assert (len(far.tickets), Ticket.objects.count()) == (1, 1)
    assert Ticket.objects.get().says["members"] == [Issue.objects.get(open=True).pk]


def test_it_tells_of_growth_once_a_day_and_never_for_nothing(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    packages("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")
    pass_on(1)
    comments = far.tickets["FAR-1"]["comments"]
    assert len(comments) == 1
    assert comments[0].startswith("1 issue came (SM-")
    packages("CVE-2024-1", "CVE-2024-2")
    pass_on(1)
    assert len(comments) == 1, "not twice on one day"
    packages("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")
    pass_on(2)
    assert len(comments) == 1, "it is as the ticket says: nothing to tell"
    packages("CVE-2024-2", "CVE-2024-3", "CVE-2024-4")
    pass_on(2)
    assert len(comments) == 2
    assert "1 issue came" in comments[1]
    assert "1 issue went" in comments[1]
    assert "SM-" in far.tickets["FAR-1"]["ticket"]["text"]
    before = OutboxAct.objects.count()
    pass_on(3)
    assert OutboxAct.objects.count() == before


def test_what_becomes_more_urgent_is_told_at_once_without_a_comment(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    Issue.objects.update(priority=3)
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    Issue.objects.filter(pk=Issue.objects.order_by("pk")[0].pk).update(priority=0)
    pass_on(0)
    assert far.verbs() == ["open", "update"]
    assert far.tickets["FAR-1"]["ticket"]["priority"] == 0
    assert not far.tickets["FAR-1"]["comments"]


def test_dismissed_issues_close_the_ticket_too(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    service.change_state(root, Issue.objects.all(), State.DISMISSED, "false_positive", "Never called.")
    pass_on(0)
    assert far.tickets["FAR-1"]["comments"] == ["Nothing is left to do: 2 issues dismissed (false positive)."]


def test_what_is_resolved_before_it_was_sent_opens_nothing(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    packages()
    pass_on(0)
    assert not far.tickets
    assert OutboxAct.objects.get().state == "dropped"
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    assert len(far.tickets) == 1


def test_an_issue_without_a_fix_has_a_ticket_that_becomes_the_fix_s(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    import_findings("Shop", "Semgrep", [code("a", "First", "a.py", 3, scope="f")])
    issue = Issue.objects.get()
    assert issue.fix is None
    row = opening.open_by_hand(root, issue=issue)
    drain()
    import_findings(
        "Shop", "Semgrep", [code("a", "First", "a.py", 3, scope="f"), code("b", "Second", "a.py", 9, cwe=79, scope="f")]
    )
    issue.refresh_from_db()
    assert issue.fix is not None
    pass_on(1)
    row.refresh_from_db()
    assert (row.fix, row.issue) == (issue.fix, None)
    assert opening.open_by_hand(root, fix=issue.fix) == row
    assert len(far.tickets) == 1
    assert "1 issue came" in far.tickets["FAR-1"]["comments"][0]


def test_policies_and_rules_open_tickets_once_and_only_where_there_is_a_place(
    far: FarSide, connect: Connect, root: User
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    packages("CVE-2024-9", application="Other")
    now = timezone.now()
    for key, issue in enumerate(Issue.objects.order_by("pk")):
        StandingViolation.objects.create(
            policy="no-flaws", digest="d", subject="issue", key=key, ref=issue.reference, issue=issue, application=issue.application,
            standing="violates", effect="ticket", severity="high", content=key, since=now, wants_ticket=True,
        )  # fmt: skip
    RuleWish.objects.create(
        kind="ticket", issue=Issue.objects.filter(application__name="Shop")[0], rule="r", digest="d", at=now
    )
    following.work_once(now)
    assert not Ticket.objects.exists()
    mapping.put(None, connect(far), application=Application.objects.get(name="Shop"))
    assert not following.work_once(now), "a pass has just been made"
    assert following.work_once(now + following.EVERY)
    drain()
    assert [one["ticket"]["title"].endswith("(Shop)") for one in far.tickets.values()] == [True]

    assert "policy no&#45;flaws" in far.tickets["FAR-1"]["ticket"]["text"]
    assert StandingViolation.objects.filter(wants_ticket=True).count() == 1
    assert not RuleWish.objects.filter(taken_at=None).exists()


def test_a_deleted_ticket_is_told_once_and_not_opened_again_by_itself(
    far: FarSide, place: ChannelConnection, root: User
) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    far.deleted.add("FAR-1")
    packages("CVE-2024-1", "CVE-2024-2", "CVE-2024-3")
    pass_on(1)
    pass_on(2)
    assert Ticket.objects.get().state == "deleted"
    assert News.objects.filter(kind="ticket").count() == 1
    assert not OutboxAct.objects.filter(state="queued").exists()
    assert OutboxAct.objects.filter(state="dropped").exists()
    following.work_once(day(3))
    assert Ticket.objects.count() == 1
    opening.open_by_hand(root, fix=Fix.objects.get())
    drain()
    assert set(far.tickets) == {"FAR-1", "FAR-2"}


def test_who_may_open_tickets(far: FarSide, connect: Connect) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    fix = Fix.objects.get()
    with pytest.raises(NotAllowed, match="where tickets of Shop go"):
        opening.open_by_hand(make_person("dev", Role.DEVELOPER), fix=fix)
    connection = connect(far)
    for person in (make_person("viewer", Role.VIEWER), make_person("nobody")):
        with pytest.raises(NotAllowed, match="This needs"):
            opening.open_by_hand(person, fix=fix)
        with pytest.raises(NotAllowed, match="This needs"):
            mapping.put(person, connection)
    assert not Ticket.objects.exists()


def test_the_nearest_mapping_holds(far: FarSide, connect: Connect) -> None:
    packages("CVE-2024-1")
    shop = Application.objects.get()
    connection = connect(far)
    for application, team in ((None, ""), (None, "core"), (shop, ""), (shop, "core")):
        mapping.put(None, connection, application=application, team=team, labels=[f"{application}-{team}"])
    found = {team: mapping.mapping_for(shop.pk, team) for team in ("core", "other")}
    assert {team: one.labels for team, one in found.items() if one} == {"core": ["Shop-core"], "other": ["Shop-"]}
    elsewhere = mapping.mapping_for(shop.pk + 1, "core")
    assert elsewhere is not None
    assert elsewhere.labels == ["None-core"]


@pytest.mark.parametrize(
    ("template", "words"),
    [("{{nothing}}", "no variable 'nothing'"), ("{{title.__class__}}", "nothing else"), ("{{ 1+1 }}", "nothing else"), ("{{title}", "nothing else"),
     ("x" * 20_001, "at most")],
)  # fmt: skip
def test_templates_know_their_variables_and_nothing_else(template: str, words: str) -> None:
    with pytest.raises(NotAllowed, match=words):
        texts.check(template)


def test_what_reports_say_is_text_in_tickets(far: FarSide, place: ChannelConnection, root: User) -> None:
    hostile = "[click](https://evil.example) <script> @channel {{url}} ![x](http://e)\u202e\n# big"
    import_findings("Shop", "Semgrep", [code("a", hostile, "a.py", 3)])
    opening.open_by_hand(root, issue=Issue.objects.get())
    drain()
    text = far.tickets["FAR-1"]["ticket"]["text"]
    assert "](https://evil" not in text
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "\n# big" not in text
    assert "\n" not in far.tickets["FAR-1"]["ticket"]["title"]
    assert texts.filled("{{title}}", {"title": "{{url}}", "url": "secret"}) == "{{url}}"


def test_a_comment_waits_until_its_ticket_is_open(far: FarSide, place: ChannelConnection, root: User) -> None:
    packages("CVE-2024-1", "CVE-2024-2")
    answers = iter(["400"])
    far.fail = lambda: next(answers, "")
    opening.open_by_hand(root, fix=Fix.objects.get())
    send.work_once()
    row = Ticket.objects.get()
    assert (row.state, row.reference) == ("opening", "")
    packages()
    following.follow(day(1))
    drain()
    assert not far.tickets
    late = OutboxAct.objects.filter(verb="close")
    assert all("never opened" in one.told for one in late)
