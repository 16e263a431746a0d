"""Live sources that are asked again and again, and how each stands. No credentials are kept here."""

from __future__ import annotations

from django.db import models


class Connection(models.Model):
    """A cluster or a cloud account that was asked, and what came of it the last times."""

    name = models.CharField(max_length=300, unique=True)
    """What is asked, for people: `kubernetes prod-eu`, `aws prod eu-west-1`."""
    kind = models.CharField(max_length=20)
    """`kubernetes`, `aws`, `azure` or `google`."""
    every = models.IntegerField(null=True)
    """Seconds between two syncs, null where nothing repeats them."""
    asked_at = models.DateTimeField()
    """When the latest sync began."""
    good_at = models.DateTimeField(null=True)
    """When it last told the whole."""
    partial_at = models.DateTimeField(null=True)
    """When it last told a part."""
    problems = models.JSONField(default=list)
    """What the latest sync that told anything did not tell, a sentence each."""
    failed_at = models.DateTimeField(null=True)
    """When it last told nothing."""
    failure = models.TextField(blank=True, default="")
    """Why, in a sentence; kept when it tells again, so that it can be looked at."""
    failures = models.IntegerField(default=0)
    """How often it failed since it last told anything."""
    sources = models.JSONField(default=list)
    """The surveys that the latest sync made: `aws 123456789012 eu-west-1 lambda`."""
    versions = models.JSONField(default=dict)
    """The `resourceVersion` of each list that was read, by its name."""
