"""The benchmark of the ledger measures what it says."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.measurements import ledger

from seamark.governance.ledger.note import Signer


@pytest.mark.django_db
def test_a_small_run(signer: Signer, tmp_path: Path) -> None:
    assert ledger.fill(300)["findings"] == 300
    proved = ledger.prove(300, str(tmp_path / "export"), str(signer))
    assert len(proved["times"]) == 300
    assert proved["times"] == sorted(proved["times"])
    assert ledger.verify(str(tmp_path / "export"), str(signer.verifier))["findings"] == 300
    lines = (tmp_path / "export/entries.jsonl").read_bytes()
    (tmp_path / "export/entries.jsonl").write_bytes(lines.replace(b"measured", b"imagined", 1))
    with pytest.raises(RuntimeError, match="Entry 0 was changed"):
        ledger.verify(str(tmp_path / "export"), str(signer.verifier))
