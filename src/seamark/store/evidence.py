"""Findings in full, packed by the hundred, and reports as they came."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import BinaryIO, Self

import msgspec
import zstandard
from msgspec.structs import replace

from seamark.core import finding as core
from seamark.store import writer
from seamark.store.models import EvidencePart, Finding, Report, ReportPart, Rule

PACK = 64
"""Findings in an evidence part: one is read back in a fraction of a millisecond, and they compress well together."""
_PIECE = 4 * 1024 * 1024
_MAX_PIECE = 64 * 1024 * 1024
_packed = msgspec.msgpack.Decoder(list[msgspec.Raw])
_finding = msgspec.msgpack.Decoder(core.Finding)
_rule = core.Rule


def pack(encoded: list[bytes]) -> bytes:
    """Return an evidence part from findings encoded as msgpack."""
    raw = msgspec.msgpack.encode([msgspec.Raw(one) for one in encoded])
    return zstandard.compress(raw, 1)


def unpack(data: bytes, places: Iterable[int]) -> dict[int, core.Finding]:
    """Return the findings at some places of an evidence part; the others are not decoded."""
    packed = _packed.decode(zstandard.decompress(data, max_output_size=_MAX_PIECE))
    return {place: _finding.decode(packed[place]) for place in places if place < len(packed)}


def read(rows: Iterable[Finding], *, texts: bool = True) -> dict[int, core.Finding]:
    """Return the full findings of rows, by row id, with the texts of their rules unless those are not asked for."""
    wanted = list(rows)
    numbers = sorted({row.evidence_id for row in wanted})
    places: dict[int, list[int]] = defaultdict(list)
    for row in wanted:
        places[row.evidence_id].append(row.evidence_index)
    parts: dict[int, dict[int, core.Finding]] = {}
    for at in range(0, len(numbers), 1000):
        for part in EvidencePart.objects.filter(pk__in=numbers[at : at + 1000]).iterator(chunk_size=200):
            parts[part.pk] = unpack(bytes(part.data), places[part.pk])
    ids = sorted({row.rule_id for row in wanted}) if texts else []
    rules = {
        rule.pk: rule for at in range(0, len(ids), 1000) for rule in Rule.objects.filter(pk__in=ids[at : at + 1000])
    }
    found = {}
    for row in wanted:
        finding = parts.get(row.evidence_id, {}).get(row.evidence_index)
        if finding is None:
            continue
        if (rule := rules.get(row.rule_id)) is not None:
            finding = replace(finding, about=about(rule))
        found[row.pk] = finding
    return found


def each_at(wanted: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, core.Finding]]:
    """Yield the full findings of rows with the rows' ids, in the order in which they are packed, without the texts of their rules.

    `wanted` has for each row its id, its evidence part and its place in there.
    """
    places: dict[int, dict[int, int]] = defaultdict(dict)
    for number, part, index in wanted:
        places[part][index] = number
    parts = sorted(places)
    for at in range(0, len(parts), 200):
        for part, data in writer.select_in(
            "SELECT id, data FROM store_evidencepart WHERE id {values}", parts[at : at + 200]
        ):
            for index, finding in unpack(bytes(data), places[part]).items():
                yield places[part][index], finding


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
            numbers = writer.reserve(ReportPart, len(self._lengths))
            for at, (one, length) in enumerate(zip(numbers, self._lengths, strict=True)):
                # One at a time: together they are as large as the report.
                part = (one, report.pk, at, self._file.read(length))
                writer.insert(ReportPart, ["id", "report", "number", "data"], [part])
        return report


def report_bytes(report: Report) -> Iterator[bytes]:
    """Yield the pieces of a report as it came."""
    for part in report.parts.order_by("number").iterator(chunk_size=1):
        yield zstandard.decompress(bytes(part.data), max_output_size=_MAX_PIECE)
