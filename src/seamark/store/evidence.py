"""Findings in full, packed by the hundred, and reports as they came."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO

import msgspec
import zstandard
from msgspec.structs import replace

from seamark.core import finding as core
from seamark.store.models import EvidencePart, Finding, Report, ReportPart, Rule

PACK = 128
"""Findings in an evidence part: one is read back in a millisecond, and they compress well together."""
_PIECE = 4 * 1024 * 1024
_MAX_PIECE = 64 * 1024 * 1024
_findings = msgspec.msgpack.Decoder(list[core.Finding])
_rule = core.Rule


def pack(encoded: list[bytes]) -> bytes:
    """Return an evidence part from findings encoded as msgpack."""
    raw = msgspec.msgpack.encode([msgspec.Raw(one) for one in encoded])
    return zstandard.compress(raw, 1)


def unpack(data: bytes) -> list[core.Finding]:
    """Return the findings of an evidence part."""
    return _findings.decode(zstandard.decompress(bytes(data), max_output_size=_MAX_PIECE))


def read(rows: Iterable[Finding]) -> dict[int, core.Finding]:
    """Return the full findings of rows, by row id, with the texts of their rules."""
    wanted = list(rows)
    parts = {part.pk: unpack(part.data) for part in EvidencePart.objects.filter(pk__in={row.evidence_id for row in wanted})}
    rules = {rule.pk: rule for rule in Rule.objects.filter(pk__in={row.rule_id for row in wanted})}
    found = {}
    for row in wanted:
        part = parts.get(row.evidence_id)
        if part is None or row.evidence_index >= len(part):
            continue
        finding = part[row.evidence_index]
        if (rule := rules.get(row.rule_id)) is not None:
            finding = replace(finding, about=about(rule))
        found[row.pk] = finding
    return found


def about(rule: Rule) -> core.Rule:
    """Return the texts of a rule as the parser gave them."""
    return msgspec.convert({"id": rule.code, "title": rule.title, **rule.details}, core.Rule)


def store_report(stream: BinaryIO, name: str) -> Report:
    """Keep a report, once for its digest, and return its row. Call it inside a transaction."""
    digest, size, stored = sha256(), 0, 0
    with tempfile.SpooledTemporaryFile(max_size=_PIECE * 4) as packed:
        lengths = []
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            data = zstandard.compress(piece, 1)
            stored += len(data)
            lengths.append(len(data))
            packed.write(data)
        report, created = Report.objects.get_or_create(
            digest=digest.hexdigest(), defaults={"name": name, "size": size, "stored_size": stored}
        )
        if created:
            packed.seek(0)
            for number, length in enumerate(lengths):
                ReportPart.objects.create(report=report, number=number, data=packed.read(length))
    return report


def report_bytes(report: Report) -> Iterator[bytes]:
    """Yield the pieces of a report as it came."""
    for part in report.parts.order_by("number").iterator(chunk_size=1):
        yield zstandard.decompress(bytes(part.data), max_output_size=_MAX_PIECE)
