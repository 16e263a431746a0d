"""Which risk profile holds where, since when, who said so, and how far the scores have followed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import BusinessUnit
from seamark.store.models.issues import RiskProfile


class Rescoring(models.TextChoices):
    """How far the scores have followed a profile."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    DONE = "done", "done"
    SUPERSEDED = "superseded", "superseded"
    FAILED = "failed", "failed"


class ProfileUse(models.Model):
    """A profile that was applied. The rows are the history, and each carries the lease of its own re-scoring."""

    unit = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, null=True, related_name="profile_uses")
    """Where it holds: in the unit and those below it that have none of their own; everywhere else where null."""
    profile = models.ForeignKey(RiskProfile, on_delete=models.PROTECT, null=True, related_name="uses")
    """Null where the unit follows what holds above it again."""
    before = models.ForeignKey(RiskProfile, on_delete=models.PROTECT, null=True, related_name="+")
    """What held there until then."""
    current = models.BooleanField(default=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Null for whoever holds the database."""
    comment = models.TextField(blank=True, default="")
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=Rescoring.choices, default=Rescoring.QUEUED)
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    issues = models.IntegerField(default=0)
    """Issues that it concerns."""
    moved = models.IntegerField(default=0)
    """Those among them whose score or priority was written anew."""
    progress = models.IntegerField(default=0)
    """Percent of the way."""
    error = models.TextField(blank=True, default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["state"], condition=models.Q(state__in=["queued", "running"]), name="profile_use_queue"
            )
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit"], condition=models.Q(current=True), name="profile_use_one_of_unit"),
            models.UniqueConstraint(
                fields=["current"], condition=models.Q(current=True, unit__isnull=True), name="profile_use_one_for_all"
            ),
        ]
