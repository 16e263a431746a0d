"""Tickets for those who may see what they are about."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from seamark.governance.triage.lifecycle import WORKS
from seamark.store.access import Visible
from seamark.store.models import Fix, Issue, Ticket, TicketMapping
from seamark.store.models.tickets import TicketState


def tickets(seen: Visible) -> QuerySet[Ticket]:
    """Return the tickets of applications that somebody may see; those of no application only to people who see everything.

    An application that shares a ticket with others has a row of its own here, which tells nothing of them.
    """
    rows = Ticket.objects.select_related("connection", "application", "fix", "issue", "lead")
    return rows if seen.everything else rows.filter(application__in=seen.applications().values("id"))


def size_of(row: Ticket) -> int:
    """Return how many issues a ticket tells of; of one that several applications share, those of its own application."""
    says = (row.lead or row).says
    own = says.get("own") or {}
    return int(own.get(str(row.fix_id), 0)) if own else len(says.get("members", ()))


def ticket_of(seen: Visible, *, fix: Fix | None = None, issue: Issue | None = None) -> Ticket | None:
    """Return the live ticket of a fix or an issue, where somebody may see it: for their pages."""
    rows = tickets(seen).exclude(state=TicketState.DELETED)
    if fix is None and issue is not None and issue.fix_id is None:
        return rows.filter(issue=issue).first()
    number = fix.pk if fix is not None else issue.fix_id if issue is not None else 0
    return rows.filter(fix=number).first()


def may_open(seen: Visible, *, fix: Fix | None = None, issue: Issue | None = None) -> bool:
    """Tell whether somebody may open the ticket of a fix or an issue, and there is something to open it for and a place for it."""
    subject = fix or issue
    if subject is None or not seen.may(WORKS, subject.application):
        return False
    open_issues = Issue.objects.filter(open=True)
    left = open_issues.filter(fix=fix).exists() if fix is not None else issue is not None and issue.open
    places = TicketMapping.objects.filter(connection__active=True)
    return left and places.filter(Q(application=subject.application_id) | Q(application=None)).exists()
