"""What an application's page says besides its issues: who answers with what evidence, and what the last build changed."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final

from django.db.models import Count as Counted
from msgspec import Struct

from seamark.analysis.software.difference import Difference
from seamark.insight.analytics.inventory import owners_of
from seamark.insight.analytics.software import Replaced, changes, replaced
from seamark.store.access import Visible
from seamark.store.models import Ownership

MOST_REASONS: Final = 3
MOST_ROWS: Final = 8
LARGEST: Final = 5_000
"""Components of an inventory above which two are not compared for a page: the comparison has one of its own."""


class Answers(Struct, frozen=True, kw_only=True):
    """Somebody who answers first for some assets of an application, with what says so."""

    id: int
    key: str
    number: int
    """How many assets."""
    evidence: list[tuple[str, float, int]]
    """Reasons with the highest confidence of each, 0 to 1, and the number of assets; those of most assets first."""
    by_person: bool
    """Somebody said so in Seamark."""


class Built(Struct, frozen=True, kw_only=True):
    """The inventory of the last build beside the one before. `rows` hold package, version before and version after."""

    replaced: Replaced
    added: int = 0
    removed: int = 0
    upgraded: int = 0
    downgraded: int = 0
    other: int = 0
    rows: list[tuple[str, str, str]] = []
    compared: bool = True
    """False where they are too large to compare for this page."""


def answers(seen: Visible, application: int) -> list[Answers]:
    """Return who answers first for most assets of an application, in two statements."""
    held = owners_of(seen, application)
    there = seen.assets().filter(application=application, gone_at=None).values("id")
    rows = Ownership.objects.filter(asset__in=there, rank=1, owner__in=[one.id for one in held]).order_by()
    reasons: dict[int, Counter[str]] = defaultdict(Counter)
    sure: dict[tuple[int, str], float] = {}
    by_person: set[int] = set()
    told = rows.values_list("owner", "reason", "confidence", "said_in").annotate(number=Counted("id"))
    for owner, reason, confidence, said_in, number in told:
        reasons[owner][reason] += number
        sure[owner, reason] = max(confidence, sure.get((owner, reason), 0.0))
        by_person |= set() if said_in else {owner}
    return [
        Answers(
            id=one.id, key=one.key, number=one.number, by_person=one.id in by_person,
            evidence=[(reason, sure[one.id, reason], number) for reason, number in reasons[one.id].most_common(MOST_REASONS)],
        )
        for one in held
    ]  # fmt: skip


def last_built(seen: Visible, application: int) -> tuple[Built | None, list[Replaced]]:
    """Return what the newest inventory changed, None where there is no pair, and the changes before that one."""
    found = replaced(seen, application)
    if not found:
        return None, []
    return _built(found[0]), found[1:]


def _built(one: Replaced) -> Built:
    if max(one.was, one.now) > LARGEST:
        return Built(replaced=one, compared=False)
    told = changes(one.before, one.after)
    return Built(
        replaced=one, added=len(told.added), removed=len(told.removed), upgraded=len(told.upgraded),
        downgraded=len(told.downgraded), other=len(told.changed), rows=_rows(told)[:MOST_ROWS],
    )  # fmt: skip


def _rows(told: Difference) -> list[tuple[str, str, str]]:
    """Return what changed, that first which is looked at first: what is new or older than before."""
    return [
        *((one.package, one.before.version, one.after.version) for one in told.downgraded),
        *((one.purl or one.name, "", one.version) for one in told.added),
        *((one.package, one.before.version, one.after.version) for one in (*told.upgraded, *told.changed)),
        *((one.purl or one.name, one.version, "") for one in told.removed),
    ]
