"""What the world knows: vulnerabilities and their names, exploitation, packages and inventories of software."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from seamark.store.models.inventory import Asset


class Vulnerability(models.Model):
    """One flaw in the world: a group of names that mean the same. The lowest id survives when groups join."""

    title = models.TextField(blank=True, default="")
    merged_into = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="absorbed")


class VulnerabilityName(models.Model):
    """A CVE, GHSA, OSV … id and the group it belongs to."""

    name = models.CharField(max_length=120, unique=True)
    group = models.ForeignKey(Vulnerability, on_delete=models.CASCADE, related_name="names")


class AliasAssertion(models.Model):
    """Who said that two names mean the same flaw; may be revoked."""

    asserter = models.CharField(max_length=200)
    left = models.CharField(max_length=120)
    right = models.CharField(max_length=120)
    first_seen = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    """When a person said that they do not: then nobody's assertion of this pair counts, today's or a later one."""
    revoked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["asserter", "left", "right"], name="alias_once")]
        indexes: ClassVar = [models.Index(fields=["left", "right"], name="alias_pair")]


class Exploitation(models.Model):
    """Whether and how a vulnerability is exploited, by one of its names."""

    name = models.CharField(max_length=120, unique=True)
    epss = models.FloatField(null=True)
    """Probability from 0 to 1."""
    epss_percentile = models.FloatField(null=True)
    epss_date = models.DateField(null=True)
    kev_added = models.DateField(null=True)
    kev_due = models.DateField(null=True)
    ransomware = models.BooleanField(default=False)
    snapshot = models.CharField(max_length=200, blank=True, default="")
    """Where these facts come from, with the date."""


class Component(models.Model):
    """A package version."""

    purl = models.TextField(unique=True)
    package = models.TextField(db_index=True)
    """`type/namespace/name`, without version and qualifiers."""
    name = models.TextField()
    version = models.TextField(blank=True, default="")


class Sbom(models.Model):
    """The inventory of one build or image, as one report tells it."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="sboms")
    scan = models.ForeignKey("store.Scan", on_delete=models.CASCADE, null=True, related_name="sboms")
    """The scan that brought it; null for what was read from a manifest or lock file."""
    source = models.CharField(max_length=300, blank=True, default="")
    """The survey's source for what no scan brought."""
    commit = models.CharField(max_length=64, blank=True, default="")
    image_digest = models.CharField(max_length=71, blank=True, default="")
    """`sha256:…` of the image that was looked at."""
    digest = models.CharField(max_length=64)
    """SHA-256 over components and edges: an unchanged inventory is not stored again."""
    components = models.ManyToManyField(Component, through="store.SbomComponent", related_name="sboms")
    created_at = models.DateTimeField(default=timezone.now)
    replaced_at = models.DateTimeField(null=True)
    """When a newer inventory of the same stream took its place."""


class SbomComponent(models.Model):
    """A component in an inventory."""

    sbom = models.ForeignKey(Sbom, on_delete=models.CASCADE, related_name="entries")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="entries")
    ref = models.TextField(blank=True, default="")
    scope = models.CharField(max_length=20, blank=True, default="")
    direct = models.BooleanField(null=True)
    """Whether it is asked for by name, not by another component."""
    licences = models.JSONField(default=list, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["sbom", "ref", "component"], name="sbom_entry_once")]


class SbomEdge(models.Model):
    """`source` depends on `target`, by the references of one inventory."""

    sbom = models.ForeignKey(Sbom, on_delete=models.CASCADE, related_name="edges")
    source = models.TextField()
    target = models.TextField()
