"""Applications, assets and how they hang together."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Lower

from seamark.core.assets import AssetKind, RelationKind


class Criticality(models.IntegerChoices):
    """How much the business depends on an application: tier 1 is the most critical. 0 is not known."""

    UNKNOWN = 0, "not known"
    TIER_1 = 1, "tier 1"
    TIER_2 = 2, "tier 2"
    TIER_3 = 3, "tier 3"
    TIER_4 = 4, "tier 4"


class BusinessUnit(models.Model):
    """A part of the company; units form a tree."""

    name = models.CharField(max_length=200)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="unit_name_once")]

    def __str__(self) -> str:
        return self.name


class Application(models.Model):
    """The business's unit of software. `origins` says for each fact where it comes from."""

    name = models.CharField(max_length=200)
    slug = models.SlugField(max_length=200, unique=True)
    unit = models.ForeignKey(
        BusinessUnit, on_delete=models.SET_NULL, null=True, blank=True, related_name="applications"
    )
    description = models.TextField(blank=True, default="")
    criticality = models.SmallIntegerField(choices=Criticality.choices, default=Criticality.UNKNOWN)
    data_classes = models.JSONField(default=list, blank=True)
    exposure = models.CharField(max_length=20, blank=True, default="")
    """`internet`, `partner`, `internal`, `none`, or empty for not known."""
    sla_tier = models.CharField(max_length=50, blank=True, default="")
    revenue_per_hour = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    origins = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(Lower("name"), name="application_name_once")]

    def __str__(self) -> str:
        return self.name


class Asset(models.Model):
    """A node of the inventory, named by its kind and natural key (`repository`, `github.com/acme/shop`)."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in AssetKind])
    key = models.TextField()
    name = models.TextField(blank=True, default="")
    application = models.ForeignKey(
        Application, on_delete=models.SET_NULL, null=True, blank=True, related_name="assets"
    )
    default_ref = models.TextField(blank=True, default="")
    """For repositories: the branch whose scans decide whether an issue is open."""
    attributes = models.JSONField(default=dict, blank=True)
    first_seen = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="asset_key_once")]

    def __str__(self) -> str:
        return self.name or self.key


class Relation(models.Model):
    """A typed, directed edge, valid from `since` until `until` (null: still)."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in RelationKind])
    source = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="out")
    target = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="into")
    origin = models.CharField(max_length=200)
    confidence = models.FloatField(default=1.0)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source", "kind", "target"], name="relation_out"),
            models.Index(fields=["target", "kind", "source"], name="relation_in"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "kind", "target", "origin"], condition=models.Q(until=None), name="relation_once"
            )
        ]


class Ownership(models.Model):
    """Who answers for an asset, ranked, with the evidence."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="owners")
    owner = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="owned")
    rank = models.PositiveSmallIntegerField()
    confidence = models.FloatField()
    evidence = models.JSONField(default=dict)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["asset", "owner"], name="ownership_once")]
