"""The worker's part: reads the repository, asks the model once, checks the answer, and keeps what came of it."""

from __future__ import annotations

import logging
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from seamark.core.errors import NotAllowed, SeamarkError
from seamark.pipeline.model_patches.asking import check_asks, failed, fields_of, repository_of, sender
from seamark.pipeline.model_patches.configured import endpoint, lines
from seamark.pipeline.model_patches.draft import draft, question
from seamark.pipeline.outbox.lease import claim, free, settle
from seamark.pipeline.pulls.repositories import forge_of
from seamark.response.remediation.model_patches.prompt import Subject
from seamark.response.remediation.pulls.git import Repository
from seamark.store.models import ModelPatch
from seamark.store.models.model_patches import ModelPatchState

LEASE: Final = timedelta(minutes=45)
"""Longer than git, the model and both scans may take."""
ATTEMPTS: Final = 2
"""A request whose worker was lost is taken up once more."""
log = logging.getLogger(__name__)


def work_once(now: datetime | None = None) -> bool:
    """Carry out one request that waits. Returns False where none does. `now` stands for the clock."""
    at = now or timezone.now()
    with transaction.atomic():
        waiting = ModelPatch.objects.filter(free(at), state=ModelPatchState.QUEUED)
        taken = claim(waiting.order_by("id"), at, LEASE)
    if taken is None:
        return False
    row = ModelPatch.objects.select_related("issue", "issue__application", "issue__asset", "by").get(pk=taken.pk)
    settle(row, **_attempted(row))
    return True


def _attempted(row: ModelPatch) -> dict[str, Any]:
    try:
        if row.attempt > ATTEMPTS:
            raise NotAllowed("It was interrupted several times")
        # What was allowed when it was asked for may not be any more.
        check_asks(row.by, row.issue)
        return _drafted(row)
    except SeamarkError as error:
        return failed(str(error))
    except Exception:
        log.exception("A model could not be asked")
        return failed("It could not be made; the log says why")


def _drafted(row: ModelPatch) -> dict[str, Any]:
    repository = repository_of(row.issue)
    if repository is None:
        raise NotAllowed("Nobody says any more how its repository is read")
    with tempfile.TemporaryDirectory(prefix="seamark-model-") as folder, forge_of(repository) as forge:
        tree = Path(folder) / "tree"
        tree.mkdir()
        git = Repository(Path(folder), repository.remote, forge.login(), settings.SEAMARK_INTERNAL_HOSTS)
        commit = git.fetch(repository.base or forge.default_branch())
        git.checkout(commit, tree)
        given = question(tree, msgspec.convert(row.subject, Subject), lines=lines())
        found, _ = draft(tree, given, sender(row), model=endpoint().model)
    return fields_of(found, commit=commit) | {"subject": msgspec.to_builtins(given.asked.subject)}
