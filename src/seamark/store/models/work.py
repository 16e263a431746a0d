"""Work that is done in the background. The row is the truth: it carries its lease, so that a lost worker loses nothing."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.scans import Report


class ImportState(models.TextChoices):
    """Where an import stands."""

    QUEUED = "queued", "queued"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


class _Imports(models.Manager["Import"]):
    """Imports without the excerpts of their source, which are large: those are read where they are asked for."""

    def get_queryset(self) -> models.QuerySet[Import]:
        return super().get_queryset().defer("source")


class Import(models.Model):
    """A report that was sent in, and what became of it."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="imports")
    target = models.JSONField()
    """Where it belongs: the fields of `pipeline.ingest.Target`."""
    lane = models.CharField(max_length=64)
    """Imports of one lane are worked off one after the other, in the order in which they came."""
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.QUEUED)
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    progress = models.IntegerField(default=0)
    """Findings read so far."""
    error = models.TextField(blank=True, default="")
    failure = models.CharField(max_length=40, blank=True, default="")
    """The sort of failure: `unreadable-report`, `unknown-format`, `refused`, `store`."""
    result = models.JSONField(null=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    idempotency_key = models.CharField(max_length=100, null=True)
    """What the sender called the request, so that sending it again makes no second import."""
    source = models.BinaryField(null=True)
    """What the sender's checkout adds (`intake.discovery.excerpt`), packed; dropped once the import is finished."""
    source_digest = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of what the sender's checkout adds, empty where nothing was sent of it."""
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[_Imports] = _Imports()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="import_queue"),
            models.Index(fields=["lane", "state"], name="import_lane"),
        ]
        constraints: ClassVar = [models.UniqueConstraint(fields=["author", "idempotency_key"], name="import_sent_once")]
