"""Receipts of stored issues, and re-scoring when a feed or an application's context changes.

An issue's row names the profile that its score was written with. A profile that was applied since and comes to the same score and
priority did not rewrite the row: the receipt is then made with the profile that holds now, and adds up to the same score. Where it
does not, the re-scoring has not come to that issue yet, and the receipt is that of the profile in its row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from django.db import transaction
from django.utils import timezone

from seamark.analysis.risk import Facts, Profile, Receipt, load_profile, receipt
from seamark.analysis.risk.account import Account
from seamark.analysis.risk.engine import reason
from seamark.pipeline.ingest.issues import Scorer
from seamark.pipeline.ingest.refreshing import refresh
from seamark.pipeline.profiles import InForce, active_profile
from seamark.store import writer
from seamark.store.models import Application, Issue, RiskProfile

_PIECE = 5000


@lru_cache(maxsize=64)
def _loaded(content: bytes) -> Profile:
    return load_profile(msgspec.json.decode(content))


def _weights(row: RiskProfile) -> Profile:
    return _loaded(msgspec.json.encode(row.content))


def receipt_of(issue: Issue) -> Receipt:
    """Return the account of an issue's score, with the profile that holds for its application."""
    return document_of(issue).receipt


def document_of(issue: Issue) -> Account:
    """Return the receipt with all that it is worked out from, to take away and verify anywhere."""
    facts = msgspec.convert(issue.facts, Facts)
    held = active_profile(issue.application)
    profile = _weights(held)
    told = receipt(facts, profile)
    if held.pk != issue.profile_id and (told.score, told.priority) != (issue.risk, issue.priority):
        profile = _weights(issue.profile)
        told = receipt(facts, profile)
    return Account(issue=issue.reference, facts=facts, profile=profile, receipt=told)


def reason_of(issue: Issue) -> str:
    """Return why an issue stands where it does, in one line."""
    return reason(msgspec.convert(issue.facts, Facts))


def rescore(issues: Iterable[int]) -> None:
    """Score issues anew with the profile that holds for each and today's facts; writes only what changed."""
    now = timezone.now()
    with transaction.atomic():
        for row, numbers in _by_profile(sorted(issues)):
            scorer = Scorer(_weights(row))
            for at in range(0, len(numbers), _PIECE):
                refresh(numbers[at : at + _PIECE], scorer=scorer, profile_id=row.pk, scan=None, now=now)


def _by_profile(numbers: list[int]) -> list[tuple[RiskProfile, list[int]]]:
    """Return the issues by the profile that holds for their applications."""
    held = InForce()
    if len(held.uses) == 1:
        return [(held.of(None), numbers)]
    profiles = {number: held.of(unit) for number, unit in Application.objects.values_list("id", "unit_id")}
    rows = {row.pk: row for row in profiles.values()}
    found: dict[int, list[int]] = defaultdict(list)
    for number, application in writer.select_in(
        "SELECT id, application_id FROM store_issue WHERE id {values}", numbers
    ):
        found[profiles[application].pk].append(number)
    return [(rows[profile], listed) for profile, listed in found.items()]
