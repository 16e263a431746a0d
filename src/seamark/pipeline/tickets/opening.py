"""Opening tickets: by hand, or because a policy or rule asks. One for each fix, found before it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.governance.triage.lifecycle import WORKS
from seamark.pipeline.outbox.connections import owner_of
from seamark.pipeline.outbox.queue import key_of, put_ticket
from seamark.pipeline.tickets import texts
from seamark.pipeline.tickets.facts import About, about, about_ticket, signatures
from seamark.pipeline.tickets.mapping import field_values, mapping_for, shares
from seamark.response.actions import contract
from seamark.response.actions.contract import Act, Verb
from seamark.store.access import visible_to
from seamark.store.models import (
    Application,
    Asset,
    Event,
    Fix,
    Issue,
    OutboxAct,
    RuleWish,
    StandingViolation,
    Ticket,
    TicketMapping,
    User,
)  # fmt: skip
from seamark.store.models.automation import WishKind
from seamark.store.models.outbox import ActState
from seamark.store.models.tickets import TicketState
from seamark.store.permissions import needed

AT_ONCE: Final = 500
"""Wishes that one pass looks at."""


def open_by_hand(actor: User | None, *, fix: Fix | None = None, issue: Issue | None = None) -> Ticket:
    """Open the ticket of a fix, or of the fix that clears an issue; return the one that is there already.

    `actor` is None for whoever holds the database. Raises `NotAllowed`.
    """
    subject = fix or issue
    if subject is None:
        raise NotAllowed("Name a fix or an issue")
    if actor is not None and not visible_to(actor).may(WORKS, subject.application_id):
        raise NotAllowed(needed(WORKS, subject.application))
    return opened(fix, issue, actor=actor)


@transaction.atomic
def opened(
    fix: Fix | None, issue: Issue | None, *, subject: StandingViolation | None = None, actor: User | None = None, because: str = ""
) -> Ticket:  # fmt: skip
    """Return the ticket of a fix, an issue or what else violates a policy, opening it where there is none.

    Raises `NotAllowed` where it has no place to go.
    """
    if fix is None and issue is not None:
        if issue.merged_into is not None:
            issue = issue.merged_into
        fix = issue.fix
    # The row's lock lets one in: two who ask at once get one ticket.
    if fix is not None:
        fix = Fix.objects.select_for_update(of=("self",)).select_related("application", "asset").get(pk=fix.pk)
    elif issue is not None:
        issue = Issue.objects.select_for_update(of=("self",)).select_related("application", "asset").get(pk=issue.pk)
    key = subject.key if subject is not None else None
    found = live(fix, issue, key)
    if found is not None:
        return _wanted(found, actor, because)
    told = about(fix, issue, key)
    if told is None or not told.members:
        raise NotAllowed("There is nothing open to open a ticket for")
    application = next((one.application for one in (fix, issue, subject) if one is not None), None)
    mapping = _place_of(application, told)
    new = Ticket(
        connection=mapping.connection, mapping=mapping, application=application, fix=fix, issue=issue if fix is None else None, subject=key,
        opened_by=actor, because=because[:200],
    )  # fmt: skip
    lead = _lead_of(new, mapping)
    return _joined(new, lead, told, actor) if lead is not None else _made(new, told, actor)


def _place_of(application: Application | None, told: About) -> TicketMapping:
    """Return where the ticket of an application, or of none, goes. Raises `NotAllowed`."""
    mapping = mapping_for(application.pk if application is not None else None, told.team)
    if mapping is None:
        whose = f"of {application}" if application is not None else "of what belongs to no application"
        raise NotAllowed(f"Nobody has said where tickets {whose} go: somebody who manages connections adds a mapping")
    if not mapping.connection.active:
        raise NotAllowed(f"{mapping.connection.name} is switched off")
    return mapping


def _lead_of(new: Ticket, mapping: TicketMapping) -> Ticket | None:
    """Return the ticket that the same change has for another application, where they share one, locked."""
    if new.fix is None or not shares(mapping):
        return None
    # Two applications that ask at once wait for each other here, so that one of them opens the ticket and the other joins.
    Asset.objects.select_for_update(no_key=True).get(pk=new.fix.asset_id)
    same = Ticket.objects.filter(
        mapping=mapping, lead=None, fix__asset=new.fix.asset_id, fix__kind=new.fix.kind, fix__key=new.fix.key
    ).exclude(state=TicketState.DELETED)
    rows = same.select_for_update(of=("self",)).select_related(
        "connection", "mapping", "fix__application", "fix__asset"
    )
    return rows.order_by("pk").first()


def _joined(row: Ticket, lead: Ticket, told: About, actor: User | None) -> Ticket:
    """Let an application have its part in a ticket. One that is not sent yet says so from the start; another as it tells of growth."""
    row.key, row.lead, row.title = _key_of(row), lead, told.title
    row.state, row.reference, row.url, row.far_status = lead.state, lead.reference, lead.url, lead.far_status
    row.closed_at, row.says = lead.closed_at, {"members": list(told.members)}
    row.save()
    _tell_opened(row, actor)
    whole = about_ticket(lead)
    if whole is None:
        return row
    act = Act(verb=Verb.OPEN, key=lead.key, ticket=words(lead, whole))
    waiting = OutboxAct.objects.filter(ticket=lead, state=ActState.QUEUED, attempt=0, verb=Verb.OPEN.value)
    if waiting.update(body=msgspec.to_builtins(act)):
        lead.says = says(whole, signatures([lead])[lead.pk].digest)
    else:
        lead.says = {**{name: value for name, value in lead.says.items() if name != "withdrawn"}, "own": whole.own}
    lead.save(update_fields=["says"])
    return row


def _wanted(row: Ticket, actor: User | None, because: str) -> Ticket:
    """Return a ticket that is wanted once more: by a person, it stays whatever rules say; one that was withdrawn opens again."""
    if not because and row.opened_by_id is None:
        row.opened_by, row.because = actor, row.because if actor is not None else ""
        row.save(update_fields=["opened_by", "because"])
    lead = row.lead or row
    if lead.says.get("withdrawn"):
        lead.says = {name: value for name, value in lead.says.items() if name != "withdrawn"}
        lead.save(update_fields=["says"])
    return row


def live(fix: Fix | None, issue: Issue | None, subject: int | None = None) -> Ticket | None:
    """Return the ticket that a fix, an issue or something else has; one of an issue that the fix clears becomes the fix's."""
    rows = Ticket.objects.exclude(state=TicketState.DELETED).select_related("connection", "lead")
    if subject is not None:
        return rows.filter(subject=subject).first()
    if fix is None:
        return rows.filter(fix=None, issue=issue).first() if issue is not None else None
    found = rows.filter(fix=fix).first() or rows.filter(fix=None, issue__fix=fix).order_by("pk").first()
    if found is not None and found.fix_id is None:
        found.fix, found.issue = fix, None
        found.save(update_fields=["fix", "issue"])
    return found


