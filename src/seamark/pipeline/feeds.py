"""Keeping feeds current: fetch what changed, load it, and remember how each stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from django.utils import timezone

from seamark.core.errors import NotFound, RemoteFailure, UnreadableReport
from seamark.intake.connectors.feeds.catalogue import ORIGINS, Origin, origin, read_feed
from seamark.intake.connectors.feeds.download import Fetched, Validators, addresses, fetched
from seamark.intake.connectors.feeds.provider import Provider
from seamark.pipeline.intelligence import VENDORS, Loaded, load, load_file
from seamark.pipeline.vendor_feeds import take
from seamark.store.models import FeedState

FACTS_DAYS = 90


class Update(NamedTuple):
    """What became of one of a feed's files: loaded, unchanged (neither), or failed; of a vendor's documents some of each."""

    name: str
    loaded: Loaded | None = None
    failure: str = ""
    left: int = 0
    """Documents of a vendor that the next update fetches."""


def update(
    names: Sequence[str], folder: Path, mirror: str = "", *, providers: Sequence[Provider] = (), internal: Sequence[str] = ()
) -> Iterator[Update]:  # fmt: skip
    """Fetch feeds, the usual ones where none is named, and load what changed. A feed that fails leaves what was loaded.

    `providers` are the vendors whose documents the feed `csaf` is, a usual one where there are any; `internal` are hosts of theirs that
    may have private addresses. Raises `NotFound` for names of no feed, and for `csaf` without providers, before anything is fetched.
    """
    chosen = [origin(name) for name in names] or [
        one for one in ORIGINS if (one.usual and (one.urls or mirror)) or (one.kind == VENDORS and providers)
    ]
    if not providers and any(one.kind == VENDORS for one in chosen):
        raise NotFound(
            "No vendor is named", hint="name some by --provider NAME=https://…, or in SEAMARK_CSAF_PROVIDERS"
        )
    for one in chosen:
        if one.kind == VENDORS:
            yield from (_of_vendor(provider, internal) for provider in providers)
            continue
        places = addresses(one, mirror)
        if not places:
            yield _failed(one.name, f"its publisher wants a token: fetch {one.files[0]} yourself and import it")
        for file, url in places:
            name = one.name if len(places) == 1 else f"{one.name}/{file}"
            # A mirror is the operator's own, and need not repeat what publishers say beside a file.
            yield _update(name, url, folder / file, one._replace(checksum=None) if mirror else one)


def _update(name: str, url: str, target: Path, of: Origin) -> Update:
    state = FeedState.objects.filter(name=name).first()
    known = Validators()
    if state is not None and state.origin == url and not state.failure:
        known = Validators(state.etag, state.modified)
    try:
        with fetched(url, target.parent, of, known) as came:
            if came is None:
                FeedState.objects.filter(name=name).update(checked_at=timezone.now())
                return Update(name)
            feed = read_feed(came.path)
            if feed.kind != of.kind:
                raise UnreadableReport(f"{url} gives a file of {feed.kind}")
            loaded = load(feed)
            came.path.replace(target)
    except (RemoteFailure, UnreadableReport) as error:
        return _failed(name, str(error))
    _stands(name, loaded, url, came)
    return Update(name, loaded)


def _of_vendor(provider: Provider, internal: Sequence[str]) -> Update:
    name = f"{VENDORS.lower()}/{provider.name}"
    try:
        taken = take(provider, internal)
    except RemoteFailure as error:
        return _failed(name, str(error))
    if taken.loaded is not None:
        _stands(name, taken.loaded, provider.place)
    if taken.failures:
        first, *others = taken.failures
        failure = f"{first} ({len(others)} more failed)" if others else first
        return _failed(name, failure)._replace(loaded=taken.loaded, left=taken.left)
    FeedState.objects.filter(name=name).update(checked_at=timezone.now(), failure="", failed_at=None)
    return Update(name, taken.loaded, left=taken.left)


def _failed(name: str, failure: str) -> Update:
    FeedState.objects.update_or_create(name=name, defaults={"failure": failure[:2000], "failed_at": timezone.now()})
    return Update(name, None, failure)


def _stands(name: str, loaded: Loaded, where: str, came: Fetched | None = None) -> None:
    now = timezone.now()
    FeedState.objects.update_or_create(
        name=name,
        defaults={
            "snapshot": loaded.snapshot[:200], "day": loaded.date or None, "entries": loaded.rows, "origin": where,
            "sha256": came.sha256 if came else "", "etag": came.validators.etag if came else "",
            "modified": came.validators.modified if came else "", "loaded_at": now, "checked_at": now, "failed_at": None, "failure": "",
        },
    )  # fmt: skip


def import_feed(path: Path, called: str) -> Loaded:
    """Load a file that somebody brought, and remember it as the state of its feed. Raises `UnreadableReport`."""
    loaded = load_file(path)
    _stands(_name_of(loaded.kind), loaded, called)
    return loaded


def _name_of(kind: str) -> str:
    return next((one.name for one in ORIGINS if one.kind == kind), kind.lower())


def standing(now: datetime) -> list[dict[str, Any]]:
    """Return how the feeds stand that are loaded or were tried, in the catalogue's order.

    `age` is in days since the file's own day, or since it was last current where it names none.
    """
    days = {one.name: one.days for one in ORIGINS}
    order = list(days)
    rows = sorted(
        FeedState.objects.all(),
        key=lambda row: (order.index(row.name.split("/")[0]) if row.name.split("/")[0] in days else 99, row.name),
    )
    return [_row(row, days.get(row.name.split("/")[0], FACTS_DAYS), now) for row in rows]


def _row(row: FeedState, days: int, now: datetime) -> dict[str, Any]:
    age: int | None = None
    if row.day is not None:
        age = max(0, (now.date() - row.day).days)
    elif row.checked_at is not None:
        age = max(0, (now - row.checked_at).days)
    return {
        "feed": row.name, "snapshot": row.snapshot, "entries": row.entries, "date": row.day.isoformat() if row.day else None, "age": age,
        "old": age is not None and age > days, "origin": row.origin, "sha256": row.sha256, "loaded_at": row.loaded_at,
        "checked_at": row.checked_at, "failure": row.failure, "failed_at": row.failed_at,
    }  # fmt: skip
