"""Parts of words in issues, found without reading a million rows: on PostgreSQL every text is kept once.

A million issues have some ten thousand titles, rules, packages and paths. `store_phrase` holds each of these once, put there by triggers
when issues are written, and only these few are searched. The issues that have one of the phrases found come from an index of hashes. An
index of the parts of words of every issue would take half as long again to import into.

A phrase leaves out what nearly every issue has of its own, the line in a place and numbers in a title, but for those that end a name: what
is found by phrases is compared with the whole text of the issue as well. Phrases that no issue has any more do no harm. SQLite does without all this.
"""

from __future__ import annotations

import re
from typing import Any, Final

from django.db import connection as default
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import Lookup, Q, TextField
from django.db.models.sql.compiler import SQLCompiler
from django.db.utils import Error

from seamark.store.query.folded import escaped, folded, upper

_SORTS: Final = {"title": 1, "place": 2, "rule": 3, "component": 4}
"""Columns of issues that have phrases, and their numbers in the table."""
_MOST: Final = 5_000
_COMMON: Final = 20_000
"""Phrases, and issues with one of them, that narrow a search. What there is more of is soon found by going through the list."""
_KNOWN: Final = 100
"""Phrases of which PostgreSQL is asked how many issues have them."""
_SHORTEST: Final = 3
_WAITING: Final = 16_384
"""Kilobytes of new rows that the index keeps aside, to be put in order together: each by itself would take five times as long."""
_STATISTICS: Final = 140_000
"""Version of PostgreSQL from which it learns how often the values of an expression occur."""
_NUMBER: Final = "(^|[^A-Za-z])[0-9]+"
_CUTS: Final = {
    "title": f"regexp_replace({{}}, '{_NUMBER}', '\\1', 'g')",
    "place": "regexp_replace({}, ':[0-9]+$', '')",
}
"""What makes phrases of texts, in SQL; `_cut` leaves out as much of what is looked for."""


def patterned(column: str, pattern: str) -> Q:
    """Return the condition that a column of issues is like a pattern, by way of the phrases where that is quicker."""
    exact = Q(**{f"{column}__folded": pattern})
    numbers = _numbers(column, pattern)
    if numbers is None:
        return exact
    # Where there is no phrase, there is no issue. What costs least to compare comes first.
    return exact & Q(**{f"{column}__phrases": numbers}) if numbers else Q(pk__in=[])


@TextField.register_lookup
class Phrases(Lookup):
    """`column__phrases=numbers`: one of the phrases of an issue is one of these, whichever column has it, as the index has it."""

    lookup_name = "phrases"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, _: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        """Return the condition, for PostgreSQL."""
        column: Any = self.lhs
        table = compiler.quote_name_unless_alias(column.alias)
        return f"{_phrases(f'{table}.')} && %s::bigint[]", (self.rhs,)


def _phrases(table: str = "") -> str:
    """Return the numbers of all phrases of an issue, in SQL."""
    return f"ARRAY[{', '.join(_number(_phrase(column, f'{table}{column}')) for column in _SORTS)}]"


def _phrase(column: str, text: str) -> str:
    return _CUTS.get(column, "{}").format(text)


def _number(text: str) -> str:
    return f"hashtextextended({text}, 0)"


def _numbers(column: str, pattern: str) -> list[int] | None:
    """Return the numbers of the phrases of texts that are like a pattern; None where they are too many, or nothing is to go by."""
    if default.vendor != "postgresql":
        return None
    # A text that is like the pattern has its longest piece, and so has the phrase, but for what it leaves out.
    pieces = re.findall(r"(?:\\.|[^%_\\])+", pattern, re.DOTALL)
    plain = [_cut(column, re.sub(r"\\(.)", r"\1", one, flags=re.DOTALL)) for one in pieces]
    piece = max(plain, key=len, default="")
    if len(piece) < _SHORTEST:
        return None
    looked_for = f"SELECT DISTINCT number FROM store_phrase WHERE sort = %s AND {folded('text')} LIKE %s LIMIT %s"  # noqa: S608 - of ours
    with default.cursor() as cursor:
        cursor.execute(looked_for, [_SORTS[column], upper(f"%{escaped(piece)}%"), _MOST + 1])
        found = [number for (number,) in cursor.fetchall()]
        return found if len(found) <= _MOST and _expected(cursor, column, found) <= _COMMON else None


