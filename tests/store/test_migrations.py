"""The tables are those of the models, and made at once."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.operations import AddConstraint, AddField, AddIndex, CreateModel

from seamark.store.initial import Initial

first = import_module("seamark.store.migrations.0001_initial").Migration


@pytest.mark.django_db
def test_models_have_no_change_that_no_migration_makes() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_first_migration_makes_all_at_once() -> None:
    assert issubclass(first, Initial), "`make migration` writes it"
    assert {type(one) for one in first.operations} <= {CreateModel, AddField, AddIndex, AddConstraint}


@pytest.mark.django_db
def test_every_index_and_constraint_is_there() -> None:
    """What is named by an operation of its own is made too, though none of them is carried out."""
    named = {
        one.index.name if isinstance(one, AddIndex) else one.constraint.name
        for one in first.operations
        if isinstance(one, (AddIndex, AddConstraint))
    }
    tables = connection.introspection.table_names()
    with connection.cursor() as cursor:
        found = {name for table in tables for name in connection.introspection.get_constraints(cursor, table)}
    assert named - found == set()
