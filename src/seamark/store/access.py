"""Who may see what. Every read for a person starts at `visible_to`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from seamark.store.models import (
    Application,
    Asset,
    BusinessUnit,
    Event,
    Finding,
    Fix,
    Grant,
    Import,
    Issue,
    Match,
    MergeDecision,
    Report,
    Scan,
    StandingViolation,
    Stream,
    Survey,
    User,
    Waiver,
)
from seamark.store.permissions import Permission, permissions_of

Row = TypeVar("Row", bound=Model)

READS = Permission.ISSUE_READ
IMPORTS = Permission.IMPORT
REQUESTS_WAIVERS = Permission.WAIVER_REQUEST
_FEW: Final = 500
_SECURITY = Q(issue=None) & (Q(details__has_key="person") | Q(details__has_key="about"))
"""Events of `pipeline.signon.audit` and `governance.access.changes`."""
APPROVES_WAIVERS = Permission.WAIVER_APPROVE
"""Who decides about exceptions, and whatever else would let something pass a gate."""


def visible_to(actor: User | AnonymousUser) -> Visible:
    """Return what a person may see. Somebody without a grant sees nothing."""
    return Visible(actor)


def everything() -> Everything:
    """Return all rows, for callers without a person: see `Everything`."""
    return Everything()


def may(actor: User | AnonymousUser, permission: Permission, application: Application | int | None = None) -> bool:
    """Tell whether somebody holds a right on an application, or on everything where none is named."""
    return visible_to(actor).may(permission, application)


class Visible:
    """The rows that one person may see, and the rights that the person has on them."""

    def __init__(self, actor: User | AnonymousUser) -> None:
        self.actor = actor
        self.limit = actor.limit if isinstance(actor, User) else None
        self._few: dict[Permission, list[int] | None] = {}

    @cached_property
    def grants(self) -> list[Grant]:
        """Return what the person was granted, alone or in a group; a token's limits are not taken off."""
        if not isinstance(self.actor, User) or not self.actor.is_active:
            return []
        rows = Grant.objects.filter(Q(user=self.actor) | Q(group__members=self.actor)).select_related("custom")
        # An auditor's access ends to the second, whenever the worker comes to take the grant away.
        return list(rows.exclude(audit_access__expires_at__lte=timezone.now()))

    @cached_property
    def _units(self) -> dict[int, int | None]:
        return dict(BusinessUnit.objects.values_list("id", "parent_id"))

    def _scope(self, wanted: Permission) -> tuple[bool, set[int], set[int]]:
        """Return whether a right is held everywhere, and else the applications and units where it is."""
        found = self._granted(wanted)
        if self.limit is None:
            return found
        if wanted not in self.limit.permissions:
            return False, set(), set()
        if self.limit.applications is None:
            return found
        whole, applications, units = found
        if whole:
            return False, set(self.limit.applications), set()
        held = Application.objects.filter(Q(id__in=applications) | Q(unit__in=units), id__in=self.limit.applications)
        return False, set(held.values_list("id", flat=True)), set()

    def _granted(self, wanted: Permission) -> tuple[bool, set[int], set[int]]:
        applications: set[int] = set()
        units: set[int] = set()
        for grant in self.grants:
            if wanted not in permissions_of(grant):
                continue
            if grant.application_id is not None:
                applications.add(grant.application_id)
            elif grant.unit_id is not None:
                units.add(grant.unit_id)
            else:
                return True, set(), set()
        if units:
            units = {unit for unit in self._units if self._under(unit, units)}
        return False, applications, units

    def _under(self, unit: int | None, wanted: set[int]) -> bool:
        return any(place in wanted for place in self._upwards(unit))

    def _upwards(self, unit: int | None) -> Iterator[int]:
        seen: set[int] = set()
        while unit is not None and unit not in seen:
            yield unit
            seen.add(unit)
            unit = self._units.get(unit)

    @cached_property
    def everything(self) -> bool:
        """Tell whether the person may read all applications."""
        return self._scope(READS)[0]

    def applications(self, right: Permission = READS) -> QuerySet[Application]:
        """Return the applications on which the person holds a right."""
        whole, applications, units = self._scope(right)
        if whole:
            return Application.objects.all()
        return Application.objects.filter(Q(id__in=applications) | Q(unit__in=units))

    def _of_applications(self, rows: QuerySet[Row], field: str, right: Permission = READS) -> QuerySet[Row]:
        if self._scope(right)[0]:
            return rows
        return rows.filter(**{f"{field}__in": self._numbers(right)})

    def _numbers(self, right: Permission) -> list[int] | QuerySet[Application, Any]:
        """Return the numbers of the applications on which a right is held: by themselves where they are few, so that indexes serve them."""
        if right not in self._few:
            _, applications, units = self._scope(right)
            named = (
                self.applications(right).order_by().values_list("id", flat=True)[: _FEW + 1] if units else applications
            )
            self._few[right] = sorted(named) if len(named) <= _FEW else None
        few = self._few[right]
        return few if few is not None else self.applications(right).values("id")

    def issues(self, right: Permission = READS) -> QuerySet[Issue]:
        """Return issues of all states."""
        return self._of_applications(Issue.objects.all(), "application", right)

    def findings(self) -> QuerySet[Finding]:
        """Return findings, open and closed."""
        return self._of_applications(Finding.objects.all(), "stream__application")

    def fixes(self) -> QuerySet[Fix]:
        """Return fixes."""
        return self._of_applications(Fix.objects.all(), "application")

    def assets(self) -> QuerySet[Asset]:
        """Return assets; those of no application only to people who see everything."""
        return self._of_applications(Asset.objects.all(), "application")

    def streams(self) -> QuerySet[Stream]:
        """Return streams."""
        return self._of_applications(Stream.objects.all(), "application")

    def scans(self) -> QuerySet[Scan]:
        """Return scans."""
        return self._of_applications(Scan.objects.all(), "stream__application")

    def events(self) -> QuerySet[Event]:
        """Return events. Those around logging in, people and rights only to people who read the ledger or manage people everywhere."""
        rows = self._of_applications(Event.objects.all(), "application")
        return rows if self.may(Permission.LEDGER_READ) or self.may(Permission.USER_MANAGE) else rows.exclude(_SECURITY)

    def matches(self) -> QuerySet[Match]:
        """Return pairs of findings that are, or may be, one issue."""
        return self._of_applications(Match.objects.all(), "application")

    def decisions(self) -> QuerySet[MergeDecision]:
        """Return what was decided about issues being one; both are of one application."""
        return self._of_applications(MergeDecision.objects.all(), "left__application")

    def imports(self) -> QuerySet[Import]:
        """Return imports: a person's own, and those into applications that the person sees."""
        if self.everything:
            return Import.objects.all()
        if self.actor.pk is None:
            return Import.objects.none()
        names = self.applications().values_list("name", flat=True)
        return Import.objects.filter(Q(author=self.actor.pk) | Q(target__application__in=list(names)))

    def waivers(self) -> QuerySet[Waiver]:
        """Return waivers; those of no application only to people who see everything."""
        return self._of_applications(Waiver.objects.all(), "application")

    def violations(self) -> QuerySet[StandingViolation]:
        """Return what violates policies, now and before; that of no application only to people who see everything."""
        return self._of_applications(StandingViolation.objects.all(), "application")

    def surveys(self) -> QuerySet[Survey]:
        """Return surveys; those of no application only to people who see everything."""
        return self._of_applications(Survey.objects.all(), "application")

    def reports(self) -> QuerySet[Report]:
        """Return reports that were scanned into an application that the person sees."""
        if self.everything:
            return Report.objects.all()
        return Report.objects.filter(scans__stream__application__in=self.applications()).distinct()

    def may(self, right: Permission, application: Application | int | None = None) -> bool:
        """Tell whether the person holds a right on an application, or everywhere where none is named."""
        whole, applications, units = self._scope(right)
        if whole or application is None:
            return whole
        if isinstance(application, int):
            return self.applications(right).filter(pk=application).exists()
        return application.pk in applications or application.unit_id in units

    def may_in(self, right: Permission, unit: BusinessUnit) -> bool:
        """Tell whether the person holds a right on all of a business unit."""
        whole, _, units = self._scope(right)
        return whole or unit.pk in units

    def may_anywhere(self, right: Permission) -> bool:
        """Tell whether the person holds a right on anything."""
        whole, applications, units = self._scope(right)
        return whole or bool(applications) or bool(units)


class Everything(Visible):
    """All rows: for the command line, whose user holds the database's file or password anyway, and for nobody else."""

    def __init__(self) -> None:
        super().__init__(AnonymousUser())

    def _scope(self, wanted: Permission) -> tuple[bool, set[int], set[int]]:  # noqa: ARG002 - the signature of the base
        return True, set(), set()

    def users(self) -> QuerySet[User]:
        """Return all users."""
        return User.objects.all()
