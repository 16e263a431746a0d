"""Receipts of stored issues, and re-scoring when a feed or an application's context changes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec
from django.db import transaction
from django.utils import timezone

from seamark.analysis.risk import Facts, Profile, Receipt, load_profile, receipt
from seamark.analysis.risk.engine import reason
from seamark.pipeline.ingest.issues import Scorer
from seamark.pipeline.ingest.refreshing import refresh
from seamark.pipeline.profiles import active_profile
from seamark.store.models import Issue, RiskProfile

_PIECE = 5000


@lru_cache(maxsize=64)
def _profile(number: int) -> Profile:
    return load_profile(RiskProfile.objects.get(pk=number).content)


def receipt_of(issue: Issue) -> Receipt:
    """Return the account of an issue's score, with the profile that it was made with."""
    return receipt(msgspec.convert(issue.facts, Facts), _profile(issue.profile_id))


def reason_of(issue: Issue) -> str:
    """Return why an issue stands where it does, in one line."""
    return reason(msgspec.convert(issue.facts, Facts))


def rescore(issues: Iterable[int]) -> None:
    """Score issues anew with the active profile and today's facts; writes only what changed."""
    row = active_profile()
    scorer, now = Scorer(load_profile(row.content)), timezone.now()
    numbers = sorted(issues)
    with transaction.atomic():
        for at in range(0, len(numbers), _PIECE):
            refresh(numbers[at : at + _PIECE], scorer=scorer, profile_id=row.pk, scan=None, now=now)
