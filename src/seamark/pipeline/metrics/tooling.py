"""Writes what each tool says about each application, where that changed since the day before."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any, Final

from django.db import connection

from seamark.insight.metrics.tools import ALL
from seamark.store.models import ToolFact
from seamark.store.models.issues import State

_OPEN: Final = """
SELECT i.application_id, i.id, s.tool, COUNT(*) FROM store_finding f
JOIN store_issue i ON i.id = f.issue_id JOIN store_stream s ON s.id = f.stream_id
WHERE f.closed_in_id IS NULL AND i.open GROUP BY i.application_id, i.id, s.tool ORDER BY i.application_id, i.id
"""
_JUDGED: Final = """
SELECT application_id, tool, COUNT(*), SUM(wrong) FROM (
SELECT DISTINCT i.application_id, i.id, s.tool, CASE WHEN i.state = %s AND i.resolution = 'false_positive' THEN 1 ELSE 0 END AS wrong
FROM store_issue i JOIN store_finding f ON f.issue_id = i.id JOIN store_stream s ON s.id = f.stream_id
WHERE i.state >= %s AND i.merged_into_id IS NULL) AS judged GROUP BY application_id, tool
"""
_FIELDS: Final = ("findings", "issues", "unique", "judged", "false_positives", "shared")


class _Told:
    __slots__ = ("false_positives", "findings", "issues", "judged", "shared", "unique")

    def __init__(self) -> None:
        self.findings = self.issues = self.unique = self.judged = self.false_positives = 0
        self.shared: dict[str, int] = defaultdict(int)

    def fields(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS} | {"shared": dict(self.shared)}


def record_tools(day: date) -> int:
    """Write what changed since the newest rows, and return how many rows that took."""
    told = _counted()
    before = latest(None)
    nothing = _Told().fields()
    written = 0
    for key in sorted(told.keys() | before.keys()):
        fields = told[key].fields() if key in told else nothing
        kept = before.get(key)
        if kept is not None and all(getattr(kept, name) == value for name, value in fields.items()):
            continue
        application, tool = key
        ToolFact.objects.update_or_create(application=application, tool=tool, day=day, defaults=fields)
        written += 1
    return written


def latest(day: date | None) -> dict[tuple[int, str], ToolFact]:
    """Return what each tool said of each application by the end of a day, or by now."""
    rows = ToolFact.objects.order_by("application", "tool", "day")
    rows = rows if day is None else rows.filter(day__lte=day)
    return {(row.application, row.tool): row for row in rows.iterator()}


def _counted() -> dict[tuple[int, str], _Told]:
    found: dict[tuple[int, str], _Told] = defaultdict(_Told)
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        here: tuple[int, int] | None = None
        tools: list[tuple[str, int]] = []
        for application, issue, tool, number in cursor.fetchall():
            if here != (application, issue):
                _add(found, here, tools)
                here, tools = (application, issue), []
            tools.append((tool, number))
        _add(found, here, tools)
        cursor.execute(_JUDGED, [State.DISMISSED.value, State.RESOLVED.value])
        for application, tool, judged, wrong in cursor.fetchall():
            one = found[application, tool]
            one.judged, one.false_positives = judged, int(wrong)
    return found


def _add(found: dict[tuple[int, str], _Told], here: tuple[int, int] | None, tools: list[tuple[str, int]]) -> None:
    if here is None:
        return
    for tool, number in tools:
        one = found[here[0], tool]
        one.findings += number
        one.issues += 1
        one.unique += len(tools) == 1
        for other, _ in tools:
            if other != tool:
                one.shared[other] += 1
    together = found[here[0], ALL]
    together.findings += sum(number for _, number in tools)
    together.issues += 1
    together.unique += len(tools) == 1
