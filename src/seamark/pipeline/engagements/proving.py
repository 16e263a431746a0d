"""What a tester's finding proves: the code or the package behind it. A person's word, kept beside what the matcher finds."""

from __future__ import annotations

from typing import Final

from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.core.kind import KIND_CODES, Kind
from seamark.governance.ledger.attested import removed, row_of
from seamark.governance.ledger.record import record
from seamark.pipeline.engagements.rights import WORKS
from seamark.pipeline.scoring import rescore
from seamark.store.access import visible_to
from seamark.store.models import Application, Corroboration, Issue, PentestFinding, PentestLink, User
from seamark.store.permissions import needed

CONFIRMABLE: Final = frozenset(KIND_CODES[kind] for kind in (Kind.CODE, Kind.DEPENDENCY, Kind.CONTAINER))
SAID: Final = "a person says that the test proves it"
"""The reason of the links that people make."""
_SURE: Final = 1000


@transaction.atomic
def link(actor: User | None, one: PentestFinding, issue: Issue) -> bool:
    """Say that a tester's finding proves an issue, whose likelihood that raises; return whether that is new. Raises `NotAllowed`."""
    _check(actor, one)
    if issue.application_id != one.engagement.application_id:
        raise NotAllowed(f"{issue.reference} is of another application")
    if issue.kind not in CONFIRMABLE:
        raise NotAllowed(f"{issue.reference} is neither code nor a package: there is nothing for a test to prove")
    if one.finding.issue_id == issue.pk:
        raise NotAllowed(f"The finding is a part of {issue.reference} already")
    made, fresh = PentestLink.objects.get_or_create(
        pentest=one, issue=issue, defaults={"author": actor, "at": timezone.now()}
    )
    if fresh:
        record(
            "engagement", one.engagement.reference, {"step": "proves", "finding": one.pk, "issue": issue.reference}, actor=actor,
            rows=(row_of(made),),
        )  # fmt: skip
        _confirm([made])
        rescore([issue.pk])
    return fresh


@transaction.atomic
def unlink(actor: User | None, one: PentestFinding, issue: Issue) -> bool:
    """Take such a word back, and return whether there was one. Raises `NotAllowed`."""
    _check(actor, one)
    row = PentestLink.objects.filter(pentest=one, issue=issue).first()
    if row is None:
        return False
    body = {"step": "no longer proves", "finding": one.pk, "issue": issue.reference}
    record("engagement", one.engagement.reference, body, actor=actor, rows=(removed(row),))
    row.delete()
    said = PentestLink.objects.filter(issue=issue, pentest__finding__issue=one.finding.issue_id).exists()
    if not said:
        ours = Corroboration.objects.filter(issue=issue, witness=one.finding.issue_id, source="pentest")
        ours.filter(confidence=_SURE).delete()
    rescore([issue.pk])
    return True


def restore(application: Application) -> int:
    """Bring back links that people made and an import has taken away, since the matcher finds no reason; return how many."""
    rows = PentestLink.objects.filter(pentest__engagement__application=application).select_related("pentest__finding")
    changed = _confirm(list(rows))
    rescore(changed)
    return len(changed)


def _confirm(links: list[PentestLink]) -> set[int]:
    """Write what is missing of the links, and return the issues that they confirm."""
    changed: set[int] = set()
    for row in links:
        witness = row.pentest.finding.issue_id
        if witness == row.issue_id:
            continue
        reasons = {"source": "pentest", "confidence": _SURE, "reasons": [[SAID, 1.0]], "at": row.at}
        _, fresh = Corroboration.objects.get_or_create(issue_id=row.issue_id, witness_id=witness, defaults=reasons)
        if fresh:
            changed.add(row.issue_id)
    return changed


def _check(actor: User | None, one: PentestFinding) -> None:
    if actor is not None and not visible_to(actor).may(WORKS, one.engagement.application):
        raise NotAllowed(needed(WORKS, one.engagement.application))
