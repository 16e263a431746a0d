"""Waivers: approved exceptions that end, what they are for, and every step that was taken with them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.core.severity import Severity
from seamark.store.models.inventory import Application, Control
from seamark.store.models.issues import Fix, Issue
from seamark.store.models.policies import Bundle


class Scope(models.TextChoices):
    """What a waiver is for."""

    ISSUE = "issue", "issues"
    FIX = "fix", "a fix"
    POLICY = "policy", "a policy"
    QUERY = "query", "a query"


class WaiverState(models.TextChoices):
    """Where a waiver stands. Whether it counts is told by its dates, never by this alone."""

    REQUESTED = "requested", "requested"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "refused"
    EXPIRED = "expired", "expired"
    REVOKED = "revoked", "revoked"
    RENEWED = "renewed", "renewed"


class Waiver(models.Model):
    """An exception from policies. Its reference is `W-<id>`. What it is for never changes; a renewal is a waiver of its own."""

    scope = models.CharField(max_length=10, choices=Scope.choices)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="waivers")
    """It never covers anything outside of it. Null: everywhere."""
    policy = models.CharField(max_length=100, blank=True, default="")
    """The only policy that it is an exception from; empty: all of them."""
    fix = models.ForeignKey(Fix, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="waivers")
    query = models.TextField(blank=True, default="")
    reason = models.CharField(max_length=40)
    """One of `governance.waivers.words.REASONS`."""
    text = models.TextField()
    control = models.ForeignKey(
        Control, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="waivers"
    )
    control_text = models.TextField(blank=True, default="")
    """The compensating control in words: the control's name as it was where there is a `control`."""
    evidence = models.TextField(blank=True, default="")
    """What shows that the control works: text or an address."""
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=WaiverState.choices, default=WaiverState.REQUESTED)
    requester = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    decider = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    """Who approved or refused it; never the requester."""
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    """When it stopped counting before or at its end: revoked, renewed, expired."""
    severity = models.SmallIntegerField(
        choices=[(severity.value, severity.word) for severity in Severity], default=Severity.INFO.value
    )
    """The worst that it covered when it was approved: what is worse now is not covered."""
    renews = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="renewals")
    code = models.CharField(max_length=250, blank=True, default="")
    """Where it is written as code: `bundle/name#digest`; empty for those that were asked for by hand."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at", "id"], condition=models.Q(state="approved"), name="waiver_live"),
            models.Index(fields=["state", "-id"], name="waiver_state"),
            models.Index(fields=["code"], condition=~models.Q(code=""), name="waiver_code"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~models.Q(decider=models.F("requester")), name="waiver_four_eyes"),
        ]

    @property
    def reference(self) -> str:
        """Return the name that people use, such as `W-12`."""
        return f"W-{self.pk}"


class WaiverIssue(models.Model):
    """An issue that a waiver of the scope `issue` names."""

    waiver = models.ForeignKey(Waiver, on_delete=models.CASCADE, related_name="issues")
    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, db_constraint=False, related_name="waivers")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["waiver", "issue"], name="waiver_issue_once")]


class WaiverStep(models.Model):
    """Something that was done with a waiver. Append only."""

    waiver = models.ForeignKey(Waiver, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=20)
    """`requested`, `approved`, `refused`, `revoked`, `expired`, `renewed`, `reminded`."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    """Null for what happened by itself."""
    at = models.DateTimeField()
    comment = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)
    """What there was to see then: how many issues, the first of them, the end."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["waiver", "kind"], name="waiver_step")]


class WaiverLimits(models.Model):
    """The longest that a bundle of policies lets waivers last: shorter than the settings allow, never longer."""

    bundle = models.OneToOneField(Bundle, on_delete=models.CASCADE, related_name="waiver_limits")
    days = models.JSONField(default=list)
    """Days for P0 to P4."""
