"""Compliance: where checks stand and stood, who closes gaps until when, evidence that was frozen, and auditors' time-boxed access."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Application, BusinessUnit
from seamark.store.models.people import Grant

_NOW = models.Q(until=None)
_OPEN = models.Q(closed_at=None)
_OF_NONE = models.Q(application=None)
_OF_ONE = models.Q(application__isnull=False)


class ComplianceFramework(models.Model):
    """A version of a framework that this installation brought itself. Never changed once made, but for whether it counts."""

    name = models.CharField(max_length=60)
    version = models.IntegerField()
    """From 1, by name."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the text."""
    text = models.TextField()
    """The YAML as it was sent in."""
    active = models.BooleanField(default=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["name", "version"], name="framework_version_once"),
            models.UniqueConstraint(fields=["name"], condition=models.Q(active=True), name="framework_one_active"),
        ]


class CheckStanding(models.Model):
    """What a check came to in an application, or for what belongs to none, from `since` until `until` (null: still)."""

    check_name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    """The check's version."""
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, db_index=False, related_name="check_standings"
    )
    outcome = models.CharField(max_length=20)
    """A word of `governance.compliance.outcome.Outcome`."""
    yes = models.IntegerField(default=0)
    no = models.IntegerField(default=0)
    unknown = models.IntegerField(default=0)
    examples = models.JSONField(default=list)
    """References of what says no or is not known, at most 100: pairs of the reference and `no` or `unknown`."""
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["check_name", "application"], condition=_NOW & _OF_ONE, name="check_standing_once"
            ),
            models.UniqueConstraint(
                fields=["check_name"], condition=_NOW & _OF_NONE, name="check_standing_once_of_none"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["application", "check_name"], condition=_NOW, name="check_standing_now"),
            models.Index(fields=["check_name", "since"], name="check_standing_history"),
        ]


class ComplianceGap(models.Model):
    """A check that does not pass somewhere, or manual evidence that is missing or has lapsed; its number never changes.

    One that returns is a gap of its own.
    """

    check_name = models.CharField(max_length=100, blank=True, default="")
    framework = models.CharField(max_length=60, blank=True, default="")
    """With `control`: where manual evidence is missing. Empty for a check's gap, which concerns all controls that use the check."""
    control = models.CharField(max_length=60, blank=True, default="")
    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, db_index=False, related_name="compliance_gaps"
    )
    outcome = models.CharField(max_length=20)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    due = models.DateField(null=True)
    note = models.TextField(blank=True, default="")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["check_name", "framework", "control", "application"], condition=_OPEN & _OF_ONE, name="compliance_gap_once"
            ),
            models.UniqueConstraint(
                fields=["check_name", "framework", "control"], condition=_OPEN & _OF_NONE, name="compliance_gap_once_of_none"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["application", "check_name"], condition=_OPEN, name="compliance_gap_open"),
            models.Index(fields=["due"], condition=_OPEN, name="compliance_gap_due"),
        ]

    @property
    def reference(self) -> str:
        """Return the name that people use, such as `G-12`."""
        return f"G-{self.pk}"


class EvidenceKind(models.TextChoices):
    """How evidence came to be."""

    SNAPSHOT = "snapshot", "snapshot"
    """Asked of the platform itself, and frozen."""
    FILE = "file", "file"
    LINK = "link", "link"


class ComplianceEvidence(models.Model):
    """Something that shows how things stood, frozen and hashed. Never changed; after its time the content goes, the hash stays."""

    kind = models.CharField(max_length=10, choices=EvidenceKind.choices)
    name = models.CharField(max_length=60, blank=True, default="")
    """Of a snapshot: which one, such as `scan-coverage`."""
    title = models.CharField(max_length=300)
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, related_name="evidence")
    unit = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, null=True, related_name="evidence")
    query = models.TextField(blank=True, default="")
    """What was asked."""
    sources = models.JSONField(default=list)
    """Where the answer comes from: tables, tools, feeds."""
    link = models.TextField(blank=True, default="")
    filename = models.CharField(max_length=200, blank=True, default="")
    digest = models.CharField(max_length=64)
    """SHA-256 of the content; of a link: of its text."""
    size = models.BigIntegerField(default=0)
    content = models.BinaryField(null=True)
    """Compressed with zstd; null for links, and after its time."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who renews it."""
    frozen_at = models.DateTimeField()
    renew_by = models.DateField(null=True)
    """From the day after it counts no more."""
    keep_until = models.DateField()
    entry = models.BigIntegerField(null=True)
    """Number of its entry in the ledger."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["name", "application", "-frozen_at"], name="evidence_newest"),
            models.Index(fields=["keep_until"], name="evidence_keep"),
        ]

    @property
    def reference(self) -> str:
        """Return the name that people use, such as `E-12`."""
        return f"E-{self.pk}"


class EvidenceUse(models.Model):
    """A control that evidence is for."""

    evidence = models.ForeignKey(ComplianceEvidence, on_delete=models.CASCADE, related_name="uses")
    framework = models.CharField(max_length=60)
    control = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["evidence", "framework", "control"], name="evidence_use_once")
        ]
        indexes: ClassVar = [models.Index(fields=["framework", "control"], name="evidence_use_of_control")]


class AuditorAccess(models.Model):
    """A grant of the role auditor that ends by itself."""

    grant = models.OneToOneField(Grant, on_delete=models.SET_NULL, null=True, related_name="audit_access")
    """Null once it was withdrawn."""
    auditor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    place = models.CharField(max_length=300)
    """Where it holds, in words: `application shop`."""
    reason = models.CharField(max_length=300)
    given_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], condition=models.Q(ended_at=None), name="auditor_access_ends")
        ]
