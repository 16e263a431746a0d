"""What is done with facts once a day: record them, keep the pack of a quarter that ended, hand them out as Parquet."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import timezone

from seamark.pipeline.metrics.export import export
from seamark.pipeline.metrics.packs import keep_when_due
from seamark.pipeline.metrics.recording import Recorded, run_if_due


def run(place: str | None = None, now: datetime | None = None) -> Recorded | None:
    """Do the day's part where nobody has; None where somebody did. Any number of workers may ask.

    `place` is where facts go as Parquet: a folder or an address of object storage, by default as the settings say; empty for nowhere.
    """
    at = now or timezone.now()
    told = run_if_due(at)
    if told is None:
        return None
    keep_when_due(at)
    where = settings.SEAMARK_FACTS_EXPORT if place is None else place
    if where:
        export(where)
    return told