def _made(row: Ticket, told: About, actor: User | None) -> Ticket:
    row.key = _key_of(row)
    row.title, row.commented_on = told.title, timezone.now().date()
    row.save()
    row.says = says(told, signatures([row])[row.pk].digest)
    row.save(update_fields=["says"])
    act = Act(verb=Verb.OPEN, key=row.key, ticket=words(row, told))
    put_ticket(row, act, about="opens the ticket", actor=actor)
    _tell_opened(row, actor)
    return row


def _key_of(row: Ticket) -> str:
    about_what = {"fix": row.fix_id, "issue": row.issue_id, "subject": row.subject}
    column, number = next((name, value) for name, value in about_what.items() if value is not None)
    before = Ticket.objects.filter(**{column: number}).count()
    return key_of("ticket", row.connection_id, column, number, before)


def _tell_opened(row: Ticket, actor: User | None) -> None:
    details = {
        "ticket": row.pk,
        "connection": row.connection.name,
        "title": row.title,
        "change": "opened",
        "because": row.because,
    }
    Event.objects.create(
        kind="ticket",
        application_id=row.application_id,
        issue=row.issue,
        details=details,
        actor=actor,
        at=timezone.now(),
    )


def words(row: Ticket, told: About) -> contract.Ticket:
    """Return what a ticket is to say."""
    mapping = row.mapping
    values, bare = told.values(row.because), told.values(row.because, escape=False)
    title = texts.filled((mapping.title if mapping else "") or texts.TITLE, bare)
    far = tuple(name for name in ("priority", "assignee") if owner_of(row.connection, name) == "far")
    return contract.Ticket(
        title=texts.one_line(title, texts.MOST_TITLE), text=texts.filled((mapping.text if mapping else "") or texts.TEXT, values),
        priority=told.priority, due=told.due.isoformat() if told.due else "", labels=tuple(mapping.labels if mapping else ()),
        assignee=told.assignee, url=told.url, fields=field_values(mapping.fields if mapping else {}, bare), keep=far,
    )  # fmt: skip


