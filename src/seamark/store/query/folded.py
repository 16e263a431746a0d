"""Texts compared by patterns, whatever their case: one lookup for both databases.

Both take the letters A to Z as their small ones and no others. Unlike a regular expression, no pattern of somebody's making keeps a
database busy for hours.
"""

from __future__ import annotations

import re
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup, TextField
from django.db.models.sql.compiler import SQLCompiler

_UPPER: Final = {small: small - 32 for small in range(ord("a"), ord("z") + 1)}


def escaped(text: str) -> str:
    """Return the pattern of a text that stands for itself."""
    return re.sub(r"([\\%_])", r"\\\1", text)


def folded(column: str) -> str:
    """Return a column as PostgreSQL compares it, in SQL."""
    return f'UPPER({column} COLLATE "C")'


def upper(pattern: str) -> str:
    """Return a pattern as it is compared with a column that is `folded`."""
    return pattern.translate(_UPPER)


@TextField.register_lookup
class Folded(Lookup):
    """`column__folded=pattern`: SQL's LIKE without regard to case. `%` stands for anything, `_` for a character, the backslash escapes."""

    lookup_name = "folded"

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for SQLite, whose LIKE has no regard to case."""
        left, values = self.process_lhs(compiler, connection)
        return f"{left} LIKE %s ESCAPE '\\'", (*values, self.rhs)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition for PostgreSQL."""
        left, values = self.process_lhs(compiler, connection)
        return f"{folded(left)} LIKE %s", (*values, upper(self.rhs))
