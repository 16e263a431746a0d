"""Opens an issue of its own for findings that were split off another one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from seamark.analysis.risk import load_profile
from seamark.core import finding as core
from seamark.core.errors import NotAllowed
from seamark.pipeline.ingest.issues import ISSUE_COLUMNS, Cleared, Scorer, new_issue_rows, reporters_of
from seamark.pipeline.ingest.names import Flaw
from seamark.pipeline.ingest.rows import Prepared, Read, prepare
from seamark.pipeline.ingest.weighing import Weighing
from seamark.pipeline.profiles import active_profile
from seamark.store import evidence, writer
from seamark.store.models import Finding, Issue

_encode = msgspec.msgpack.Encoder().encode


def open_issue(origin: Issue, findings: Sequence[int], now: datetime) -> Issue:
    """Return a new issue for these findings of another one. Flaw and fix are those of the issue that they leave.

    Raises `NotAllowed` where nothing is kept of the findings that could describe it.
    """
    rows = list(Finding.objects.filter(pk__in=findings).select_related("stream").order_by("id"))
    full = evidence.read(rows)
    members = [_prepared(row, full[row.pk], origin.asset_id) for row in rows if row.pk in full]
    if not members:
        raise NotAllowed("Nothing is kept of these findings that could describe an issue of its own")
    profile = active_profile(origin.application)
    number = writer.reserve(Issue, 1)[0]
    flaw = Flaw(origin.vulnerability_id, None) if origin.vulnerability_id else None
    writer.insert(
        Issue, ISSUE_COLUMNS,
        new_issue_rows(
            {0: members}, {0: number}, reporters=reporters_of({row.stream.tool for row in rows}),
            on_default=any(row.stream.is_default for row in rows), application=origin.application, flaws={0: flaw}, fixes={0: Cleared(origin.fix_id)}, weighing=Weighing(now), scorer=Scorer(load_profile(profile.content)),
            profile_id=profile.pk, now=now,
        ),
    )  # fmt: skip
    # Grace and age go on: to be split off makes nothing younger.
    Issue.objects.filter(pk=number).update(opened_at=origin.opened_at)
    return Issue.objects.get(pk=number)


def _prepared(row: Finding, finding: core.Finding, root: int) -> Prepared:
    read = Read(row.report_index, finding, finding.about, _encode(finding), row.content)
    return prepare(read, root, row.block)
