"""Syncs of live sources: look, take over what is told, remember how it went. What fails deletes nothing."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from seamark.core.assets import AssetKind, AssetRef, Discovery, Found
from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.intake.connectors.clusters.look import Look
from seamark.intake.dumps.dump import Dump
from seamark.pipeline.assets import natural
from seamark.pipeline.imports import guarded
from seamark.pipeline.runtime.take import Taken, take
from seamark.store.models import Connection, Statement, Survey

_FIRST_PAUSE: Final = 30.0
"""Seconds until the first new attempt after a failure; each further one doubles it, up to the usual pause."""
_UNREPEATED: Final = timedelta(days=7)
"""After how long a sync that nothing repeats is old."""
_LOST: Final = {
    "services": ("exposure", "exposure_why"), "ingresses": ("exposure", "exposure_why"), "namespaces": ("environment",), "nodes": ("nodes", "versions"),
}  # fmt: skip
"""By the name of a list: the facts that are told wrongly, or not at all, where it failed. Those of other groups open ways in."""


class Source(Struct, frozen=True, kw_only=True):
    """A live source, and how it is looked at."""

    name: str
    """As `Connection` has it."""
    kind: str
    look: Callable[[], Look]
    application: str = ""
    """Whose it is what neither the declaration nor the image tells."""
    every: int | None = None
    """Seconds between two syncs."""


def sync(source: Source, *, now: datetime | None = None) -> list[Taken]:
    """Look at a source, take over what it tells, and remember how that went.

    A failure is remembered and raised: `RemoteFailure`, `UnreadableReport`, `ImportRefused`, `StoreUnavailable`.
    """
    at = now or timezone.now()
    with guarded():
        Connection.objects.update_or_create(
            name=source.name[:300], defaults={"kind": source.kind, "every": source.every, "asked_at": at}
        )
    row = Connection.objects.filter(name=source.name[:300])
    try:
        look = source.look()
        with guarded():
            dumps = [*(_as_before(dump, look.failed) for dump in look.dumps), *_emptied(look.empty)]
            taken = take(dumps, application=source.application, now=now)
    except SeamarkError as error:
        # Where the database itself is the trouble, there is nowhere to remember it.
        with contextlib.suppress(DatabaseError):
            row.update(failed_at=now or timezone.now(), failure=str(error)[:2000], failures=F("failures") + 1)
        raise
    whole = not look.problems and all(dump.complete for dump in dumps)
    problems = list(dict.fromkeys([*look.problems, *(why for dump in dumps for why in dump.partial)]))
    done = {"good_at" if whole else "partial_at": now or timezone.now()}
    row.update(
        **done,
        problems=problems[:100],
        failures=0,
        sources=[dump.source for dump in dumps][:1000],
        versions=look.versions,
    )
    return taken


def _emptied(sources: Sequence[str]) -> list[Dump]:
    """Return dumps of nothing for the sources that told of something before and now have none of it."""
    before = set(Survey.objects.filter(source__in=sources).values_list("source", flat=True))
    runs = ("containerapps", "webapps", "functions", "containers", "run")
    return [
        Dump(source=one, discovery=Discovery(repository=""), runs="ecs/" in one or one.rpartition(" ")[2] in runs)
        for one in sources
        if one in before
    ]


def _as_before(dump: Dump, failed: frozenset[str]) -> Dump:
    """Return a dump with the facts of its last survey where the lists failed that they come from: they are not news."""
    names = {
        name for label in failed for name in _LOST.get(label, ("exposure", "exposure_why") if "." in label else ())
    }
    if not names:
        return dump
    refs = {each.ref: natural(each.ref, addressed=False) for each in dump.discovery.assets}
    told: dict[tuple[AssetRef, str], dict[str, Any]] = {}
    for row in Statement.objects.filter(source=dump.source, until=None).select_related("asset"):
        told[AssetRef(AssetKind(row.asset.kind), row.asset.key), row.origin] = row.facts

    def kept(each: Found) -> Found:
        ref = refs[each.ref]
        before = told.get((ref, each.origin[:200]), {}) if ref is not None else {}
        lost = {name: before[name] for name in names if name in before}
        return replace(each, facts={**each.facts, **lost}) if lost else each

    return replace(dump, discovery=replace(dump.discovery, assets=tuple(kept(each) for each in dump.discovery.assets)))


def pause(every: float, failures: int, *, permanent: bool = False) -> float:
    """Return the seconds until the next attempt, after so many failures in a row. What is permanent is not tried sooner than usual."""
    if not failures or permanent:
        return every
    return float(min(every, _FIRST_PAUSE * 2 ** min(failures - 1, 20)))


def repeat(
    source: Source, *, ended: Callable[[], bool], wait: Callable[[float], None], done: Callable[[], None] = lambda: None
) -> Iterator[list[Taken] | SeamarkError]:  # fmt: skip
    """Sync a source until `ended` says so; yield what came of each time, failures as well. `wait` waits seconds, `done` is called after each."""
    failures = 0
    while not ended():
        seconds = float(source.every or 0)
        try:
            came: list[Taken] | SeamarkError = sync(source)
            failures = 0
        except SeamarkError as error:
            failures += 1
            seconds = pause(seconds, failures, permanent=isinstance(error, RemoteFailure) and error.permanent)
            came = error
        done()
        yield came
        if not ended():
            wait(seconds * random.uniform(0.9, 1.1))  # noqa: S311 - spreads syncs out, guards nothing


def standing(now: datetime) -> list[dict[str, Any]]:
    """Return how the live sources stand, by name. `state` is `well`, `partial`, `failing` or `never`; `old` where the last word is too long ago."""
    return [_row(row, now) for row in Connection.objects.order_by("name")]


def _row(row: Connection, now: datetime) -> dict[str, Any]:
    told = max(filter(None, (row.good_at, row.partial_at)), default=None)
    if row.failures or told is None:
        state = "failing" if row.failures else "never"
    else:
        state = "well" if told == row.good_at else "partial"
    longest = timedelta(seconds=3 * row.every) if row.every else _UNREPEATED
    return {
        "source": row.name, "kind": row.kind, "state": state, "old": now - (told or row.asked_at) > longest, "every": row.every,
        "asked_at": row.asked_at, "good_at": row.good_at, "partial_at": row.partial_at, "problems": row.problems, "failed_at": row.failed_at,
        "failure": row.failure, "failures": row.failures, "surveys": row.sources, "versions": row.versions,
    }  # fmt: skip


def check(now: datetime) -> tuple[str, str, str]:
    """Return the answer to "are live sources well?" as `pipeline.health` has them: name, `well`, `note` or `wrong`, a sentence."""
    rows = standing(now)
    if not rows:
        return "runtime", "well", "no cluster or cloud is synced"
    bad = [f"{row['source']}: {_trouble(row)}" for row in rows if row["old"] or row["state"] in {"failing", "never"}]
    if bad:
        return "runtime", "wrong", "; ".join(bad[:5])
    partial = [str(row["source"]) for row in rows if row["state"] == "partial"]
    if partial:
        return "runtime", "note", f"told in part: {', '.join(partial[:5])} (`seamark runtime status`)"
    return "runtime", "well", f"{len(rows)} {'source' if len(rows) == 1 else 'sources'} synced"


def _trouble(row: dict[str, Any]) -> str:
    told = max(filter(None, (row["good_at"], row["partial_at"])), default=None)
    since = f"nothing since {told:%Y-%m-%d %H:%M}" if told else "nothing ever"
    return f"{since}, last failure: {row['failure']}" if row["failures"] else since
