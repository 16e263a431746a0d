"""Keeps verdicts: the row with all that it was decided from, its violations, and its entry in the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import zstandard
from django.db.models import Max

from seamark.governance.ledger.attested import row_of
from seamark.governance.ledger.entry import Attested
from seamark.governance.ledger.record import record
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.evaluate import Verdict as Decided
from seamark.governance.policy.facts import Facts, encode_all
from seamark.store.models import Event, User, Verdict, Violation

_NAMED: Final = 1_000
"""Violations that the ledger names one by one; its digest is over all."""
_SETTLED: Final = (
    "application_id", "stage", "about", "ref", "base", "commit", "pull_request", "scans", "asked_latest", "outcome", "content", "bundle",
    "bundle_commit", "policies", "facts_digest", "issues", "new", "compared", "asker_id", "at",
)  # fmt: skip
"""What of a verdict's row never changes; the records stand under their digest."""


def newest_event() -> int:
    """Return up to which event a verdict that is decided now knows what happened."""
    return Event.objects.aggregate(last=Max("id"))["last"] or 0


def keep(
    row: Verdict | None, verdict: Decided, bundle: Bundle, records: Sequence[Facts], *, subject: str, actor: User | str,
    inputs: Mapping[str, Any],
) -> int:  # fmt: skip
    """Keep a verdict and return the number of its entry in the ledger. Called within a transaction.

    `row` is not stored yet and says what was asked: application, stage, place, scans, counts, newest event. None where the verdict belongs to
    no application: it stands in the ledger alone then.
    """
    told = {**inputs, "policies": versions(bundle), "facts": verdict.facts}
    rows: list[Attested] = []
    if row is not None:
        _fill(row, verdict, bundle, records)
        told["verdict"] = row.pk
        rows = _attested(row)
    entry = record("verdict", subject, body(verdict), actor=actor, inputs=told, rows=rows)
    if row is not None:
        row.entry = entry
        row.save(update_fields=["entry"])
    return entry


def body(verdict: Decided) -> dict[str, Any]:
    """Return what the ledger says of a verdict: all of it, the violations by their digest and the worst by name."""
    named = [[one.policy, one.ref, one.effect.value, one.decided] for one in verdict.violations[:_NAMED]]
    return {
        **_without_violations(verdict),
        "violations": named,
        "content": hashlib.sha256(verdict.canonical()).hexdigest(),
    }


def versions(bundle: Bundle) -> list[str]:
    """Return the digests of a bundle's policies."""
    return [one.digest for one in bundle.policies]


def _fill(row: Verdict, verdict: Decided, bundle: Bundle, records: Sequence[Facts]) -> None:
    row.outcome, row.content = verdict.outcome, _without_violations(verdict)
    row.bundle, row.bundle_commit, row.policies = bundle.digest, bundle.commit, versions(bundle)
    row.facts_digest, row.facts = verdict.facts, zstandard.compress(encode_all(records), 3)
    same = Verdict.objects.filter(
        application=row.application_id, stage=row.stage, ref=row.ref, pull_request=row.pull_request, latest=True
    )
    if row.replaces_id is None:
        row.replaces = same.order_by("-id").first()
    row.save(force_insert=True)
    same.filter(pk__lt=row.pk).update(latest=False)
    Violation.objects.bulk_create(
        (
            Violation(
                verdict=row, number=number, policy=one.policy, ref=one.ref, effect=one.effect.value, decided=one.decided, because=one.because,
                content=msgspec.to_builtins(one),
            )
            for number, one in enumerate(verdict.violations)
        ),
        batch_size=500,
    )  # fmt: skip


def _attested(row: Verdict) -> list[Attested]:
    """Return the rows as the ledger quotes them; of the violations those that it names."""
    violations = row.violations.filter(number__lt=_NAMED).order_by("number")
    return [row_of(row, _SETTLED), *(row_of(one) for one in violations)]


def _without_violations(verdict: Decided) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(verdict)
    told.pop("violations", None)
    return told
