"""Pull requests: the repositories that take them, and each one on its way."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Asset
from seamark.store.models.issues import Fix


class PullRepository(models.Model):
    """A repository that pull requests may be opened in, and how its forge is reached."""

    asset = models.OneToOneField(Asset, on_delete=models.CASCADE, related_name="pull_repository")
    forge = models.CharField(max_length=20)
    """`github`, `gitlab`, `bitbucket`, `azure` or `gitea`."""
    api = models.TextField()
    """Address of the forge's API."""
    remote = models.TextField()
    """Address that git fetches from and pushes to, without a password."""
    name = models.TextField()
    """As the forge names it: `owner/name`; on Azure DevOps `project/repository`."""
    base = models.CharField(max_length=200, blank=True, default="")
    """The branch that pull requests go to; empty for the forge's default."""
    details = models.JSONField(default=dict)
    """`response.remediation.pulls.terms.Terms`: author, labels, how many may be open, when it merges by itself."""
    secrets = models.TextField(blank=True, default="")
    """Token, key of an app, key to sign commits: one sealed JSON object."""
    active = models.BooleanField(default=True)
    merging = models.BooleanField(default=False)
    """Whether safe ones are merged by themselves; `PullSwitch` can forbid it for all."""
    looked_at = models.DateTimeField(null=True)
    """When its open pull requests were last looked at."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class PullState(models.TextChoices):
    """Where a pull request stands."""

    QUEUED = "queued", "on its way"
    OPEN = "open", "open"
    MERGED = "merged", "merged"
    VERIFIED = "verified", "merged and verified"
    RETURNED = "returned", "merged, and still reported"
    REJECTED = "rejected", "closed by somebody"
    GONE = "gone", "no longer needed"
    LEFT = "left", "left to another tool"
    FAILED = "failed", "given up"


_LIVE = models.Q(state__in=("queued", "open"))


class PullRequest(models.Model):
    """The pull request of one fix. The branch's name follows from the fix, so that no attempt makes a second one."""

    fix = models.ForeignKey(Fix, on_delete=models.SET_NULL, null=True, related_name="pulls")
    repository = models.ForeignKey(PullRepository, on_delete=models.CASCADE, related_name="pulls")
    key = models.CharField(max_length=64)
    """What names the fix in branch and text; see `response.remediation.pulls.naming`."""
    branch = models.CharField(max_length=200)
    title = models.TextField(blank=True, default="")
    state = models.CharField(max_length=10, choices=PullState.choices, default=PullState.QUEUED)
    number = models.CharField(max_length=40, blank=True, default="")
    """The forge's number, empty until it is open there."""
    url = models.TextField(blank=True, default="")
    head = models.CharField(max_length=64, blank=True, default="")
    """The commit that was pushed last."""
    target = models.TextField(blank=True, default="")
    """The version that it moves to, where it is one."""
    facts = models.JSONField(default=dict)
    """What the change does, as merging by itself and the page of the fix need it."""
    machine_made = models.BooleanField(default=False, db_default=False)
    """Whether a model wrote the change. It is set when the row is made and never taken back: such a one is never merged by itself."""
    told = models.TextField(blank=True, default="")
    """What went wrong, or why it stands as it does, in a sentence."""
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who asked for it; null for a rule."""
    attempt = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    """When the forge was last asked how it stands."""
    created_at = models.DateTimeField(auto_now_add=True)
    opened_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], condition=models.Q(state="queued"), name="pull_queue"),
            models.Index(fields=["checked_at", "id"], condition=models.Q(state="open"), name="pull_open"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["repository", "key"], condition=_LIVE, name="pull_once"),
        ]


class PullSwitch(models.Model):
    """Stops something for the whole installation, such as `merging`."""

    name = models.CharField(max_length=20, unique=True)
    stopped = models.BooleanField(default=False)
    why = models.CharField(max_length=300, blank=True, default="")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
