"""Asking for machine-made changes of issues, and what there is of them. Nobody but a person asks, and each request asks a model once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from django.db import IntegrityError, transaction
from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from seamark.core.errors import NotAllowed
from seamark.core.location import CodeLocation
from seamark.governance.access.changes import tell
from seamark.governance.triage.lifecycle import WORKS
from seamark.intake.connectors.completions import Completion, complete
from seamark.pipeline.model_patches import budget, configured
from seamark.pipeline.model_patches.draft import Send
from seamark.pipeline.outbox.lease import settle
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches.drafted import Drafted
from seamark.response.remediation.model_patches.make import subject_of
from seamark.response.remediation.model_patches.prompt import Prompt, Subject
from seamark.store import evidence
from seamark.store.access import Visible, visible_to
from seamark.store.models import Finding, Issue, ModelPatch, PullRepository, User
from seamark.store.models.model_patches import ModelPatchState
from seamark.store.permissions import needed

_FINDINGS: Final = 50
HELD: Final = timedelta(hours=1)
KIND: Final = "model-patch"
"""How events and the ledger call it."""


def ask(actor: User | None, issue: Issue) -> ModelPatch:
    """Ask for a change of an issue; a worker asks the model. Return the request that waits already, where one does.

    `actor` is None for whoever holds the database. Raises `NotAllowed` where no model is set up, there is no right, the finding is none that
    a model is asked about, or nobody has said how its repository is read.
    """
    check_asks(actor, issue)
    if repository_of(issue) is None:
        raise NotAllowed(
            f"Nobody has said how {issue.asset.key.partition('//')[0]} is read: somebody who manages connections adds the repository"
        )
    subject = subject_in(issue)
    waiting = ModelPatch.objects.filter(issue=issue, state=ModelPatchState.QUEUED)
    found = waiting.first()
    if found is not None:
        return found
    budget.check(configured.limits(), spent())
    try:
        return _create(actor, issue, subject)
    except IntegrityError:
        # Somebody else asked at the same moment.
        return waiting.get()


def begin(actor: User | None, issue: Issue, subject: Subject) -> ModelPatch:
    """Keep that this process asks for a change of an issue, in somebody's working tree. Raises `NotAllowed`.

    Finish it with `keep` or `give_up`. No worker takes it up meanwhile.
    """
    check_asks(actor, issue)
    budget.check(configured.limits(), spent())
    try:
        return _create(actor, issue, subject, attempt=1, lease_until=timezone.now() + HELD)
    except IntegrityError:
        raise NotAllowed(f"A change of {issue.reference} is asked for already") from None


def keep(row: ModelPatch, found: Drafted) -> None:
    """Keep what a model answered to this process."""
    kept = fields_of(found)
    if settle(row, **kept):
        for name, value in kept.items():
            setattr(row, name, value)


def give_up(row: ModelPatch, why: str) -> None:
    """Keep why nothing came of it."""
    settle(row, **failed(why))


def failed(why: str) -> dict[str, Any]:
    """Return the fields of a row that nothing came of."""
    return {"state": ModelPatchState.FAILED, "told": why[:1000], "finished_at": timezone.now()}


@transaction.atomic
def _create(actor: User | None, issue: Issue, subject: Subject, **more: Any) -> ModelPatch:
    path = subject.location.path
    row = ModelPatch.objects.create(issue=issue, by=actor, subject=msgspec.to_builtins(subject), path=path, **more)
    after = {"what": "asked", "issue": issue.reference, "path": path, "model": configured.endpoint().model}
    name = f"a change of {issue.reference} by a model"
    tell(KIND, name, actor=actor, before=None, after=after, application=issue.application)
    return row


def check_asks(actor: User | None, issue: Issue) -> None:
    """Raise `NotAllowed` where no model is set up, or somebody may not ask one about an issue."""
    configured.endpoint()
    if actor is not None and not visible_to(actor).may(WORKS, issue.application_id):
        raise NotAllowed(needed(WORKS, issue.application))
    if not issue.open:
        raise NotAllowed(f"{issue.reference} is not open")


def may_ask(seen: Visible, issue: Issue) -> bool:
    """Tell whether somebody may ask a model about an issue here."""
    return (
        configured.is_on() and issue.open and seen.may(WORKS, issue.application_id) and repository_of(issue) is not None
    )


def subject_in(issue: Issue) -> Subject:
    """Return the first open finding of an issue that names a line of a file. Raises `NotAllowed` where none does."""
    rows = list(
        Finding.objects.filter(issue=issue, closed_in=None)
        .select_related("stream")
        .order_by("-stream__is_default", "id")[:_FINDINGS]
    )
    full = evidence.read(rows)
    why = "None of its findings names a file"
    for row in rows:
        one = full.get(row.pk)
        if one is None or not isinstance(one.location, CodeLocation):
            continue
        try:
            return subject_of(row.stream.tool, one)
        except UnsafeEdit as error:
            why = str(error)
    raise NotAllowed(why)


def repository_of(issue: Issue) -> PullRepository | None:
    """Return the repository that an issue's files are in, None where none is kept."""
    rows = PullRepository.objects.select_related("asset", "asset__application").filter(
        active=True, asset__kind="repository"
    )
    return rows.filter(asset__key=issue.asset.key.partition("//")[0], asset__application=issue.application_id).first()


def of_issue(seen: Visible, issue: Issue) -> QuerySet[ModelPatch]:
    """Return what models answered about an issue, where somebody may see it, the latest first."""
    rows = ModelPatch.objects.select_related(
        "issue", "issue__application", "issue__fix", "issue__asset", "by", "pull", "pull__repository"
    )
    return rows.filter(issue=issue, issue__in=seen.issues().values("pk")).order_by("-pk")


def spent(now: datetime | None = None) -> budget.Spent:
    """Return what was used since midnight (UTC)."""
    at = now or timezone.now()
    start = at.replace(hour=0, minute=0, second=0, microsecond=0)
    told = ModelPatch.objects.filter(called_at__gte=start).aggregate(calls=Count("pk"), tokens=Sum("tokens"))
    return budget.Spent(start.date().isoformat(), told["calls"], told["tokens"] or 0)


def sender(row: ModelPatch) -> Send:
    """Return what asks the model for a row, and counts that. Raises `NotAllowed` where no model is set up."""
    model, limits = configured.endpoint(), configured.limits()

    def send(prompt: Prompt) -> Completion:
        budget.check(limits, spent())
        # Counted before: a call whose answer is lost may have cost as well.
        ModelPatch.objects.filter(pk=row.pk).update(
            called_at=timezone.now(), model=model.model[:200], prompt=prompt.digest
        )
        return complete(model, [(one.role, one.content) for one in prompt.messages])

    return send


def fields_of(found: Drafted, *, commit: str = "") -> dict[str, Any]:
    """Return what is kept of a model's answer: the fields of its row."""
    state = ModelPatchState.READY if found.usable else ModelPatchState.REFUSED
    told = "; ".join(found.failures)[:1000]
    return {
        "state": state, "told": told, "path": found.path, "model": found.model[:200], "prompt": found.prompt, "diff": found.diff, "digest": found.digest,
        "commit": commit, "checks": msgspec.to_builtins(found.checks), "remarks": list(found.remarks), "verified": found.verified,
        "tokens": min(found.tokens, 2**31 - 1), "finished_at": timezone.now(),
    }  # fmt: skip
