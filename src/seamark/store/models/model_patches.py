"""Changes that a language model wrote for issues. Not to be taken for suggestions, which are pending merges of findings."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.issues import Issue
from seamark.store.models.pulls import PullRequest


class ModelPatchState(models.TextChoices):
    """Where a machine-made change stands."""

    QUEUED = "queued", "asked for"
    READY = "ready", "ready"
    REFUSED = "refused", "refused"
    FAILED = "failed", "failed"


class ModelPatch(models.Model):
    """What a model answered when somebody asked it about an issue: the change, and what checks say of it."""

    issue = models.ForeignKey(Issue, on_delete=models.CASCADE, related_name="model_patches")
    state = models.CharField(max_length=10, choices=ModelPatchState.choices, default=ModelPatchState.QUEUED)
    told = models.TextField(blank=True, default="")
    """Why it was refused, or failed, in a sentence."""
    subject = models.JSONField(default=dict)
    """The finding as the model was told of it: `response.remediation.model_patches.prompt.Subject`."""
    path = models.TextField(blank=True, default="")
    model = models.CharField(max_length=200, blank=True, default="")
    prompt = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of what was sent; what was sent is not kept."""
    diff = models.TextField(blank=True, default="")
    """Against the file without its secrets."""
    digest = models.CharField(max_length=64, blank=True, default="")
    """SHA-256 of the file that it was written against."""
    commit = models.CharField(max_length=64, blank=True, default="")
    """The commit that the file was read from, empty where that is not known."""
    checks = models.JSONField(default=list)
    """Name, state and reason of each step of the verification."""
    remarks = models.JSONField(default=list)
    verified = models.BooleanField(default=False)
    """Whether a scan has shown that the finding is gone and nothing came."""
    tokens = models.IntegerField(default=0)
    called_at = models.DateTimeField(null=True)
    """When the model was asked; what a day allows is counted by it."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who asked for it; null for whoever holds the database."""
    attempt = models.IntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    pull = models.ForeignKey(PullRequest, on_delete=models.SET_NULL, null=True, related_name="model_patches")
    """The pull request that was asked for with it."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state="queued"), name="model_patch_queue"),
            models.Index(fields=["called_at"], name="model_patch_day"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issue"], condition=models.Q(state="queued"), name="model_patch_asked_once"
            ),
        ]
