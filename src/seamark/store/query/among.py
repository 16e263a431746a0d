"""Rows by thousands of numbers, handed to the database as one value: as many parameters would take longer than the rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import IntegerField, Lookup, Q
from django.db.models.sql.compiler import SQLCompiler


def among(numbers: Sequence[int]) -> Q:
    """Return the condition that a row has one of these numbers."""
    return Q(pk__among=list(numbers))


@IntegerField.register_lookup
class Among(Lookup):
    """`pk__among=numbers`: what `pk__in=numbers` finds."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for SQLite."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*parameters, json.dumps(self.rhs))  # noqa: S608 - a column of ours

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for PostgreSQL."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s::bigint[])", (*parameters, self.rhs)