def says(told: About, signature: str) -> dict[str, Any]:
    """Return what is kept of what a ticket says."""
    return {
        "members": list(told.members), "priority": told.priority, "signature": signature, "assignee": told.assignee, "title": told.title,
        "target": told.target, "due": told.due.isoformat() if told.due else "", "own": told.own,
    }  # fmt: skip


def open_wished(now: datetime) -> int:
    """Open the tickets that policies and rules ask for, as far as there is a place for them; return how many wishes were looked at."""
    places = TicketMapping.objects.filter(connection__active=True)
    if not places.exists():
        return 0
    violations = StandingViolation.objects.filter(wants_ticket=True, until=None)
    wishes = RuleWish.objects.filter(kind=WishKind.TICKET, taken_at=None, ended_at=None)
    if not places.filter(application=None).exists():
        # What has no place yet goes on wishing.
        violations = violations.filter(application__in=places.values("application"))
        wishes = wishes.filter(issue__application__in=places.values("application"))
    asked = list(violations.order_by("pk")[:AT_ONCE])
    for one in asked:
        with transaction.atomic():
            # Whoever takes the wish back opens the ticket.
            if StandingViolation.objects.filter(pk=one.pk, wants_ticket=True).update(wants_ticket=False):
                _for_violation(one, now)
    wished = list(wishes.order_by("pk").values_list("pk", "issue", "rule")[:AT_ONCE])
    for number, issue, rule in wished:
        with transaction.atomic():
            if RuleWish.objects.filter(pk=number, taken_at=None).update(taken_at=now):
                _for_issue(issue, f"rule {rule}", now)
    return len(asked) + len(wished)


def _for_violation(one: StandingViolation, now: datetime) -> None:
    because = f"policy {one.policy}"
    if one.issue_id is not None:
        _for_issue(one.issue_id, because, now)
        return
    try:
        with transaction.atomic():
            opened(None, None, subject=one, because=because)
    except NotAllowed as error:
        _not_opened(error, because, one.application_id, None, now)


def _for_issue(number: int, because: str, now: datetime) -> None:
    issue = Issue.objects.select_related("fix", "merged_into__fix").filter(pk=number).first()
    if issue is None:
        return
    try:
        with transaction.atomic():
            opened(None, issue, because=because)
    except NotAllowed as error:
        _not_opened(error, because, issue.application_id, issue, now)


def _not_opened(error: NotAllowed, because: str, application: int | None, issue: Issue | None, now: datetime) -> None:
    details = {"change": "not opened", "because": because, "words": str(error)}
    Event.objects.create(kind="ticket", issue=issue, application_id=application, details=details, at=now)
