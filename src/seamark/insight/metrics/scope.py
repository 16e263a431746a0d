"""What a person asks about: the applications that they see, narrowed to a business unit or an application, and a period."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from msgspec import Struct

from seamark.core.assets import AssetKind
from seamark.core.errors import InvalidQuery
from seamark.insight.metrics.columns import Columns, load
from seamark.insight.metrics.measures import Period, quarter, since
from seamark.store.access import Visible
from seamark.store.models import Application, Asset, BusinessUnit, FactPass, PullRequest, Scan, Waiver
from seamark.store.models.pulls import PullState
from seamark.store.models.waivers import WaiverState

SPANS: Final = (30, 90, 365)
"""Days that may be asked for."""
FRESH: Final = timedelta(days=30)
"""How old a scan may be to count for coverage."""
SCANNED: Final = (AssetKind.REPOSITORY.value, AssetKind.IMAGE.value)
ENDED: Final = (PullState.MERGED, PullState.VERIFIED, PullState.RETURNED, PullState.REJECTED, PullState.FAILED)
GOOD: Final = (PullState.MERGED, PullState.VERIFIED)


class Scope(Struct, frozen=True, kw_only=True):
    """What is asked about."""

    seen: Visible
    period: Period
    unit: str
    application: str
    """Slug; empty for all."""
    span: str
    """The period as addresses have it: days or a quarter."""
    applications: list[Application]

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the applications."""
        return [one.pk for one in self.applications]

    @property
    def whole(self) -> bool:
        """Tell whether everything that there is is asked about."""
        return self.seen.everything and not self.unit and not self.application

    def columns(self) -> Columns:
        """Return the facts of the applications as columns."""
        return load(self.numbers)

    def query(self, **other: str) -> dict[str, str]:
        """Return the filters as addresses have them, with some changed; empty ones are left out."""
        given = {"unit": self.unit, "application": self.application, "period": self.span} | other
        return {name: value for name, value in given.items() if value}


def scope(seen: Visible, now: datetime, *, unit: str = "", application: str = "", span: str = "90") -> Scope:
    """Return what filters ask about. Raises `InvalidQuery` for a period, unit or application that there is not."""
    rows = seen.applications().select_related("unit").order_by("name", "pk")
    if application:
        rows = rows.filter(slug=application)
        if not rows:
            raise InvalidQuery(f"There is no application {application!r} that you may see")
    if unit:
        rows = rows.filter(unit__in=_below(unit))
        if not rows:
            raise InvalidQuery(f"There is no business unit {unit!r} with applications that you may see")
    return Scope(
        seen=seen, period=period_of(span, now), unit=unit, application=application, span=span, applications=list(rows)
    )


def period_of(span: str, now: datetime) -> Period:
    """Return a period given as a number of days or as a quarter. Raises `InvalidQuery`."""
    if span.isascii() and span.isdigit() and int(span) in SPANS:
        return since(int(span), now)
    try:
        found = quarter(span)
    except ValueError:
        raise InvalidQuery(f"A period is {', '.join(map(str, SPANS))} days or a quarter such as 2026-Q3") from None
    if found.start > now:
        raise InvalidQuery(f"{span} has not begun")
    return Period(start=found.start, end=min(found.end, since(1, now).end))


def _below(name: str) -> set[int]:
    """Return a unit, by its name, with all below it; nothing where there is none."""
    rows = list(BusinessUnit.objects.values_list("pk", "name", "parent"))
    found = {pk for pk, own, _ in rows if own.lower() == name.lower()}
    while more := {pk for pk, _, parent in rows if parent in found} - found:
        found |= more
    return found


def assets_of(asked: Scope) -> dict[int, int]:
    """Return how many assets each application has that are not gone."""
    rows = asked.seen.assets().filter(gone_at=None, application__in=asked.numbers).order_by()
    return {pk: number for pk, number in rows.values_list("application").annotate(n=Count("pk")) if pk is not None}


def scanned(asked: Scope) -> QuerySet[Asset]:
    """Return the repositories and images that coverage looks at."""
    return asked.seen.assets().filter(gone_at=None, kind__in=SCANNED, application__in=asked.numbers)


def unscanned(asked: Scope) -> QuerySet[Asset]:
    """Return those of them that no complete scan looked at lately."""
    end = asked.period.end
    scans = Scan.objects.filter(
        stream__asset=OuterRef("pk"), proves=True, imported_at__gte=end - FRESH, imported_at__lt=end
    )
    return scanned(asked).filter(~Exists(scans))


def waivers(asked: Scope) -> QuerySet[Waiver]:
    """Return the waivers that were in force at the end of the period."""
    end = asked.period.end
    rows = asked.seen.waivers()
    if not asked.whole:
        rows = rows.filter(application__in=asked.numbers)
    decided = rows.exclude(state__in=(WaiverState.REQUESTED, WaiverState.REFUSED)).filter(decided_at__lt=end)
    return decided.filter(Q(ended_at=None) | Q(ended_at__gte=end), expires_at__gte=end)


def pulls(asked: Scope) -> QuerySet[PullRequest]:
    """Return the pull requests that ended in the period."""
    start, end = asked.period.start, asked.period.end
    rows = PullRequest.objects.filter(state__in=ENDED, finished_at__gte=start, finished_at__lt=end)
    return rows.filter(fix__application__in=asked.numbers)


def recorded() -> FactPass | None:
    """Return the pass that wrote the newest facts; None where none ever did."""
    return FactPass.objects.order_by("-at").first()
