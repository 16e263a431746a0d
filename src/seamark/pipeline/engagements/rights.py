"""Who may do what with an engagement: those who triage its application, and its testers within its days."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.store.access import READS, Visible, visible_to
from seamark.store.models import Application, Engagement, EngagementTester, User
from seamark.store.permissions import Permission, needed

MANAGES: Final = Permission.ISSUE_DISMISS
"""The right to agree on engagements, to choose testers, and to judge a retest without being one."""
WORKS: Final = Permission.ISSUE_TRIAGE
"""The right to say that something is mended."""


def today() -> date:
    """Return the day, by which engagements go (UTC)."""
    return timezone.now().date()


def visible(seen: Visible) -> QuerySet[Engagement]:
    """Return the engagements of applications that a person may read, and those that they test until the last day of retests."""
    rows = Engagement.objects.select_related("application", "created_by")
    if seen.everything:
        return rows
    return rows.filter(Q(application__in=seen.applications(READS).values("id")) | Q(pk__in=_tested(seen)))


def _tested(seen: Visible) -> list[int]:
    if not isinstance(seen.actor, User) or not seen.actor.is_active or not _leaves(seen, READS):
        return []
    rows = EngagementTester.objects.filter(
        person=seen.actor, engagement__closed_at=None, engagement__retest_until__gte=today()
    )
    if seen.limit is not None and seen.limit.applications is not None:
        rows = rows.filter(engagement__application__in=seen.limit.applications)
    return list(rows.values_list("engagement", flat=True))


def _leaves(seen: Visible, right: Permission) -> bool:
    """Tell whether the token in use leaves a right of what its person may do."""
    return seen.limit is None or right in seen.limit.permissions


def manages(seen: Visible, application: Application) -> bool:
    """Tell whether a person may agree on engagements with an application."""
    return seen.may(MANAGES, application) and seen.may(Permission.IMPORT, application)


def tests(seen: Visible, row: Engagement) -> bool:
    """Tell whether a person is a tester of an engagement that is not over for them, and the token in use may import."""
    return row.pk in _tested(seen) and _leaves(seen, Permission.IMPORT)


def reports(seen: Visible, row: Engagement) -> bool:
    """Tell whether a person may report findings now: testers on the agreed days, those who manage it until it is closed."""
    if row.closed_at is not None:
        return False
    return manages(seen, row.application) or (tests(seen, row) and row.starts <= today() <= row.ends)


def retests(seen: Visible, row: Engagement) -> bool:
    """Tell whether a person may say what testing again showed."""
    if row.closed_at is not None:
        return False
    return manages(seen, row.application) or (tests(seen, row) and row.starts <= today())


def mends(seen: Visible, row: Engagement) -> bool:
    """Tell whether a person may say that something is mended."""
    return row.closed_at is None and seen.may(WORKS, row.application)


def check_manages(actor: User | None, application: Application) -> None:
    """Refuse those who may not manage engagements. Whoever holds the database (None) may. Raises `NotAllowed`."""
    if actor is not None and not manages(visible_to(actor), application):
        raise NotAllowed(needed(MANAGES, application))


def check_open(row: Engagement) -> None:
    """Refuse to change what is closed. Raises `NotAllowed`."""
    if row.closed_at is not None:
        raise NotAllowed(f"{row.reference} is closed")
