"""What an analysis of source code says of the reach of vulnerable packages, and when the daily pass was last made."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.core.kind import Reach
from seamark.store.models.inventory import Asset


class Reachability(models.Model):
    """One source's verdict on a package of an asset. It lives on its own, so that no import of findings overwrites it."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="reachability")
    source = models.CharField(max_length=200)
    """Who says so: `seamark reach`. A new run of a source takes the place of the former."""
    package = models.CharField(max_length=300)
    """The package's name, as `standing.verdicts.named` writes it."""
    vulnerability = models.CharField(max_length=120, blank=True, default="")
    """One of the flaw's names; empty where the verdict holds for all flaws of the package."""
    state = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Reach])
    confidence = models.FloatField(default=1.0)
    """From 0 to 1, that the verdict is right."""
    why = models.TextField(blank=True, default="")
    evidence = models.JSONField(default=list, blank=True)
    """Places in the source, `[path, line, text]`, the most telling first."""
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["asset", "source", "package", "vulnerability"], name="reachability_once")
        ]


class Upkeep(models.Model):
    """Work that is done once a day, whoever does it."""

    name = models.CharField(max_length=60, unique=True)
    day = models.DateField()
    """The last day that it was begun on."""
    at = models.DateTimeField()
