"""Brings findings of packages to their new blocks when aliases or relations turn up, and makes issues one that meet there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from seamark.analysis.correlation.fixes import fix_of
from seamark.core import finding as core
from seamark.pipeline.ingest.fixes import Fixes
from seamark.pipeline.ingest.joining import Why, join
from seamark.pipeline.ingest.roots import Roots
from seamark.pipeline.ingest.rows import block_hash
from seamark.store import evidence, writer
from seamark.store.models import Application, Finding, Issue

_ALIASES = Why(
    "their vulnerabilities are aliases of each other", 950, (("same flaw, by its aliases", 0.5), ("same package", 0.45))
)
_ROOT = Why("they are fixed at the same place", 950, (("same flaw", 0.5), ("same package, from the same root", 0.45)))


def rekey_flaws(flaws: Iterable[int], *, now: datetime) -> set[int]:
    """Give the findings of these flaws today's block, and join the issues that now share one. Returns the issues that gained findings."""
    issues = {issue.pk: issue for issue in Issue.objects.filter(vulnerability__in=set(flaws))}
    rows = _rows(Q(issue__in=list(issues)))
    return _rekey(rows, {row.pk: issues[row.issue_id].asset_id for row in rows}, _ALIASES, now)


def rekey_assets(assets: Iterable[int], application: Application, *, now: datetime) -> set[int]:
    """Bring open findings of packages that were seen in these assets to today's root. Returns the issues that changed."""
    changed = sorted(set(assets))
    if not changed:
        return set()
    rooted = Issue.objects.filter(application=application, open=True, asset__in=changed).values_list("id", flat=True)
    seen = Q(stream__asset__in=changed, stream__application=application) | Q(issue__in=list(rooted))
    rows = _rows(seen & Q(closed_in=None) & ~Q(component=""))
    roots = Roots(application)
    full = evidence.read(rows)
    wanted = {row.pk: roots.of(row.stream, full[row.pk]) for row in rows if row.pk in full}
    moving = {row.issue_id: row for row in rows if row.pk in wanted and wanted[row.pk] != row.issue.asset_id}
    gained = _rekey(rows, wanted, _ROOT, now, full)
    return gained | _rehome(moving, wanted, full, roots, application)


def _rehome(
    moving: dict[int, Finding], wanted: dict[int, int], full: dict[int, core.Finding], roots: Roots, application: Application
) -> set[int]:  # fmt: skip
    """Let issues follow their findings to another root, with the fix that is theirs there."""
    fixes = Fixes(application)
    left = set(Issue.objects.filter(pk__in=list(moving), merged_into=None).values_list("id", flat=True))
    rows = []
    for issue, row in moving.items():
        if issue not in left:
            continue
        root = wanted[row.pk]
        finding = full[row.pk]
        fix = fix_of(finding, base_image=roots.base_image(root), about=finding.about)
        rows.append((issue, root, *fixes.one(root, issue, fix)))
    writer.update(Issue, ["asset", "fix", "fix_key"], rows)
    return {row[0] for row in rows}


def _rows(which: Q) -> list[Finding]:
    return list(Finding.objects.filter(which).select_related("stream__asset", "issue").order_by("id"))


def _rekey(
    rows: Sequence[Finding], roots: dict[int, int], why: Why, now: datetime, full: dict[int, core.Finding] | None = None
) -> set[int]:
    full = evidence.read(rows, texts=False) if full is None else full
    changed, sharing = [], defaultdict(set)
    for row in rows:
        if row.pk not in full:
            continue
        stream = row.stream
        ref = "" if stream.is_default else stream.ref
        group = row.issue.vulnerability_id or 0
        block = block_hash(stream.application_id, roots[row.pk], full[row.pk], group, ref)
        if block != row.block:
            changed.append((row.pk, block))
        sharing[block].add(row.issue_id)
    writer.update(Finding, ["block"], changed)
    for block, issue in writer.select_in(
        "SELECT block, issue_id FROM store_finding WHERE block {values}", sorted(sharing)
    ):
        sharing[block].add(issue)
    groups = [(sorted(numbers), why) for numbers in sharing.values() if len(numbers) > 1]
    return join(groups, now=now)
