"""How many issues of a list have which property. All facets come from one bounded GROUP BY.

A facet that the query already narrows is counted without its own condition, so that its other choices stay in sight: one
more GROUP BY for each such facet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models import Count as Counted

from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.store.access import Visible
from seamark.store.query import Count, Query, select
from seamark.store.query.paging import COUNT_BOUND

MOST_APPLICATIONS = 8


@dataclass(frozen=True)
class Choice:
    """A value of a facet with the query that has it added, or taken away where it is on."""

    label: str
    count: Count
    query: Query
    on: bool


@dataclass(frozen=True)
class Facet:
    """A property by which the list can be narrowed."""

    title: str
    choices: list[Choice]


Group = dict[str, Any]


@dataclass(frozen=True)
class _Source:
    """A field of the query language and how a group of rows gives its value."""

    field: str
    value: Callable[[Group], str | None]


_PRIORITY = _Source("priority", lambda group: f"P{group['priority']}")
_KIND = _Source("kind", lambda group: KINDS_BY_CODE[group["kind"]].value if group["kind"] in KINDS_BY_CODE else None)
_SEVERITY = _Source("severity", lambda group: Severity(group["severity"]).word)
_APPLICATION = _Source("app", lambda group: group["application__slug"])
_FLAGS = {
    "Known exploited": _Source("kev", lambda group: "true" if group["kev"] else None),
    "Fix available": _Source("fixable", lambda group: "true" if group["fixable"] else None),
    "Several tools agree": _Source("tools", lambda group: ">=2" if group["agreed"] else None),
    "AI-written code, at least": _Source("ai", lambda group: "true" if group["ai_written"] else None),
    "Came back after a fix": _Source("regression", lambda group: "true" if group["regression"] else None),
}
_COLUMNS = (
    "priority",
    "kind",
    "severity",
    "application__slug",
    "application__name",
    "kev",
    "fixable",
    "regression",
    "ai_written",
    "agreed",
)


def facets(seen: Visible, query: Query) -> tuple[list[Facet], Count]:
    """Return the facets of a list, and how many issues it has."""
    tally = _Tally(seen, query)
    evidence: list[Choice] = []
    for label, source in _FLAGS.items():
        evidence.extend(tally.choices(source, tally.values(source), labels=dict.fromkeys(("true", ">=2"), label)))
    names = {group["application__slug"]: group["application__name"] for group in tally.groups_for("app")}
    kinds = sorted(tally.values(_KIND), key=lambda kind: -tally.values(_KIND)[kind])
    severities = [one.word for one in reversed(Severity)]
    applications = [slug for slug, _ in Counter(tally.values(_APPLICATION)).most_common(MOST_APPLICATIONS)]
    found = [
        Facet("Priority", tally.choices(_PRIORITY, [f"P{number}" for number in range(5)])),
        Facet("Evidence", evidence),
        Facet("Kind", tally.choices(_KIND, kinds, labels=_capital(kinds))),
        Facet("Severity", tally.choices(_SEVERITY, severities, labels=_capital(severities))),
        Facet("Application", tally.choices(_APPLICATION, applications, labels=names)),
    ]
    return found, tally.total


def _capital(words: Iterable[str]) -> dict[str, str]:
    return {word: word.capitalize() for word in words}


class _Tally:
    """Counts groups of a query's rows, each needed grouping once."""

    def __init__(self, seen: Visible, query: Query) -> None:
        self.seen = seen
        self.query = query
        self._asked = {term.field for term in query.terms}
        self._groups: dict[str, list[Group]] = {"": self._count(query)}
        number = sum(group["number"] for group in self._groups[""])
        self.total = Count(min(number, COUNT_BOUND), number > COUNT_BOUND)

    def _count(self, query: Query) -> list[Group]:
        # Only the riskiest up to the bound are looked at: a list of a million costs no more than one of ten thousand.
        bounded = select(self.seen.issues(), query).order_by("-risk", "-id").values("pk")[: COUNT_BOUND + 1]
        rows = self.seen.issues().filter(pk__in=bounded).order_by()
        agreed = ExpressionWrapper(Q(tools__gte=2), output_field=BooleanField())
        return list(rows.annotate(agreed=agreed).values(*_COLUMNS).annotate(number=Counted("pk")))

    def groups_for(self, field: str) -> list[Group]:
        """Return the groups from which a field's choices are counted."""
        if field not in self._asked:
            return self._groups[""]
        if field not in self._groups:
            self._groups[field] = self._count(self.query.without(field))
        return self._groups[field]

    def values(self, source: _Source) -> Counter[str]:
        """Return each value of a field with its number of rows."""
        counted: Counter[str] = Counter()
        for group in self.groups_for(source.field):
            value = source.value(group)
            if value is not None:
                counted[value] += group["number"]
        return counted

    def choices(
        self, source: _Source, order: Iterable[str], labels: Mapping[str, str] = MappingProxyType({})
    ) -> list[Choice]:
        """Return the values in `order` that occur or are asked for."""
        counted = self.values(source)
        more = sum(group["number"] for group in self.groups_for(source.field)) > COUNT_BOUND
        asked = self.query.values(source.field)
        return [
            Choice(
                labels.get(value, value),
                Count(counted[value], more),
                self.query.toggled(source.field, value),
                value in asked,
            )
            for value in dict.fromkeys((*order, *(one for one in asked if one in counted)))
            if value and (counted[value] or value in asked)
        ]
