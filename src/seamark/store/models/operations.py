"""How the installation itself does: who works, and how often tokens ask."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Heartbeat(models.Model):
    """A worker process that says now and then that it is there."""

    name = models.CharField(max_length=200, unique=True)
    """Host and process: `web-1:4711`."""
    version = models.CharField(max_length=40, blank=True, default="")
    started_at = models.DateTimeField()
    at = models.DateTimeField()
    """When it last said so."""

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="heartbeat_at")]


class RateCount(models.Model):
    """How often a token asked in the minute that began with its first request. All servers count in the same row."""

    token = models.CharField(max_length=64, primary_key=True)
    """SHA-256 of the token's text, hexadecimal."""
    began = models.BigIntegerField()
    """Milliseconds since 1970."""
    count = models.IntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["began"], name="rate_began")]
