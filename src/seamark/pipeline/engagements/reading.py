"""What is shown of engagements: where each stands, its findings with what they prove, and how each came to its state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet

from seamark.core.errors import NotFound
from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.pipeline.engagements import rights
from seamark.store.access import READS, Visible
from seamark.store.models import Corroboration, Engagement, Issue, PentestFinding, PentestLink, Retest
from seamark.store.models.engagements import RetestState
from seamark.store.models.findings import FindingFlag
from seamark.store.models.issues import State

STANDS: Final = ("planned", "running", "retests", "over", "closed")
"""Before its days, on them, after them while it is tested again, past all days, ended by a person."""
MOST: Final = 2000
"""Findings of an engagement on one page."""


def listed(seen: Visible, *, application: str = "", state: str = "") -> QuerySet[Engagement]:
    """Return engagements; `state` is one of `STANDS`."""
    rows = rights.visible(seen)
    rows = rows.filter(application__slug=application) if application else rows
    today = rights.today()
    match state:
        case "planned":
            return rows.filter(closed_at=None, starts__gt=today)
        case "running":
            return rows.filter(closed_at=None, starts__lte=today, ends__gte=today)
        case "retests":
            return rows.filter(closed_at=None, ends__lt=today, retest_until__gte=today)
        case "over":
            return rows.filter(closed_at=None, retest_until__lt=today)
        case "closed":
            return rows.filter(closed_at__isnull=False)
    return rows


def named(seen: Visible, number: int) -> Engagement:
    """Return an engagement. Raises `NotFound`."""
    row = rights.visible(seen).filter(pk=number).first()
    if row is None:
        raise NotFound(f"There is no engagement PT-{number} that you may see")
    return row


def finding_of(row: Engagement, number: int) -> PentestFinding:
    """Return a finding of an engagement. Raises `NotFound`."""
    found = row.findings.select_related("engagement__application", "finding__issue").filter(pk=number).first()
    if found is None:
        raise NotFound(f"{row.reference} has no finding {number}")
    return found


def stand(row: Engagement) -> str:
    """Return where an engagement stands: one of `STANDS`."""
    today = rights.today()
    if row.closed_at is not None:
        return "closed"
    if today < row.starts:
        return "planned"
    if today <= row.ends:
        return "running"
    return "retests" if today <= row.retest_until else "over"


def counts(rows: Sequence[Engagement]) -> dict[int, dict[str, int]]:
    """Return how many findings each engagement has by state, in one statement."""
    found = {row.pk: dict.fromkeys(RetestState.values, 0) for row in rows}
    told = PentestFinding.objects.filter(engagement__in=list(found)).values_list("engagement", "state")
    for (number, state), many in Counter(told).items():
        found[number][state] = many
    return found


def row(one: Engagement, tally: dict[str, int]) -> dict[str, Any]:
    """Return an engagement as lists show it, as plain values."""
    return {
        "engagement": one.reference, "name": one.name, "application": one.application.slug, "state": stand(one),
        "starts": one.starts.isoformat(), "ends": one.ends.isoformat(), "retest_until": one.retest_until.isoformat(),
        "findings": sum(tally.values()), "open": tally["open"], "ready": tally["ready"], "passed": tally["passed"], "failed": tally["failed"],
    }  # fmt: skip


def account(one: Engagement) -> dict[str, Any]:
    """Return an engagement in full, as plain values."""
    assets = [{"id": each.pk, "kind": each.kind, "name": each.name} for each in one.assets.order_by("kind", "name")]
    sources = one.reports.select_related("report", "author").order_by("pk")
    return {
        **row(one, counts([one])[one.pk]), "scope": one.scope, "rules": one.rules, "assets": assets,
        "testers": list(one.testers.order_by("person__username").values_list("person__username", flat=True)),
        "created_by": one.created_by.get_username() if one.created_by is not None else "",
        "created_at": one.created_at.isoformat(), "closed_at": one.closed_at.isoformat() if one.closed_at is not None else None,
        "reports": [
            {
                "id": each.pk, "file": each.report.name, "format": each.report.format, "digest": each.report.digest, "at": each.at.isoformat(),
                "author": each.author.get_username() if each.author is not None else "",
            }
            for each in sources
        ],
    }  # fmt: skip


def findings(seen: Visible, one: Engagement, *, state: str = "", most: int = MOST) -> list[dict[str, Any]]:
    """Return the findings of an engagement, the worst first, as plain values.

    Other issues that they prove are named only to those who may read the application: a tester sees what testers found.
    """
    rows = one.findings.select_related("finding__issue", "finding__rule", "asset", "ready_by", "source__report")
    rows = rows.filter(state=state) if state else rows
    listed_rows = list(rows.order_by("-finding__severity", "pk")[:most])
    reads = seen.may(READS, one.application)
    proves = _proves(listed_rows) if reads else {}
    steps = _steps(listed_rows)
    return [_finding(each, reads, proves.get(each.pk, []), steps.get(each.pk, [])) for each in listed_rows]


def _finding(
    one: PentestFinding, reads: bool, proves: list[dict[str, Any]], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    issue, finding = one.finding.issue, one.finding
    return {
        "id": one.pk, "state": str(one.state), "title": finding.rule.title or issue.title, "severity": Severity(finding.severity).word,
        "kind": KINDS_BY_CODE[finding.kind].value, "place": f"{finding.path}:{finding.line}" if finding.line else finding.path,
        "asset": one.asset.name if one.asset is not None else "", "verified": bool(finding.flags & FindingFlag.VERIFIED),
        "issue": issue.reference if reads else None, "issue_state": State(issue.state).label if reads else None,
        "cwe": issue.cwe, "ready_by": one.ready_by.get_username() if one.ready_by is not None else "",
        "report": one.source.report.name, "proves": proves, "steps": steps,
    }  # fmt: skip


def _proves(rows: Sequence[PentestFinding]) -> dict[int, list[dict[str, Any]]]:
    """Return for findings the issues that they prove: those that people named, and those that the matcher found."""
    by_issue: dict[int, list[int]] = {}
    for one in rows:
        by_issue.setdefault(one.finding.issue_id, []).append(one.pk)
    found: dict[int, dict[int, dict[str, Any]]] = {one.pk: {} for one in rows}
    for row in Corroboration.objects.filter(witness__in=list(by_issue)).select_related("issue"):
        for number in by_issue[row.witness_id]:
            found[number][row.issue_id] = _proven(row.issue, by_person=False)
    for link in PentestLink.objects.filter(pentest__in=list(found)).select_related("issue"):
        found[link.pentest_id][link.issue_id] = _proven(link.issue, by_person=True)
    return {number: list(issues.values()) for number, issues in found.items()}


def _proven(issue: Issue, *, by_person: bool) -> dict[str, Any]:
    return {"issue": issue.reference, "title": issue.title, "place": issue.place, "by_person": by_person}


def _steps(rows: Sequence[PentestFinding]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    wanted = Retest.objects.filter(pentest__in=[one.pk for one in rows]).select_related("actor", "proof")
    for step in wanted.order_by("pk"):
        found.setdefault(step.pentest_id, []).append(
            {
                "id": step.pk, "state": str(step.state), "comment": step.comment, "at": step.at.isoformat(),
                "by": step.actor.get_username() if step.actor is not None else "",
                "proof": step.proof.digest if step.proof is not None else None,
            }
        )  # fmt: skip
    return found


def proof_of(row: Engagement, step: int) -> Retest:
    """Return a step with its proof. Raises `NotFound`."""
    found = Retest.objects.filter(pentest__engagement=row, pk=step, proof__isnull=False).select_related("proof").first()
    if found is None:
        raise NotFound(f"{row.reference} has no such proof")
    return found
