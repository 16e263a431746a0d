"""Keeps what a deploy gate decided: the verdict with all that it was decided from, and its entry in the ledger."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Final, NamedTuple

from django.db import OperationalError, connection, transaction

from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Verdict
from seamark.pipeline import verdicts
from seamark.pipeline.deployment.gather import Gathered
from seamark.store import models
from seamark.store.connection import waiting_little
from seamark.store.models import User

_TRIES: Final = 3
_LOGGER: Final = logging.getLogger("seamark.deployment")


class Kept(NamedTuple):
    """Where a verdict is kept; None where it is not yet."""

    verdict: int | None = None
    """Number of its row. Verdicts on what belongs to no application stand in the ledger alone."""
    entry: int | None = None
    """Number of its entry in the ledger."""


def keep(verdict: Verdict, bundle: Bundle, gathered: Gathered, person: User | None) -> Kept:
    """Keep a verdict. Where an import holds SQLite, that is done as soon as it has ended, and nobody waits for it."""
    try:
        with waiting_little(), transaction.atomic():
            return _kept(verdict, bundle, gathered, person)
    except OperationalError:
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            raise
    threading.Thread(
        target=_later, args=(verdict, bundle, gathered, person), name="seamark-verdict", daemon=False
    ).start()
    return Kept()


def _later(verdict: Verdict, bundle: Bundle, gathered: Gathered, person: User | None) -> None:
    try:
        for attempt in range(1, _TRIES + 1):
            try:
                with transaction.atomic():
                    _kept(verdict, bundle, gathered, person)
            except OperationalError:
                if attempt == _TRIES:
                    _LOGGER.exception(
                        "The verdict on %s (%s) was answered and could not be kept", gathered.ref, verdict.outcome
                    )
            else:
                return
    finally:
        connection.close()


def _kept(verdict: Verdict, bundle: Bundle, gathered: Gathered, person: User | None) -> Kept:
    application = gathered.application
    row: models.Verdict | None = None
    if application is not None:
        row = models.Verdict(
            application=application, stage=verdict.stage.value, about="subject", ref=gathered.ref, scans=list(gathered.scans), issues=gathered.issues,
            new=gathered.new, compared=gathered.compared, event=verdicts.newest_event(), asker=person, at=datetime.fromisoformat(verdict.at),
        )  # fmt: skip
    subject = f"{application.slug if application is not None else '-'} {verdict.stage.value} {gathered.ref}".strip()
    entry = verdicts.keep(
        row, verdict, bundle, gathered.records, subject=subject, actor=person or "deploy-gate",
        inputs={"scans": list(gathered.scans), "about": gathered.ref},
    )  # fmt: skip
    return Kept(row.pk if row is not None else None, entry)
