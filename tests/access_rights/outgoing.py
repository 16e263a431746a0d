"""Examples of what goes out and of what acts by itself: connections, tickets, subscriptions, rules, service levels, dismissals in doubt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from seamark.governance.automation import rules
from seamark.governance.policy.kept.edit import save
from seamark.governance.triage import service as triage
from seamark.pipeline.automation.reading import starter_lines
from seamark.pipeline.notices import subscriptions
from seamark.pipeline.outbox import connections
from seamark.pipeline.tickets import mapping, opening
from seamark.store.models import (
    Application,
    ChannelConnection,
    Fix,
    Issue,
    IssueClock,
    OutboxAct,
    Subscription,
    User,
)
from seamark.store.models.issues import State
from seamark.store.models.outbox import ActState

TRACKER = {"repository": "acme/pay", "token": "kept-apart", "url": "https://tracker.example"}
RULE = (
    "apiVersion: seamark.dev/v1\nkind: Policy\nmetadata: {name: NAME}\n"
    "spec:\n  type: triage\n  description: A rule\n  match: issue.kev\n  triage: {tags: [burning]}\n"
)


def of_outgoing(admin: User, shop: Application) -> dict[str, Any]:
    """Let the tickets of all applications go somewhere, open one whose first act was given up, and make a channel for messages."""
    tracker = connections.add(admin, "Tracker", "github", TRACKER)
    for name in ("Mail", "News"):
        connections.add(admin, name, "email", {})
    kept = mapping.put(admin, tracker, labels=["security"])
    ticket = opening.open_by_hand(admin, fix=Fix.objects.filter(application=shop)[0])
    act = OutboxAct.objects.filter(ticket=ticket).earliest("pk")
    OutboxAct.objects.filter(pk=act.pk).update(state=ActState.FAILED, due_at=None)
    return {
        "/connections number": tracker.pk, "/deliveries number": act.pk, "/ticket-mappings number": kept.pk, "/tickets number": ticket.pk,
    }  # fmt: skip


def of_automation(shop: Application, issue: Issue) -> dict[str, Any]:
    """Let a rule of a second person be in force and an agreement hold for an issue, and dismiss one without the right to be believed."""
    second, analyst = (User.objects.get(username=name) for name in ("second", "analyst"))
    now = timezone.now()
    save(RULE.replace("NAME", "burning"), actor=second, comment="because", now=now)
    assert rules.named("burning").stand.holder == second
    doubted = Issue.objects.get(title__startswith="Path built", application=shop)
    triage.change_state(
        analyst, Issue.objects.filter(pk=doubted.pk), State.DISMISSED, "false_positive", "The path is fixed"
    )
    IssueClock.objects.update_or_create(
        issue=issue,
        defaults={
            "policy": "urgent", "digest": "0" * 64, "application": shop.pk, "priority": issue.priority, "started_at": now,
            "due_at": now + timedelta(days=5), "risk_at": now + timedelta(days=4),
            "why": {"from": "opened", "days": 5, "calendar": False, "stops": [], "kev": None},
        },
    )  # fmt: skip
    return {
        "/rules name": "burning", "rule-stand name": "burning", "/rules/starters name": starter_lines()[0]["name"],
        "/api/v1/issues/{reference}/sla reference": issue.reference, "doubted": doubted,
    }  # fmt: skip


def own(person: User) -> dict[str, Any]:
    """Return the subscription of one person, which nobody else gets at."""
    if not person.email:
        person.email = f"{person.username}@mail.example"
        person.save(update_fields=["email"])
    subscriptions.add(person, ChannelConnection.objects.get(name="Mail"), hour=7)
    return {"/subscriptions number": Subscription.objects.filter(user=person).latest("pk").pk}


def body(name: str, method: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return what to send to a way that is about what goes out or acts by itself; nothing for others."""
    fix, doubted = values["fix number"], values["doubted"]
    news = ChannelConnection.objects.get(name="News")
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("connections", "POST"): {"action": "switch", "connection": values["/connections number"]},
        ("subscriptions", "POST"): {"action": "add", "connection": news.pk, "hour": "9", "digest": "on", "zone": "UTC"},
        ("ticket-open", "POST"): {"fix": fix}, ("confirm-dismissals", "POST"): {"issue": doubted.pk, "comment": "Looked at"},
        ("rule-stand", "POST"): {"what": "take-over"}, ("/connections", "POST"): {"name": "More", "channel": "github", "settings": TRACKER},
        ("/connections/{number}", "PATCH"): {"rate": 30}, ("/dismissals/confirm", "POST"): {"issues": [doubted.reference]},
        ("/rules/dry-run", "POST"): {"text": RULE.replace("NAME", "tried")}, ("/subscriptions", "POST"): {"connection": "News", "hour": 9},
        ("/subscriptions/{number}", "PATCH"): {"hour": 10}, ("/tickets", "POST"): {"fix": fix},
        ("/ticket-mappings", "POST"): {"connection": values["/connections number"], "team": "team:platform"},
    }  # fmt: skip
    return bodies.get((name, method), {})
