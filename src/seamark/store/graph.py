"""The edges of the inventory, as walks through the graph read them: at a time, and only what a person may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from seamark.core.assets import AssetKind, RelationKind
from seamark.store import writer
from seamark.store.models import Application, Asset

Numbers = NDArray[np.int64]
Ways = Mapping[bool, frozenset[RelationKind]]
"""Kinds of relation by whether they are followed from source to target (True) or back (False)."""

INTERNET: Final = "internet"
_SIDES: Final = {True: ("source_id", "target_id"), False: ("target_id", "source_id")}


class Edges:
    """The relations of the store that hold now, or held at a time.

    With `applications` a walk enters only assets of these and of none: what is everybody's shows nothing of whose it is.
    """

    def __init__(self, *, at: datetime | None = None, applications: Collection[int] | None = None) -> None:
        self._at, self._applications = at, applications
        self.size: int = (Asset.objects.aggregate(highest=Max("id"))["highest"] or 0) + 1

    def beyond(self, frontier: Numbers, ways: Ways) -> tuple[Numbers, Numbers]:
        """Return the edges that lead from these assets by the given ways: where each starts, where it ends."""
        found: list[tuple[int, int]] = []
        for forward, kinds in ways.items():
            if kinds:
                found += self._rows(frontier, *_SIDES[forward], kinds)
        pairs = np.array(found, np.int64).reshape(-1, 2)
        pairs = pairs[pairs[:, 1] < self.size]
        return pairs[:, 0], pairs[:, 1]

    def everything(self) -> tuple[Numbers, Numbers, list[str]]:
        """Return all edges as three columns: sources, targets, kinds. For questions about the whole graph."""
        holds, parameters = self._holds()
        joins = self._shown("source_id", "s") + self._shown("target_id", "t")
        with connection.cursor() as cursor:
            sql = f"SELECT r.source_id, r.target_id, r.kind FROM store_relation r{joins} WHERE {holds}"  # noqa: S608
            cursor.execute(sql, parameters)
            rows = cursor.fetchall()
        source = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        target = np.fromiter((row[1] for row in rows), np.int64, len(rows))
        return source, target, [row[2] for row in rows]

    def _rows(self, frontier: Numbers, start: str, end: str, kinds: frozenset[RelationKind]) -> list[tuple[int, int]]:
        # Names of columns and kinds are closed sets of words, applications are numbers.
        words = ", ".join(f"'{kind.value}'" for kind in sorted(kinds))
        holds, parameters = self._holds()
        sql = (
            f"SELECT r.{start}, r.{end} FROM store_relation r{self._shown(end, 'a')} "  # noqa: S608
            f"WHERE {holds} AND r.kind IN ({words}) AND r.{start} {{values}}"
        )
        return writer.select_in(sql, frontier.tolist(), parameters)

    def _shown(self, column: str, name: str) -> str:
        """Return the join that leaves out assets of other applications."""
        if self._applications is None:
            return ""
        own = ", ".join(str(int(number)) for number in sorted(self._applications)) or "NULL"
        return (
            f" JOIN store_asset {name} ON {name}.id = r.{column} "
            f"AND ({name}.application_id IS NULL OR {name}.application_id IN ({own}))"
        )

    def _holds(self) -> tuple[str, list[Any]]:
        """Return the condition on a relation's interval, with its parameters."""
        if self._at is None:
            return "r.until IS NULL", []
        at = connection.ops.adapt_datetimefield_value(self._at)
        return "r.since <= %s AND (r.until IS NULL OR r.until > %s)", [at, at]


class Tally(NamedTuple):
    """What many assets come to."""

    kinds: dict[str, int]
    exposed: int
    """How many answer from the internet."""
    applications: list[str]
    data_classes: list[str]


def tally(numbers: Sequence[int]) -> Tally:
    """Count assets by kind and exposure, and name the applications and classes of data among them."""
    kinds: Counter[str] = Counter()
    exposed = 0
    applications: set[int] = set()
    rows = writer.select_in(
        "SELECT kind, exposure, application_id, COUNT(*) FROM store_asset WHERE id {values} GROUP BY kind, exposure, application_id",
        numbers,
    )
    for kind, exposure, application, count in rows:
        kinds[kind] += count
        exposed += count if exposure == INTERNET else 0
        if application is not None:
            applications.add(application)
    classes: set[str] = set()
    if AssetKind.DATA_CLASS.value in kinds:
        named = writer.select_in("SELECT key FROM store_asset WHERE kind = 'data_class' AND id {values}", numbers)
        classes = {key for (key,) in named}
    names = Application.objects.filter(pk__in=applications).values_list("name", flat=True)
    return Tally(dict(sorted(kinds.items())), exposed, sorted(names), sorted(classes))
