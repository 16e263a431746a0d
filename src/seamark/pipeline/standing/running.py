"""What is known of where things run: the latest look at every cluster and cloud account."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models import Max, Q

from seamark.core.assets import RelationKind
from seamark.store.models import Relation, Survey

RUNTIME: Final = re.compile(
    r"kubernetes .+|aws .+ (?:lambda|ecs/.+)|google .+ run|azure .+ (?:containerapps|webapps|functions|containers)"
)
"""Sources of surveys of what runs."""
CLUSTERS: Final = re.compile(r"kubernetes .+|aws .+ ecs/.+|google .+ run|azure .+ (?:containerapps|containers)")
"""Sources of which a complete one shows where images run; functions alone do not."""
FRESH: Final = timedelta(days=7)
"""How long a look at what runs says that something does not."""


class Looked(NamedTuple):
    """What the latest surveys of what runs are worth."""

    sources: tuple[str, ...]
    complete: bool
    """Whether the latest look at every place was a complete one, and one of them shows where images run."""
    oldest: datetime | None
    """When the look that is longest ago was taken."""

    def proves(self, now: datetime) -> bool:
        """Tell whether what no survey shows does not run: all were complete, and none is older than `FRESH`."""
        return self.complete and self.oldest is not None and now - self.oldest <= FRESH

    @property
    def words(self) -> str:
        """Return the sources, as the origin of a fact."""
        more = f" and {len(self.sources) - 3} more" if len(self.sources) > 3 else ""
        return f"{', '.join(self.sources[:3])}{more}"


def looked() -> Looked:
    """Return what the latest survey of every source of what runs is worth."""
    theirs = Q()
    for word in ("kubernetes ", "aws ", "google ", "azure "):
        theirs |= Q(source__startswith=word)
    newest = Survey.objects.filter(theirs).values("source").annotate(newest=Max("id")).values("newest")
    rows = Survey.objects.filter(pk__in=newest).order_by("source").values_list("source", "complete", "at")
    latest = [row for row in rows if RUNTIME.fullmatch(row[0])]
    return Looked(
        sources=tuple(source for source, _, _ in latest),
        complete=all(complete for _, complete, _ in latest) and any(CLUSTERS.fullmatch(row[0]) for row in latest),
        oldest=min((at for _, _, at in latest), default=None),
    )


def inventoried(sources: Collection[str]) -> set[int]:
    """Return the applications of which these sources show something that runs, or did."""
    rows = Relation.objects.filter(kind=RelationKind.RUNS.value, said_in__in=sources, source__application__isnull=False)
    return set(rows.order_by().values_list("source__application", flat=True).distinct())
