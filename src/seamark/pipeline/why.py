"""Why findings are one issue: which pairs, on which signals, with what confidence, and who decided. Plain values.

What is stored comes first: the matcher's pairs and people's decisions. Findings that are joined by identity (the same flaw in the
same package, the same rule on another branch) leave no row: what makes them the same is read off them. What is left is compared anew.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q
from msgspec import Struct

from seamark.analysis.correlation.matching import match
from seamark.analysis.correlation.sighting import sighting
from seamark.core.finding import Finding as Full
from seamark.pipeline.flaw_names import Names
from seamark.store.access import Visible
from seamark.store.models import Finding, Issue, Match, MergeDecision

MOST_PAIRS = 3
"""Pairs told for each finding, the surest first."""
MOST_SUGGESTIONS = 20
MOST_DECISIONS = 200
_DEEPEST = 20
"""Merges of merges that are followed."""


class Link(Struct, frozen=True, kw_only=True):
    """Why one finding belongs to the issue. `other` is the finding that it was linked to, None where that is none of those shown."""

    finding: int
    other: int | None = None
    how: str
    """`opened`, `matched`, `compared` (anew, now), `flaw`, `rule`, `merged` (two issues, by the matcher), `joined` (by people), `kept`."""
    text: str
    confidence: float | None = None
    """0 to 1; None for what needs no judgement."""
    reasons: tuple[tuple[str, float], ...] = ()
    """Words and weights, which add up to the confidence."""
    issue: str | None = None
    """The issue that it came from."""
    by: str | None = None
    at: str | None = None
    decision: int | None = None


class Decided(Struct, frozen=True, kw_only=True):
    """A decision that holds: this issue took in, lost findings to, or is kept apart from another one."""

    decision: int
    verdict: str
    """`join`, `split`, `never`."""
    issue: str
    text: str
    by: str | None
    """None for the matcher, and for whoever used the command line."""
    by_person: bool
    at: str


class Suggested(Struct, frozen=True, kw_only=True):
    """Two findings that may be one issue, and wait for somebody to say so."""

    suggestion: int
    finding: int
    other: int
    issue: str
    confidence: float
    reasons: tuple[tuple[str, float], ...]


class Why(Struct, frozen=True):
    """The account: for every finding of an issue that has several, one link at least."""

    links: list[Link]
    joined: list[Decided]
    apart: list[Decided]
    suggestions: list[Suggested]


def why_of(issue: Issue, rows: Sequence[Finding], full: Mapping[int, Full]) -> Why:
    """Return why these findings of an issue are one. Their streams and rules have to be loaded with them; `full` is by row id."""
    decisions = _decisions(issue)
    joins = [one for one in decisions if one.verdict == "join"]
    return Why(
        links=_Links(issue, rows, full, joins).told() if rows else [],
        joined=[_decided(one, issue) for one in joins if one.left_id == issue.pk],
        apart=[_decided(one, issue) for one in decisions if one.verdict != "join"],
        suggestions=_suggestions(issue, [row.pk for row in rows]),
    )


class _Links:
    def __init__(
        self, issue: Issue, rows: Sequence[Finding], full: Mapping[int, Full], joins: Sequence[MergeDecision]
    ) -> None:
        self._issue, self._full, self._joins = issue, full, joins
        brought = {finding for one in joins if one.left_id == issue.pk for finding in one.findings}
        first = min(rows, key=lambda row: (row.pk in brought, row.pk))
        self._rows = [first, *sorted((row for row in rows if row.pk != first.pk), key=lambda row: row.pk)]
        self._names = Names(issue.vulnerability_id)

    def told(self) -> list[Link]:
        found: dict[int, list[Link]] = defaultdict(list)
        for link in [*self._joined(), *self._matched()]:
            found[link.finding].append(link)
        first, *others = self._rows
        for at, row in enumerate(others, start=1):
            if row.pk not in found and (same := self._identity(row, self._rows[:at])) is not None:
                found[row.pk].append(same)
        if any(row.pk not in found for row in others):
            for pair in self._compared():
                if pair.finding not in found:
                    found[pair.finding] = [pair]
        opened = Link(finding=first.pk, how="opened", text="opened the issue")
        links = [opened, *found.get(first.pk, [])]
        for row in others:
            links += found.get(row.pk) or [_kept(row)]
        return links

    def _joined(self) -> list[Link]:
        shown = {row.pk for row in self._rows}
        return [
            Link(
                finding=finding, how="joined" if one.by_person else "merged", text=one.reason, confidence=_share(one.confidence),
                reasons=_reasons(one.reasons), issue=one.right.reference, by=_author(one), at=one.created_at.isoformat(),
                decision=one.pk,
            )
            for one in self._joins
            for finding in one.findings
            if finding in shown
        ]  # fmt: skip

    def _matched(self) -> list[Link]:
        order = {row.pk: at for at, row in enumerate(self._rows)}
        stored = Match.objects.filter(merged=True, left__in=list(order), right__in=list(order))
        told: Counter[int] = Counter()
        links = []
        for one in stored.order_by("-confidence", "id"):
            link = self._link(one.left_id, one.right_id, order, "matched", one.confidence / 1000, _reasons(one.reasons))
            told[link.finding] += 1
            if told[link.finding] <= MOST_PAIRS:
                links.append(link)
        return links

    def _compared(self) -> list[Link]:
        rows = [row for row in self._rows if row.pk in self._full]
        order = {row.pk: at for at, row in enumerate(self._rows)}
        seen = [sighting(self._full[row.pk], row.stream.tool, stream=row.stream_id) for row in rows]
        return [
            self._link(rows[one.left].pk, rows[one.right].pk, order, "compared", one.confidence, one.reasons)
            for one in match(seen).merges
        ]

    @staticmethod
    def _link(
        left: int, right: int, order: Mapping[int, int], how: str, sure: float, reasons: tuple[tuple[str, float], ...]
    ) -> Link:
        other, finding = sorted((left, right), key=lambda number: order[number])
        words = ", ".join(words for words, _ in reasons)
        return Link(finding=finding, other=other, how=how, text=words, confidence=sure, reasons=reasons)

    def _identity(self, row: Finding, before: Sequence[Finding]) -> Link | None:
        """Return what makes a finding the same as an earlier one without any judgement."""
        for other in before:
            if text := self._same_flaw(row, other):
                return Link(finding=row.pk, other=other.pk, how="flaw", text=text)
        for other in before:
            if row.stream_id != other.stream_id and row.rule_id == other.rule_id:
                return Link(finding=row.pk, other=other.pk, how="rule", text=_same_rule(row, other))
        return None

    def _same_flaw(self, row: Finding, other: Finding) -> str:
        one, two = self._full.get(row.pk), self._full.get(other.pk)
        if one is None or two is None or one.component is None or two.component is None:
            return ""
        left, right = (sighting(full, "") for full in (one, two))
        if not left.component or left.component != right.component:
            return ""
        told = self._names.same(one.vulnerabilities, two.vulnerabilities)
        if told is None:
            return "same flaw in the same package" if row.block == other.block else ""
        return f"same flaw in the same package: {told}"


def _same_rule(row: Finding, other: Finding) -> str:
    where = "at the same place" if (row.path, row.line) == (other.path, other.line) else "where the code has moved to"
    if row.stream.ref == other.stream.ref:
        return f"same rule {where}, in another scan of {row.stream.tool}"
    return f"same rule {where}, on {row.stream.ref or 'the default branch'}"


def _kept(row: Finding) -> Link:
    return Link(
        finding=row.pk,
        how="kept",
        text="kept from an earlier scan: it was one with the others at the place where they stood then",
    )


def _decisions(issue: Issue) -> list[MergeDecision]:
    """Return what holds about an issue and all that was merged into it, newest first."""
    members, edge = {issue.pk}, {issue.pk}
    for _ in range(_DEEPEST):
        edge = set(Issue.objects.filter(merged_into__in=edge).values_list("id", flat=True)[:MOST_DECISIONS]) - members
        if not edge:
            break
        members |= edge
    told = MergeDecision.objects.filter(revoked_at=None).select_related("left", "right", "author")
    of_members = Q(left__in=members) | (Q(right__in=members) & ~Q(verdict="join"))
    return list(told.filter(of_members).order_by("-id")[:MOST_DECISIONS])


def merge_of(seen: Visible, issue: Issue) -> MergeDecision | None:
    """Return the decision by which an issue became part of another one, None where it stands for itself."""
    if issue.merged_into_id is None:
        return None
    joins = seen.decisions().filter(right=issue, verdict="join", revoked_at=None)
    return joins.select_related("left", "author").order_by("-id").first()


def apart_decision(seen: Visible, left: Issue, right: Issue) -> MergeDecision | None:
    """Return the decision that keeps two issues apart, None where there is none."""
    either = Q(left=left, right=right) | Q(left=right, right=left)
    return seen.decisions().filter(either, revoked_at=None).exclude(verdict="join").order_by("-id").first()


def _decided(one: MergeDecision, issue: Issue) -> Decided:
    other = one.right if one.left_id == issue.pk else one.left
    return Decided(
        decision=one.pk, verdict=one.verdict, issue=other.reference, text=one.reason, by=_author(one), by_person=one.by_person,
        at=one.created_at.isoformat(),
    )  # fmt: skip


def _suggestions(issue: Issue, findings: Sequence[int]) -> list[Suggested]:
    pending = Match.objects.filter(Q(left__in=findings) | Q(right__in=findings), pending=True)
    found = []
    for one in pending.select_related("left", "right").order_by("-confidence", "-id")[:MOST_SUGGESTIONS]:
        own, other = (one.left, one.right) if one.left.issue_id == issue.pk else (one.right, one.left)
        found.append(
            Suggested(
                suggestion=one.pk, finding=own.pk, other=other.pk, issue=f"SM-{other.issue_id}", confidence=one.confidence / 1000,
                reasons=_reasons(one.reasons),
            )
        )  # fmt: skip
    return found


def _author(one: MergeDecision) -> str | None:
    return one.author.get_username() if one.author else None


def _share(thousandths: int | None) -> float | None:
    return None if thousandths is None else thousandths / 1000


def _reasons(stored: list[Any]) -> tuple[tuple[str, float], ...]:
    return tuple((str(words), float(weight)) for words, weight in stored)
