"""What a ticket is about: the open issues of its fix, as they stand now."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from seamark.analysis.correlation.fixes import KINDS
from seamark.core.severity import Severity
from seamark.insight.knowledge.library import hours_line, lines_for
from seamark.pipeline.tickets.texts import counted, one_line, plain
from seamark.store.access import Visible
from seamark.store.models import Finding, Fix, Issue, StandingViolation, Ticket
from seamark.store.models.violations import Standing

SHOWN: Final = 20
NO_APPLICATION: Final = "no application"
"""Stands where the application is named of what belongs to none."""
_COLUMNS: Final = (
    "pk", "title", "priority", "severity", "risk", "due", "owner", "regression", "kev", "place", "application__name",
)  # fmt: skip
_NAMED: Final = 5
"""Scanned things that are named of an application."""
_MOST_PLACES: Final = 2_000


class Place(NamedTuple):
    """An application where something is to be changed."""

    fix: int
    application: str
    number: int
    """Of its open issues."""
    assets: tuple[str, ...]
    """What was scanned, at most `_NAMED`."""
    more: int
    """How many more things were scanned."""


class About(NamedTuple):
    """What there is to say of a fix, or of an issue without one."""

    title: str
    application: str
    asset: str
    team: str
    kind: str
    target: str
    url: str
    members: tuple[int, ...]
    """Numbers of the open issues, sorted."""
    priority: int
    severity: int
    risk: int
    due: date | None
    worst: tuple[Issue, ...]
    """The riskiest, at most `SHOWN`, with a few of their columns only."""
    assignee: str
    """E-mail address of the one person who has them all, else empty."""
    notes: tuple[str, ...] = ()
    """What there is to say where it is about no issues: lines as they came from reports."""
    places: tuple[Place, ...] = ()
    """Of a fix, the applications where it is to be made."""
    weaknesses: tuple[int, ...] = ()
    """CWEs of the issues, that of the riskiest first."""

    @property
    def own(self) -> dict[str, int]:
        """Return how many issues each fix has, where several applications share the change; else nothing."""
        return {str(one.fix): one.number for one in self.places} if len(self.places) > 1 else {}

    def values(self, why: str, *, escape: bool = True) -> dict[str, str]:
        """Return the variables of templates: what comes from reports is escaped for CommonMark, unless it goes where that is not read."""
        safe = plain if escape else one_line
        return {
            "title": safe(self.title), "application": safe(self.application), "asset": safe(self.asset), "team": safe(self.team) or "nobody",
            "priority": f"P{self.priority}", "severity": Severity(self.severity).word, "risk": f"{self.risk / 10:g}",
            "count": counted(len(self.members), "violation" if self.notes else "issue"), "issues": self._lines(safe), "due": self.due.isoformat() if self.due else "no day set",
            "places": self._placed(safe), "target": safe(self.target), "kind": self.kind, "why": safe(why), "url": self.url,
            "knowledge": reading_on(self.weaknesses, marked=escape), "hours": hours_line(settings.SEAMARK_OFFICE_HOURS, marked=escape),
        }  # fmt: skip

    def _lines(self, safe: Callable[[str], str]) -> str:
        several = len(self.places) > 1
        lines = [
            f"- SM-{one.pk} (P{one.priority}) {safe(one.title)}{', known to be exploited' if one.kev else ''}"
            f"{f', in {safe(one.application.name)}' if several else ''}"
            for one in self.worst
        ]
        lines += [f"- {safe(one)}" for one in self.notes[:SHOWN]]
        more = len(self.members) - len(lines)
        return "\n".join([*lines, *([f"- and {more:,} more"] if more > 0 else [])])

    def _placed(self, safe: Callable[[str], str]) -> str:
        one = self.places[0] if self.places else None
        if one is None or (len(self.places) == 1 and not one.more and one.assets in {(), (self.asset,)}):
            return ""
        lines = []
        for one in self.places[:SHOWN]:
            names = [safe(name) for name in one.assets]
            within = f", in {', '.join(names)}{f' and {one.more:,} more' if one.more else ''}" if names else ""
            lines.append(f"- {safe(one.application)}: {counted(one.number, 'issue')}{within}")
        more = len(self.places) - len(lines)
        return "\n".join(["Places:", "", *lines, *([f"- and {counted(more, 'more application')}"] if more > 0 else [])])


def reading_on(cwes: Iterable[int], *, marked: bool = True) -> str:
    """Return the lines that lead to the articles about some weaknesses, as CommonMark or plain text; empty where there are none."""
    return ("  \n" if marked else "\n").join(lines_for(cwes, settings.SEAMARK_PUBLIC_URL, marked=marked))


def open_issues(fix: int | None, issue: int | None) -> QuerySet[Issue]:
    """Return the open issues that a ticket is about."""
    rows = Issue.objects.filter(open=True)
    return rows.filter(fix=fix) if fix is not None else rows.filter(pk=issue or 0)


def fixes_of(row: Ticket) -> list[int]:
    """Return the fixes that a ticket is about: one for each application that shares it."""
    if row.fix_id is None:
        return []
    return [row.fix_id, *row.parts.exclude(fix=None).order_by("pk").values_list("fix", flat=True)]


def issues_of(row: Ticket, seen: Visible | None = None) -> QuerySet[Issue]:
    """Return the open issues that a ticket is about, in every application that shares it; with `seen` those that somebody may see."""
    fixes = fixes_of(row)
    rows = Issue.objects.filter(open=True, fix__in=fixes) if fixes else open_issues(None, row.issue_id)
    return rows if seen is None else rows.filter(application__in=seen.applications().values("pk"))


def sees(seen: Visible, row: Ticket) -> bool:
    """Tell whether somebody sees an application that a ticket is about."""
    if row.application_id is None:
        return seen.everything
    return seen.applications().filter(Q(pk=row.application_id) | Q(tickets__lead=row.pk)).exists()


def standing(subjects: Iterable[int]) -> QuerySet[StandingViolation]:
    """Return what violates policies now of some things that are no issues, by their keys."""
    return StandingViolation.objects.filter(key__in=list(subjects), issue=None, until=None, standing=Standing.VIOLATES)


def unsure(row: Ticket) -> bool:
    """Tell whether something is dismissed that nobody has confirmed: it may come back, and counts at gates until then."""
    rows, fixes = Issue.objects.filter(dismissal_unconfirmed=True, merged_into=None), fixes_of(row)
    return (rows.filter(fix__in=fixes) if fixes else rows.filter(pk=row.issue_id or 0)).exists()


def about_ticket(row: Ticket) -> About | None:
    """Return what there is to say of what a ticket is about, in every application that shares it."""
    parts = Fix.objects.filter(tickets__lead=row.pk).select_related("application").order_by("pk") if row.fix_id else ()
    return about(row.fix, row.issue, row.subject, tuple(parts))


def about(fix: Fix | None, issue: Issue | None, subject: int | None = None, others: Sequence[Fix] = ()) -> About | None:
    """Return what there is to say; None where none of them is there any more. `others` are the same change for other applications."""
    if fix is None and issue is None:
        return _about_subject(subject) if subject is not None else None
    rows = open_issues(fix.pk if fix else None, issue.pk if issue else None)
    if fix is not None and others:
        rows = Issue.objects.filter(open=True, fix__in=[fix.pk, *(one.pk for one in others)])
    told = rows.aggregate(urgent=Min("priority"), severity=Max("severity"), risk=Max("risk"), due=Min("due"))
    members = tuple(rows.order_by("pk").values_list("pk", flat=True))
    worst = tuple(rows.order_by("-risk", "-pk").select_related("application").only(*_COLUMNS)[:SHOWN])
    places = _places(rows, (fix, *others)) if fix is not None else ()
    if fix is not None:
        names = [one.application for one in places] or [fix.application.name]
        head = (fix.title, _listed(names), fix.asset.name or fix.asset.key)
        kind, target, path = KINDS.get(fix.kind, fix.kind).lower(), fix.target, f"/fixes/{fix.pk}/"
    elif issue is not None:
        head = (issue.title, issue.application.name, issue.asset.name or issue.asset.key)
        kind, target, path = "issue", "", f"/issues/{issue.reference}/"
    else:
        return None
    owners = Counter(rows.exclude(owner="").values_list("owner", flat=True))
    people = list(rows.order_by().values_list("assignee__email", flat=True).distinct()[:2])
    return About(
        one_line(head[0]), one_line(head[1]), one_line(head[2]), one_line(owners.most_common(1)[0][0]) if owners else "", kind, one_line(target),
        f"{settings.SEAMARK_PUBLIC_URL}{path}" if settings.SEAMARK_PUBLIC_URL else "", members,
        told["urgent"] if told["urgent"] is not None else 4, told["severity"] or 0, told["risk"] or 0, told["due"], worst,
        people[0] or "" if len(people) == 1 else "", (), places, _weaknesses(rows),
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:3])
    return f"{', '.join(shown)} and {len(names) - 3:,} more" if len(names) > 3 else ", ".join(shown)


def _weaknesses(rows: QuerySet[Issue]) -> tuple[int, ...]:
    told = rows.filter(cwe__isnull=False).order_by().values("cwe").annotate(worst=Max("risk")).order_by("-worst", "cwe")
    return tuple(one["cwe"] or 0 for one in told[:SHOWN])


def _places(rows: QuerySet[Issue], fixes: Sequence[Fix]) -> tuple[Place, ...]:
    """Return the applications with open issues of a change, with what was scanned there."""
    numbers = {one["fix"]: one["number"] for one in rows.order_by().values("fix").annotate(number=Count("pk"))}
    scanned: dict[int, list[str]] = defaultdict(list)
    found = Finding.objects.filter(closed_in=None, issue__in=rows.order_by().values("pk")).order_by()
    names = found.values_list("issue__fix", "stream__asset__name", "stream__asset__key").distinct()
    for number, name, key in sorted(names[:_MOST_PLACES]):
        scanned[number].append(one_line(name or key))
    return tuple(
        Place(
            one.pk, one_line(one.application.name), numbers[one.pk], tuple(scanned[one.pk][:_NAMED]), max(0, len(scanned[one.pk]) - _NAMED)
        )
        for one in sorted(fixes, key=lambda each: (each.application.name, each.pk))
        if one.pk in numbers
    )  # fmt: skip


def _about_subject(subject: int) -> About | None:
    """Return what there is to say of something that violates policies and is no issue."""
    rows = list(standing([subject]).select_related("application").order_by("policy"))
    if not rows:
        return None
    first, worst = rows[0], max(Severity.from_word(one.severity) for one in rows)
    return About(
        one_line(f"{first.ref}: {', '.join(one.policy for one in rows)}"), one_line(first.application.name if first.application else NO_APPLICATION), one_line(first.ref), "",
        f"violation ({one_line(first.subject)})", "",
        f"{settings.SEAMARK_PUBLIC_URL}/violations/" if settings.SEAMARK_PUBLIC_URL else "", tuple(one.pk for one in rows),
        Severity.CRITICAL - worst, worst, 0, None, (), "", tuple(f"{one.policy}: {one.message}" for one in rows),
    )  # fmt: skip


class Sign(NamedTuple):
    """What changes when what a ticket is about does."""

    digest: str
    number: int
    """Of its open issues."""
    urgent: int
    """The priority of the most urgent, 4 without any."""


def signatures(tickets: Iterable[Ticket]) -> dict[int, Sign]:
    """Return the sign of each ticket: cheap, so that thousands are looked at without their issues."""
    several = list(tickets)
    by_ticket = {one.pk: [one.fix_id] for one in several if one.fix_id is not None}
    parts = Ticket.objects.filter(lead__in=list(by_ticket), fix__isnull=False).order_by("pk")
    for one in parts.only("lead", "fix"):
        by_ticket[one.lead_id or 0].append(one.fix_id or 0)
    fixes = _sums("fix", [fix for every in by_ticket.values() for fix in every])
    issues = _sums("pk", [one.issue_id for one in several if one.fix_id is None and one.issue_id is not None])
    subjects = defaultdict(list)
    for key, *rest in standing(one.subject for one in several if one.subject is not None).order_by("pk").values_list(
        "key", "pk", "policy", "message", "severity"
    ):  # fmt: skip
        subjects[key].append(rest)
    heads = {pk: head for pk, *head in Fix.objects.filter(pk__in=list(fixes)).values_list("pk", "title", "target")}
    found = {}
    for one in several:
        if one.subject is not None:
            found[one.pk] = _sign_of(subjects[one.subject])
        elif one.pk in by_ticket:
            told = [fixes[number] for number in by_ticket[one.pk] if number in fixes]
            found[one.pk] = _sign(told, heads.get(one.fix_id or 0))
        else:
            found[one.pk] = _sign([issues[one.issue_id]] if one.issue_id in issues else [], None)
    return found


def _sign(told: list[tuple[Any, ...]], head: list[str] | None) -> Sign:
    digest = hashlib.sha256(repr((told, head)).encode()).hexdigest()[:16]
    return Sign(digest, sum(one[0] for one in told), min((one[3] for one in told), default=4))


def _sign_of(rows: list[list[Any]]) -> Sign:
    urgent = min((Severity.CRITICAL - Severity.from_word(one[3]) for one in rows), default=4)
    return Sign(hashlib.sha256(repr(rows).encode()).hexdigest()[:16], len(rows), urgent)


def _sums(column: str, numbers: list[Any]) -> dict[int, tuple[Any, ...]]:
    rows = Issue.objects.filter(open=True, **{f"{column}__in": numbers}).order_by().values_list(column)
    told = rows.annotate(
        number=Count("pk"),
        total=Sum("pk"),
        last=Max("pk"),
        urgent=Min("priority"),
        day=Min("due"),
        hands=Max("assignee"),
    )
    return {one[0]: tuple(one[1:]) for one in told}
