"""A day's changes in PCI DSS: kept as evidence for what is in scope, and told each morning to those who asked for them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from seamark.governance.ledger.note import Signer
from seamark.insight.exports.pack.period import read_period
from seamark.pipeline.compliance import delta_kept, evidence, gaps, pack, passing
from seamark.pipeline.compliance.pack_delta import REPORT, delta_of
from seamark.pipeline.compliance.scope import Scope
from seamark.pipeline.metrics import mailing, morning
from seamark.pipeline.notices import subscriptions
from seamark.store.access import everything, visible_to
from seamark.store.models import (
    Application,
    ChannelConnection,
    ComplianceEvidence,
    Event,
    Grant,
    LedgerEntry,
    OutboxAct,
    Subscription,
    User,
)
from seamark.store.models.people import Role
from tests.compliance.packs.conftest import PCI
from tests.compliance.packs.test_past import NOVEMBER, Clock, clock, opened, planned
from tests.factories import code, import_findings, make_person
from tests.outbox.conftest import connect, far
from tests.outbox.far import FarSide

__all__ = ["clock", "connect", "far"]
DAY = NOVEMBER.date()
TOMORROW = datetime(2026, 11, 11, 8, 5, tzinfo=UTC)


@pytest.fixture
def chat(far: FarSide, connect: Callable[..., ChannelConnection]) -> ChannelConnection:
    return connect(far, "chat")


@pytest.fixture
def changed(clock: Clock) -> Application:
    """Payments takes cards, and was scanned on a day in November; Leaflets takes none."""
    clock(NOVEMBER)
    import_findings("Leaflets", "Semgrep", [code("x", "Weak hash", "b.py", 1)], repository="git.example/leaflets")
    import_findings("Payments", "Semgrep", [code("sqli", "SQL injection", "a.py", 1, cwe=89)])
    Application.objects.filter(slug="payments").update(compliance=[PCI])
    passing.run(NOVEMBER + timedelta(hours=1))
    return Application.objects.get(slug="payments")


def follow(person: User, chat: ChannelConnection, **more: Any) -> Subscription:
    row = subscriptions.add(person, chat, digest=False, daily_delta=True, zone="UTC", to=person.username, **more)
    Subscription.objects.filter(pk=row.pk).update(created_at=NOVEMBER - timedelta(days=30))
    return row


def told() -> list[dict[str, str]]:
    return [row.body["message"] for row in OutboxAct.objects.order_by("pk")]


def test_what_changed_is_kept_and_told_the_next_morning(
    changed: Application, chat: ChannelConnection, clock: Clock, settings: Any
) -> None:
    settings.SEAMARK_PUBLIC_URL = "https://seamark.example"
    lea = make_person("lea", Role.AUDITOR)
    follow(lea, chat, hour=8)
    clock(TOMORROW - timedelta(hours=1))
    assert mailing.send_due(TOMORROW - timedelta(hours=1)) == 0
    (row,) = ComplianceEvidence.objects.filter(name=REPORT)
    assert (row.application, row.title) == (changed, "Changes of 2026-11-10 in PCI DSS: requirements 6, 11 and 12")
    entry = LedgerEntry.objects.get(pk=row.entry)
    assert (entry.kind, entry.actor) == ("evidence", "system:compliance")
    clock(TOMORROW)
    assert mailing.send_due(TOMORROW) == 1
    assert mailing.send_due(TOMORROW + timedelta(minutes=10)) == 0
    (message,) = told()
    assert message["to"] == "lea"
    assert message["url"] == f"https://seamark.example/compliance/changes/?framework={PCI}&day={DAY}"
    assert message["title"].startswith("PCI DSS, changes of 2026-11-10: ")
    assert "## New in the plan of action" in message["text"]
    assert f"Kept as evidence: {row.reference}." in message["text"]
    read = Event.objects.get(kind=evidence.READ)
    assert (read.actor, read.details["about"]) == (lea, f"evidence {row.reference}")


def test_what_is_kept_is_what_the_page_says_and_stays_so(
    changed: Application, chat: ChannelConnection, clock: Clock
) -> None:
    follow(make_person("lea", Role.AUDITOR), chat)
    clock(TOMORROW)
    assert morning.keep_due(TOMORROW) == 1
    (number,) = delta_kept.kept([changed.pk], DAY)
    lea = User.objects.get(username="lea")
    kept = delta_kept.read(visible_to(lea), lea, number)
    scope = Scope(application=changed)
    assert kept == delta_of(everything(), PCI, scope, DAY)
    gap = planned(0)
    gaps.assign(None, gap, owner=lea, due=date(2027, 1, 1), note="Lea looks")
    passing.run(TOMORROW)
    assert delta_of(everything(), PCI, scope, DAY) == kept, "what happened later is not of the day"
    assert "daily" not in str(delta_of(everything(), PCI, scope, TOMORROW.date()).evidence).lower()
    _, content = evidence.content_for(everything(), None, number)
    assert json.loads(content)["query"] == "changes of 2026-11-10 in pci-dss-4"


def test_a_day_is_kept_once_and_days_without_a_worker_are_made_good(
    changed: Application, chat: ChannelConnection, clock: Clock
) -> None:
    assert morning.keep_due(TOMORROW) == 0, "nobody asked for it"
    follow(make_person("lea", Role.AUDITOR), chat)
    clock(TOMORROW)
    assert [morning.keep_due(TOMORROW) for _ in range(2)] == [1, 0]
    clock(TOMORROW + timedelta(days=40))
    assert morning.keep_due(TOMORROW + timedelta(days=3)) == 3
    assert morning.keep_due(TOMORROW + timedelta(days=40)) == morning.LATE
    days = ComplianceEvidence.objects.filter(name=REPORT).order_by("pk").values_list("query", flat=True)
    assert [one.split()[2] for one in days][:4] == ["2026-11-10", "2026-11-11", "2026-11-12", "2026-11-13"]
    assert len(set(days)) == 4 + morning.LATE


def test_a_quiet_day_is_told_too(changed: Application, chat: ChannelConnection, clock: Clock) -> None:
    follow(make_person("lea", Role.AUDITOR), chat)
    later = TOMORROW + timedelta(days=4)
    clock(later)
    assert mailing.send_due(later) == 1
    assert "Nothing changed in: payments." in told()[0]["text"]
    assert told()[0]["title"].endswith(": 0 controls, 0 new in the plan, 0 overdue")


def test_nobody_hears_of_what_they_do_not_see(changed: Application, chat: ChannelConnection, clock: Clock) -> None:
    import_findings("Cards", "Semgrep", [code("y", "Weak", "c.py", 1)], repository="git.example/cards")
    Application.objects.filter(slug="cards").update(compliance=[PCI])
    bo = make_person("bo", Role.AUDITOR, application=changed)
    follow(bo, chat)
    follow(make_person("eve", Role.VIEWER, application=Application.objects.get(slug="leaflets")), chat)
    lea = make_person("lea", Role.AUDITOR)
    follow(lea, chat, applications=[Application.objects.get(slug="cards")])
    clock(TOMORROW)
    assert mailing.send_due(TOMORROW) == 2
    mine, theirs = told()
    assert ("cards" in mine["text"], "payments" in mine["text"]) == (False, True)
    assert ("cards" in theirs["text"], "payments" in theirs["text"]) == (True, False)
    Grant.objects.filter(user=bo).delete()
    clock(TOMORROW + timedelta(days=1))
    assert mailing.send_due(TOMORROW + timedelta(days=1)) == 1, "bo reads nothing any more"


def test_it_is_one_message_a_day_also_far_from_greenwich(
    changed: Application, chat: ChannelConnection, clock: Clock
) -> None:
    row = follow(make_person("lea", Role.AUDITOR), chat)
    Subscription.objects.filter(pk=row.pk).update(zone="Australia/Sydney", hour=8)
    sent = 0
    for hour in range(72):
        now = TOMORROW + timedelta(hours=hour)
        clock(now)
        sent += mailing.send_due(now)
    assert sent == 3


def test_a_pack_holds_the_days_of_its_period(
    changed: Application, chat: ChannelConnection, clock: Clock, signer: Signer
) -> None:
    follow(make_person("lea", Role.AUDITOR), chat)
    clock(TOMORROW)
    morning.keep_due(TOMORROW)
    clock(TOMORROW + timedelta(hours=1))
    made = pack.make(everything(), PCI, Scope(application=changed), read_period("2026-Q4"))
    found = [one for one in opened(made.content)["report.json"]["evidence"] if one["kind"] == REPORT]
    assert [one["title"] for one in found] == [
        "Changes of 2026-11-10 in PCI DSS: requirements 6, 11 and 12 (application payments)"
    ]
    assert opened(made.content)[found[0]["file"]]["rows"][0]["day"] == "2026-11-10"
