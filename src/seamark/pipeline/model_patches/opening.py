"""What is done with a machine-made change: a pull request is opened with it, or it is written into a tree. Both are in the ledger."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction

from seamark.analysis.correlation.fixes import CODE, FixKey, fix_of
from seamark.core.errors import NotAllowed
from seamark.core.finding import Finding
from seamark.core.kind import KINDS_BY_CODE
from seamark.core.severity import Severity
from seamark.governance.access.changes import tell
from seamark.governance.triage.lifecycle import WORKS
from seamark.pipeline.model_patches.asking import KIND, repository_of
from seamark.pipeline.pulls import asking
from seamark.response.remediation.model_patches.make import digest_of
from seamark.response.remediation.model_patches.prompt import Subject
from seamark.store.access import Visible, visible_to
from seamark.store.models import Fix, ModelPatch, PullRequest, User
from seamark.store.models.model_patches import ModelPatchState
from seamark.store.permissions import needed


@transaction.atomic
def open_pull(actor: User | None, row: ModelPatch, *, unverified: bool = False) -> PullRequest:
    """Ask for the pull request of a machine-made change; return the one that it has. It is never merged by itself.

    `unverified` is the person's word that it is wanted although no scan has shown that the finding is gone. Raises `NotAllowed`.
    """
    issue = row.issue
    if actor is not None and not visible_to(actor).may(WORKS, issue.application_id):
        raise NotAllowed(needed(WORKS, issue.application))
    if row.state != ModelPatchState.READY or not row.diff:
        raise NotAllowed("There is no change that a pull request could be opened with")
    if row.pull is not None and row.pull.state in asking.LIVE:
        return row.pull
    if not row.verified and not unverified:
        raise NotAllowed(
            "No scan has shown that the finding is gone: a pull request is opened only where you say that you want it unverified"
        )
    pull = asking.ask(actor, _fix_of(row), machine_made=True)
    if not pull.machine_made or pull.model_patches.exclude(pk=row.pk).exists():
        raise NotAllowed("This fix has another pull request already")
    row.pull = pull
    row.save(update_fields=["pull"])
    _tell(actor, row, "pull request", branch=pull.branch, unverified=not row.verified)
    return pull


@transaction.atomic
def applied(actor: User | None, row: ModelPatch) -> None:
    """Keep in the ledger that a change was written into somebody's working tree."""
    _tell(actor, row, "applied")


def may_open(seen: Visible, row: ModelPatch) -> bool:
    """Tell whether somebody may open a change's pull request, and there is a repository to open it in."""
    issue = row.issue
    fits = row.state == ModelPatchState.READY and row.pull_id is None and issue.open
    return fits and seen.may(WORKS, issue.application_id) and repository_of(issue) is not None


def _fix_of(row: ModelPatch) -> Fix:
    """Return the fix of a change's issue. Where one issue alone is cleared by changing a function, none is made before a pull request needs it."""
    issue = row.issue
    if issue.fix is not None:
        return issue.fix
    subject = msgspec.convert(row.subject, Subject)
    said = Finding(
        rule=subject.rule,
        title=subject.title,
        severity=Severity.INFO,
        kind=KINDS_BY_CODE[issue.kind],
        location=subject.location,
    )
    key = fix_of(said) or FixKey(
        CODE, f"{row.path[:400]}::{issue.reference}", f"Change {row.path[:400]}", row.path[:400]
    )
    made, _ = Fix.objects.get_or_create(
        application=issue.application, asset=issue.asset, kind=key.kind, key=key.key, defaults={"title": key.title, "details": {"name": key.name}}
    )  # fmt: skip
    issue.fix, issue.fix_key = made, None
    issue.save(update_fields=["fix", "fix_key"])
    return made


def _tell(actor: User | None, row: ModelPatch, what: str, **more: Any) -> None:
    issue = row.issue
    told = {
        "what": what, "issue": issue.reference, "path": row.path, "model": row.model, "prompt": row.prompt, "diff": digest_of(row.diff.encode()),
        "verified": row.verified, "checks": row.checks, **more,
    }  # fmt: skip
    tell(KIND, f"a change of {issue.reference} by a model", actor=actor, before=None, after={"what": what, "model": row.model}, body=told, application=issue.application)  # fmt: skip
