"""What a waiver is for: whether that may be asked for, and which issues it comes to now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db.models import Max, Min, QuerySet
from msgspec import Struct

from seamark.core.errors import InvalidQuery, NotAllowed
from seamark.core.severity import Severity
from seamark.governance.waivers.words import MOST_ISSUES, Asked
from seamark.store.access import Visible
from seamark.store.models import Application, Fix, Issue, Policy, Waiver
from seamark.store.models.issues import State
from seamark.store.models.waivers import Scope
from seamark.store.query import parse
from seamark.store.query.fields import condition_of
from seamark.store.query.waived import covered_by

FIELDS: Final = (
    "severity", "kind", "app", "tool", "vuln", "cwe", "kev", "fixable", "ai", "component", "layer", "rule", "path", "fix", "asset", "id",
)  # fmt: skip
"""What a waiver's query may ask: what scans say. Whatever people can change without the right to approve stands not among it."""
URGENCY: Final = {Severity.CRITICAL: 0, Severity.HIGH: 1, Severity.MEDIUM: 2, Severity.LOW: 3, Severity.INFO: 4}
"""The priority that the severity of a policy's violations stands for, where what violates it has none of its own."""
_NAMED: Final = 100


class Reach(Struct, frozen=True, kw_only=True):
    """What a waiver covers now, or would if it were approved now."""

    count: int
    references: tuple[str, ...]
    """The riskiest ones, at most 100."""
    priority: int
    """Of the most urgent; 0 is P0."""
    severity: int
    """Of the worst."""
    applications: tuple[int, ...]


def check(seen: Visible, asked: Asked) -> Application | None:
    """Return the application that a waiver is asked for. Raises `NotAllowed` for a scope that cannot be."""
    if asked.policy and not Policy.objects.filter(name=asked.policy, active=True, bundle__active=True).exists():
        raise NotAllowed(f"No policy {asked.policy!r} is in force; `seamark policy list` shows those that are")
    match asked.scope:
        case Scope.ISSUE:
            return _of_issues(seen, asked)
        case Scope.FIX:
            fix = seen.fixes().filter(pk=asked.fix or 0).select_related("application").first()
            if fix is None:
                raise NotAllowed("There is no such fix that you may see")
            return fix.application
        case Scope.POLICY:
            if not asked.policy:
                raise NotAllowed("Name the policy that it shall be an exception from")
        case Scope.QUERY:
            check_query(asked.query)
    return asked.application


def check_query(text: str) -> None:
    """Refuse a query that a waiver cannot have. Raises `NotAllowed`."""
    try:
        query = parse(text)
        for term in query.terms:
            if term.field and term.field not in FIELDS:
                raise NotAllowed(
                    f"A waiver's query cannot ask for {term.field}: what people can change must not widen it; it may ask for {', '.join(FIELDS)}"
                )
            condition_of(term)
    except InvalidQuery as error:
        raise NotAllowed(f"The query is not understood: {error}") from None
    if not query.terms or query.sort:
        raise NotAllowed("A waiver's query names at least one condition, and no order")


def _of_issues(seen: Visible, asked: Asked) -> Application:
    wanted = set(asked.issues)
    if not wanted or len(wanted) > MOST_ISSUES:
        raise NotAllowed(f"Name one to {MOST_ISSUES} issues, or ask for a fix, a query or a policy")
    rows = list(seen.issues().filter(pk__in=wanted).select_related("application"))
    if len(rows) < len(wanted):
        raise NotAllowed("There is no such issue that you may see")
    if len({row.application_id for row in rows}) > 1:
        raise NotAllowed("A waiver names issues of one application; ask for each application on its own")
    if part := next((row for row in rows if row.merged_into_id is not None), None):
        raise NotAllowed(f"{part.reference} is part of SM-{part.merged_into_id}: name that one")
    return rows[0].application


def covered_issues(waiver: Waiver) -> QuerySet[Issue]:
    """Return the issues at work, those of pull requests too, that a waiver covers now, or would if it were approved now."""
    return Issue.objects.filter(state__lte=State.IN_PROGRESS).filter(covered_by(waiver, condition_of))


def reach_of(waiver: Waiver) -> Reach:
    """Return what a waiver comes to now. For a policy that is every open issue in its reach: see `pipeline.waiving` for its violations."""
    return reach_in(covered_issues(waiver))


def reach_in(rows: QuerySet[Issue]) -> Reach:
    """Return the reach of some issues; without any the most careful one."""
    told: dict[str, Any] = rows.aggregate(urgent=Min("priority"), worst=Max("severity"))
    named = rows.order_by("-risk", "-pk").values_list("pk", flat=True)[:_NAMED]
    return Reach(
        count=rows.count(),
        references=tuple(f"SM-{number}" for number in named),
        priority=told["urgent"] if told["urgent"] is not None else 0,
        severity=told["worst"] if told["worst"] is not None else Severity.CRITICAL.value,
        applications=tuple(sorted(rows.order_by().values_list("application_id", flat=True).distinct())),
    )


def in_words(waiver: Waiver, issues: Iterable[int] | None = None) -> str:
    """Return what a waiver is for, in words."""
    where = f" in {waiver.application}" if waiver.application is not None else " everywhere"
    match waiver.scope:
        case Scope.ISSUE:
            numbers = list(issues) if issues is not None else list(waiver.issues.values_list("issue", flat=True))
            named = [f"SM-{number}" for number in sorted(numbers)]
            words = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if len(named) > 3 else "")
        case Scope.FIX:
            title = Fix.objects.filter(pk=waiver.fix_id or 0).values_list("title", flat=True).first()
            words = f"the fix “{title or waiver.fix_id}”"
        case Scope.POLICY:
            words = "everything"
        case _:
            words = f"what “{waiver.query}” finds"
    only = f", from the policy {waiver.policy}" if waiver.policy else ""
    return f"{words}{where}{only}"
