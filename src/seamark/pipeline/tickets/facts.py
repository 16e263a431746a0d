"""What a ticket is about: the open issues of its fix, as they stand now."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet, Sum

from seamark.analysis.correlation.fixes import KINDS
from seamark.core.severity import Severity
from seamark.pipeline.tickets.texts import counted, one_line, plain
from seamark.store.models import Fix, Issue, StandingViolation, Ticket
from seamark.store.models.violations import Standing

SHOWN: Final = 20
_COLUMNS: Final = ("pk", "title", "priority", "severity", "risk", "due", "owner", "regression", "kev", "place")


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

    def values(self, why: str, *, escape: bool = True) -> dict[str, str]:
        """Return the variables of templates: what comes from reports is escaped for CommonMark, unless it goes where that is not read."""
        safe = plain if escape else one_line
        return {
            "title": safe(self.title), "application": safe(self.application), "asset": safe(self.asset), "team": safe(self.team) or "nobody",
            "priority": f"P{self.priority}", "severity": Severity(self.severity).word, "risk": f"{self.risk / 10:g}",
            "count": counted(len(self.members), "violation" if self.notes else "issue"), "issues": self._lines(safe), "due": self.due.isoformat() if self.due else "no day set",
            "target": safe(self.target), "kind": self.kind, "why": safe(why), "url": self.url,
        }  # fmt: skip

    def _lines(self, safe: Callable[[str], str]) -> str:
        lines = [
            f"- SM-{one.pk} (P{one.priority}) {safe(one.title)}{', known to be exploited' if one.kev else ''}"
            for one in self.worst
        ]
        lines += [f"- {safe(one)}" for one in self.notes[:SHOWN]]
        more = len(self.members) - len(lines)
        return "\n".join([*lines, *([f"- and {more:,} more"] if more > 0 else [])])


def open_issues(fix: int | None, issue: int | None) -> QuerySet[Issue]:
    """Return the open issues that a ticket is about."""
    rows = Issue.objects.filter(open=True)
    return rows.filter(fix=fix) if fix is not None else rows.filter(pk=issue or 0)


def standing(subjects: Iterable[int]) -> QuerySet[StandingViolation]:
    """Return what violates policies now of some things that are no issues, by their keys."""
    return StandingViolation.objects.filter(key__in=list(subjects), issue=None, until=None, standing=Standing.VIOLATES)


def unsure(fix: int | None, issue: int | None) -> bool:
    """Tell whether something is dismissed that nobody has confirmed: it may come back, and counts at gates until then."""
    rows = Issue.objects.filter(dismissal_unconfirmed=True, merged_into=None)
    return (rows.filter(fix=fix) if fix is not None else rows.filter(pk=issue or 0)).exists()


def about(fix: Fix | None, issue: Issue | None, subject: int | None = None) -> About | None:
    """Return what there is to say; None where none of them is there any more."""
    if fix is None and issue is None:
        return _about_subject(subject) if subject is not None else None
    rows = open_issues(fix.pk if fix else None, issue.pk if issue else None)
    told = rows.aggregate(urgent=Min("priority"), severity=Max("severity"), risk=Max("risk"), due=Min("due"))
    members = tuple(rows.order_by("pk").values_list("pk", flat=True))
    worst = tuple(rows.order_by("-risk", "-pk").only(*_COLUMNS)[:SHOWN])
    if fix is not None:
        head = (fix.title, fix.application.name, fix.asset.name or fix.asset.key)
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
        people[0] or "" if len(people) == 1 else "",
    )  # fmt: skip


def _about_subject(subject: int) -> About | None:
    """Return what there is to say of something that violates policies and is no issue."""
    rows = list(standing([subject]).filter(application__isnull=False).select_related("application").order_by("policy"))
    if not rows or rows[0].application is None:
        return None
    first, worst = rows[0], max(Severity.from_word(one.severity) for one in rows)
    return About(
        one_line(f"{first.ref}: {', '.join(one.policy for one in rows)}"), one_line(rows[0].application.name), one_line(first.ref), "",
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
    fixes = _sums("fix", [one.fix_id for one in several if one.fix_id is not None])
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
            continue
        told = fixes.get(one.fix_id or 0) if one.fix_id is not None else issues.get(one.issue_id or 0)
        digest = hashlib.sha256(repr((told, heads.get(one.fix_id or 0))).encode()).hexdigest()[:16]
        found[one.pk] = Sign(digest, told[0] if told else 0, told[3] if told else 4)
    return found


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
