"""A list by what its issues have in common: how many, how much risk, and the list of each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count as Counted
from django.db.models import Max, Min, Q, Sum

from seamark.store.access import Visible
from seamark.store.query import Count, Hits, Query

MOST: Final = 100
"""Groups that are shown."""


@dataclass(frozen=True)
class _By:
    """A property to group by: its words, its columns, its field in a query, and which rows have none."""

    title: str
    columns: tuple[str, str]
    """What is asked for in a query, and what is shown."""
    field: str
    none: Q
    without: str
    """What is said of the rows that have none."""


BY: Final[dict[str, _By]] = {
    "fix": _By("Fix", ("fix", "fix__title"), "fix", Q(fix=None), "no fix in common with others"),
    "component": _By("Component", ("component", "component"), "component", Q(component=""), "no component"),
    "rule": _By("Rule", ("rule", "rule"), "rule", Q(rule=""), "no rule"),
    "owner": _By("Owner", ("owner", "owner"), "owner", Q(owner=""), "nobody known who answers for them"),
    "app": _By("Application", ("application__slug", "application__name"), "app", Q(pk=None), "no application"),
}


@dataclass(frozen=True)
class Group:
    """Issues with something in common. Risk is in tenths, summed up."""

    label: str
    issues: int
    risk: int
    riskiest: int
    priority: int
    kev: int
    query: Query


@dataclass(frozen=True)
class Grouped:
    """The groups with the most risk. `whole` unless the list was too long to be read to its end."""

    title: str
    groups: list[Group]
    number: Count
    """Of groups."""
    whole: bool
    looked_at: Count
    """Issues that were grouped."""
    without: str
    """What the rest has none of; empty where nothing is left."""


def grouped(seen: Visible, query: Query, name: str, listed: Hits) -> Grouped:
    """Return the groups of a list by one of `BY`: of a long one, of its riskiest issues, which are `listed`."""
    by = BY[name]
    rows = seen.issues().filter(pk__in=listed.numbers)
    found = list(
        rows.exclude(by.none).order_by().values(*dict.fromkeys(by.columns)).annotate(
            number=Counted("pk"), total=Sum("risk"), worst=Max("risk"), urgent=Min("priority"),
            exploited=Counted("pk", filter=Q(kev=True)),
        )
    )  # fmt: skip
    found.sort(key=lambda one: (-one["total"], str(one[by.columns[1]])))
    size = len(listed.numbers)
    inside = sum(one["number"] for one in found)
    merged = _with_list(by, found)
    groups = [_group(by, query, one) for one in merged[:MOST]]
    return Grouped(
        by.title, groups, Count(len(merged)), not listed.more, Count(listed.total.number), by.without if inside < size else ""
    )  # fmt: skip


def _with_list(by: _By, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the groups that one query finds together: it does not tell `Ada` from `ada`, and takes a component's beginning."""
    same: Callable[[str, str], bool] = str.startswith if by.field == "component" else str.__eq__
    if by.field in {"fix", "app"}:
        return found
    heads: dict[str, dict[str, Any]] = {}
    last = ""
    # In order of the text, what begins with another follows it directly.
    for one in sorted(found, key=lambda one: str(one[by.columns[0]]).lower()):
        key = str(one[by.columns[0]]).lower()
        if last and same(key, last):
            head = heads[last]
            heads[last] = {
                **head, "number": head["number"] + one["number"], "total": head["total"] + one["total"],
                "worst": max(head["worst"], one["worst"]), "urgent": min(head["urgent"], one["urgent"]),
                "exploited": head["exploited"] + one["exploited"],
            }  # fmt: skip
        else:
            last = key
            heads[key] = one
    return sorted(heads.values(), key=lambda one: (-one["total"], str(one[by.columns[1]])))


def _group(by: _By, query: Query, one: dict[str, Any]) -> Group:
    value, label = (str(one[column]) for column in by.columns)
    return Group(
        label, one["number"], one["total"], one["worst"], one["urgent"], one["exploited"], query.having(by.field, value)
    )  # fmt: skip
