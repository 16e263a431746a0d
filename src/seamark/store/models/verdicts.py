"""What gates decided: one row a verdict with all that it was decided from, and one a violation."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application


class Verdict(models.Model):
    """What the policies said at a stage. Never changed once made, but for whether a newer one has taken its place."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, db_index=False, related_name="verdicts")
    stage = models.CharField(max_length=20)
    about = models.CharField(max_length=10, default="scans")
    """`scans` of an application, which a gate judged, or a `subject` of the deploy gate: an image, a version, an inventory."""
    ref = models.TextField(blank=True, default="")
    """Branch or tag that was judged."""
    base = models.TextField(blank=True, default="")
    """Branch that it was compared with; empty for the default branch."""
    commit = models.CharField(max_length=64, blank=True, default="")
    pull_request = models.CharField(max_length=50, blank=True, default="")
    scans = models.JSONField(default=list)
    """Numbers of the scans that were judged."""
    asked_latest = models.BooleanField(default=False)
    """Whether the latest scans were asked about, whichever those are."""
    outcome = models.CharField(max_length=20)
    """`pass`, `warn`, `block` or `indeterminate`."""
    content = models.JSONField()
    """The verdict without its violations, as it was decided."""
    bundle = models.CharField(max_length=64)
    bundle_commit = models.TextField(blank=True, default="")
    policies = models.JSONField(default=list)
    """Digests of all policies that were in force: their versions."""
    facts_digest = models.CharField(max_length=64)
    facts = models.BinaryField()
    """The records that were judged, zstd-compressed lines of JSON: what a replay reads."""
    issues = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    compared = models.BooleanField(default=True)
    event = models.BigIntegerField(default=0)
    """Number of the last event that it knows of."""
    entry = models.BigIntegerField(null=True)
    """Number of its entry in the ledger."""
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="replaced_by")
    latest = models.BooleanField(default=True)
    """Whether no newer verdict about the same has taken its place."""
    asker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    tell_at = models.DateTimeField(null=True)
    """When its pull request is to be told, where it was made anew and says something else than before; null where nothing is to be told."""
    tell_attempt = models.SmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["application", "-id"], name="verdict_of_application"),
            models.Index(fields=["-at"], condition=models.Q(latest=True), name="verdict_latest"),
            models.Index(fields=["tell_at"], condition=models.Q(tell_at__isnull=False), name="verdict_to_tell"),
        ]


class Violation(models.Model):
    """A record that violated a policy when a verdict was made, or of which that could not be decided."""

    verdict = models.ForeignKey(Verdict, on_delete=models.CASCADE, db_index=False, related_name="violations")
    number = models.IntegerField()
    """Its place in the verdict, worst first."""
    policy = models.CharField(max_length=100)
    ref = models.TextField(blank=True, default="")
    """What violates it: `SM-1042`."""
    effect = models.CharField(max_length=10)
    decided = models.BooleanField(default=True)
    because = models.CharField(max_length=20, blank=True, default="")
    content = models.JSONField()
    """The violation as it was decided."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["verdict", "number"], name="violation_once")]
        indexes: ClassVar = [models.Index(fields=["policy", "-verdict"], name="violation_of_policy")]
