"""Keeps what a deploy gate decided: the verdict with all that it was decided from, and its entry in the ledger."""

from __future__ import annotations

import hashlib
import logging
import threading
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import zstandard
from django.db import OperationalError, connection, transaction

from seamark.governance.ledger.record import record
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Verdict
from seamark.governance.policy.facts import encode_all
from seamark.pipeline.deployment.gather import Gathered
from seamark.store import models
from seamark.store.connection import without_waiting
from seamark.store.models import Event, User

_NAMED: Final = 1_000
"""Violations that the ledger names one by one; its digest is over all."""
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
        with without_waiting(), transaction.atomic():
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
    row = _row(verdict, bundle, gathered, application, person) if application is not None else None
    inputs: dict[str, Any] = {
        "policies": _versions(bundle),
        "facts": verdict.facts,
        "scans": list(gathered.scans),
        "about": gathered.ref,
    }
    if row is not None:
        inputs["verdict"] = row.pk
    subject = f"{application.slug if application is not None else '-'} {verdict.stage.value} {gathered.ref}".strip()
    entry = record("verdict", subject, _body(verdict), actor=person or "deploy-gate", inputs=inputs)
    if row is not None:
        row.entry = entry
        row.save(update_fields=["entry"])
    return Kept(row.pk if row is not None else None, entry)


def _row(
    verdict: Verdict, bundle: Bundle, gathered: Gathered, application: models.Application, person: User | None
) -> models.Verdict:
    newest = Event.objects.order_by("-id").values_list("id", flat=True).first() or 0
    same = models.Verdict.objects.filter(
        application=application, stage=verdict.stage.value, ref=gathered.ref, pull_request="", latest=True
    )
    before = same.order_by("-id").first()
    lines = encode_all(gathered.records)
    row = models.Verdict.objects.create(
        application=application, stage=verdict.stage.value, about="subject", ref=gathered.ref, scans=list(gathered.scans), outcome=verdict.outcome,
        content=_without_violations(verdict), bundle=bundle.digest, bundle_commit=bundle.commit, policies=_versions(bundle), facts_digest=verdict.facts,
        facts=zstandard.compress(lines, 3), issues=gathered.issues, new=gathered.new, compared=gathered.compared, event=newest, replaces=before,
        asker=person, at=datetime.fromisoformat(verdict.at),
    )  # fmt: skip
    same.filter(pk__lt=row.pk).update(latest=False)
    models.Violation.objects.bulk_create(
        (
            models.Violation(
                verdict=row, number=number, policy=one.policy, ref=one.ref, effect=one.effect.value, decided=one.decided, because=one.because,
                content=msgspec.to_builtins(one),
            )
            for number, one in enumerate(verdict.violations)
        ),
        batch_size=500,
    )  # fmt: skip
    return row


def _versions(bundle: Bundle) -> list[str]:
    return [one.digest for one in bundle.policies]


def _without_violations(verdict: Verdict) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(verdict)
    told.pop("violations", None)
    return told


def _body(verdict: Verdict) -> dict[str, Any]:
    """Return what the ledger says: the form of all gates' verdicts, which its replayer recomputes."""
    named = [[one.policy, one.ref, one.effect.value, one.decided] for one in verdict.violations[:_NAMED]]
    digest = hashlib.sha256(verdict.canonical()).hexdigest()
    return {**_without_violations(verdict), "violations": named, "content": digest}
