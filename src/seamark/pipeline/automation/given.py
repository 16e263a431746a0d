"""What rules and agreements look at: issues as they would stand if no rule had touched them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from seamark.governance.automation import resolve
from seamark.governance.policy.bundle import Policy
from seamark.governance.policy.facts import Facts
from seamark.insight.analytics.vendors import vendors_of_issue
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.issues import issue_facts
from seamark.store import writer
from seamark.store.access import everything
from seamark.store.models import Issue, VendorStatement
from seamark.store.models.issues import State

COUNTS: Final = frozenset({"open_issues", "critical_issues", "overdue_issues", "mean_age_days"})
_NOT_AFFECTED: Final = "not_affected"


class Needed(NamedTuple):
    """Which of the facts that cost something some policies look at."""

    findings: bool
    vendors: bool
    copies: bool
    counts: bool


def needed(policies: Iterable[Policy], *, findings: bool) -> Needed:
    """Return what has to be read for some policies."""
    uses = {pair for one in policies for pair in one.condition.uses}
    detailed = (
        findings
        or bool(uses & {("issue", "findings"), ("issue", "tools")})
        or any(group == "finding" for group, _ in uses)
    )
    return Needed(
        detailed, ("issue", "vendor_not_affected") in uses, ("issue", "copy_of") in uses,
        any(group == "application" and name in COUNTS for group, name in uses),
    )  # fmt: skip


class Given(NamedTuple):
    """An issue as rules see it."""

    number: int
    facts: Facts
    kev_due: date | None


def given(
    numbers: Sequence[int], base: Mapping[int, Mapping[str, Any]], around: Around, wanted: Needed, now: datetime
) -> Iterator[Given]:
    """Yield issues as facts, with what `base` says of a field in the place of what a rule made of it."""
    copies = copies_of(numbers) if wanted.copies else {}
    told = list(issue_facts(numbers, around, now, findings=wanted.findings))
    denied = _denied(told_names(told)) if wanted.vendors else set()
    for one in told:
        mine = base.get(one.row.id)
        more = _without_rules(mine, branch_only=one.row.branch_only, now=now) if mine else {}
        if wanted.copies and one.row.id in copies:
            more["copy_of"] = f"SM-{copies[one.row.id]}"
        if wanted.vendors:
            more["vendor_not_affected"] = one.row.id in denied
        issue = one.facts.issue
        facts = replace(one.facts, issue=replace(issue, **more)) if more and issue is not None else one.facts
        yield Given(one.row.id, facts, one.kev_due)


def _without_rules(base: Mapping[str, Any], *, branch_only: bool, now: datetime) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if (stand := base.get(resolve.STATE)) is not None:
        state = State(stand["state"])
        more |= {
            "state": state.label, "open": state <= State.IN_PROGRESS and not branch_only, "dismissal_unconfirmed": False,
        }  # fmt: skip
    if resolve.OWNER in base:
        more["owner"] = base[resolve.OWNER] or None
    if resolve.ASSIGNEE in base:
        more["assigned"] = base[resolve.ASSIGNEE] is not None
    if resolve.PRIORITY in base:
        more["priority"] = base[resolve.PRIORITY]
    if resolve.DUE in base:
        due = base[resolve.DUE]
        more["due"] = f"{due}T00:00:00Z" if due else None
        more["overdue_days"] = (now.astimezone(UTC).date() - date.fromisoformat(due)).days if due else None
    return more


def copies_of(numbers: Sequence[int]) -> dict[int, int]:
    """Return the issues of which each finding is reported to the letter alike in another repository, with the oldest such issue there."""
    mine: dict[int, list[tuple[int, int, str, int]]] = defaultdict(list)
    columns = (
        "SELECT f.issue_id, f.rule_id, f.content, f.path, s.asset_id FROM store_finding f JOIN store_stream s ON s.id = f.stream_id "
        "JOIN store_issue i ON i.id = f.issue_id WHERE f.closed_in_id IS NULL AND "
    )
    for issue, rule, content, path, asset in writer.select_in(f"{columns} f.issue_id {{values}}", list(numbers)):
        mine[issue].append((rule, content, path, asset))
    contents = sorted({one[1] for several in mine.values() for one in several})
    places: dict[tuple[int, int, str], list[tuple[int, int]]] = defaultdict(list)
    for issue, rule, content, path, asset in writer.select_in(
        f"{columns} i.state <= 3 AND f.content {{values}}", contents
    ):
        places[rule, content, path].append((issue, asset))
    found = {}
    for number, findings in mine.items():
        others: set[int] | None = None
        for rule, content, path, asset in findings:
            alike = {other for other, at in places[rule, content, path] if at != asset and other < number}
            others = alike if others is None else others & alike
        if others:
            found[number] = min(others)
    return found


def told_names(told: Iterable[Any]) -> dict[int, tuple[str, ...]]:
    """Return the names of the flaws behind some issues."""
    return {one.row.id: one.facts.issue.vulnerabilities for one in told if one.facts.issue.vulnerabilities}


def _denied(names: Mapping[int, Collection[str]]) -> set[int]:
    """Return the issues whose every package a vendor says is not affected, where no vendor says otherwise."""
    every = sorted({name for several in names.values() for name in several})
    spoken: set[str] = set()
    for at in range(0, len(every), 5_000):
        rows = VendorStatement.objects.filter(flaw__name__in=every[at : at + 5_000], status=_NOT_AFFECTED)
        spoken.update(rows.values_list("flaw__name", flat=True).distinct())
    maybe = {number: several for number, several in names.items() if spoken.intersection(several)}
    found = set()
    for issue in Issue.objects.filter(pk__in=sorted(maybe)):
        packages = set(issue.findings.filter(closed_in=None).order_by().values_list("component", flat=True).distinct())
        said = vendors_of_issue(everything(), issue, maybe[issue.pk]).suggestions
        # One statement settles an issue only where it was found in that one package.
        if said and len(packages) == 1:
            found.add(issue.pk)
    return found
