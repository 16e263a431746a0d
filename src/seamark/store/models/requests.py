"""What was asked for: writes that may be sent twice, and work that somebody waits for."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class SentRequest(models.Model):
    """A write that came with an `Idempotency-Key`, and the answer that it got."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of method, address and body, hexadecimal: another request under the key is refused."""
    status = models.IntegerField(null=True)
    """Null while the request is being carried out."""
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    started_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "key"], name="request_sent_once")]
        indexes: ClassVar = [models.Index(fields=["started_at"], name="request_started")]


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class Job(models.Model):
    """Work that a person asked for and does not wait for. The row carries its lease, so that a lost worker loses nothing."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=40)
    asked = models.JSONField()
    """What is to be done: see the kind's function in `pipeline.jobs`."""
    rights = models.JSONField(null=True)
    """What the token that asked leaves of its owner's rights: names of permissions, and of applications where it is limited."""
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    done = models.IntegerField(default=0)
    """How much of `total` is done."""
    total = models.IntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, default="")
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "id"], name="job_queue")]
