"""People, what they may see and do, and what they keep."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models

from seamark.store.models.inventory import Application, BusinessUnit


class Role(models.TextChoices):
    """What a grant allows, from least to most."""

    VIEWER = "viewer", "viewer"
    DEVELOPER = "developer", "developer"
    ANALYST = "analyst", "analyst"
    APPROVER = "approver", "approver"
    AUDITOR = "auditor", "auditor"
    ADMIN = "admin", "admin"


class User(AbstractUser):
    """A person or a service account."""

    is_service = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=60, blank=True, default="")
    theme = models.CharField(max_length=10, blank=True, default="")
    """`light`, `dark`, or empty to follow the system."""


class Group(models.Model):
    """A set of people that is granted together."""

    name = models.CharField(max_length=200, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role for a person or a group: everywhere, in a business unit, or in one application."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices)
    unit = models.ForeignKey(BusinessUnit, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, group__isnull=True)
                | models.Q(user__isnull=True, group__isnull=False),
                name="grant_to_one",
            ),
            models.CheckConstraint(
                condition=models.Q(unit__isnull=True) | models.Q(application__isnull=True), name="grant_in_one_place"
            ),
        ]


class Token(models.Model):
    """An API token: kept as a hash, shown once, expiring."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    """SHA-256 of the token, hexadecimal: it is random, so that it needs no slow hash."""
    hint = models.CharField(max_length=20)
    """Its first characters, to tell tokens apart."""
    scopes = models.JSONField(default=list)
    """`read`, `import`, `write`, `admin`."""
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)


class SavedView(models.Model):
    """A query with a name."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=100)
    query = models.TextField()
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["owner", "name"], name="view_name_once")]
