"""Getting Django and the database ready, for the commands that need them."""

from __future__ import annotations

import logging
import os
import sys

from seamark.core.errors import InvalidSetting, StoreUnavailable


def boot(*, migrate: bool = True) -> None:
    """Load Django, and create or update the database where that is needed.

    Raises `InvalidSetting` and `StoreUnavailable`.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seamark.site.settings")
    import django
    from django.core.exceptions import ImproperlyConfigured

    try:
        django.setup()
    except ImproperlyConfigured as error:
        raise InvalidSetting(str(error)) from None
    if migrate:
        migrate_database(quiet=True)


def migrate_database(*, quiet: bool) -> int:
    """Apply what the database lacks and return how many steps that were. Safe on many hosts at once."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    if connection.vendor == "sqlite":
        try:
            settings.SEAMARK_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreUnavailable(f"SEAMARK_HOME ({settings.SEAMARK_HOME}) cannot be written: {error}") from None
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
        if any(app == "store" for app, _ in unknown):
            raise StoreUnavailable("The database was made by a newer version of Seamark; update this one")
        if not plan:
            return 0
        if not quiet:
            sys.stderr.write(f"seamark: applying {len(plan)} steps to the database\n")
        logging.getLogger("seamark").debug("migrating")
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(8317)")
        try:
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock(8317)")
    except DatabaseError as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise StoreUnavailable(
            f"The database cannot be used ({reason}); look at SEAMARK_DATABASE_URL and SEAMARK_HOME"
        ) from None
    return len(plan)
