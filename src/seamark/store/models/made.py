"""Files that jobs make for whoever asked: kept for some days, then gone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.store.models.requests import Job


class MadeFile(models.Model):
    """The file that a job made. Who asked may fetch it, as long as that person may read all that is in it."""

    job = models.OneToOneField(Job, on_delete=models.CASCADE, related_name="made")
    name = models.CharField(max_length=300)
    type = models.CharField(max_length=100)
    """As the web calls it: `application/zip`."""
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    """SHA-256 of the file, hexadecimal."""
    holds = models.JSONField(default=dict)
    """What it tells of, for the check of rights when it is fetched; see `pipeline.made_files.Holds`."""
    made_at = models.DateTimeField()
    keep_until = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["keep_until"], name="made_file_keep")]


class MadeFilePart(models.Model):
    """A piece of such a file. The pieces in order are the file."""

    file = models.ForeignKey(MadeFile, on_delete=models.CASCADE, related_name="parts")
    number = models.IntegerField()
    data = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["file", "number"], name="made_file_part_once")]
