"""Policies that are in force: where they come from, and every version that ever was."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class BundleKind(models.TextChoices):
    """Where a bundle's files are."""

    STARTER = "starter", "starter"
    FOLDER = "folder", "folder"
    GIT = "git", "git"
    SERVER = "server", "server"
    """Written here, by people with the right `policy.edit`."""


class Bundle(models.Model):
    """A set of policies: kept in step with a folder or a git repository, or written here."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(max_length=10, choices=BundleKind.choices)
    location = models.TextField(blank=True, default="")
    """Path of the folder, or address of the repository; empty for the starter bundle and for what is written here."""
    branch = models.CharField(max_length=200, blank=True, default="")
    """Empty for the repository's own default."""
    path = models.TextField(blank=True, default="")
    """The folder inside the repository."""
    active = models.BooleanField(default=True)
    """Whether its policies are in force."""
    commit = models.CharField(max_length=64, blank=True, default="")
    """Of what is in force; empty for what is in no repository."""
    digest = models.CharField(max_length=64, blank=True, default="")
    """Of what is in force: SHA-256 over its policies."""
    synced_at = models.DateTimeField(null=True)
    """When what is in force was taken over."""
    checked_at = models.DateTimeField(null=True)
    """When it was last looked at."""
    failed_commit = models.CharField(max_length=64, blank=True, default="")
    mistakes = models.JSONField(default=list, blank=True)
    """Why the latest try was not taken over: the fields of `Mistake`. Empty where it was; what is in force is the last good version."""


class Policy(models.Model):
    """A version of a policy. Never changed once made, but for whether it is in force."""

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="policies")
    name = models.CharField(max_length=100)
    version = models.IntegerField()
    """From 1, by name within the bundle."""
    digest = models.CharField(max_length=64)
    """SHA-256 of the content as verdicts name it."""
    content = models.TextField()
    """The document as canonical JSON, from which it is compiled."""
    file = models.TextField(blank=True, default="")
    commit = models.CharField(max_length=64, blank=True, default="")
    """The commit that brought it."""
    text = models.TextField(blank=True, default="")
    """For what is written here: the YAML as it was written, with its comments."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    """Who wrote it here; null for what a synchronisation brought."""
    comment = models.TextField(blank=True, default="")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    """When another version, or none, took its place."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["bundle", "name", "version"], name="policy_version_once"),
            models.UniqueConstraint(
                fields=["bundle", "name"], condition=models.Q(active=True), name="policy_one_active"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="policy_digest")]
