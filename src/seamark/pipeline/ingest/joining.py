"""Joins issues when two names turn out to mean one flaw."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from seamark.analysis.correlation.signals import hash64, merge_text
from seamark.pipeline.ingest.issues import write_events
from seamark.store import evidence, writer
from seamark.store.models import Finding, Issue
from seamark.store.models.issues import State


def join_issues(flaws: Iterable[int], *, now: datetime) -> set[int]:
    """Give the findings of these flaws today's merge key, and join the issues that now share one. Returns the issues that gained findings.

    The oldest issue survives with its triage, unless only another one was triaged by a person.
    """
    issues = {issue.pk: issue for issue in Issue.objects.filter(vulnerability__in=set(flaws))}
    rows = list(Finding.objects.filter(issue__in=issues).select_related("stream").order_by("id"))
    full = evidence.read(rows)
    changed, sharing = [], defaultdict(set)
    for row in rows:
        finding = full.get(row.pk)
        if finding is None:
            continue
        key = hash64(f"{row.stream.asset_id}\0{merge_text(finding, issues[row.issue_id].vulnerability_id or 0)}")
        if key != row.merge_key:
            changed.append((row.pk, key))
        sharing[key].add(row.issue_id)
    writer.update(Finding, ["merge_key"], changed)
    gained = set()
    for numbers in sharing.values():
        if len(numbers) > 1:
            gained.add(_join(sorted(numbers), issues, now))
    return gained


def _join(numbers: list[int], issues: dict[int, Issue], now: datetime) -> int:
    triaged = [
        number
        for number in numbers
        if issues[number].state in {State.CONFIRMED, State.IN_PROGRESS, State.DISMISSED} or issues[number].assignee_id
    ]
    keep = triaged[0] if len(triaged) == 1 else numbers[0]
    others = [number for number in numbers if number != keep]
    Finding.objects.filter(issue__in=others).update(issue=keep)
    Issue.objects.filter(Q(pk__in=others)).update(
        state=State.DISMISSED, resolution="duplicate", open=False, resolved_at=now
    )
    events = []
    for other in others:
        reason = "their vulnerabilities are aliases of each other"
        events.append(
            (keep, issues[keep].application_id, "merged", {"other": issues[other].reference, "reason": reason})
        )
        events.append(
            (other, issues[other].application_id, "merged_into", {"other": issues[keep].reference, "reason": reason})
        )
    write_events(events, scan=None, now=now)
    return keep
