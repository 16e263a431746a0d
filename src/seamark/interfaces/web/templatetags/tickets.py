"""The ticket of a fix or an issue, as their pages show it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import template

from seamark.interfaces.web.frame import visible
from seamark.pipeline.tickets import reading
from seamark.store.models import Fix, Issue, Ticket

register = template.Library()


class Found(NamedTuple):
    """The live ticket, if there is one, and whether the person may open one."""

    ticket: Ticket | None
    may_open: bool


@register.simple_tag(takes_context=True)
def fix_ticket(context: dict[str, Any], fix: Fix) -> Found:
    """Return the ticket of a fix."""
    seen = visible(context["request"])
    row = reading.ticket_of(seen, fix=fix)
    return Found(row, row is None and reading.may_open(seen, fix=fix))


@register.simple_tag(takes_context=True)
def issue_ticket(context: dict[str, Any], issue: Issue) -> Found:
    """Return the ticket of the fix that clears an issue, or the issue's own."""
    seen = visible(context["request"])
    row = reading.ticket_of(seen, issue=issue)
    return Found(row, row is None and reading.may_open(seen, issue=issue))
