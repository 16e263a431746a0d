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
    environment = models.CharField(max_length=50, blank=True, default="")
    compliance = models.JSONField(default=list, blank=True)
    """Frameworks that the application is in scope of: `pci-dss-4`."""
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
    """What its statements come to: of those that contradict each other the surest one's."""
    exposure = models.CharField(max_length=20, blank=True, default="")
    """`internet`, `partner`, `internal`, `none`, or empty for not known."""
    environment = models.CharField(max_length=50, blank=True, default="")
    first_seen = models.DateTimeField(auto_now_add=True)
    gone_at = models.DateTimeField(null=True, blank=True)
    """When nobody told of it any more who had before. What only reports name is never gone."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "key"], name="asset_key_once")]
        indexes: ClassVar = [models.Index(fields=["exposure", "kind"], name="asset_exposure")]

    def __str__(self) -> str:
        return self.name or self.key


class Survey(models.Model):
    """One look at a source of the inventory: a working tree, a cluster, a cloud account, as it was at a time."""

    source = models.CharField(max_length=300)
    """What was looked at, and by whom: `discovery github.com/acme/shop`, `kubernetes prod-eu`."""
    application = models.ForeignKey(
        Application, on_delete=models.SET_NULL, null=True, blank=True, related_name="surveys"
    )
    complete = models.BooleanField(default=True)
    """Whether what it does not tell of is not there. A partial look ends nothing."""
    commit = models.CharField(max_length=64, blank=True, default="")
    at = models.DateTimeField()
    assets = models.IntegerField(default=0)
    relations = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    ended = models.IntegerField(default=0)
    troubles = models.JSONField(default=list, blank=True)
    """Pairs of a place and a sentence: what could not be read."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["source", "-at"], name="survey_latest")]


class Statement(models.Model):
    """What one source says of an asset, valid from `since` until `until` (null: still)."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="statements")
    source = models.CharField(max_length=300)
    """As in `Survey`."""
    origin = models.CharField(max_length=200)
    """Which reader of the source: `dockerfile`, `kubernetes`."""
    at = models.TextField(blank=True, default="")
    """`services/orders/Dockerfile:3`."""
    name = models.TextField(blank=True, default="")
    confidence = models.FloatField(default=1.0)
    facts = models.JSONField(default=dict, blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["source"], condition=models.Q(until=None), name="statement_now"),
        ]


class Relation(models.Model):
    """A typed, directed edge, valid from `since` until `until` (null: still)."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in RelationKind])
    source = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="out")
    target = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="into")
    origin = models.CharField(max_length=200)
    said_in = models.CharField(max_length=300, blank=True, default="")
    """The survey's source, empty for what a scanner's report says: that no other report ends."""
    at = models.TextField(blank=True, default="")
    """Where it is said: `deploy/k8s/orders.yaml:12`."""
    confidence = models.FloatField(default=1.0)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            # Walks read these alone, never the rows.
            models.Index(fields=["source", "kind", "target"], condition=models.Q(until=None), name="relation_out"),
            models.Index(fields=["target", "kind", "source"], condition=models.Q(until=None), name="relation_in"),
            models.Index(fields=["said_in"], condition=models.Q(until=None), name="relation_said"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "kind", "target", "origin", "said_in"],
                condition=models.Q(until=None),
                name="relation_once",
            )
        ]


class Ownership(models.Model):
    """Who answers for an asset, ranked, with the evidence."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="owners")
    owner = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="owned")
    rank = models.PositiveSmallIntegerField()
    confidence = models.FloatField()
    reason = models.TextField(blank=True, default="")
    """Why, in a sentence."""
    evidence = models.JSONField(default=dict)
    said_in = models.CharField(max_length=300, blank=True, default="")
    """The survey's source; empty for what a person decided, which wins over all."""
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["asset", "owner"], name="ownership_once")]


class Control(models.Model):
    """A compensating control: what lowers a risk that is still there, with its proof and until when it counts."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="controls")
    name = models.CharField(max_length=300)
    kind = models.CharField(max_length=50, blank=True, default="")
    covers = models.JSONField(default=dict, blank=True)
    """Lists of `services`, `weaknesses`, `paths`, `assets`; an empty one covers all."""
    evidence = models.TextField(blank=True, default="")
    expires = models.DateField(null=True, blank=True)
    origin = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["application", "name"], name="control_once")]
