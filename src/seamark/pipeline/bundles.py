"""Keeps bundles of policies in step with where they are kept, again and again."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from seamark.governance.policy.kept.sync import STARTER, Synced, declare, sync
from seamark.store.models import Bundle
from seamark.store.models.policies import BundleKind


def cache() -> Path:
    """Return the folder in which fetched repositories are kept."""
    home: Path = settings.SEAMARK_HOME
    return home / "policies"


def refresh(row: Bundle, now: datetime | None = None) -> Synced:
    """Bring a bundle up to date now, with the token of the settings."""
    return sync(row, now=now or timezone.now(), cache=cache(), token=settings.SEAMARK_POLICY_TOKEN)


def work_once(now: datetime | None = None) -> bool:
    """Bring the next bundle up to date that is due; False where none is. Any number of workers may ask.

    Where nobody has said anything of policies yet, the starter bundle is put in force.
    """
    moment = now or timezone.now()
    if not settings.SEAMARK_POLICY_SYNC:
        return False
    if not Bundle.objects.exists():
        refresh(declare(STARTER, BundleKind.STARTER), moment)
        return True
    old = moment - timedelta(minutes=settings.SEAMARK_POLICY_SYNC)
    due = Bundle.objects.filter(Q(checked_at=None) | Q(checked_at__lte=old), active=True).exclude(
        kind=BundleKind.SERVER
    )
    row = due.order_by("checked_at", "pk").first()
    # Who says first when it was looked at looks at it.
    if row is None or not Bundle.objects.filter(pk=row.pk, checked_at=row.checked_at).update(checked_at=moment):
        return False
    refresh(row, moment)
    return True
