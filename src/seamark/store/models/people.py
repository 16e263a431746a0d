"""People, what they may see and do, and what they keep."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac

from seamark.store.models.inventory import Application, BusinessUnit


class Role(models.TextChoices):
    """What a grant allows, from least to most."""

    VIEWER = "viewer", "viewer"
    DEVELOPER = "developer", "developer"
    ANALYST = "analyst", "analyst"
    APPROVER = "approver", "approver"
    AUDITOR = "auditor", "auditor"
    ADMIN = "admin", "admin"


class Limit(NamedTuple):
    """What a token leaves of its owner's rights."""

    permissions: frozenset[str]
    applications: frozenset[int] | None
    """None for all that the owner's grants reach."""


class User(AbstractUser):
    """A person or a service account."""

    is_service = models.BooleanField(default=False)
    responsible = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="services")
    """For a service account: the person who answers for it."""
    external_id = models.CharField(max_length=255, blank=True, default="")
    """What the directory that provisions people (SCIM) calls this one."""
    left_at = models.DateTimeField(null=True)
    """When the account was removed: it stays as the name under what was done."""
    sessions_from = models.IntegerField(default=0)
    """Counted up to end all sessions at once."""
    time_zone = models.CharField(max_length=60, blank=True, default="")
    """Such as `Europe/Berlin`; empty for that of the browser."""
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    """One of `settings.LANGUAGES`; empty for what the browser asks for."""
    theme = models.CharField(max_length=10, blank=True, default="")
    """`light`, `dark`, or empty to follow the system."""

    limit: Limit | None = None
    """What of a person's rights is left in this request, where a token acts for the person: set on the instance."""

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Bind sessions to the password, as Django does, and to `sessions_from`."""
        kept = f"{self.password}:{self.sessions_from}"
        return salted_hmac("seamark.session", kept, secret=secret, algorithm="sha256").hexdigest()


class Group(models.Model):
    """A set of people that is granted together."""

    name = models.CharField(max_length=200, unique=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)
    external_id = models.CharField(max_length=255, blank=True, default="")
    """What the directory that provisions groups (SCIM) calls this one."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class CustomRole(models.Model):
    """A role that an installation makes for itself."""

    name = models.CharField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True, default="")
    permissions = models.JSONField(default=list)
    """Names of rights: `store.permissions.Permission`."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class Grant(models.Model):
    """A role for a person or a group: everywhere, in a business unit, or in one application."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    group = models.ForeignKey(Group, on_delete=models.CASCADE, null=True, blank=True, related_name="grants")
    role = models.CharField(max_length=20, choices=Role.choices, blank=True)
    """One of the product's roles; empty where it is a `custom` one."""
    custom = models.ForeignKey(CustomRole, on_delete=models.PROTECT, null=True, blank=True, related_name="grants")
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
            models.CheckConstraint(
                condition=models.Q(role="", custom__isnull=False)
                | (~models.Q(role="") & models.Q(custom__isnull=True)),
                name="grant_of_one_role",
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
    """`read`, `import`, `gate`, `write`, `admin`."""
    applications = models.JSONField(default=list)
    """Numbers of the applications that it is good for; none for all that its owner's grants reach."""
    origin = models.CharField(max_length=200, blank=True, default="")
    """For a token that a pipeline got for its own identity: which one."""
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


class Federation(models.Model):
    """Whose pipelines get short-lived tokens of a service account for the identity that their CI system attests."""

    name = models.CharField(max_length=100, unique=True)
    issuer = models.CharField(max_length=500)
    """Address of the issuer, exactly as tokens name it; its keys are found below it."""
    audience = models.CharField(max_length=300)
    claims = models.JSONField(default=dict)
    """Claims that a token must have, each with a pattern in which `*` stands for anything: `{"repository": "acme/shop"}`."""
    account = models.ForeignKey(User, on_delete=models.CASCADE, related_name="federations")
    scopes = models.JSONField(default=list)
    """`import`, `gate`."""
    applications = models.JSONField(default=list)
    minutes = models.PositiveSmallIntegerField(default=15)
    """How long its tokens are good."""
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
