"""Reports as they came, and the scans that they hold."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models

from seamark.store.models.inventory import Application, Asset


class Report(models.Model):
    """One file as a tool wrote it, kept once by its digest."""

    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the file as given, hexadecimal."""
    name = models.TextField()
    format = models.CharField(max_length=60, blank=True, default="")
    size = models.BigIntegerField()
    stored_size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)


class ReportPart(models.Model):
    """A piece of a report, compressed with zstd. The pieces in order are the file."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["report", "number"], name="report_part_once")]


class Stream(models.Model):
    """A line of scans that may open and close each other's findings: one tool, configuration, asset and ref."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="streams")
    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="streams")
    tool = models.CharField(max_length=200)
    configuration = models.TextField(blank=True, default="")
    ref = models.TextField(blank=True, default="")
    is_default = models.BooleanField(default=True)
    """Whether the ref is the asset's default branch: only such streams decide whether an issue is open."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["asset", "tool", "configuration", "ref"], name="stream_once")
        ]


class Scan(models.Model):
    """One run of one tool over one scope, as far as its report proves it."""

    stream = models.ForeignKey(Stream, on_delete=models.CASCADE, related_name="scans")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="scans")
    run = models.IntegerField(default=0)
    """Number of the run in its report."""
    tool_version = models.CharField(max_length=200, blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    pull_request = models.CharField(max_length=50, blank=True, default="")
    image_digest = models.CharField(max_length=71, blank=True, default="")
    """`sha256:…` of the image that was looked at, where the report or the caller says it."""
    started_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(auto_now_add=True)
    proves = models.BooleanField(default=False)
    """Whether this scan may close findings that it does not report."""
    why = models.TextField(blank=True, default="")
    """Why it does, or why not, in a sentence."""
    problems = models.JSONField(default=list, blank=True)
    ruleset = models.JSONField(null=True, blank=True)
    scope = models.JSONField(null=True, blank=True)
    findings = models.IntegerField(default=0)
    new = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    moved = models.IntegerField(default=0)
    fixed = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    unchecked = models.IntegerField(default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["stream", "-id"], name="scan_latest"),
            models.Index(fields=["image_digest"], condition=~models.Q(image_digest=""), name="scan_of_build"),
        ]

    @property
    def at(self) -> datetime:
        """Return when the scan ran, or else when its report came in."""
        return self.started_at or self.imported_at
