"""Findings in full, packed by the hundred, and reports as they came."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO, Self

import msgspec
import zstandard
from msgspec.structs import replace

from seamark.core import finding as core
from seamark.store.models import EvidencePart, Finding, Report, ReportPart, Rule

PACK = 64
"""Findings in an evidence part: one is read back in a fraction of a millisecond, and they compress well together."""
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
    return _findings.decode(zstandard.decompress(data, max_output_size=_MAX_PIECE))


def read(rows: Iterable[Finding], *, texts: bool = True) -> dict[int, core.Finding]:
    """Return the full findings of rows, by row id, with the texts of their rules unless those are not asked for."""
    wanted = list(rows)
    numbers = sorted({row.evidence_id for row in wanted})
    parts: dict[int, list[core.Finding]] = {}
    for at in range(0, len(numbers), 1000):
        for part in EvidencePart.objects.filter(pk__in=numbers[at : at + 1000]).iterator(chunk_size=200):
            parts[part.pk] = unpack(bytes(part.data))
    ids = sorted({row.rule_id for row in wanted}) if texts else []
    rules = {
        rule.pk: rule for at in range(0, len(ids), 1000) for rule in Rule.objects.filter(pk__in=ids[at : at + 1000])
    }
    found = {}
    for row in wanted:
        packed = parts.get(row.evidence_id, [])
        if row.evidence_index >= len(packed):
            continue
        finding = packed[row.evidence_index]
        if (rule := rules.get(row.rule_id)) is not None:
            finding = replace(finding, about=about(rule))
        found[row.pk] = finding
    return found


def about(rule: Rule) -> core.Rule:
    """Return the texts of a rule as the parser gave them."""
    return msgspec.convert({"id": rule.code, "title": rule.title, **rule.details}, core.Rule)


class Packed:
    """A report's digest, size and compressed pieces, made in one pass over its bytes. Use it as a context."""

    def __init__(self, stream: BinaryIO) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_PIECE * 4)  # noqa: SIM115 - closed by the context
        self._lengths: list[int] = []
        digest, self.size = sha256(), 0
        while piece := stream.read(_PIECE):
            digest.update(piece)
            self.size += len(piece)
            data = zstandard.compress(piece, 1)
            self._lengths.append(len(data))
            self._file.write(data)
        self.digest = digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def store(self, name: str) -> Report:
        """Keep the report, once for its digest, and return its row. Call it inside a transaction."""
        report, created = Report.objects.get_or_create(
            digest=self.digest, defaults={"name": name[:500], "size": self.size, "stored_size": sum(self._lengths)}
        )
        if created:
            self._file.seek(0)
            for number, length in enumerate(self._lengths):
                ReportPart.objects.create(report=report, number=number, data=self._file.read(length))
        return report


def report_bytes(report: Report) -> Iterator[bytes]:
    """Yield the pieces of a report as it came."""
    for part in report.parts.order_by("number").iterator(chunk_size=1):
        yield zstandard.decompress(bytes(part.data), max_output_size=_MAX_PIECE)
