"""Whether an installation is well: each check is a question with an answer in a sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.intake.parsers.kit.registry import parsers
from seamark.pipeline.runtime import sync
from seamark.store.models import Exploitation, Import, User
from seamark.store.models.work import ImportState

Check = tuple[str, str, str]
"""Name, `well`, `note` or `wrong`, and a sentence."""


def checks() -> list[Check]:
    """Return the answers to all questions; those about rows only where the database answers."""
    rows = [_home(), _database(), _parsers(), _front_end()]
    if rows[1][1] == "well":
        rows += [_people(), _imports(), _intelligence(), sync.check(timezone.now())]
    return rows


def _home() -> Check:
    home: Path = settings.SEAMARK_HOME
    if not home.exists():
        return "home", "note", f"{home} does not exist yet; it is made when first needed"
    free = shutil.disk_usage(home).free // 1024**2
    state = "well" if free > 500 else "wrong"
    return "home", state, f"{home}, {free:,} MB free"


def _database() -> Check:
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return "database", "wrong", f"{connection.vendor} does not answer: {str(error).splitlines()[0]}"
    if waiting:
        return "database", "note", f"{connection.vendor}; {waiting} steps wait for `seamark migrate`"
    return "database", "well", f"{connection.vendor}, up to date"


def _parsers() -> Check:
    try:
        return "formats", "well", f"{len(parsers())} report formats can be read"
    except SeamarkError as error:
        return "formats", "wrong", str(error)


def _front_end() -> Check:
    from django.contrib.staticfiles import finders

    if finders.find("vendor/htmx/htmx.min.js"):
        return "front end", "well", "built"
    return "front end", "wrong", "not built; install again with pip, without SEAMARK_SKIP_FRONTEND"


def _people() -> Check:
    number = User.objects.count()
    if not number:
        return "people", "note", "nobody can log in yet; `seamark serve` makes the first administrator"
    return "people", "well", f"{number} can log in"


def _imports() -> Check:
    waiting = Import.objects.filter(state=ImportState.QUEUED).count()
    failed = Import.objects.filter(state=ImportState.FAILED).count()
    return "imports", "well", f"{waiting} wait, {failed} failed"


def _intelligence() -> Check:
    number = Exploitation.objects.count()
    if not number:
        return (
            "intelligence",
            "note",
            "none loaded: scores do not know what is exploited (`seamark intel update`)",
        )
    return "intelligence", "well", f"{number:,} vulnerabilities"
