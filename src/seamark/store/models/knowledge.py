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
    """The first day that a catalogue lists it as exploited."""
    kev_due = models.DateField(null=True)
    ransomware = models.BooleanField(default=False)
    catalogues = models.CharField(max_length=60, blank=True, default="")
    """Which catalogues list it as exploited: `KEV`, `EUVD`, `VulnCheck`, `CSAF` (a vendor's word), sorted, with commas between."""
    exploits = models.CharField(max_length=60, blank=True, default="")
    """Which collections have an exploit for it: `Exploit-DB`, `Metasploit`, `Nuclei`, `VulnCheck`, in the same form."""
    cvss = models.PositiveSmallIntegerField(null=True)
    """Base score in tenths, as the feed that spoke last gives it."""
    ssvc = models.CharField(max_length=40, blank=True, default="")
    """`exploitation/automatable/technical impact`, as CISA states them."""
    snapshot = models.CharField(max_length=300, blank=True, default="")
    """Where these facts come from, with the date."""

    class Meta:
        indexes = (
            models.Index(fields=["-kev_added", "name"], condition=models.Q(kev_added__isnull=False), name="exploitation_listed"),
        )  # fmt: skip


class EpssPoint(models.Model):
    """What EPSS said on a day of a vulnerability that some finding names."""

    name = models.CharField(max_length=120)
    day = models.DateField()
    epss = models.FloatField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["name", "day"], name="epss_point_once")]


class FeedState(models.Model):
    """A feed of intelligence: what of it is loaded, and how the last try to fetch it went."""

    name = models.CharField(max_length=120, unique=True)
    """The feed, and after a slash the file where it has several."""
    snapshot = models.CharField(max_length=200, blank=True, default="")
    day = models.DateField(null=True)
    """The day that the file itself names."""
    entries = models.IntegerField(default=0)
    origin = models.TextField(blank=True, default="")
    """Address or name of the file that is loaded."""
    sha256 = models.CharField(max_length=64, blank=True, default="")
    etag = models.CharField(max_length=200, blank=True, default="")
    modified = models.CharField(max_length=100, blank=True, default="")
    """What the server said, to be asked with whether the file changed."""
    loaded_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    """When it was last known to be current."""
    failed_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True, default="")
    """Why the last try failed; empty where it did not."""


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
