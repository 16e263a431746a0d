"""What violates policies now and did before, outside of builds: intervals, what they add up to each day, and how far the watch has come."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.store.models.inventory import Application
from seamark.store.models.issues import Issue

_NOW = models.Q(until=None)


class Standing(models.TextChoices):
    """How something stands to a policy."""

    VIOLATES = "violates", "violates"
    UNDECIDED = "undecided", "cannot be decided"
    WAIVED = "waived", "waived"


class StandingViolation(models.Model):
    """Something that violates a policy at the stage `monitor`, from `since` until `until` (null: still)."""

    policy = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    """The policy's version that said so first."""
    subject = models.CharField(max_length=20)
    """Its group of facts: `issue`, `coverage` …"""
    key = models.BigIntegerField()
    """Hash of what violates it: subject, reference, asset and application."""
    ref = models.TextField(blank=True, default="")
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, db_index=False, related_name="violations"
    )
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="violations"
    )
    """Where it is about one."""
    standing = models.CharField(max_length=10, choices=Standing.choices)
    effect = models.CharField(max_length=10)
    """What it comes to: `log`, `ticket`, `warn` or `block`."""
    severity = models.CharField(max_length=10)
    because = models.CharField(max_length=20, blank=True, default="")
    """Why it comes to less than the policy says: `grace`, `waived`, `unknown`."""
    message = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)
    """`unknown` facts, `grace_until`, `waiver`: those that there are."""
    content = models.BigIntegerField()
    """Hash of all that may change while it stands, so that only what changed is written."""
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    wants_ticket = models.BooleanField(default=False)
    """Whether a ticket is to be opened: whoever sends it takes this back."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "key"], condition=_NOW, name="standing_violation_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["policy", "standing", "application"], condition=_NOW, name="standing_of_policy"),
            models.Index(fields=["-since", "-id"], condition=_NOW, name="standing_newest"),
            models.Index(fields=["standing", "-since", "-id"], condition=_NOW, name="standing_newest_that_stand"),
            models.Index(fields=["policy", "-since", "-id"], condition=_NOW, name="standing_newest_of_policy"),
            models.Index(fields=["application", "-since", "-id"], condition=_NOW, name="standing_of_application"),
            models.Index(fields=["issue"], condition=_NOW, name="standing_of_issue"),
            models.Index(fields=["id"], condition=_NOW & models.Q(wants_ticket=True), name="standing_outbox"),
            models.Index(fields=["policy", "-until"], condition=~_NOW, name="standing_ended"),
        ]


class ViolationDay(models.Model):
    """How many things violated a policy at the end of a day, or now for today, in one application or in none."""

    policy = models.CharField(max_length=100)
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, db_index=False, related_name="violation_days"
    )
    day = models.DateField()
    violates = models.IntegerField(default=0)
    undecided = models.IntegerField(default=0)
    waived = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["policy", "day"], name="violation_day_of_policy"),
            models.Index(fields=["day"], name="violation_day"),
        ]


class PolicyWatch(models.Model):
    """How far the standing violations have followed what happened. One row; its lease lets one worker in."""

    name = models.CharField(max_length=20, unique=True, default="watch")
    seen = models.JSONField(default=dict)
    """The newest event, scan and survey that were looked at, and what stood for feeds, profiles and policies."""
    asked_at = models.DateTimeField(null=True)
    """When the latest pass began."""
    whole_at = models.DateTimeField(null=True)
    """When everything was last looked at."""
    lease_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")
    """Why the latest pass failed; empty where it did not."""
