"""Tells pull requests what a gate decides anew: triage, waivers and policies change a verdict without another run of the pipeline."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.guard import Guarded
from seamark.intake.discovery.changed import Changes
from seamark.pipeline.gate import kept
from seamark.pipeline.pulls.repositories import forge_of
from seamark.response.forges.feedback import Forge, feedback_of
from seamark.response.forges.open import forge_at
from seamark.response.forges.place import Place
from seamark.store.models import PullRepository, Scan, Verdict

PAUSES: Final = tuple(timedelta(seconds=one) for one in (10, 60, 300, 1800, 7200))
"""Between attempts: what could not be told after the last one is left to the next run of the pipeline."""
LEASE: Final = timedelta(minutes=2)
log = logging.getLogger(__name__)


def work_once(now: datetime | None = None) -> bool:
    """Tell one pull request whose verdict was made anew; False where none waits. Where no access to its forge is kept, nobody is told."""
    moment = now or timezone.now()
    row = Verdict.objects.filter(tell_at__lte=moment).order_by("tell_at").first()
    if row is None:
        return False
    mine = Verdict.objects.filter(pk=row.pk, tell_at=row.tell_at)
    if not mine.update(tell_at=moment + LEASE, tell_attempt=F("tell_attempt") + 1):
        return True
    later = None
    try:
        if row.latest and (repository := _repository(row)) is not None:
            _tell(row, repository)
    except RemoteFailure as error:
        log.warning("The pull request %s of %s was not told: %s", row.pull_request, row.application, error)
        if not error.permanent and row.tell_attempt < len(PAUSES):
            later = moment + max(PAUSES[row.tell_attempt], timedelta(seconds=error.retry_after))
    Verdict.objects.filter(pk=row.pk).update(tell_at=later)
    return True


def _repository(row: Verdict) -> PullRepository | None:
    """Return the repository that a verdict is about, where it is known which, and how to reach it."""
    rows = PullRepository.objects.filter(active=True, asset__application=row.application_id).select_related("asset")
    found = list(rows[:2])
    if len(found) > 1:
        found = list(rows.filter(asset__in=Scan.objects.filter(pk__in=row.scans).values("stream__asset"))[:2])
    return found[0] if len(found) == 1 else None


def _tell(row: Verdict, repository: PullRepository) -> None:
    if not row.pull_request.isdecimal() or not row.commit:
        return
    with forge_of(repository) as there:
        token = there.login()[1]
    place = Place(
        api=repository.api, repository=repository.name, number=row.pull_request, commit=row.commit, token=token
    )
    forge = forge_at(repository.forge, place, transport=Guarded(settings.SEAMARK_INTERNAL_HOSTS))
    address = f"{settings.SEAMARK_PUBLIC_URL}/issues/" if settings.SEAMARK_PUBLIC_URL else ""
    forge.publish(feedback_of(kept.outcome(row, issue_url=address), _changes(forge)))


def _changes(forge: Forge) -> Changes | None:
    patch, changes = forge.patch(), Changes()
    return changes if patch and changes.read(patch) else None
