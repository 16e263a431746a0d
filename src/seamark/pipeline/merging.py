"""What people decide about what is one issue: join, split, keep apart, and all of it taken back.

Each of these wins over what the matcher finds later. Findings keep their issue through every import, and two issues that people
keep apart are never made one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from seamark.core.errors import NotAllowed
from seamark.governance.ledger import changes
from seamark.governance.triage.confirming import doubt
from seamark.pipeline.ingest.fixes import retarget
from seamark.pipeline.ingest.issues import write_events
from seamark.pipeline.ingest.joining import Why, join
from seamark.pipeline.ingest.opening import open_issue
from seamark.pipeline.scoring import rescore
from seamark.store.access import visible_to
from seamark.store.models import Finding, Issue, Match, MergeDecision, User
from seamark.store.models.issues import State
from seamark.store.permissions import Permission, needed

REASON_LIMIT = 2000


@transaction.atomic
def join_issues(author: User | None, issues: Sequence[Issue], reason: str = "") -> Issue:
    """Make several issues one and return it. The one that was triaged survives, else the oldest.

    `author` is None for whoever holds the database. Raises `NotAllowed` where the person may not, or where the issues are not of one
    application, or are one already. What was kept apart before is joined nevertheless: the later word counts.
    """
    since = changes.begin()
    kept = _join(author, issues, reason)
    changes.record_merges(since, author)
    return kept


def _join(author: User | None, issues: Sequence[Issue], reason: str) -> Issue:
    rows = _locked(author, [issue.pk for issue in issues], reason)
    if len(rows) < 2:
        raise NotAllowed("It takes two issues to make one of them")
    if len({row.application_id for row in rows}) > 1:
        raise NotAllowed("Issues of different applications are never one")
    if part := next((row for row in rows if row.merged_into_id), None):
        raise NotAllowed(f"{part.reference} is part of SM-{part.merged_into_id} already")
    numbers = [row.pk for row in rows]
    apart = MergeDecision.objects.filter(left__in=numbers, right__in=numbers, revoked_at=None).exclude(verdict="join")
    apart.update(revoked_at=timezone.now(), revoked_by=author)
    why = Why(reason.strip() or "people say that they are one", by_person=True, author=author)
    kept = join([(numbers, why)], now=timezone.now())
    if not kept:
        raise NotAllowed("Parts of these issues were split from each other; take that back first")
    _refresh(numbers)
    doubt(author, kept, "joined with an issue that nobody with the right to had dismissed")
    return Issue.objects.get(pk=kept.pop())


@transaction.atomic
def split_issue(author: User | None, issue: Issue, findings: Iterable[int], reason: str = "") -> Issue:
    """Take findings out of an issue and return the issue that has them now.

    That is the issue that they came from, with all its history, where they were merged; else a new one. Raises `NotAllowed` where the
    person may not, or where nothing or everything would be taken.
    """
    since = changes.begin()
    other = _split(_locked(author, [issue.pk], reason)[0], set(findings), author, reason, apart=True)
    changes.record_merges(since, author)
    return other


def _split(row: Issue, findings: set[int], author: User | None, reason: str, *, apart: bool) -> Issue:
    """Take findings out of an issue; `apart` keeps the two from ever being made one again."""
    own = set(Finding.objects.filter(issue=row).values_list("id", flat=True))
    wanted = sorted(findings & own)
    if not wanted or set(wanted) == own:
        raise NotAllowed("Choose some of the issue's findings, and leave at least one")
    now = timezone.now()
    merged = _merge_of(row, wanted)
    if merged is not None:
        other = merged.right
        _restore(other, merged)
        MergeDecision.objects.filter(pk=merged.pk).update(revoked_at=now, revoked_by=author)
    else:
        other = open_issue(row, wanted, now)
    Finding.objects.filter(pk__in=wanted).update(issue=other)
    if apart:
        MergeDecision.objects.create(
            verdict="split", left=row, right=other, findings=wanted, reason=reason.strip(), author=author
        )
        _unsettle(wanted)
    else:
        _suggest_again(row, other)
    _tell(row, other, "split", "split_from", reason, author)
    _refresh([row.pk, other.pk])
    return Issue.objects.get(pk=other.pk)


@transaction.atomic
def keep_apart(author: User | None, left: Issue, right: Issue, reason: str = "") -> MergeDecision:
    """Say that two issues never are one. Raises `NotAllowed` where the person may not, or where they are one."""
    since = changes.begin()
    rows = _locked(author, [left.pk, right.pk], reason)
    if len(rows) < 2:
        raise NotAllowed("It takes two issues to keep them apart")
    if part := next((row for row in rows if row.merged_into_id), None):
        raise NotAllowed(f"{part.reference} is part of SM-{part.merged_into_id}; split it first")
    pair = Q(left=left, right=right) | Q(left=right, right=left)
    known = MergeDecision.objects.filter(pair, revoked_at=None).exclude(verdict="join").first()
    decision = known or MergeDecision.objects.create(
        verdict="never", left=left, right=right, reason=reason.strip(), author=author
    )
    between = Match.objects.filter(pending=True).filter(
        Q(left__issue=left, right__issue=right) | Q(left__issue=right, right__issue=left)
    )
    between.update(pending=False)
    if known is None:
        _tell(left, right, "kept_apart", "kept_apart", reason, author)
    changes.record_merges(since, author)
    return decision


@transaction.atomic
def accept(author: User | None, match: Match, reason: str = "") -> Issue:
    """Follow a suggestion: make the issues of its two findings one, and return it. Raises `NotAllowed`."""
    return join_issues(author, [match.left.issue, match.right.issue], reason or "suggested, and confirmed")


@transaction.atomic
def reject(author: User | None, match: Match, reason: str = "") -> MergeDecision:
    """Turn a suggestion down for good. Raises `NotAllowed`."""
    return keep_apart(author, match.left.issue, match.right.issue, reason or "suggested, and turned down")


@transaction.atomic
def take_back(author: User | None, decision: MergeDecision) -> None:
    """Undo a decision: what was joined becomes two again with both histories, what was split one, what was kept apart may merge.

    Raises `NotAllowed` where the person may not, or where it was taken back before.
    """
    since = changes.begin()
    _take_back(author, decision)
    changes.record_merges(since, author)


def _take_back(author: User | None, decision: MergeDecision) -> None:
    row = MergeDecision.objects.select_for_update().get(pk=decision.pk)
    if row.revoked_at is not None:
        raise NotAllowed("This was taken back already")
    left, right = Issue.objects.get(pk=row.left_id), Issue.objects.get(pk=row.right_id)
    _locked(author, [left.pk, right.pk], "")
    now = timezone.now()
    if row.verdict == "join":
        held = set(Finding.objects.filter(pk__in=row.findings, issue=left).values_list("id", flat=True))
        if not held:
            raise NotAllowed(
                f"{left.reference} has none of these findings any more: what it was merged into has to be unmerged first"
            )
        if held == set(Finding.objects.filter(issue=left).values_list("id", flat=True)):
            raise NotAllowed(f"{left.reference} would be left without findings")
        # What the matcher joined it would join again; what a person joined by mistake is as it was before.
        _split(left, held, author, "taken back", apart=not row.by_person)
        return
    MergeDecision.objects.filter(pk=row.pk).update(revoked_at=now, revoked_by=author)
    if row.verdict == "split":
        _join(author, [left, right], "taken back")
    else:
        _suggest_again(left, right)
        _tell(left, right, "apart_revoked", "apart_revoked", "", author)


def _suggest_again(left: Issue, right: Issue) -> None:
    """Put suggestions between two issues back into the inbox."""
    pair = Q(left__issue=left, right__issue=right) | Q(left__issue=right, right__issue=left)
    found = Match.objects.filter(pair, merged=False).order_by("-confidence", "id").first()
    if found is not None:
        Match.objects.filter(pk=found.pk).update(pending=True)


def _locked(author: User | None, numbers: Sequence[int], reason: str) -> list[Issue]:
    """Return issues, locked, that this person may triage. Raises `NotAllowed`."""
    if len(reason) > REASON_LIMIT:
        raise NotAllowed(f"A reason may have {REASON_LIMIT:,} characters at most")
    rows = list(Issue.objects.select_for_update().filter(pk__in=set(numbers)).order_by("pk"))
    if author is not None:
        seen = visible_to(author)
        allowed = set(
            seen.issues(Permission.ISSUE_MERGE).filter(pk__in=[row.pk for row in rows]).values_list("pk", flat=True)
        )
        if refused := next((row for row in rows if row.pk not in allowed), None):
            raise NotAllowed(needed(Permission.ISSUE_MERGE, refused.reference))
    return rows


def _merge_of(issue: Issue, findings: list[int]) -> MergeDecision | None:
    """Return the merge that brought these findings, and no others that are still here, into an issue."""
    here = set(Finding.objects.filter(issue=issue).values_list("id", flat=True))
    for merge in (
        MergeDecision.objects.filter(left=issue, verdict="join", revoked_at=None)
        .select_related("right")
        .order_by("-id")
    ):
        if set(merge.findings) & here == set(findings):
            return merge
    return None


def _restore(issue: Issue, merge: MergeDecision) -> None:
    """Give an issue back what it was before it became part of another one."""
    before = merge.before
    issue.state, issue.resolution = before.get("state", State.OPEN.value), before.get("resolution", "")
    issue.open, issue.assignee_id = before.get("open", True), before.get("assignee")
    issue.resolved_at = parse_datetime(before["resolved_at"]) if before.get("resolved_at") else None
    issue.merged_into_id = None
    issue.save(update_fields=["state", "resolution", "open", "assignee", "resolved_at", "merged_into"])


def _tell(left: Issue, right: Issue, kind: str, other_kind: str, reason: str, author: User | None) -> None:
    told = {"reason": reason.strip(), "by": author.get_username() if author else ""}
    write_events(
        [
            (left.pk, left.application_id, kind, {"other": right.reference, **told}),
            (right.pk, right.application_id, other_kind, {"other": left.reference, **told}),
        ],
        scan=None,
        now=timezone.now(),
        actor=author.pk if author else None,
    )


def _unsettle(findings: list[int]) -> None:
    """Forget suggestions that speak of findings which people have just set apart."""
    Match.objects.filter(Q(left__in=findings) | Q(right__in=findings), pending=True).update(pending=False)


def _refresh(numbers: Sequence[int]) -> None:
    rescore(numbers)
    fixes = Issue.objects.filter(pk__in=numbers, fix__isnull=False).values_list("fix", flat=True)
    retarget(number for number in fixes if number is not None)
