"""The store: customers with their addresses and card tokens, and their orders."""

import os
import sqlite3

from flask import current_app, g

SCHEMA = os.path.join(os.path.dirname(__file__), "schema.sql")


def connection():
    """The connection of this request."""
    if "db" not in g:
        g.db = sqlite3.connect(current_app.config["DATABASE"])
        g.db.row_factory = sqlite3.Row
    return g.db


def close(_error=None):
    """Give the connection back at the end of a request."""
    store = g.pop("db", None)
    if store is not None:
        store.close()


def rows(statement, values=()):
    """All rows of a statement, as dictionaries."""
    return [dict(row) for row in connection().execute(statement, values).fetchall()]


def create(path, seeds=None):
    """Create the tables, and fill them from a seed file."""
    store = sqlite3.connect(path)
    for script in filter(None, (SCHEMA, seeds)):
        with open(script) as stream:
            store.executescript(stream.read())
    store.commit()
    store.close()
