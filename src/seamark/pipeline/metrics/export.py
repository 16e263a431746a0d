"""Hands the facts out as Parquet: what is new since the run before, into the same folder."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Max
from msgspec import Struct

from seamark.core.kind import KIND_CODES
from seamark.core.severity import Severity
from seamark.insight.exports.parquet import Folder, Row
from seamark.store.models import Application, IssueFact, ToolFact
from seamark.store.models.issues import State
from seamark.store.models.metrics import By, Change

_KINDS: Final = {number: kind.value for kind, number in KIND_CODES.items()}
_NAMES: Final[dict[str, dict[int, str]]] = {
    "change": {one.value: one.name.lower() for one in Change},
    "by": {one.value: one.name.lower() for one in By},
    "state": {one.value: one.label for one in State},
    "severity": {one.value: one.word for one in Severity},
    "kind": _KINDS,
}
"""Columns that hold numbers in the table and words in the export."""
_FACTS: Final = (
    "id", "issue", "application", "day", "at", "change", "by", "open_change", "risk_change", "state", "resolution", "severity",
    "priority", "risk", "kind", "owner", "due",
)  # fmt: skip
_TOOLS: Final = ("id", "application", "day", "tool", "findings", "issues", "unique", "judged", "false_positives")


class Exported(Struct, frozen=True, kw_only=True):
    """How many rows a run wrote."""

    issue_facts: int
    tool_facts: int
    applications: int


def export(place: str) -> Exported:
    """Write what is new into a folder or at an address of object storage. Raises `NotAllowed`."""
    folder = Folder(place)
    after = folder.through("issue_facts")
    last = IssueFact.objects.aggregate(last=Max("id"))["last"] or 0
    facts = folder.write("issue_facts", _facts(after, last), last)
    tools = folder.write("tool_facts", _tools(), 0)
    applications = folder.write("applications", _applications(), 0)
    folder.finish()
    return Exported(issue_facts=facts, tool_facts=tools, applications=applications)


def _facts(after: int, last: int) -> Iterator[Row]:
    rows = IssueFact.objects.filter(pk__gt=after, pk__lte=last).order_by("pk").values(*_FACTS)
    for row in rows.iterator(chunk_size=10_000):
        told: dict[str, Any] = dict(row)
        for name, words in _NAMES.items():
            told[name] = words.get(told[name], str(told[name]))
        yield told


def _tools() -> Iterator[Row]:
    for row in ToolFact.objects.order_by("pk").values(*_TOOLS).iterator(chunk_size=10_000):
        yield {**row, "unique_issues": row["unique"]}


def _applications() -> Iterator[Row]:
    for one in Application.objects.select_related("unit").order_by("pk").iterator(chunk_size=2_000):
        yield {
            "id": one.pk, "slug": one.slug, "name": one.name, "unit": one.unit.name if one.unit else "", "criticality": one.criticality,
            "exposure": one.exposure,
        }  # fmt: skip
