"""Which issues waivers cover, as conditions of the database: for lists, for counts, and for the facts of policies.

Whether a waiver counts is told by its dates: nothing waits for a pass. And what was approved stays what was approved: an issue that
is worse than anything that the waiver covered then, or into which another issue was joined since, is not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeAlias

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from seamark.core.errors import InvalidQuery
from seamark.store.models import Issue, LedgerEntry, MergeDecision, VulnerabilityName, Waiver, WaiverIssue
from seamark.store.models.waivers import Scope, WaiverState
from seamark.store.query.language import Term, parse

Condition: TypeAlias = Callable[[Term], Q]
"""What a term of a query means, as `fields.condition_of` tells it."""
MOST_QUERIES: Final = 200
"""Waivers by query that can be in force at once: each is a condition of its own."""
_COUNTED: Final = (WaiverState.APPROVED, WaiverState.EXPIRED, WaiverState.REVOKED, WaiverState.RENEWED)


def in_force(at: datetime, prefix: str = "") -> Q:
    """Return the condition of waivers that count at a time."""
    counted = Q(**{f"{prefix}state__in": _COUNTED, f"{prefix}decided_at__lte": at, f"{prefix}expires_at__gt": at})
    return counted & (Q(**{f"{prefix}ended_at": None}) | Q(**{f"{prefix}ended_at__gt": at}))


def live(at: datetime) -> QuerySet[Waiver]:
    """Return the waivers that count at a time."""
    return Waiver.objects.filter(in_force(at))


def covered_by(waiver: Waiver, condition: Condition) -> Q:
    """Return the condition of issues that a waiver covers while it counts, or would if it were approved now."""
    found = Q(application=waiver.application_id) if waiver.application_id is not None else Q()
    since = waiver.decided_at if waiver.state in _COUNTED else None
    named = WaiverIssue.objects.filter(waiver=waiver.pk or 0).values("issue")
    match waiver.scope:
        case Scope.ISSUE:
            found &= Q(pk__in=named)
        case Scope.FIX:
            found &= Q(fix=waiver.fix_id)
        case Scope.QUERY:
            found &= _asked(waiver.query, condition)
    if since is None:
        return found
    found &= Q(severity__lte=waiver.severity)
    match waiver.scope:
        case Scope.ISSUE:
            found &= ~Q(Exists(_joins(OuterRef("pk")).filter(created_at__gt=since).exclude(right__in=named)))
        case Scope.FIX | Scope.QUERY:
            found &= ~_touched(since) & ~_renamed(waiver, since)
    return found


def named_pairs(at: datetime) -> QuerySet[WaiverIssue]:
    """Return the issues that waivers in force name and cover."""
    also = WaiverIssue.objects.filter(waiver=OuterRef(OuterRef("waiver")), issue=OuterRef("right"))
    joined = _joins(OuterRef("issue")).filter(~Exists(also), created_at__gt=OuterRef("waiver__decided_at"))
    fits = Q(waiver__application=None) | Q(waiver__application=F("issue__application"))
    named = WaiverIssue.objects.filter(in_force(at, "waiver__"), fits, waiver__scope=Scope.ISSUE)
    return named.filter(~Exists(joined), issue__severity__lte=F("waiver__severity"))


def covered(at: datetime, condition: Condition, only: Q | None = None) -> Q:
    """Return the condition of issues that a waiver of issues, of a fix or of a query covers at a time; `only` of these waivers."""
    wanted = only or Q()
    numbers = Waiver.objects.filter(wanted).values("pk")
    found = Q(Exists(named_pairs(at).filter(issue=OuterRef("pk"), waiver__in=numbers)))
    others = live(at).filter(wanted, scope__in=[Scope.FIX, Scope.QUERY]).order_by("scope", "pk")
    return _either(found, (Issue.objects.filter(covered_by(one, condition)).values("pk") for one in others))


def of_waiver(number: int, condition: Condition) -> Q:
    """Return the condition of issues that one waiver covers, or covered, or would cover."""
    waiver = Waiver.objects.filter(pk=number).first()
    if waiver is None:
        return Q(pk__in=[])
    return covered_by(waiver, condition)


def requested(condition: Condition) -> Q:
    """Return the condition of issues for which somebody asks for a waiver."""
    asked = Waiver.objects.filter(state=WaiverState.REQUESTED).exclude(scope=Scope.POLICY)
    named = WaiverIssue.objects.filter(waiver__state=WaiverState.REQUESTED, issue=OuterRef("pk"))
    others = asked.exclude(scope=Scope.ISSUE).order_by("-pk")[:MOST_QUERIES]
    return _either(Q(Exists(named)), (Issue.objects.filter(covered_by(one, condition)).values("pk") for one in others))


def _either(found: Q, more: Iterable[QuerySet[Issue, Any]]) -> Q:
    for one in more:
        found |= Q(pk__in=one)
    return found


def _asked(query: str, condition: Condition) -> Q:
    """Return what a query asks for, whatever the state of the issue; nothing where this version does not understand it."""
    found = Q()
    try:
        for term in parse(query).terms:
            one = condition(term)
            found &= ~one if term.negated else one
    except InvalidQuery:
        return Q(pk__in=[])
    return found or Q(pk__in=[])


def _joins(issue: OuterRef) -> QuerySet[MergeDecision]:
    return MergeDecision.objects.filter(left=issue, verdict="join", revoked_at=None)


def _touched(since: datetime) -> Q:
    """Return whether an issue was joined or split since: it may fit a fix or a query for that alone."""
    about = Q(left=OuterRef("pk")) | Q(right=OuterRef("pk"))
    later = Q(created_at__gt=since) | Q(revoked_at__gt=since)
    return Q(Exists(MergeDecision.objects.filter(about, later).exclude(verdict="never")))


def _renamed(waiver: Waiver, since: datetime) -> Q:
    """Return the condition of issues of a flaw of which somebody revoked or restored a name since."""
    told = LedgerEntry.objects.filter(kind="alias", at__gt=since).values_list("subject", flat=True)
    names = {name for subject in told for name in subject.split(" ")} if waiver.scope == Scope.QUERY else set()
    if not names:
        return Q(pk__in=[])
    groups = VulnerabilityName.objects.filter(name__in=sorted(names)).values("group")
    return Q(vulnerability__in=list(groups.values_list("group", flat=True).distinct()))
