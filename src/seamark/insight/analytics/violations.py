"""What violates policies: how much now, how that moved, where, and which verdicts came of it. All of it as one person may see it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from msgspec import Struct

from seamark.governance.policy.kept.sync import in_force
from seamark.store.access import Visible
from seamark.store.models import StandingViolation, Verdict, Violation, ViolationDay
from seamark.store.models.violations import Standing

DAYS: Final = 30
"""Days of a trend."""


class Number(Struct, frozen=True, kw_only=True):
    """How many things stand how to a policy."""

    violates: int = 0
    undecided: int = 0
    waived: int = 0


class Where(Struct, frozen=True, kw_only=True):
    """How an application stands to a policy; without a name: what belongs to none."""

    name: str
    slug: str
    number: Number


class Judged(Struct, frozen=True, kw_only=True):
    """A verdict in which a policy had its say."""

    number: int
    at: datetime
    application: str
    stage: str
    ref: str
    outcome: str
    effect: str
    """The worst that this policy's violations came to."""
    violations: int
    latest: bool


class Wanted(Struct, frozen=True, kw_only=True):
    """Which violations are asked for; what is empty is left open."""

    policy: str = ""
    application: str = ""
    """Short name; `-` for what belongs to none."""
    standing: str = Standing.VIOLATES.value
    """`violates`, `undecided`, `waived`, or `any`."""
    subject: str = ""
    effect: str = ""
    severity: str = ""
    ended: bool = False
    """What violated and no longer does, instead of what does now."""


def rows(visible: Visible, wanted: Wanted) -> QuerySet[StandingViolation]:
    """Return violations; those that have ended are among them only where they are asked for, and then alone."""
    found = visible.violations().filter(~Q(until=None) if wanted.ended else Q(until=None))
    if wanted.standing != "any":
        found = found.filter(standing=wanted.standing)
    if wanted.application == "-":
        found = found.filter(application=None)
    elif wanted.application:
        found = found.filter(application__slug=wanted.application)
    if wanted.severity and not wanted.ended:
        # A severity is a policy's: so the index on policies finds it.
        found = found.filter(
            policy__in=[one.name for one in in_force().policies if one.spec.severity == wanted.severity]
        )
    same = {"policy": wanted.policy, "subject": wanted.subject, "effect": wanted.effect, "severity": wanted.severity}
    return found.filter(**{name: value for name, value in same.items() if value})


def numbers(visible: Visible, policy: str = "") -> dict[str, Number]:
    """Return how many there are now by policy: as many as the list of `rows` has."""
    told: dict[str, dict[str, int]] = defaultdict(dict)
    found = rows(visible, Wanted(policy=policy, standing="any"))
    for name, standing, count in found.order_by().values_list("policy", "standing").annotate(count=Count("pk")):
        told[name][standing] = count
    return {name: Number(**several) for name, several in told.items()}


def trends(visible: Visible, now: datetime, policy: str = "", days: int = DAYS) -> dict[str, list[int | None]]:
    """Return how many things violated each policy at the end of each of the last days, today last; None where it was not asked."""
    today = now.date()
    first = today - timedelta(days=days - 1)
    found = ViolationDay.objects.filter(day__gte=first, **({"policy": policy} if policy else {}))
    seen = found if visible.everything else found.filter(application__in=visible.applications().values("id"))
    told: dict[str, list[int | None]] = {}
    # That a policy was asked is told by any row of it, whosever it is: its number then is 0.
    for name, day in found.order_by().values_list("policy", "day").distinct():
        told.setdefault(name, [None] * days)[(day - first).days] = 0
    for name, day, total in seen.order_by().values_list("policy", "day").annotate(total=Sum("violates")):
        told[name][(day - first).days] = total
    return told


def by_application(visible: Visible, policy: str) -> list[Where]:
    """Return the applications that a policy concerns now, those with the most violations first."""
    told: dict[int | None, dict[str, int]] = defaultdict(dict)
    found = rows(visible, Wanted(policy=policy, standing="any")).order_by()
    for application, standing, count in found.values_list("application", "standing").annotate(count=Count("pk")):
        told[application][standing] = count
    names = {
        number: (name, slug)
        for number, name, slug in visible.applications()
        .filter(pk__in=[one for one in told if one])
        .values_list("pk", "name", "slug")
    }
    several = [
        Where(name=names[number][0] if number else "", slug=names[number][1] if number else "", number=Number(**counts))
        for number, counts in told.items()
        if number is None or number in names
    ]
    return sorted(several, key=lambda one: (-one.number.violates, -one.number.undecided, one.name))


def verdicts(visible: Visible, policy: str, most: int = 20) -> list[Judged]:
    """Return the latest verdicts of gates in which a policy found something, newest first."""
    found = Violation.objects.filter(policy=policy).order_by().values("verdict")
    mine = Verdict.objects.filter(pk__in=found)
    if not visible.everything:
        mine = mine.filter(application__in=visible.applications().values("id"))
    columns = ("pk", "at", "application__name", "stage", "ref", "outcome", "latest")
    told = list(mine.order_by("-pk").values_list(*columns)[:most])
    effects: dict[int, list[str]] = defaultdict(list)
    for number, effect in Violation.objects.filter(policy=policy, verdict__in=[one[0] for one in told]).values_list(
        "verdict", "effect"
    ):
        effects[number].append(effect)
    return [
        Judged(
            number=number, at=at, application=name, stage=stage, ref=ref, outcome=outcome, latest=latest,
            effect=max(effects[number], key=_ORDER.index), violations=len(effects[number]),
        )
        for number, at, name, stage, ref, outcome, latest in told
    ]  # fmt: skip


_ORDER: Final = ("off", "log", "ticket", "warn", "block")


def as_json(row: StandingViolation) -> dict[str, Any]:
    """Return a violation as plain values. Its application has to be loaded with it."""
    return {
        "id": row.pk, "policy": row.policy, "subject": row.subject, "ref": row.ref, "standing": row.standing, "effect": row.effect,
        "severity": row.severity, "because": row.because, "message": row.message,
        "application": row.application.name if row.application is not None else None, "unknown": row.details.get("unknown", []),
        "grace_until": row.details.get("grace_until", ""), "waiver": row.details.get("waiver", ""),
        "since": row.since.isoformat(), "until": row.until.isoformat() if row.until is not None else None,
    }  # fmt: skip


def choices(visible: Visible) -> list[tuple[str, str]]:
    """Return the applications in which something violates a policy now: short name and name."""
    standing = StandingViolation.objects.filter(application=OuterRef("pk"), until=None)
    return list(visible.applications().filter(Exists(standing)).order_by("name").values_list("slug", "name"))


def outbox(most: int = 100) -> Sequence[StandingViolation]:
    """Return violations that want a ticket, oldest first; whoever opens one sets `wants_ticket` to false."""
    found = StandingViolation.objects.filter(until=None, wants_ticket=True).select_related("application", "issue")
    return list(found.order_by("pk")[:most])
