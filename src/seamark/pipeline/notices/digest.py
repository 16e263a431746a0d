"""The rest, once a day: what is new, what was fixed, and what waits for you, at your hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from seamark.pipeline.notices.subscriptions import first_of_each, reader_of, zone_of
from seamark.pipeline.notices.words import address, remedy, until
from seamark.pipeline.outbox.queue import key_of, put_message
from seamark.pipeline.scoring import reason_of
from seamark.pipeline.tickets.texts import counted, one_line, plain
from seamark.response.actions.contract import Message
from seamark.store.models import Issue, Subscription
from seamark.store.models.issues import State

SHOWN: Final = 5
SOON: Final = timedelta(days=7)


def send_due(now: datetime) -> int:
    """Write the digests whose hour has come, and return how many. A person and a team get one a day, whatever they subscribe to."""
    return sum(_sent(row, now) for row in first_of_each(Q(digest=True)))


@transaction.atomic
def _sent(row: Subscription, now: datetime) -> int:
    local = now.astimezone(zone_of(row))
    if local.hour < row.hour or (row.digest_on is not None and row.digest_on >= local.date()):
        return 0
    message = digest(row, now)
    row.digest_on, row.digest_until = local.date(), now
    row.save(update_fields=["digest_on", "digest_until"])
    if message is None:
        return 0
    put_message(
        row.connection, message, key_of("digest", row.user_id, row.group_id, local.date()), about="the daily digest"
    )
    return 1


def digest(row: Subscription, now: datetime) -> Message | None:
    """Return a subscription's digest as it would be now; None where there is nothing to tell."""
    since = max(row.digest_until or row.created_at, now - timedelta(days=8))
    scope = _scope(row)
    new = scope.filter(open=True, opened_at__gt=since)
    fixed = scope.filter(state=State.RESOLVED, resolved_at__gt=since).count()
    mine = _mine(row, scope, now)
    priorities = dict(new.order_by().values_list("priority").annotate(number=Count("pk")))
    total = sum(priorities.values())
    if not total and not fixed and not mine:
        return None
    parts: list[str] = []
    if mine:
        parts += ["**Waits for you**", "", *(_line(one) for one in mine), ""]
    if total:
        bands = ", ".join(f"P{band}: {priorities[band]:,}" for band in sorted(priorities))
        parts += [
            f"**{counted(total, 'new issue')}** ({bands})",
            "",
            *_applications(new),
            "",
            "What clears most of them:",
            "",
            *_fixes(new),
            "",
        ]
    if fixed:
        parts += [f"**{counted(fixed, 'issue')} fixed.** Thank you.", ""]
    head = [
        f"{total:,} new" if total else "",
        f"{fixed:,} fixed" if fixed else "",
        f"{len(mine)} waiting for you" if mine else "",
    ]
    return Message(
        title=f"Today in Seamark: {', '.join(filter(None, head))}",
        text="\n".join(parts).strip(),
        to=row.to,
        url=address("/"),
    )


def _scope(row: Subscription) -> QuerySet[Issue]:
    rows = reader_of(row).issues().filter(merged_into=None)
    return rows.filter(application__in=row.applications) if row.applications else rows


def _mine(row: Subscription, scope: QuerySet[Issue], now: datetime) -> list[Issue]:
    """Return what somebody has to do next: theirs, late or due soon or urgent, the most urgent first."""
    if row.user is not None:
        own = Q(assignee=row.user)
        own = own | Q(owner__iexact=row.user.email) if row.user.email else own
    else:
        own = Q(owner=row.group.name if row.group is not None else "")
    by = now + SOON
    pressing = Q(clock__due_at__lt=by, clock__ended_at=None) | Q(due__lte=by.date()) | Q(priority__lte=1)
    rows = scope.filter(own, pressing, open=True).select_related("application", "fix").distinct()
    return list(rows.order_by("priority", "-risk", "pk")[:SHOWN])


def _line(issue: Issue) -> str:
    day = until(issue)
    parts = [f"P{issue.priority}", plain(reason_of(issue)), f"until {day}" if day else "", plain(remedy(issue))]
    return f"- {issue.reference} {plain(issue.title)}: {'; '.join(filter(None, parts))}"


def _applications(new: QuerySet[Issue]) -> list[str]:
    rows = (
        new.order_by()
        .values_list("application__name")
        .annotate(number=Count("pk"))
        .order_by("-number", "application__name")
    )
    found: list[Any] = list(rows[: SHOWN + 1])
    lines = [f"- {plain(name)}: {number:,}" for name, number in found[:SHOWN]]
    return [*lines, "- and others"] if len(found) > SHOWN else lines


def _fixes(new: QuerySet[Issue]) -> list[str]:
    rows = (
        new.filter(fix__isnull=False)
        .order_by()
        .values_list("fix__title", "application__name")
        .annotate(number=Count("pk"))
    )
    found = list(rows.order_by("-number", "fix__title")[:SHOWN])
    lines = [f"- {plain(one_line(title))} in {plain(name)}: {number:,}" for title, name, number in found]
    return lines or [f"- {one.reference} {plain(one.title)}" for one in new.order_by("-risk", "pk")[:SHOWN]]
