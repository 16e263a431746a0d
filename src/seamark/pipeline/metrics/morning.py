"""A day's changes in PCI DSS, each morning to those who asked for them: kept as evidence first, then told as it was kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils.translation import gettext as _

from seamark.insight.exports.pack.delta import Delta, markdown
from seamark.pipeline.compliance import delta_kept
from seamark.pipeline.compliance.pack_delta import REPORT
from seamark.pipeline.notices.subscriptions import first_of_each, reader_of
from seamark.pipeline.notices.words import address
from seamark.response.actions.contract import Message
from seamark.store.models import Application, ComplianceEvidence, Subscription

WANTED: Final = Q(daily_delta=True)
LATE: Final = 7
"""Days that are made good where no worker ran."""
MOST: Final = 20
"""Applications that one message tells of in full; the page tells of the others."""


def keep_due(now: datetime) -> int:
    """Keep what changed on the days that are over, for the applications that somebody wants to hear of; return how many were kept."""
    rows = Application.objects.filter(pk__in=_asked_for()).order_by("pk")
    made = 0
    for application in rows:
        for day in _missing(application, now.astimezone(UTC).date()):
            delta_kept.keep(application, day, now)
            made += 1
    return made


def _asked_for() -> set[int]:
    return {number for row in first_of_each(WANTED) for number in _applications(row)}


def _applications(row: Subscription) -> list[int]:
    """Return the applications in scope that a subscription is about, as far as its reader sees them."""
    wanted = delta_kept.in_scope() & set(row.applications) if row.applications else delta_kept.in_scope()
    return list(reader_of(row).applications().filter(pk__in=wanted).values_list("pk", flat=True))


def _missing(application: Application, today: date) -> Iterator[date]:
    """Yield the days that are over and not kept: yesterday, and the few before it since the last that was."""
    latest = ComplianceEvidence.objects.filter(name=REPORT, application=application).order_by("-pk").first()
    first = today - timedelta(days=1)
    if latest is not None:
        # What was frozen on a day tells of the day before.
        first = max(latest.frozen_at.astimezone(UTC).date(), today - timedelta(days=LATE))
    while first < today:
        yield first
        first += timedelta(days=1)


def message(row: Subscription, day: date) -> Message | None:
    """Return what a subscription is told of a day; None where nothing was kept of it that its reader may read."""
    reader, person = reader_of(row), row.user or row.author
    numbers = delta_kept.kept(_applications(row), day)
    if not numbers:
        return None
    found = [delta_kept.read(reader, person, number) for number in numbers]
    changed = [one for one in found if not one.quiet]
    quiet = [one.scope.removeprefix("application ") for one in found if one.quiet]
    lines = [*map(markdown, changed[:MOST])]
    if len(changed) > MOST:
        lines.append(_("%(number)d more applications changed: see the page.") % {"number": len(changed) - MOST})
    if quiet:
        lines.append(_("Nothing changed in: %(names)s.") % {"names": _some(quiet)})
    lines.append(_("Kept as evidence: %(names)s.") % {"names": _some([f"E-{one}" for one in numbers])})
    title = _("PCI DSS, changes of %(day)s") % {"day": day}
    return Message(title=f"{title}: {_summed(found)}", text="\n\n".join(lines), to=row.to, url=_page(day))


def _summed(found: list[Delta]) -> str:
    controls, opened = sum(len(one.controls) for one in found), sum(len(one.opened) for one in found)
    overdue = sum(len(one.overdue) for one in found)
    told = {"controls": controls, "opened": opened, "overdue": overdue}
    return _("%(controls)d controls, %(opened)d new in the plan, %(overdue)d overdue") % told


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:100])
    return f"{shown} …" if len(names) > 100 else shown


def _page(day: date) -> str:
    return address(f"/compliance/changes/?framework={delta_kept.FRAMEWORK}&day={day}")
