"""From text to terms. Nothing here knows the database."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from seamark.core.errors import InvalidQuery

_TOKEN = re.compile(r'(?P<minus>-)?(?:(?P<field>[a-z_]+):)?(?P<value>"(?:[^"\\]|\\.)*"|[^\s"]+)', re.IGNORECASE)
MAX_LENGTH = 1000
MAX_VALUES = 100
"""Values in all terms together: databases refuse conditions that are nested or joined without end."""


@dataclass(frozen=True)
class Term:
    """One condition: a field (or free text, where it is empty) with the alternatives for its value."""

    field: str
    values: tuple[str, ...]
    negated: bool = False
    position: int = 0

    def __str__(self) -> str:
        """Write the term as people would."""
        text = ",".join(_quoted(value) for value in self.values)
        return f"{'-' if self.negated else ''}{self.field + ':' if self.field else ''}{text}"


@dataclass(frozen=True)
class Query:
    """Conditions that all have to hold, and an order."""

    terms: tuple[Term, ...] = ()
    sort: str = ""

    def __str__(self) -> str:
        """Write the query in its normal form."""
        parts = [str(term) for term in self.terms]
        return " ".join([*parts, f"sort:{self.sort}"] if self.sort else parts)

    def values(self, field: str) -> tuple[str, ...]:
        """Return the values asked of a field by a term that is not negated."""
        return next((term.values for term in self.terms if term.field == field and not term.negated), ())

    def without(self, field: str) -> Query:
        """Return the query without the conditions on a field."""
        return replace(self, terms=tuple(term for term in self.terms if term.field != field))

    def having(self, field: str, *values: str) -> Query:
        """Return the query with the condition on a field replaced; no values remove it."""
        rest = self.without(field)
        return replace(rest, terms=(*rest.terms, Term(field, values))) if values else rest

    def toggled(self, field: str, value: str) -> Query:
        """Return the query with one more value of a field, or without it where it was asked for."""
        values = self.values(field)
        changed = tuple(v for v in values if v != value) if value in values else (*values, value)
        return self.having(field, *changed)

    def sorted_by(self, sort: str) -> Query:
        """Return the query in another order."""
        return replace(self, sort=sort)


def parse(text: str) -> Query:
    """Return the query that a text asks for.

    Terms are separated by blanks and all have to hold; `field:a,b` allows alternatives; `-` negates; `"…"` keeps
    blanks together. Words without a field search the text. Raises `InvalidQuery` with the position.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidQuery(f"The query is longer than {MAX_LENGTH} characters", position=MAX_LENGTH)
    if broken := re.search("[\ud800-\udfff]", text):
        raise InvalidQuery("The query holds half a character", position=broken.start())
    if "\x00" in text:
        raise InvalidQuery("The query holds a NUL character", position=text.index("\x00"))
    terms: list[Term] = []
    sort = ""
    at = count = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None:
            raise InvalidQuery(
                "A quotation mark is not closed" if text[at] == '"' or '"' in text[at:] else "This is not understood",
                position=at,
            )
        field = (found["field"] or "").lower()
        raw = found["value"]
        # An address in free text (`https://…`) is no field.
        if field and raw.startswith("//"):
            field, raw = "", f"{found['field']}:{raw}"
        values = _values(raw)
        if field == "sort":
            sort = values[0] if values else ""
            if found["minus"]:
                raise InvalidQuery("Write sort:-risk rather than -sort:risk", position=at)
        elif values:
            terms.append(Term(field, values, bool(found["minus"]), at))
            count += len(values)
            if count > MAX_VALUES:
                raise InvalidQuery(f"The query asks for more than {MAX_VALUES} values", position=at)
        at = found.end()
    return Query(tuple(terms), sort)


def _values(raw: str) -> tuple[str, ...]:
    if raw.startswith('"'):
        return (re.sub(r"\\(.)", r"\1", raw[1:-1]),)
    return tuple(value for value in raw.split(",") if value)


def _quoted(value: str) -> str:
    if re.fullmatch(r'[^\s",]+', value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
