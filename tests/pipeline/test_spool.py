"""In which pieces a scan is written: whole files, and every import in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from seamark.core import finding as core
from seamark.pipeline.ingest.spool import by_block
from seamark.store import evidence
from seamark.store.models import EvidencePart, Finding
from tests.factories import code, import_findings


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pieces_hold_whole_blocks_in_the_order_of_their_numbers(size: int) -> None:
    blocks = np.array([7, -3, 7, 5, -3, 7, 9], dtype=np.int64)
    pieces = by_block(blocks, size)
    assert sorted(at for piece in pieces for at in piece) == list(range(len(blocks)))
    numbers = [sorted({int(blocks[at]) for at in piece}) for piece in pieces]
    assert [number for piece in numbers for number in piece] == [-3, 5, 7, 9], "no block is in two pieces"
    assert all(piece == sorted(piece) for piece in pieces)
    assert by_block(np.array([], dtype=np.int64), size) == []


@pytest.mark.django_db
def test_what_is_kept_of_one_file_stands_together_and_each_row_finds_its_own() -> None:
    findings = [code("rule", f"finding {at}", f"file{at % 40}.py", at + 1) for at in range(200)]
    import_findings("shop", "Tool", findings)
    assert EvidencePart.objects.count() == 4
    rows = list(Finding.objects.order_by("report_index"))
    full = {row.line: finding for row, finding in zip(rows, _full(rows), strict=True)}
    assert {line: finding.title for line, finding in full.items()} == {at + 1: f"finding {at}" for at in range(200)}
    parts = {path: {row.evidence_id for row in rows if row.path == path} for path in {row.path for row in rows}}
    assert sum(len(found) for found in parts.values()) <= len(parts) + 3


def _full(rows: list[Finding]) -> list[core.Finding]:
    found = evidence.read(rows)
    return [found[row.pk] for row in rows]
