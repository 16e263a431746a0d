"""Makes several issues one: by what the matcher found, by aliases that turned up, or because a person said so. And who must stay apart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q

from seamark.pipeline.ingest.issues import write_events
from seamark.store import writer
from seamark.store.models import Finding, Issue, Match, MergeDecision, User
from seamark.store.models.issues import State

_PIECE = 5000
_TRIAGED = frozenset({State.CONFIRMED, State.IN_PROGRESS, State.DISMISSED})


class Why(NamedTuple):
    """What makes issues one: a sentence, how sure it is (thousandths), the reasons with their weights, and who says so."""

    sentence: str
    confidence: int | None = None
    reasons: tuple[tuple[str, float], ...] = ()
    by_person: bool = False
    author: User | None = None


class Apart:
    """Which issues people want to be two, through all that was merged into them since."""

    def __init__(self, issues: Iterable[int]) -> None:
        wanted = sorted(set(issues))
        self._head = {number: number for number in wanted}
        self._pairs: set[tuple[int, int]] = set()
        edge = wanted
        if not MergeDecision.objects.filter(revoked_at=None).exclude(verdict="join").exists():
            return
        while edge:
            found = [
                row
                for at in range(0, len(edge), _PIECE)
                for row in Issue.objects.filter(merged_into__in=edge[at : at + _PIECE]).values_list("id", "merged_into")
            ]
            edge = [number for number, into in found if number not in self._head and into is not None]
            self._head |= {number: self._head[into] for number, into in found if into is not None}
        members = sorted(self._head)
        for at in range(0, len(members), _PIECE):
            piece = members[at : at + _PIECE]
            told = MergeDecision.objects.filter(revoked_at=None, left__in=piece).exclude(verdict="join")
            for left, right in told.values_list("left", "right"):
                one, other = self._head.get(left, left), self._head.get(right, right)
                self._pairs |= {(one, other), (other, one)}

    def __call__(self, left: int, right: int) -> bool:
        """Tell whether two issues must not become one."""
        return (left, right) in self._pairs

    def __bool__(self) -> bool:
        """Tell whether anything is decided at all."""
        return bool(self._pairs)


class Said(NamedTuple):
    """What a person has said about an issue."""

    state: int
    resolution: str


def said(state: int, resolution: str, assignee: int | None) -> Said | None:
    """Return what a person has said about an issue that a merge must not lose; None where nobody has."""
    by_people = state in _TRIAGED and resolution not in {"suppressed", "duplicate"}
    return Said(state, resolution) if by_people or assignee is not None else None


def said_of(issues: Sequence[int]) -> dict[int, Said]:
    """Return what people have said about those of some issues that they spoke of."""
    rows = writer.select_in(
        "SELECT id, state, resolution, assignee_id FROM store_issue WHERE (state <> 1 OR assignee_id IS NOT NULL) AND id {values}",
        issues,
    )
    return {row[0]: told for row in rows if (told := said(*row[1:])) is not None}


def conflict(left: Said | None, right: Said | None) -> bool:
    """Tell whether people said different things about two issues, so that only people can make them one."""
    return left is not None and right is not None and left != right


def _said(issue: Issue) -> Said | None:
    return said(issue.state, issue.resolution, issue.assignee_id)


def survivor(issues: Sequence[Issue]) -> Issue:
    """Return the issue that takes the others in: the one that a person triaged, else the oldest."""
    return min(issues, key=lambda one: (_said(one) is None, one.pk))


def join(groups: Iterable[tuple[Sequence[int], Why]], *, now: datetime) -> set[int]:
    """Make the issues of each group one, and return those that survive. Issues that people keep apart stay apart."""
    asked = [(sorted(set(numbers)), why) for numbers, why in groups]
    wanted = sorted({number for numbers, _ in asked for number in numbers})
    issues = {
        issue.pk: issue
        for at in range(0, len(wanted), _PIECE)
        for issue in Issue.objects.filter(pk__in=wanted[at : at + _PIECE])
    }
    apart = Apart(wanted)
    survivors: set[int] = set()
    moves: list[tuple[Issue, Issue, Why]] = []
    for numbers, why in asked:
        members = list({(one := _head(issues, number)).pk: one for number in numbers}.values())
        if len(members) < 2:
            continue
        keep = survivor(members)
        taken = [keep]
        for other in members:
            if other is keep or any(apart(one.pk, other.pk) for one in taken):
                continue
            if not why.by_person and conflict(_said(keep), _said(other)):
                continue
            taken.append(other)
            moves.append((keep, other, why))
            other.merged_into_id = keep.pk
        if len(taken) > 1:
            survivors.add(keep.pk)
    _move(moves, now)
    return survivors


def _head(issues: dict[int, Issue], number: int) -> Issue:
    """Return what an issue is part of by now."""
    issue = issues[number]
    while issue.merged_into_id in issues:
        issue = issues[issue.merged_into_id]
    return issue


def _move(moves: list[tuple[Issue, Issue, Why]], now: datetime) -> None:
    """Carry out merges: (keep, other, why)."""
    if not moves:
        return
    others = {other.pk: keep.pk for keep, other, _ in moves}
    findings: dict[int, list[int]] = defaultdict(list)
    numbers = sorted(others)
    for at in range(0, len(numbers), _PIECE):
        for finding, issue in Finding.objects.filter(issue__in=numbers[at : at + _PIECE]).values_list("id", "issue"):
            findings[issue].append(finding)
    decisions, events = [], []
    for keep, other, why in moves:
        decisions.append(
            MergeDecision(
                verdict="join", left=keep, right=other, findings=sorted(findings[other.pk]), before=stand(other),
                confidence=why.confidence, reasons=[list(reason) for reason in why.reasons], reason=why.sentence,
                by_person=why.by_person, author=why.author,
            )
        )  # fmt: skip
        told = {"reason": why.sentence, "by": why.author.get_username() if why.author else ""}
        events.append((keep.pk, keep.application_id, "merged", {"other": other.reference, **told}))
        events.append((other.pk, other.application_id, "merged_into", {"other": keep.reference, **told}))
        other.state, other.resolution, other.open, other.resolved_at = State.DISMISSED, "duplicate", False, now
    writer.update(
        Finding, ["issue"], [(number, others[other]) for other, found in findings.items() for number in found]
    )
    MergeDecision.objects.bulk_create(decisions, batch_size=500)
    changed = [other for _, other, _ in moves]
    Issue.objects.bulk_update(changed, ["state", "resolution", "open", "resolved_at", "merged_into"], batch_size=500)
    author = moves[0][2].author
    write_events(events, scan=None, now=now, actor=author.pk if author else None)
    settle_matches([finding for found in findings.values() for finding in found])


def stand(issue: Issue) -> dict[str, Any]:
    """Return what an unmerge has to restore of an issue."""
    return {
        "state": issue.state, "resolution": issue.resolution, "open": issue.open, "assignee": issue.assignee_id,
        "resolved_at": issue.resolved_at.isoformat() if issue.resolved_at else None,
    }  # fmt: skip


def settle_matches(findings: Sequence[int]) -> None:
    """Take suggestions from the inbox whose two findings are one issue by now."""
    for at in range(0, len(findings), _PIECE):
        piece = findings[at : at + _PIECE]
        pending = Match.objects.filter(Q(left__in=piece) | Q(right__in=piece), pending=True).select_related(
            "left", "right"
        )
        done = [match.pk for match in pending if match.left.issue_id == match.right.issue_id]
        if done:
            Match.objects.filter(pk__in=done).update(pending=False)
