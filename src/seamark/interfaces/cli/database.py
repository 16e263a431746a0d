"""Getting Django and the database ready, for the commands that need them."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from seamark.core.errors import InvalidSetting, StoreUnavailable

try:
    import fcntl
except ImportError:  # Windows, where whoever starts many processes at once migrates first
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from seamark.store.models import Application, User


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
    """Apply what the database lacks and return how many steps that were. Safe with many processes at once."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import DatabaseError, connection

    if connection.vendor == "sqlite":
        try:
            settings.SEAMARK_HOME.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StoreUnavailable(f"SEAMARK_HOME ({settings.SEAMARK_HOME}) cannot be written: {error}") from None
    try:
        with _looking(settings.SEAMARK_HOME):
            lacks = _steps()
        if not lacks:
            return 0
        with _alone(settings.SEAMARK_HOME):
            steps = _steps()
            if steps and not quiet:
                sys.stderr.write(f"seamark: applying {steps} steps to the database\n")
            call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise StoreUnavailable(
            f"The database cannot be used ({reason}); look at SEAMARK_DATABASE_URL and SEAMARK_HOME"
        ) from None
    return steps


def _steps() -> int:
    """Return how many steps the database lacks. Raises `StoreUnavailable` where it has more than this version knows."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    if any(app == "store" for app, _ in unknown):
        raise StoreUnavailable("The database was made by a newer version of Seamark; update this one")
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _looking(home: Path) -> contextlib.AbstractContextManager[object]:
    """Let nobody make the database that is looked at. Who opens a file of SQLite first makes it, and others meanwhile only fail."""
    from django.db import connection

    if connection.vendor == "postgresql":
        return contextlib.nullcontext()
    name = Path(str(connection.settings_dict["NAME"]))
    try:
        made = name.stat().st_size > 0
    except OSError:
        made = False
    try:
        return _locked(home, shared=made)
    except StoreUnavailable:
        # Where no lock can be written, nothing can be made either.
        return contextlib.nullcontext()


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one process at a time change the schema: of all hosts on PostgreSQL, of this one on SQLite."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(8317)")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(8317)")
        return
    with _locked(home):
        yield


def _locked(home: Path, *, shared: bool = False) -> TextIO:
    """Return a lock that is held; it is given back when it is closed. Raises `StoreUnavailable` where none can be written."""
    try:
        lock = (home / "migrate.lock").open("w")
    except OSError as error:
        raise StoreUnavailable(f"SEAMARK_HOME ({home}) cannot be written: {error}") from None
    if fcntl is not None:
        fcntl.flock(lock, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
    return lock


def application_named(name: str) -> Application:
    """Return the application of a name, in any case. Raises `ClickException` where there is none."""
    from seamark.pipeline.ingest.place import named
    from seamark.store.access import everything

    found = named(everything().applications(), name).first()
    if found is None:
        raise click.ClickException(f"There is no application {name!r}")
    return found


def user_named(name: str) -> User:
    """Return the user of a name, in any case. Raises `ClickException` where there is none."""
    from seamark.store.access import everything

    found = everything().users().filter(username__iexact=name).first()
    if found is None:
        raise click.ClickException(f"There is no user {name!r}; `seamark user add` makes one")
    return found
