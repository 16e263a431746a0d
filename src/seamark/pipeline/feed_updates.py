"""Updating feeds as a job: somebody asks for it on a page, a worker opens the network."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from seamark.core.errors import NotAllowed, RemoteFailure
from seamark.intake.connectors.feeds.catalogue import ORIGINS, Origin
from seamark.intake.connectors.feeds.provider import providers
from seamark.pipeline import feeds
from seamark.pipeline.feeds import Update
from seamark.store.access import visible_to
from seamark.store.models import Job
from seamark.store.permissions import Permission, needed

KIND: Final = "feeds"
"""The job's kind in `pipeline.jobs.KINDS`."""
OPERATES: Final = Permission.USER_MANAGE
"""The right to run the installation, held on everything: to fetch feeds, to repeat and cancel the work of others."""


def overview(now: datetime) -> list[dict[str, Any]]:
    """Return every feed of the catalogue and every vendor's: how it stands as in `feeds.standing`, `words`, `limit` in days, `state`.

    `state` is `current`, `old`, `failed` (what was loaded before still counts) or `none`, where nothing was ever loaded.
    """
    standing = feeds.standing(now)
    found: list[dict[str, Any]] = []
    for origin in ORIGINS:
        rows = [row for row in standing if row["feed"].split("/")[0] == origin.name]
        found += [_told(row, origin) for row in rows] or [_told({"feed": origin.name}, origin)]
    known = {one.name for one in ORIGINS}
    return found + [_told(row, None) for row in standing if row["feed"].split("/")[0] not in known]


def _told(row: dict[str, Any], origin: Origin | None) -> dict[str, Any]:
    base = {
        "snapshot": "", "entries": 0, "date": None, "age": None, "old": False, "origin": "", "sha256": "", "loaded_at": None, "checked_at": None,
        "failure": "", "failed_at": None,
    }  # fmt: skip
    whole = {**base, **row}
    loaded = whole["loaded_at"] is not None
    state = "failed" if whole["failure"] else "old" if whole["old"] else "current" if loaded else "none"
    fetched = origin is not None and bool(origin.urls or settings.SEAMARK_FEED_MIRROR)
    return {
        **whole, "name": origin.name if origin else whole["feed"], "words": origin.words if origin else "",
        "limit": origin.days if origin else feeds.FACTS_DAYS, "state": state, "fetched": fetched,
    }  # fmt: skip


def carry_out(job: Job, tell: Callable[[int, dict[str, Any]], None]) -> dict[str, Any]:
    """Fetch the feeds that a job names, the usual ones where it names none. Raises `RemoteFailure` where none could be had.

    Raises `NotAllowed` where whoever asked has lost the right since.
    """
    if not visible_to(job.owner).may(OPERATES):
        raise NotAllowed(needed(OPERATES))
    told: list[dict[str, Any]] = []
    for one in feeds.update(
        job.asked["feeds"], settings.SEAMARK_HOME / "feeds", settings.SEAMARK_FEED_MIRROR,
        providers=providers(settings.SEAMARK_CSAF_PROVIDERS), internal=settings.SEAMARK_INTERNAL_HOSTS,
    ):  # fmt: skip
        told.append(_became(one))
        tell(min(len(told), job.total), {"feeds": told})
    failures = [f"{one['feed']}: {one['failure']}" for one in told if one["failure"]]
    if failures and len(failures) == len(told):
        raise RemoteFailure("; ".join(failures), permanent=False)
    return {"feeds": told}


def _became(one: Update) -> dict[str, Any]:
    loaded = one.loaded
    return {
        "feed": one.name, "snapshot": loaded.snapshot if loaded else "", "rows": loaded.rows if loaded else 0,
        "rescored": loaded.rescored if loaded else 0, "failure": one.failure, "left": one.left,
    }  # fmt: skip


def pieces(names: list[str]) -> int:
    """Return how many feeds an update of these names, or of the usual ones, is about."""
    return len(names) or sum(1 for one in ORIGINS if one.usual and (one.urls or settings.SEAMARK_FEED_MIRROR))
