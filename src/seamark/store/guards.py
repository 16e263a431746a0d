"""Triggers that keep the ledger as it is: rows are added in order, and neither changed nor removed.

Whoever owns the database can drop them; what is done then is found by the ledger's verifier.
"""

from __future__ import annotations

from typing import Any

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

GUARDED = ("store_ledgerentry", "store_ledgernode", "store_checkpoint", "store_anchor")
_IN_ORDER = "NEW.number <> (SELECT coalesce(max(number) + 1, 0) FROM store_ledgerentry)"
_KNOWN = {
    "store_ledgernode": "EXISTS (SELECT 1 FROM store_ledgernode WHERE level = NEW.level AND place = NEW.place)",
    "store_checkpoint": "EXISTS (SELECT 1 FROM store_checkpoint WHERE size = NEW.size)",
    "store_anchor": (
        "EXISTS (SELECT 1 FROM store_anchor WHERE id = NEW.id OR (checkpoint_id = NEW.checkpoint_id AND kind = NEW.kind AND name = NEW.name))"
    ),
}
"""SQLite replaces a row that is in the way (`INSERT OR REPLACE`) without asking the trigger on deletions."""


def install_guards(using: str = "default", **_: Any) -> None:
    """Put the triggers on the ledger's tables, where these are there; again and again does no harm."""
    connection = connections[using]
    there = set(connection.introspection.table_names())
    if not there.issuperset(GUARDED):
        return
    with transaction.atomic(using=using):
        _run(connection, _postgresql() if connection.vendor == "postgresql" else _sqlite())


def lift_guards(using: str = "default") -> None:
    """Take the triggers off, as emptying a database for tests needs it."""
    connection = connections[using]
    postgresql = connection.vendor == "postgresql"
    names = [f"{table}_{what}" for table in GUARDED for what in ("update", "delete", "insert", "truncate")]
    on = {name: f" ON {name.rpartition('_')[0]}" if postgresql else "" for name in names}
    _run(connection, [f"DROP TRIGGER IF EXISTS {name}{on[name]}" for name in names])


def _run(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _sqlite() -> list[str]:
    made = []
    for table in GUARDED:
        refused = f"BEGIN SELECT RAISE(ABORT, '{table} can only grow'); END"
        made += [
            f"CREATE TRIGGER IF NOT EXISTS {table}_{what} BEFORE {what.upper()} ON {table} {refused}"
            for what in ("update", "delete")
        ]
        when = _KNOWN.get(table, _IN_ORDER)
        made.append(f"CREATE TRIGGER IF NOT EXISTS {table}_insert BEFORE INSERT ON {table} WHEN {when} {refused}")
    return made


def _postgresql() -> list[str]:
    refuse = "BEGIN RAISE EXCEPTION '% can only grow', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END"
    made = [
        f"CREATE OR REPLACE FUNCTION seamark_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$ {refuse} $$",
        (
            "CREATE OR REPLACE FUNCTION seamark_in_order() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {_IN_ORDER} THEN RAISE EXCEPTION 'store_ledgerentry can only grow' USING ERRCODE = 'restrict_violation'; "
            "END IF; RETURN NEW; END $$"
        ),
        (
            "CREATE OR REPLACE TRIGGER store_ledgerentry_insert BEFORE INSERT ON store_ledgerentry "
            "FOR EACH ROW EXECUTE FUNCTION seamark_in_order()"
        ),
    ]
    for table in GUARDED:
        # A statement that finds no row is refused as well: nobody has a reason to try.
        made += [
            f"CREATE OR REPLACE TRIGGER {table}_{what} BEFORE {what.upper()} ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION seamark_only_grows()"
            for what in ("update", "delete", "truncate")
        ]
    return made
