"""Findings: one row for each problem that a tool reports at a place, for as long as it does so.

Presence is an interval: a finding is open from the scan `opened_in` until the scan `closed_in`; nothing is written for a finding
that is merely seen again. Its texts stand in an evidence part, not in the row. Foreign keys of this table are not checked by the
database: rows are written by the hundred thousand, and only by the ingest writer.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from seamark.core.kind import KIND_CODES
from seamark.core.severity import Severity
from seamark.store.models.scans import Report, Scan, Stream


class Rule(models.Model):
    """What a tool says about all findings of one of its rules."""

    tool = models.CharField(max_length=200)
    code = models.TextField()
    title = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict, blank=True)
    """Description, remedy, CWEs, tags and references, as in `core.finding.Rule`."""

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["tool", "code"], name="rule_once")]


class EvidencePart(models.Model):
    """Findings in full, as the parser gave them: a zstd-compressed msgpack list."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="evidence")
    data = models.BinaryField()


class FindingFlag(models.IntegerChoices):
    """Bits of `Finding.flags`."""

    FIXABLE = 1, "a fix is available"
    VERIFIED = 2, "the tool proved it"
    SUPPRESSED = 4, "set aside in the source or the tool"
    NOT_AFFECTED = 8, "a VEX statement says not affected"
    REACHABLE = 16, "the tool says reachable"
    UNREACHABLE = 32, "the tool says unreachable"
    UNCHECKED = 64, "the rule no longer runs"
    DEVELOPMENT = 128, "only a development dependency"
    CONFIDENT = 256, "the tool is sure"
    UNSURE = 512, "the tool is not sure"
    REFUTED = 1024, "the tool proved that it is none"
    RUNTIME = 2048, "the tool saw it run"
    POTENTIAL = 4096, "the tool says perhaps reachable"
    TEST = 8192, "only a test dependency"


class Finding(models.Model):
    """One problem as one tool reports it at one place."""

    stream = models.ForeignKey(
        Stream, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="findings"
    )
    issue = models.ForeignKey("store.Issue", on_delete=models.CASCADE, db_constraint=False, related_name="findings")
    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="findings"
    )
    opened_in = models.ForeignKey(
        Scan, on_delete=models.CASCADE, db_constraint=False, db_index=False, related_name="opened"
    )
    closed_in = models.ForeignKey(
        Scan, on_delete=models.CASCADE, null=True, db_constraint=False, db_index=False, related_name="closed"
    )
    kind = models.SmallIntegerField(choices=[(number, kind.value) for kind, number in KIND_CODES.items()])
    severity = models.SmallIntegerField(choices=[(severity.value, severity.word) for severity in Severity])
    cvss = models.SmallIntegerField(null=True)
    """Highest base score in tenths, 0 to 100."""
    flags = models.SmallIntegerField(default=0)
    path = models.TextField(blank=True, default="")
    """File, or the place's text where it is no file: URL, resource, host."""
    line = models.IntegerField(null=True)
    component = models.TextField(blank=True, default="")
    """Package with version, for the list."""
    fixed_version = models.TextField(blank=True, default="")
    report_index = models.IntegerField()
    """0-based number of the finding in the report it was last read from."""
    evidence = models.ForeignKey(
        EvidencePart, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="findings"
    )
    evidence_index = models.SmallIntegerField()
    content = models.BigIntegerField()
    """Hash of everything that the tool says: a finding with the same one is the same to the letter."""
    signals = models.BinaryField(null=True)
    """Identity signals (analysis/correlation/signals.py), kept from the moment the finding closes, so that it is recognised when it
    returns. Those of open findings are computed from their evidence when they are needed, which is only where something changed."""
    block = models.BigIntegerField()
    """Hash of the asset that owns the fix and of the place: the file, route, resource, or flaw and package. Only findings of one
    block can be one issue; those of one flaw in one package always are."""

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["stream"], condition=models.Q(closed_in=None), name="finding_open"),
            models.Index(
                fields=["stream", "closed_in"], condition=models.Q(closed_in__isnull=False), name="finding_closed"
            ),
            models.Index(fields=["block"], name="finding_block"),
        ]
