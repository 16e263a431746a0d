"""A list by what its issues have in common: how many, how much risk, and the list of each group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from seamark.store.access import Visible
from seamark.store.query import Count, Hits, Query, hits
from seamark.store.query.hits import COLUMNS

MOST: Final = 100
"""Groups that are shown."""


@dataclass(frozen=True)
class _By:
    """A property to group by: its words, its column, its field in a query, and what is said of the rows that have none."""

    title: str
    column: str
    field: str
    without: str


BY: Final[dict[str, _By]] = {
    "fix": _By("Fix", "fix_id", "fix", "no fix in common with others"),
    "component": _By("Component", "component", "component", "no component"),
    "rule": _By("Rule", "rule", "rule", "no rule"),
    "owner": _By("Owner", "owner", "owner", "nobody known who answers for them"),
    "app": _By("Application", "application_id", "app", "no application"),
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


class _Sum(NamedTuple):
    issues: int
    risk: int
    riskiest: int
    priority: int
    kev: int

    def with_(self, other: _Sum) -> _Sum:
        """Return both together."""
        return _Sum(
            self.issues + other.issues, self.risk + other.risk, max(self.riskiest, other.riskiest),
            min(self.priority, other.priority), self.kev + other.kev,
        )  # fmt: skip


def grouped(seen: Visible, query: Query, name: str, listed: Hits) -> Grouped:
    """Return the groups of a list by one of `BY`: of a long one, of its riskiest issues, which are `listed`."""
    by = BY[name]
    if by.column not in COLUMNS:
        listed = hits(seen.issues(), query, (by.column, "priority", "kev"))
    found: dict[str | int, _Sum] = {}
    columns = (listed.column(one) for one in (by.column, "risk", "priority", "kev"))
    for key, risk, priority, kev in zip(*columns, strict=True):
        if key:
            one = _Sum(1, risk, risk, priority, int(kev))
            found[key] = found[key].with_(one) if key in found else one
    inside = sum(one.issues for one in found.values())
    merged = found if by.column.endswith("_id") else _with_list(by, {str(key): one for key, one in found.items()})
    first = sorted(merged.items(), key=lambda one: (-one[1].risk, str(one[0])))[:MOST]
    names = _names(seen, by, [key for key, _ in first])
    groups = []
    for key, one in first:
        value, label = names.get(key, (str(key), str(key)))
        groups.append(Group(label, *one, query.having(by.field, value)))
    without = by.without if inside < len(listed.numbers) else ""
    return Grouped(by.title, groups, Count(len(merged)), not listed.more, Count(listed.total.number), without)


def _names(seen: Visible, by: _By, keys: list[str | int]) -> dict[str | int, tuple[str, str]]:
    """Return what is asked for in a query and what is shown, by the numbers of fixes and applications."""
    if by.field == "fix":
        return {
            number: (str(number), title)
            for number, title in seen.fixes().filter(pk__in=keys).values_list("pk", "title")
        }
    if by.field == "app":
        rows = seen.applications().filter(pk__in=keys).values_list("pk", "slug", "name")
        return {number: (slug, name) for number, slug, name in rows}
    return {}


def _with_list(by: _By, found: dict[str, _Sum]) -> dict[str, _Sum]:
    """Join the groups that one query finds together: it does not tell `Ada` from `ada`, and takes a component's beginning."""
    same: Callable[[str, str], bool] = str.startswith if by.field == "component" else str.__eq__
    heads: dict[str, tuple[str, _Sum]] = {}
    last = ""
    # In order of the text, what begins with another follows it directly.
    for text in sorted(found, key=str.lower):
        key = text.lower()
        if last and same(key, last):
            name, head = heads[last]
            heads[last] = name, head.with_(found[text])
        else:
            last = key
            heads[key] = text, found[text]
    return dict(heads.values())
