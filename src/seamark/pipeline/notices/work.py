"""The pass that finds news and tells it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from seamark.pipeline.notices import digest, news, telling
from seamark.pipeline.outbox.passes import claim_pass, finish_pass, seen_by

EVERY: Final = timedelta(seconds=30)
NAME: Final = "news"


def work_once(now: datetime | None = None) -> bool:
    """Make a pass where it is time; False where it is not. Any number of workers may ask."""
    moment = now or timezone.now()
    if not claim_pass(NAME, EVERY, moment):
        return False
    seen = None
    try:
        seen = news.collect(seen_by(NAME), moment)
        telling.tell(moment)
        digest.send_due(moment)
    finally:
        finish_pass(NAME, seen)
    return True
