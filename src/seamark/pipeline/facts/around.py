"""What stands around the things that are judged: applications and assets, each read once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from seamark.core.severity import Severity
from seamark.governance.policy.facts import Application, Asset
from seamark.pipeline.declared import asset_facts, exposure
from seamark.store import models
from seamark.store.access import Visible
from seamark.store.models.issues import COUNTS_AT_GATES

_PIECE: Final = 5_000


class Around:
    """The applications that a person may see, and their assets."""

    def __init__(
        self, visible: Visible, now: datetime, applications: Collection[int] | None = None, *, gate: bool = False,
        counted: bool = True,
    ) -> None:  # fmt: skip
        """Read the applications; how many issues each has is left out where it is not to be `counted`: it takes a look at all."""
        self._now = now
        rows = visible.applications()
        self.applications: dict[int, Application] = {}
        chosen = rows if applications is None else rows.filter(pk__in=list(applications))
        counts = _counts(visible, now, applications, COUNTS_AT_GATES if gate else Q(open=True)) if counted else {}
        units = _units()
        for row in chosen:
            self.applications[row.pk] = _application(row, units, counts.get(row.pk, _Counts()))
        self._whole = visible.everything and applications is None
        self._visible = visible
        self._assets: dict[int, tuple[Asset, int | None]] = {}

    def rows(self) -> QuerySet[models.Asset]:
        """Return the assets that are still there, of these applications; with those of none for people who see everything."""
        found = self._visible.assets().filter(gone_at=None)
        return found if self._whole else found.filter(application__in=list(self.applications))

    def load(self, numbers: Iterable[int]) -> None:
        """Read assets that will be asked for."""
        wanted = sorted(set(numbers) - self._assets.keys())
        owned = models.Ownership.objects.filter(asset=OuterRef("pk"))
        listed = models.Sbom.objects.filter(asset=OuterRef("pk"), replaced_at=None)
        for at in range(0, len(wanted), _PIECE):
            rows = models.Asset.objects.filter(pk__in=wanted[at : at + _PIECE])
            for row in rows.annotate(has_owner=Exists(owned), listed=Exists(listed)):
                self._assets[row.pk] = (_asset(row, owned=row.has_owner, listed=row.listed), row.application_id)

    def asset(self, number: int) -> Asset | None:
        """Return an asset that was loaded."""
        found = self._assets.get(number)
        return found[0] if found is not None else None

    def application_of(self, asset: int) -> Application | None:
        """Return the application of an asset that was loaded."""
        found = self._assets.get(asset)
        return self.applications.get(found[1]) if found is not None and found[1] is not None else None


class _Counts:
    """How an application's open issues stand."""

    __slots__ = ("critical", "days", "open", "overdue")

    def __init__(self) -> None:
        self.open = self.critical = self.overdue = self.days = 0


def _counts(visible: Visible, now: datetime, applications: Collection[int] | None, counted: Q) -> dict[int, _Counts]:
    found: dict[int, _Counts] = defaultdict(_Counts)
    rows = visible.issues().filter(counted)
    if applications is not None:
        rows = rows.filter(application__in=list(applications))
    today = now.date()
    told = rows.order_by().values_list("application", "severity", "due", "opened_at")
    for application, severity, due, opened in told.iterator(chunk_size=10_000):
        one = found[application]
        one.open += 1
        one.critical += severity == Severity.CRITICAL
        one.overdue += due is not None and due < today
        one.days += max((now - opened).days, 0)
    return found


def _units() -> dict[int, tuple[str, ...]]:
    """Return each business unit's name and those above it, by number."""
    rows = {
        number: (name, parent)
        for number, name, parent in models.BusinessUnit.objects.values_list("id", "name", "parent")
    }
    found = {}
    for number in rows:
        names: list[str] = []
        at: int | None = number
        while at in rows and rows[at][0] not in names:
            names.append(rows[at][0])
            at = rows[at][1]
        found[number] = tuple(names)
    return found


def _application(row: models.Application, units: dict[int, tuple[str, ...]], counts: _Counts) -> Application:
    above = units.get(row.unit_id, ()) if row.unit_id is not None else ()
    classes = tuple(str(name).upper() for name in row.data_classes)
    compliance = tuple(str(name) for name in row.compliance)
    tags = [f"tier-{row.criticality}"] if row.criticality else []
    return Application(
        ref=row.slug, name=row.name, unit=above[0] if above else None, units=above or None,
        tags=(*tags, *compliance, *(name.lower() for name in classes)), criticality=row.criticality or None, exposure=exposure(row.exposure),
        environment=row.environment or None, data_classes=classes or None, sla_tier=row.sla_tier or None,
        revenue_per_hour=float(row.revenue_per_hour) if row.revenue_per_hour is not None else None, compliance=compliance or None,
        open_issues=counts.open, critical_issues=counts.critical, overdue_issues=counts.overdue,
        mean_age_days=counts.days // counts.open if counts.open else None,
    )  # fmt: skip


def _asset(row: models.Asset, *, owned: bool, listed: bool) -> Asset:
    told = row.attributes if isinstance(row.attributes, dict) else {}
    return asset_facts(
        row.kind, row.key, row.name, told, exposed=row.exposure, environment=row.environment, owned=owned, sbom=listed
    )
