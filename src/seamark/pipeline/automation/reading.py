"""Triage rules, dismissals and clocks as they are shown, by whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed, NotFound
from seamark.governance.automation import rules
from seamark.governance.automation.attainment import explained
from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.kept.edit import one_policy, save
from seamark.governance.policy.model import InvalidPolicies
from seamark.governance.triage import confirming
from seamark.governance.triage.lifecycle import RESOLUTION_WORDS
from seamark.store.access import Visible
from seamark.store.models import Issue, IssueClock, RuleEffect, User


def rule_lines(seen: Visible, now: datetime | None = None) -> list[dict[str, Any]]:
    """Return the triage rules in force. How many issues one holds for is told to those who see everything."""
    moment = now or timezone.now()
    return [_line(one, seen, moment) for one in rules.rules(moment)]


def _line(one: rules.Rule, seen: Visible, now: datetime) -> dict[str, Any]:
    stand = one.stand
    whole = seen.everything and stand.run_at is not None
    return {
        "name": one.name, "digest": one.digest, "description": one.policy.spec.description, "match": one.policy.spec.match,
        "does": does(one.policy), "mode": one.policy.mode(now.date()).value,
        "holder": stand.holder.get_username() if stand.holder is not None else "",
        "approver": stand.approver.get_username() if stand.approver is not None else "",
        "needs_approval": rules.asks_two() and stand.approver_id is None, "stopped": stand.stopped,
        "matched": stand.matched if whole else None, "effects": stand.effects if whole else None,
        "run_at": stand.run_at.isoformat() if whole and stand.run_at is not None else None,
    }  # fmt: skip


def does(policy: Policy) -> str:
    """Return in words what a triage rule does."""
    act = policy.spec.triage
    if act is None:
        return ""
    told = []
    if act.state == "dismissed":
        told.append(f"dismisses: {RESOLUTION_WORDS.get(act.resolution or '', '').lower()}")
    elif act.state is not None:
        told.append(f"moves to {act.state.replace('_', ' ')}")
    if act.suppress is not None:
        told.append(f"keeps {', '.join(act.suppress.paths)} off the list")
    for words, value in (("owner", act.owner), ("assigns to", act.assign), ("group", act.group)):
        told += [f"{words} {value}"] if value else []
    told += [f"tags {', '.join(act.tags)}"] if act.tags else []
    told += [f"priority P{act.priority}"] if act.priority is not None else []
    told += [f"due in {act.due_days} days"] if act.due_days is not None else []
    told += ["asks for a ticket"] if act.ticket else []
    told += [f"tells {', '.join(act.notify)}"] if act.notify else []
    told += ["asks for the fix"] if act.request_fix else []
    return "; ".join(told)


def starter_lines() -> list[dict[str, Any]]:
    """Return the rules that come with the product and that nobody has taken over yet."""
    there = {one.name for one in rules.rules(timezone.now())}
    return [
        {
            "name": name, "description": policy.spec.description, "explanation": policy.metadata.explanation, "does": does(policy),
            "match": policy.spec.match,
        }
        for name, (policy, _) in sorted(rules.starters().items()) if name not in there
    ]  # fmt: skip


def adopt(actor: User, name: str) -> None:
    """Let a starter rule be in force, with somebody's rights. Raises `NotAllowed`, `NotFound`."""
    if name not in rules.starters():
        raise NotFound(f"There is no starter rule {name!r}")
    policy, text = rules.starters()[name]
    parts = [part for part in text.split("\n---\n") if f"\n  name: {policy.name}\n" in part]
    save(parts[0], actor=actor, comment="taken over from the starter rules", now=timezone.now())


def drafted(text: str) -> Policy:
    """Return the policy that a text is. Raises `NotAllowed` with all that is wrong."""
    policy, mistakes = one_policy(text)
    if policy is None:
        raise NotAllowed(str(InvalidPolicies(tuple(mistakes))))
    return policy


def dismissal_lines(rows: Sequence[Issue]) -> Iterable[dict[str, Any]]:
    """Return dismissals that wait for a second person, with who said what."""
    said = confirming.dismissed_by([row.pk for row in rows])
    for row in rows:
        event = said.get(row.pk)
        details = event.details if event is not None else {}
        yield {
            "id": row.reference, "title": row.title, "place": row.place, "application": row.application.slug, "severity": row.get_severity_display(),
            "priority": row.priority, "resolution": row.resolution, "justification": row.justification, "rule": details.get("rule", ""),
            "by": event.actor.get_username() if event is not None and event.actor is not None else "",
            "at": event.at.isoformat() if event is not None else None, "comment": details.get("comment", ""),
        }  # fmt: skip


def dismissals(seen: Visible) -> QuerySet[Issue]:
    """Return the dismissals that a person can confirm or send back."""
    return confirming.waiting(seen).select_related("application")


def clock_of(issue: Issue, now: datetime | None = None) -> dict[str, Any] | None:
    """Return how an issue stands to its agreement on service levels; None where none is about it."""
    row = IssueClock.objects.filter(issue=issue).first()
    if row is None:
        return None
    moment = now or timezone.now()
    return {
        "policy": row.policy, "due_at": row.due_at.isoformat(), "at_risk_from": row.risk_at.isoformat(), "state": state_of(row, moment),
        "started_at": row.started_at.isoformat(), "stopped_since": row.stopped_since.isoformat() if row.stopped_since else None,
        "ended_at": row.ended_at.isoformat() if row.ended_at else None, "kept": row.kept, "explanation": explained(row, moment),
    }  # fmt: skip


def state_of(row: IssueClock, now: datetime) -> str:
    """Return how a clock stands: `kept`, `missed`, `stopped`, `overdue`, `at_risk` or `running`."""
    if row.ended_at is not None:
        return "kept" if row.kept else "missed"
    if row.stopped_since is not None:
        return "stopped"
    if row.due_at < now:
        return "overdue"
    return "at_risk" if row.risk_at <= now else "running"


def effects_on(issue: Issue) -> list[dict[str, Any]]:
    """Return what rules made of an issue, and what was there before."""
    rows = RuleEffect.objects.filter(issue=issue, held=False).order_by("field")
    return [
        {"field": row.field, "rule": row.rule, "digest": row.digest, "before": row.before, "value": row.value, "since": row.at.isoformat()}
        for row in rows
    ]  # fmt: skip
