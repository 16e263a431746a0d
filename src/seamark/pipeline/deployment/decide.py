"""The deploy gate: asks the policies in force, remembers what they said while nothing has changed, and keeps the verdicts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from django.db import transaction
from django.utils import timezone
from msgspec.structs import replace

from seamark.governance.policy.bundle import Bundle, starter
from seamark.governance.policy.evaluate import Verdict, evaluate
from seamark.governance.policy.kept.sync import STARTER, declare, in_force, sync
from seamark.governance.policy.model import Effect, Stage
from seamark.pipeline.deployment.gather import Gathered, asking, gather
from seamark.pipeline.deployment.keeping import Kept, keep
from seamark.pipeline.deployment.subject import Subject
from seamark.pipeline.deployment.version import Version, data_version
from seamark.store import models
from seamark.store.access import Visible
from seamark.store.models import User
from seamark.store.models.policies import BundleKind

STANDS: Final = timedelta(seconds=60)
"""How long an answer is given again without looking anew: dates pass without anything being written."""
_MOST: Final = 4_096
"""Answers that are remembered."""
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")
PASSES: Final = frozenset({"pass", "warn"})


class Decided(NamedTuple):
    """What the policies said of one subject."""

    verdict: Verdict
    ref: str
    """What it is about: name and digest of the image, or what was asked."""
    application: str
    """Short name; empty where it belongs to none that is known."""
    notes: tuple[str, ...]
    kept: Kept

    @property
    def allowed(self) -> bool:
        """Tell whether it may be deployed: what could not be decided and fails closed may not."""
        return self.verdict.outcome in PASSES


class _Held(NamedTuple):
    version: Version
    until: datetime
    decided: Decided


class _Warm:
    """Answers of this process, the longest unused leaves first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, _Held] = OrderedDict()

    def get(self, key: bytes) -> _Held | None:
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: bytes, held: _Held) -> None:
        with self._lock:
            self._held[key] = held
            self._held.move_to_end(key)
            while len(self._held) > _MOST:
                self._held.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


_WARM: Final = _Warm()
_BUNDLES: Final[dict[tuple[object, ...], Bundle]] = {}


def forget() -> None:
    """Forget all answers that are remembered, for a database that was replaced."""
    _WARM.clear()
    _BUNDLES.clear()


def decide(
    visible: Visible, subject: Subject, stage: Stage = Stage.DEPLOY, *, person: User | None = None, now: datetime | None = None, dry: bool = False
) -> Decided:  # fmt: skip
    """Ask the policies in force about an image or an application. What the asker may not see counts as not known.

    A verdict is kept once: who asks again while it stands gets the same one. `dry` keeps nothing. Raises `NotFound` for an
    application that nobody knows.
    """
    moment = now or timezone.now()
    version = data_version()
    bundle = policies(moment, dry=dry)
    key = _ENCODER.encode([_who(visible), stage.value, bundle.digest, dry, subject])
    held = _WARM.get(key)
    if held is None or held.version != version or held.until <= moment:
        gathered = gather(visible, subject, asking(bundle, stage, moment), moment)
        before = held.decided if held is not None else None
        decided = _decided(gathered, bundle, stage, before, person=person, now=moment, dry=dry)
        fresh = held = _Held(version, moment + STANDS, decided)
        # What is rolled back after all must not be remembered.
        transaction.on_commit(lambda: _WARM.put(key, fresh))
    return held.decided


def _who(visible: Visible) -> list[object]:
    """Return what tells apart who may see different things: people, and the limits of their tokens."""
    limit = visible.limit
    reach = sorted(limit.applications) if limit is not None and limit.applications is not None else None
    rights = sorted(limit.permissions) if limit is not None else None
    return [type(visible).__name__, visible.actor.pk, reach, rights]


def judge(gathered: Gathered, stage: Stage, *, person: User | None, now: datetime, dry: bool = False) -> Decided:
    """Ask the policies in force about records that were brought along, and keep the verdict unless it is `dry`."""
    return _decided(gathered, policies(now, dry=dry), stage, None, person=person, now=now, dry=dry)


def _decided(
    gathered: Gathered, bundle: Bundle, stage: Stage, before: Decided | None, *, person: User | None, now: datetime, dry: bool
) -> Decided:  # fmt: skip
    verdict = evaluate(bundle, stage, gathered.records, now=now)
    if before is not None and _same(before.verdict, verdict):
        # Nothing that matters has changed: the verdict that is kept says it already.
        return before._replace(notes=_notes(gathered, bundle, stage, now))
    kept = Kept() if dry else keep(verdict, bundle, gathered, person)
    slug = gathered.application.slug if gathered.application is not None else ""
    return Decided(verdict, gathered.ref, slug, _notes(gathered, bundle, stage, now), kept)


def _same(one: Verdict, other: Verdict) -> bool:
    return replace(one, at=other.at) == other


def _notes(gathered: Gathered, bundle: Bundle, stage: Stage, now: datetime) -> tuple[str, ...]:
    if any(one.effect(stage, now.date()) is not Effect.OFF for one in bundle.policies):
        return gathered.notes
    return (*gathered.notes, f"No policy is in force at the stage {stage.value}: nothing was asked")


def policies(now: datetime, *, dry: bool = False) -> Bundle:
    """Return the policies in force: those that come with the product where nobody has said anything of policies yet."""
    state = tuple(
        models.Bundle.objects.order_by("id").values_list("id", "name", "active", "digest", "commit", "synced_at")
    )
    if not state:
        if dry:
            return _starter()
        sync(declare(STARTER, BundleKind.STARTER), now=now, cache=Path())
        return in_force()
    found = _BUNDLES.get(state)
    if found is None:
        if len(_BUNDLES) >= 8:
            _BUNDLES.clear()
        found = _BUNDLES[state] = in_force()
    return found


def _starter() -> Bundle:
    found = _BUNDLES.get(())
    if found is None:
        found = _BUNDLES[()] = Bundle.compile(starter())
    return found
