"""The record of decisions. Rows are added and never changed: triggers of the database see to it (`store.guards`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LedgerEntry(models.Model):
    """One decision, a leaf of the Merkle tree. `content` is what is hashed; the other columns repeat parts of it for lists."""

    number = models.BigIntegerField(primary_key=True)
    """Its place in the tree: 0, 1, 2 … without gaps."""
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    """`triage`, `merge`, `closure`, `grant`, `verdict` …"""
    subject = models.CharField(max_length=300, blank=True, default="")
    """What was decided about: `SM-12`, `application shop`."""
    actor = models.CharField(max_length=200, blank=True, default="")
    """A person's user name, or `system:…`."""
    content = models.TextField()
    """The entry as canonical JSON."""
    leaf_hash = models.BinaryField(max_length=32)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["kind", "-number"], name="ledger_kind"),
            models.Index(fields=["actor", "-number"], name="ledger_actor"),
            models.Index(fields=["subject", "-number"], name="ledger_subject"),
        ]


class LedgerNode(models.Model):
    """The root of 256 hashes of the level below: what keeps proofs short to make."""

    pk = models.CompositePrimaryKey("level", "place")
    level = models.SmallIntegerField()
    """1: of 256 entries; 2: of 256 nodes of level 1 …"""
    place = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)


class Checkpoint(models.Model):
    """The size and the root of the tree at a time, signed."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    note = models.TextField()
    """The signed note (C2SP tlog-checkpoint), which says all of this."""


class Anchor(models.Model):
    """What somebody else vouches for: the answer of a Rekor log, or a time stamp, about one checkpoint."""

    checkpoint = models.ForeignKey(Checkpoint, models.PROTECT, related_name="anchors")
    kind = models.CharField(max_length=20)
    """`rekor` or `timestamp`."""
    name = models.CharField(max_length=80)
    """The entry's name in its log, or the SHA-256 of the time stamp."""
    answer = models.BinaryField()
    """What was answered, as it came."""

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "kind", "name"], name="anchor_once"),
        ]
