"""How many issues of a list have which property, counted from its riskiest issues.

A facet that the query already narrows is counted without its own condition, so that its other choices stay in sight: one
more list for each such facet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db.models import Q

from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.store.access import Visible
from seamark.store.query import Count, Hits, Query, hits

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


@dataclass(frozen=True)
class _Source:
    """A field of the query language, the column of the hits behind it, and what it says there: nothing where it is no choice."""

    field: str
    column: str
    value: Callable[[Any], str | None]


_PRIORITY = _Source("priority", "priority", lambda number: f"P{number}")
_KIND = _Source("kind", "kind", lambda code: KINDS_BY_CODE[code].value if code in KINDS_BY_CODE else None)
_SEVERITY = _Source("severity", "severity", lambda number: Severity(number).word)
_APPLICATION = _Source("app", "application_id", str)
_FLAGS = {
    "Known exploited": _Source("kev", "kev", lambda is_so: "true" if is_so else None),
    "Fix available": _Source("fixable", "fixable", lambda is_so: "true" if is_so else None),
    "Several tools agree": _Source("tools", "tools", lambda number: ">=2" if number >= 2 else None),
    "AI-written code, at least": _Source("ai", "ai_written", lambda is_so: "true" if is_so else None),
    "Came back after a fix": _Source("regression", "regression", lambda is_so: "true" if is_so else None),
}


def facets(seen: Visible, query: Query, found: Hits, unfiltered: Hits) -> list[Facet]:
    """Return the facets of a list: of what was `found`, beside the person's `unfiltered` list."""
    tally = _Tally(seen, query, found, unfiltered)
    evidence: list[Choice] = []
    for label, source in _FLAGS.items():
        evidence.extend(tally.choices(source, tally.values(source), labels=dict.fromkeys(("true", ">=2"), label)))
    names = tally.applications()
    kinds = sorted(tally.values(_KIND), key=lambda kind: -tally.values(_KIND)[kind])
    severities = [one.word for one in reversed(Severity)]
    return [
        Facet("Priority", tally.choices(_PRIORITY, [f"P{number}" for number in range(5)])),
        Facet("Evidence", evidence),
        Facet("Kind", tally.choices(_KIND, kinds, labels=_capital(kinds))),
        Facet("Severity", tally.choices(_SEVERITY, severities, labels=_capital(severities))),
        Facet("Application", tally.choices(_APPLICATION, names, labels=names)),
    ]


def _capital(words: Iterable[str]) -> dict[str, str]:
    return {word: word.capitalize() for word in words}


class _Tally:
    """Counts the values of columns, each list that it needs read once."""

    def __init__(self, seen: Visible, query: Query, found: Hits, unfiltered: Hits) -> None:
        self._seen, self._query = seen, query
        self._asked = {term.field for term in query.terms}
        self._found, self._unfiltered = found, unfiltered
        self._lists: dict[str, Hits] = {}
        self._values: dict[str, Counter[str]] = {}

    def _list(self, source: _Source) -> Hits:
        """Return the list from which a field's choices are counted: without its own condition."""
        if source.field not in self._asked:
            return self._found
        if source.field not in self._lists:
            query = self._query.without(source.field)
            self._lists[source.field] = (
                hits(self._seen.issues(), query, (source.column,)) if query.terms else self._unfiltered
            )
        return self._lists[source.field]

    def values(self, source: _Source) -> Counter[str]:
        """Return each value of a field with its number of rows."""
        if source.field not in self._values:
            counted: Counter[str] = Counter()
            for one, number in Counter(self._list(source).column(source.column)).items():
                if (value := source.value(one)) is not None:
                    counted[value] += number
            self._values[source.field] = counted
        return self._values[source.field]

    def applications(self) -> dict[str, str]:
        """Return the slugs and names of the applications with the most rows, and count these and those that are asked for."""
        numbers = self.values(_APPLICATION)
        often = [int(number) for number, _ in numbers.most_common(MOST_APPLICATIONS)]
        asked = self._query.values(_APPLICATION.field)
        rows = self._seen.applications().filter(Q(pk__in=often) | Q(slug__in=asked))
        known = {row.pk: row for row in rows.only("slug", "name")}
        self._values[_APPLICATION.field] = Counter({row.slug: numbers[str(row.pk)] for row in known.values()})
        return {known[number].slug: known[number].name for number in often if number in known} | {
            row.slug: row.name for row in known.values()
        }

    def choices(
        self, source: _Source, order: Iterable[str], labels: Mapping[str, str] = MappingProxyType({})
    ) -> list[Choice]:
        """Return the values in `order` that occur or are asked for."""
        counted = self.values(source)
        whole = self._list(source)
        asked = self._query.values(source.field)
        return [
            Choice(
                labels.get(value, value),
                whole.counted(counted[value]),
                self._query.toggled(source.field, value),
                value in asked,
            )
            for value in dict.fromkeys((*order, *(one for one in asked if one in counted)))
            if value and (counted[value] or value in asked)
        ]
