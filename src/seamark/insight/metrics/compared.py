"""Before and after: the same measures of two periods of the same length, for a proof of value."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from seamark.insight.metrics.columns import Columns
from seamark.insight.metrics.definitions import BY_NAME, Definition
from seamark.insight.metrics.measures import Flow, Masks, Period, flow

NAMES = (
    "open", "urgent", "risk", "arrived", "burned", "fixed", "mttr", "half_life", "mtta", "sla", "overdue", "age", "reopen",
    "false_positives", "automation",
)  # fmt: skip


class Change(Struct, frozen=True, kw_only=True):
    """One measure before and after."""

    about: Definition
    before: float | None
    after: float | None

    @property
    def turned(self) -> str:
        """Return `better`, `worse`, or nothing where it did not change or neither way is good."""
        if self.before is None or self.after is None or self.before == self.after or not self.about.good:
            return ""
        return "better" if (self.after < self.before) == (self.about.good == "down") else "worse"


class Compared(Struct, frozen=True, kw_only=True):
    """Two periods that meet at a day."""

    before: Period
    after: Period
    changes: list[Change]


def compared(columns: Columns, day: date, *, days: int = 30) -> Compared:
    """Return the measures of the days before a day, and of those from it on (UTC)."""
    middle = datetime.combine(day, time(), UTC)
    span = timedelta(days=days)
    before, after = Period(start=middle - span, end=middle), Period(start=middle, end=middle + span)
    numbers = flow(Masks(columns, before)), flow(Masks(columns, after))
    changes = [
        Change(about=BY_NAME[name], before=_value(name, numbers[0]), after=_value(name, numbers[1])) for name in NAMES
    ]
    return Compared(before=before, after=after, changes=changes)


def _value(name: str, one: Flow) -> float | None:
    about = BY_NAME[name]
    if name == "risk":
        return one.risk / 10
    if about.unit == "issues":
        return one.counts[about.members]
    found: float | None = getattr(one, name)
    return found
