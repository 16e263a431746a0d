"""Engagements with penetration testers: what was agreed, who tests, what they reported, and what testing again showed."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.findings import Finding
from seamark.store.models.inventory import Application, Asset
from seamark.store.models.scans import Report, Scan


class Engagement(models.Model):
    """A test that people carry out by hand on an application, within agreed days. Its reference is `PT-<id>`."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="pentests")
    name = models.CharField(max_length=200)
    scope = models.TextField(blank=True, default="")
    """What may be tested, in words; `assets` are what it names in the inventory."""
    rules = models.TextField(blank=True, default="")
    """Rules of engagement: hours, what is off limits, whom to call."""
    assets = models.ManyToManyField(Asset, related_name="+", blank=True)
    starts = models.DateField()
    ends = models.DateField()
    """The last day on which testers report findings (UTC)."""
    retest_until = models.DateField()
    """The last day on which testers test again, and see the engagement."""
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["application", "-id"], name="engagement_application")]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends__gte=models.F("starts"), retest_until__gte=models.F("ends")),
                name="engagement_days",
            )
        ]

    @property
    def reference(self) -> str:
        """Return the name that people use, such as `PT-3`."""
        return f"PT-{self.pk}"


class EngagementTester(models.Model):
    """Somebody who tests: sees this engagement and what it found, reports findings and tests again. Nothing else comes with it."""

    engagement = models.ForeignKey(Engagement, on_delete=models.CASCADE, related_name="testers")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["engagement", "person"], name="tester_once")]


class EngagementReport(models.Model):
    """A report that came in for an engagement. Its findings are a line of their own, which no other report closes."""

    engagement = models.ForeignKey(Engagement, on_delete=models.CASCADE, related_name="reports")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["engagement", "report"], name="engagement_report_once")
        ]


class RetestState(models.TextChoices):
    """Where a tester's finding stands."""

    OPEN = "open", "open"
    READY = "ready", "ready for retest"
    PASSED = "passed", "retest passed"
    FAILED = "failed", "retest failed"


class PentestFinding(models.Model):
    """A finding of an engagement. It closes by a retest that passed, and by nothing else."""

    engagement = models.ForeignKey(Engagement, on_delete=models.CASCADE, related_name="findings")
    source = models.ForeignKey(EngagementReport, on_delete=models.CASCADE, related_name="findings")
    finding = models.OneToOneField(Finding, on_delete=models.CASCADE, db_constraint=False, related_name="pentest")
    asset = models.ForeignKey(Asset, on_delete=models.SET_NULL, null=True, related_name="+")
    """What it was shown on, where the testers said it."""
    state = models.CharField(max_length=10, choices=RetestState.choices, default=RetestState.OPEN)
    ready_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    """Who said last that it is mended: somebody else tests it."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["engagement", "state"], name="pentest_state")]


class PentestLink(models.Model):
    """An issue in code or a package that a tester's finding proves, as a person said. The matcher's own links stand beside."""

    pentest = models.ForeignKey(PentestFinding, on_delete=models.CASCADE, related_name="proves")
    issue = models.ForeignKey("store.Issue", on_delete=models.CASCADE, db_constraint=False, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pentest", "issue"], name="pentest_link_once")]


class Retest(models.Model):
    """A step on the way from a finding to its proof. Append only."""

    pentest = models.ForeignKey(PentestFinding, on_delete=models.CASCADE, related_name="retests")
    state = models.CharField(max_length=10, choices=RetestState.choices)
    """What the finding became."""
    comment = models.TextField(blank=True, default="")
    proof = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="+")
    """The file, or the words as a file, that shows the outcome."""
    scan = models.ForeignKey(Scan, on_delete=models.CASCADE, null=True, db_constraint=False, related_name="+")
    """The scan that stands for a passed retest: it closed the finding."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()


class RecognitionChoice(models.Model):
    """That a person or a team wants to be in no list of recognition. A row is an opt-out."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="+")
    team = models.CharField(max_length=300, unique=True, null=True)
    """Name of the owner as issues have it."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False, team=None) | models.Q(person=None, team__isnull=False),
                name="recognition_of_one",
            )
        ]
