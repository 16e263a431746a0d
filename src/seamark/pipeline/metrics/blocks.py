"""Packs the facts of applications into columns: anew for those that have newer facts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models import Max

from seamark.insight.metrics.columns import NEVER, FactRow, pack, seconds
from seamark.store.models import FactBlock, IssueFact

_COLUMNS: Final = (
    "issue", "at", "change", "by", "open_change", "risk_change", "resolution", "severity", "priority", "risk", "kind", "owner", "due", "known",
)  # fmt: skip


def refresh() -> int:
    """Make the columns of all applications anew that have newer facts; return how many those are."""
    newest = dict(IssueFact.objects.order_by().values_list("application").annotate(last=Max("id")))
    packed = dict(FactBlock.objects.values_list("application", "through"))
    stale = sorted(number for number, last in newest.items() if packed.get(number) != last)
    for number in stale:
        through = newest[number]
        episodes, moves, owners = pack(_facts(number, through))
        fields = {"through": through, "episodes": episodes, "moves": moves, "owners": owners}
        FactBlock.objects.update_or_create(application=number, defaults=fields)
    return len(stale)


def _facts(application: int, through: int) -> Iterator[FactRow]:
    """Yield an application's facts, those of one issue together and in their order."""
    rows = IssueFact.objects.filter(application=application, pk__lte=through).order_by("issue", "id")
    for (
        issue,
        at,
        change,
        by,
        opened,
        moved,
        reason,
        severity,
        priority,
        risk,
        kind,
        owner,
        due,
        known,
    ) in rows.values_list(*_COLUMNS).iterator(chunk_size=10_000):
        until = NEVER if due is None else seconds(due)
        listed = NEVER if known is None else seconds(known)
        yield FactRow(
            issue, seconds(at), change, by, opened, moved, reason, severity, priority, risk, kind, owner, until, listed
        )
