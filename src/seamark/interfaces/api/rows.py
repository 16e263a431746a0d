"""Issues in lists: the chosen columns only, straight from the database to JSON, without model objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Case, QuerySet

from seamark.analysis.risk.engine import reason
from seamark.analysis.risk.facts import decode
from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.interfaces.api.problems import refused_field
from seamark.store.models import Issue
from seamark.store.models.issues import State
from seamark.store.query.layers import base_image_of, layer_of


class Shown(NamedTuple):
    """A field of an issue: the column that it comes from, and how its value is written."""

    column: str
    write: Callable[[Any], object] | None = None


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


def _or_none(value: str) -> str | None:
    return value or None


_SEVERITIES = {one.value: one.word for one in Severity}
_KINDS = {code: kind.value for code, kind in KINDS_BY_CODE.items()}
_STATES = {one.value: str(one.label) for one in State}

FIELDS: dict[str, Shown] = {
    "id": Shown("pk", lambda number: f"SM-{number}"),
    "title": Shown("title"),
    "reason": Shown("facts", lambda facts: reason(decode(facts))),
    "risk": Shown("risk", lambda tenths: tenths / 10),
    "priority": Shown("priority", lambda band: f"P{band}"),
    "severity": Shown("severity", _SEVERITIES.__getitem__),
    "kind": Shown("kind", _KINDS.__getitem__),
    "application": Shown("application__name"),
    "state": Shown("state", _STATES.__getitem__),
    "resolution": Shown("resolution", _or_none),
    "place": Shown("place"),
    "component": Shown("component", _or_none),
    "layer": Shown("layer", _or_none),
    "base_image": Shown("base_image", _or_none),
    "rule": Shown("rule"),
    "cwe": Shown("cwe"),
    "kev": Shown("kev"),
    "fixable": Shown("fixable"),
    "regression": Shown("regression"),
    "branch_only": Shown("branch_only"),
    "ai_written": Shown("ai_written"),
    "tools": Shown("tools"),
    "owner": Shown("owner", _or_none),
    "assignee": Shown("assignee__username"),
    "due": Shown("due", _iso),
    "fix": Shown("fix_id"),
    "opened_at": Shown("opened_at", _iso),
    "resolved_at": Shown("resolved_at", _iso),
}
"""What `insight.exports.issues.as_json` says of an issue, who works on it, and which layer of an image it is in."""
_WORKED_OUT: dict[str, Callable[[], Case]] = {"layer": layer_of, "base_image": base_image_of}
"""Columns that the database works out, only where they are asked for."""


def chosen(text: str) -> list[str]:
    """Return the fields that are asked for, all where none is named. Raises `Refusal` for unknown ones."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        raise refused_field("query.fields", f"there is no field {unknown[0]!r}; there are {', '.join(FIELDS)}")
    return list(dict.fromkeys(names)) or list(FIELDS)


def columns(issues: QuerySet[Issue], fields: Iterable[str], sort: str) -> QuerySet[Any]:
    """Return rows of what the fields need, and of what the page's cursor needs."""
    wanted = dict.fromkeys(["pk", sort, *(FIELDS[name].column for name in fields)])
    worked_out = {name: value() for name, value in _WORKED_OUT.items() if name in wanted}
    return issues.annotate(**worked_out).values_list(*wanted, named=True)


def written(rows: Sequence[Any], fields: Sequence[str]) -> list[dict[str, object]]:
    """Return rows as plain values."""
    shown = [(name, rows[0]._fields.index(FIELDS[name].column), FIELDS[name].write) for name in fields] if rows else []
    return [{name: write(row[at]) if write else row[at] for name, at, write in shown} for row in rows]
