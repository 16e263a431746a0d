"""Pull requests that people ask for, and the lists of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from seamark.core.assets import AssetKind
from seamark.core.errors import NotAllowed
from seamark.governance.triage.lifecycle import WORKS
from seamark.pipeline.pulls.repositories import repositories_for, repository_of
from seamark.pipeline.pulls.telling import key_of_fix
from seamark.pipeline.tickets.facts import open_issues
from seamark.response.remediation.pulls.naming import branch_of
from seamark.store.access import Visible, visible_to
from seamark.store.models import Fix, PullRepository, PullRequest, User
from seamark.store.models.pulls import PullState
from seamark.store.permissions import needed

LIVE: Final = (PullState.QUEUED, PullState.OPEN)


def ask(actor: User | None, fix: Fix, *, machine_made: bool = False) -> PullRequest:
    """Ask for the pull request of a fix; return the one that it has already. `actor` is None for whoever holds the database.

    A base image's is asked for in each repository that builds on it; the first of them is returned. `machine_made` says that a model
    wrote the change: whoever asks so keeps the change beside the row, in the same transaction.

    Raises `NotAllowed` where there is no right, nothing left to clear, or no repository to open it in.
    """
    if actor is not None and not visible_to(actor).may(WORKS, fix.application_id):
        raise NotAllowed(needed(WORKS, fix.application))
    places = repositories_for(fix)
    if not places:
        image = fix.asset.kind == AssetKind.IMAGE
        where = f"repositories that build on {fix.asset.key}" if image else fix.asset.key.partition("//")[0]
        raise NotAllowed(
            f"Nobody has said how pull requests are opened in {where}: somebody who manages connections adds the repository"
        )
    if not open_issues(fix.pk, None).exists():
        raise NotAllowed("No open issue is cleared by this fix any more")
    rows = [_asked(actor, fix, one, machine_made=machine_made) for one in (places[:1] if machine_made else places)]
    return rows[0]


def _asked(actor: User | None, fix: Fix, repository: PullRepository, *, machine_made: bool) -> PullRequest:
    key = key_of_fix(fix)
    live = PullRequest.objects.filter(repository=repository, key=key, state__in=LIVE)
    found = live.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return PullRequest.objects.create(
                fix=fix, repository=repository, key=key, branch=branch_of(key, str(fix.details.get("name") or fix.title)), target=fix.target,
                title=fix.title, by=actor, due_at=timezone.now(), machine_made=machine_made,
            )  # fmt: skip
    except IntegrityError:
        # Somebody else asked at the same moment.
        return live.get()


def pulls(seen: Visible) -> QuerySet[PullRequest]:
    """Return the pull requests of applications that somebody may see."""
    rows = PullRequest.objects.select_related(
        "fix", "fix__application", "repository", "repository__asset", "repository__asset__application", "by"
    )
    return rows.filter(repository__asset__in=seen.assets().values("id"))


def pulls_of(fixes: Collection[int]) -> dict[int, PullRequest]:
    """Return the latest pull request of each fix that has one, by the number of the fix."""
    rows = PullRequest.objects.filter(fix__in=fixes).select_related("repository").order_by("pk")
    return {row.fix_id: row for row in rows if row.fix_id is not None}


def may_ask(seen: Visible, fix: Fix) -> bool:
    """Tell whether somebody may ask for a fix's pull request, and there is a repository to open it in."""
    return seen.may(WORKS, fix.application_id) and repository_of(fix) is not None


def _check(actor: User | None, row: PullRequest) -> None:
    application = row.repository.asset.application
    if actor is not None and not visible_to(actor).may(WORKS, application):
        raise NotAllowed(needed(WORKS, application))
