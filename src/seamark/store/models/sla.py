"""How long issues may stand: the clock of each, with the agreement that set it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.store.models.issues import Issue

_RUNS = models.Q(ended_at=None)


class IssueClock(models.Model):
    """The agreement on service levels that holds for an issue, and when its time is over. At most one for each issue.

    Late and nearly late are no columns: they are told by `due_at` and `risk_at` in the moment of asking.
    """

    issue = models.OneToOneField(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="clock")
    policy = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    application = models.IntegerField()
    """Number of the issue's application, for sums."""
    priority = models.SmallIntegerField()
    """The issue's, when the clock was last set."""
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    """When its time is over; while it stands still, when that would be if it went on now."""
    risk_at = models.DateTimeField()
    """From when it is nearly late."""
    stopped_since = models.DateTimeField(null=True)
    """Since when it stands still; null where it runs."""
    ended_at = models.DateTimeField(null=True)
    """When the issue was fixed."""
    kept = models.BooleanField(null=True)
    """Whether that was in time; null while it runs."""
    why = models.JSONField(default=dict)
    """What the date was worked out from: `from`, `days`, `calendar`, `stops`, `kev`."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=_RUNS, name="clock_due"),
            models.Index(fields=["risk_at"], condition=_RUNS, name="clock_risk"),
            models.Index(fields=["application", "priority"], name="clock_of_application"),
        ]
