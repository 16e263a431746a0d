"""What waivers exempt at a time: for the facts that policies are asked about, and for gates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.utils import timezone

from seamark.store import writer
from seamark.store.models import Issue, Waiver
from seamark.store.models.waivers import Scope
from seamark.store.query.fields import condition_of
from seamark.store.query.waived import covered_by, live, named_pairs

ALL: Final = "*"
"""Stands for every policy."""
_DAY: Final = timedelta(days=1)


class Exempt(NamedTuple):
    """An exception in force that covers something."""

    policy: str
    """Name of the policy, `*` for all."""
    reference: str
    days_left: int


def waived(issues: Iterable[int], at: datetime | None = None) -> dict[int, tuple[Exempt, ...]]:
    """Return the exceptions that cover issues at a time (now), by number of the issue; those without any are left out.

    Told by the waivers' dates alone: one that has ended does not count in the same moment, whether or not a pass has marked it.
    """
    moment = at or timezone.now()
    wanted = frozenset(issues)
    found: dict[int, set[Exempt]] = defaultdict(set)
    if not wanted:
        return {}
    named = named_pairs(moment).values_list("issue", "waiver__id", "waiver__policy", "waiver__expires_at")
    for issue, number, policy, end in named:
        if issue in wanted:
            found[issue].add(_exempt(number, policy, end, moment))
    rows = list(live(moment).exclude(scope=Scope.ISSUE).order_by("pk"))
    for row in rows:
        if row.scope != Scope.POLICY:
            one = _exempt(row.pk, row.policy, row.expires_at, moment)
            for issue in Issue.objects.filter(covered_by(row, condition_of)).values_list("pk", flat=True).iterator():
                if issue in wanted:
                    found[issue].add(one)
    broad = [row for row in rows if row.scope == Scope.POLICY]
    if broad:
        places = writer.select_in(
            "SELECT id, application_id, severity FROM store_issue WHERE id {values}", sorted(wanted)
        )
        for issue, application, severity in places:
            for row in broad:
                if row.application_id in {None, application} and severity <= row.severity:
                    found[issue].add(_exempt(row.pk, row.policy, row.expires_at, moment))
    return {issue: tuple(sorted(several)) for issue, several in sorted(found.items())}


def waived_applications(applications: Collection[int], at: datetime | None = None) -> dict[int, tuple[Exempt, ...]]:
    """Return the exceptions from single policies that hold for whole applications: for what is no issue, such as coverage."""
    moment = at or timezone.now()
    found: dict[int, list[Exempt]] = defaultdict(list)
    for row in live(moment).filter(scope=Scope.POLICY).order_by("pk"):
        of = applications if row.application_id is None else {row.application_id}.intersection(applications)
        for number in of:
            found[number].append(_exempt(row.pk, row.policy, row.expires_at, moment))
    return {number: tuple(sorted(several)) for number, several in sorted(found.items())}


def _exempt(number: int, policy: str, end: datetime, at: datetime) -> Exempt:
    return Exempt(policy or ALL, f"W-{number}", (end - at) // _DAY)


def covering(issue: int, at: datetime | None = None) -> list[Waiver]:
    """Return the waivers in force that cover one issue, the last to end first."""
    numbers = [int(one.reference.removeprefix("W-")) for one in waived([issue], at).get(issue, ())]
    related = ("application", "requester", "decider", "fix")
    return list(Waiver.objects.filter(pk__in=numbers).select_related(*related).order_by("-expires_at", "-pk"))