def _expected(cursor: CursorWrapper, column: str, numbers: list[int]) -> float:
    """Return about how many issues have one of these phrases."""
    if len(numbers) <= _KNOWN:
        cursor.execute(f"EXPLAIN (FORMAT JSON) SELECT FROM store_issue WHERE {_phrases()} && %s::bigint[]", [numbers])
        return float(cursor.fetchone()[0][0]["Plan"]["Plan Rows"])
    # Few phrases are each of one issue in a hundred. PostgreSQL knows these, and thinks too much of all others together.
    cursor.execute(
        "SELECT (SELECT reltuples FROM pg_class WHERE oid = 'store_issue'::regclass) / count(*) FROM store_phrase WHERE sort = %s",
        [_SORTS[column]],
    )
    return len(numbers) * float(cursor.fetchone()[0])


def _cut(column: str, piece: str) -> str:
    """Return what is sure to be in the phrase of a text that has a piece."""
    if column == "title":
        # Digits at its beginning may be those of a name.
        return re.sub(_NUMBER, r"\1", re.sub("^[0-9]+", "", piece))
    if column == "place":
        # Digits alone may be those of the line.
        return "" if re.fullmatch("[0-9]+", piece) else re.sub(r":[0-9]*\Z", "", piece)
    return piece


def install_phrases(using: str = "default", **_: object) -> None:
    """Make the table of phrases, what fills it and what searches it; again and again does no harm."""
    connection = connections[using]
    if connection.vendor != "postgresql" or "store_issue" not in connection.introspection.table_names():
        return
    with transaction.atomic(using=using), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('store_phrase') IS NULL")
        if cursor.fetchone()[0]:
            for statement in _statements():
                cursor.execute(statement)
        cursor.execute("SHOW server_version_num")
        if int(cursor.fetchone()[0]) >= _STATISTICS:
            for column in (*_SORTS, "owner"):
                cursor.execute(
                    f"CREATE STATISTICS IF NOT EXISTS issue_{column}_folded ON ({folded(column)}) FROM store_issue"
                )
    _index_parts(connection)


def _index_parts(connection: BaseDatabaseWrapper) -> None:
    """Index the parts of words in phrases where the extension for it may be had: without it all phrases are looked through."""
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(
                f"CREATE INDEX IF NOT EXISTS phrase_parts ON store_phrase USING gin ({folded('text')} gin_trgm_ops)"
            )
    except Error:
        # Not installed on the server, or not this account's to add. The administrator may, and the next migration makes the index.
        return


def _statements() -> list[str]:
    """Return what makes the table and keeps it filled.

    Phrases may be there twice: two imports that each waited for the other's row would end one of them.
    """
    return [
        "CREATE TABLE store_phrase (sort smallint NOT NULL, number bigint NOT NULL, text text NOT NULL)",
        "CREATE INDEX phrase_number ON store_phrase (sort, number)",
        f"CREATE INDEX issue_phrases ON store_issue USING gin (({_phrases()})) WITH (gin_pending_list_limit = {_WAITING})",
        _fill("store_issue"),
        f"""CREATE OR REPLACE FUNCTION store_phrases_of_new() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {_fill("fresh")}; RETURN NULL; END $$""",
        """CREATE TRIGGER store_issue_phrases AFTER INSERT ON store_issue REFERENCING NEW TABLE AS fresh
            FOR EACH STATEMENT EXECUTE FUNCTION store_phrases_of_new()""",
        f"""CREATE OR REPLACE FUNCTION store_phrases_of_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {_fill("(SELECT NEW.title, NEW.place, NEW.rule, NEW.component) AS fresh")}; RETURN NULL; END $$""",
        f"""CREATE TRIGGER store_issue_rephrased AFTER UPDATE OF {", ".join(_SORTS)} ON store_issue
            FOR EACH ROW WHEN (({_row("OLD")}) IS DISTINCT FROM ({_row("NEW")})) EXECUTE FUNCTION store_phrases_of_changed()""",
    ]


def _row(name: str) -> str:
    return ", ".join(f"{name}.{column}" for column in _SORTS)


def _fill(source: str) -> str:
    """Return the statement that adds the phrases of issues that are not there yet."""
    texts = " UNION ".join(
        f"SELECT {sort}, {_phrase(column, column)} FROM {source} WHERE {column} <> ''"  # noqa: S608 - names of ours
        for column, sort in _SORTS.items()
    )
    return (
        f"INSERT INTO store_phrase (sort, number, text) SELECT told.sort, {_number('told.text')}, told.text "  # noqa: S608 - names of ours
        f"FROM ({texts}) AS told (sort, text) WHERE NOT EXISTS (SELECT 1 FROM store_phrase AS known "
        f"WHERE known.number = {_number('told.text')} AND known.sort = told.sort)"
    )
