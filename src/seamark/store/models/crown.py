"""What people or a `seamark.yaml` name as crown jewels. What follows from facts is worked out, and not kept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from seamark.store.models.inventory import Asset


class CrownJewel(models.Model):
    """An asset or a package whose loss the business would feel most, by somebody's word."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, null=True, related_name="crowns")
    package = models.TextField(blank=True, default="")
    """A package URL without version, where it is no asset: `pkg:npm/%40acme/payments`."""
    reason = models.TextField(blank=True, default="")
    origin = models.CharField(max_length=300, default="person")
    """`person`, or the file that says so."""
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["asset", "origin"], condition=models.Q(package=""), name="crown_asset_once"
            ),
            models.UniqueConstraint(
                fields=["package", "origin"], condition=models.Q(asset=None), name="crown_package_once"
            ),
        ]
