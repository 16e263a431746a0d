"""Why findings are one issue, what may be one, and what people decided about it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.findings import Finding
from seamark.store.models.inventory import Application
from seamark.store.models.issues import Issue


class Match(models.Model):
    """Two findings that the matcher took for one issue, or thinks may be one, with its reasons."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="matches"
    )
    left = models.ForeignKey(Finding, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    right = models.ForeignKey(Finding, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    merged = models.BooleanField()
    """True: made one issue. False: a suggestion, for people to decide."""
    pending = models.BooleanField(default=False)
    """A suggestion that waits for somebody."""
    confidence = models.SmallIntegerField()
    """0 to 1000: thousandths."""
    reasons = models.JSONField(default=list)
    """Pairs of words and weight, which add up to the confidence."""
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["application", "-confidence", "-id"], condition=models.Q(pending=True), name="match_pending"
            ),
        ]


class MergeDecision(models.Model):
    """That two issues are one, or never will be: said by a person, or by the matcher for issues that both existed before.

    What a person said wins over every later run. A decision can be revoked, which brings both issues back as they were.
    """

    verdict = models.CharField(max_length=10, choices=[("join", "join"), ("split", "split"), ("never", "never")])
    """`join`: `right` became part of `left`. `split`: findings of `left` became `right`. `never`: they stay two."""
    left = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="decisions")
    right = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="+")
    findings = models.JSONField(default=list)
    """Row ids of the findings that changed issue."""
    before = models.JSONField(default=dict)
    """State, resolution, assignee and dates of `right` before it was joined."""
    confidence = models.SmallIntegerField(null=True)
    reasons = models.JSONField(default=list)
    reason = models.TextField(blank=True, default="")
    by_person = models.BooleanField(default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    """Null for the matcher, and for whoever holds the database and uses the command line."""
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")


class Corroboration(models.Model):
    """An issue that confirms another one of a different kind: an attack that worked, an alert from production. Linked, never merged."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="corroborated_by")
    """What is confirmed: code or a package."""
    witness = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="corroborates")
    source = models.CharField(max_length=20)
    """`dast`, `runtime` or `pentest`."""
    confidence = models.SmallIntegerField()
    """0 to 1000: thousandths."""
    reasons = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["issue", "witness"], name="corroboration_once")]
