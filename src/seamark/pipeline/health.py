"""Whether an installation is well: each check is a question with an answer in a sentence."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from seamark.core.errors import SeamarkError
from seamark.governance.ledger import checkpoints
from seamark.intake.parsers.kit.registry import parsers
from seamark.pipeline import vitals
from seamark.pipeline.outbox import log
from seamark.pipeline.runtime import sync
from seamark.store.models import Exploitation, Import, User
from seamark.store.models.work import ImportState

Check = tuple[str, str, str]
"""Name, `well`, `note` or `wrong`, and a sentence."""


def checks() -> list[Check]:
    """Return the answers to all questions; those about rows only where the database answers."""
    rows = [_home(), _database(), _parsers(), _front_end()]
    if rows[1][1] == "well":
        rows += [_people(), _imports(), _intelligence(), sync.check(timezone.now()), _outbox()]
    return rows


def report(now: datetime) -> dict[str, Any]:
    """Return how the installation does: `state` is the worst of `checks`, the rest are the figures of `vitals.all_of`.

    Raises `DatabaseError` where the database does not answer.
    """
    figures = vitals.all_of(now)
    told = [
        *checks(), workers(figures["workers"], figures["queues"]), waiting(figures["queues"]), feeds(figures["feeds"]),
        ledger(figures["ledger"], now),
    ]  # fmt: skip
    worst = next((one for one in ("wrong", "note") if any(state == one for _, state, _ in told)), "well")
    return {
        "state": worst, "checks": [{"check": name, "state": state, "sentence": sentence} for name, state, sentence in told],
        **figures,
    }  # fmt: skip


def _outbox() -> Check:
    """Tell whether other services take what is sent to them."""
    found = log.standing()
    if found.paused:
        return "connections", "wrong", f"paused, {found.waiting} acts wait: {'; '.join(found.paused)[:1000]}"
    if found.failed:
        return "connections", "note", f"{found.failed} acts were given up; they can be sent again"
    return "connections", "well", f"{found.waiting} acts wait"


def workers(rows: Sequence[Mapping[str, Any]], queues: Sequence[Mapping[str, Any]]) -> Check:
    """Tell whether anybody works. A worker at a long piece says nothing meanwhile, and holds the piece's lease."""
    there = [row for row in rows if not row["silent"]]
    if there:
        return "workers", "well", f"{len(there)} {'worker' if len(there) == 1 else 'workers'} at work"
    if any(one["running"].number for one in queues):
        return "workers", "well", "a worker is at a long piece of work"
    if rows:
        return (
            "workers",
            "wrong",
            f"no worker: the last word was of {rows[0]['name']}, {rows[0]['at']:%Y-%m-%d %H:%M} UTC",
        )
    return "workers", "wrong", "no worker has said anything for a day; start `seamark serve` or `seamark worker`"


def waiting(rows: Sequence[Mapping[str, Any]]) -> Check:
    """Tell whether what waits is worked off."""
    late = [one for one in rows if one["oldest"] is not None and one["oldest"] > vitals.LONG.total_seconds()]
    if late:
        told = "; ".join(
            f"{one['name']}: {one['waiting']} wait, the oldest for {one['oldest'] // 60} min" for one in late
        )
        return "queues", "wrong", told
    failed = [f"{one['failed']} of {one['name']}" for one in rows if one["failed"].number]
    if failed:
        return "queues", "note", f"failed within a week: {', '.join(failed)}"
    return "queues", "well", f"{sum(one['waiting'].number for one in rows)} pieces of work wait"


def feeds(rows: Sequence[Mapping[str, Any]]) -> Check:
    """Tell whether what is known of exploitation is of late."""
    failed = [f"{one['feed']}: {one['failure']}" for one in rows if one["failure"]]
    if failed:
        return "feeds", "wrong", "; ".join(failed[:3])
    old = [f"{one['feed']} is {one['age']} days old" for one in rows if one["old"]]
    return ("feeds", "note", ", ".join(old[:5])) if old else ("feeds", "well", f"{len(rows)} loaded")


def ledger(figures: Mapping[str, Any], now: datetime) -> Check:
    """Tell whether the ledger is signed as often as it should be."""
    if not settings.SEAMARK_LEDGER_KEY:
        return "ledger", "note", "no key is set, so that nothing is signed (`seamark ledger key`)"
    unsigned = figures["entries"] - figures["signed"]
    if figures["at"] is None:
        return "ledger", "note", f"nothing was signed yet; {unsigned:,} entries wait"
    if unsigned and now - figures["at"] > 2 * checkpoints.EVERY:
        return "ledger", "wrong", f"{unsigned:,} entries wait for a signature; the last was {figures['at']:%Y-%m-%d}"
    return "ledger", "well", f"{figures['signed']:,} entries are signed, {unsigned:,} since"


def _home() -> Check:
    home: Path = settings.SEAMARK_HOME
    if not home.exists():
        return "home", "note", f"{home} does not exist yet; it is made when first needed"
    free = shutil.disk_usage(home).free
    state = "well" if free > vitals.LEAST_FREE else "wrong"
    return "home", state, f"{home}, {free // 1024**2:,} MB free"


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
