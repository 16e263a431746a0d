"""The ledger with as many entries as the run's size: adding, proving, exporting, and verifying the export without a database."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.bench import Bench, Figure, figure
from benchmarks.watch import Sample

PIECE = 10_000
PROOFS = 200
_KEY = "SEAMARK_LEDGER_KEY"


def fill(count: int) -> Sample:
    """Add entries as a large change of triage does, ten thousand at once."""
    from seamark.governance.ledger.entry import Attested, Decision
    from seamark.governance.ledger.record import record_all

    start = time.perf_counter()
    for first in range(0, count, PIECE):
        record_all(
            Decision(
                "triage",
                f"SM-{number}",
                {
                    "before": "open",
                    "after": "dismissed",
                    "reason": "accepted",
                    "comment": "measured",
                    "change": f"{first:x}",
                },
                "ada",
                {"risk": number % 1000, "priority": number % 5, "from": {"state": 1, "resolution": ""}},
                [Attested("store_issue", [number], {"state": 5, "resolution": "accepted", "merged_into_id": None})],
            )
            for number in range(first, min(first + PIECE, count))
        )
    return {"seconds": time.perf_counter() - start, "findings": count}


def prove(count: int, path: str, key: str) -> Sample:
    """Sign the ledger, make proofs of entries all over it, and export it."""
    from django.conf import settings

    from seamark.governance.ledger import checkpoints
    from seamark.governance.ledger.exporting import export

    setattr(settings, _KEY, key)
    begin = time.perf_counter()
    checkpoints.sign_now()
    signed = time.perf_counter() - begin
    times = []
    for number in range(0, count, max(1, count // PROOFS)):
        begin = time.perf_counter()
        checkpoints.proof_of(number)
        times.append((time.perf_counter() - begin) * 1000)
    begin = time.perf_counter()
    export(Path(path))
    return {"signed": signed, "times": sorted(times), "seconds": time.perf_counter() - begin}


def verify(path: str, key: str) -> Sample:
    """Verify the export, as somebody without our database does."""
    from seamark.governance.ledger.folder import verify_export
    from seamark.governance.ledger.note import read_verifier

    begin = time.perf_counter()
    told = verify_export(Path(path), read_verifier(key))
    if not told.ok:
        raise RuntimeError(told.faults[0].words)
    return {"seconds": time.perf_counter() - begin, "findings": told.size}


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the ledger."""
    from seamark.governance.ledger.note import new_signer

    key = new_signer("benchmark.invalid/ledger")
    found = []
    for databases in bench.databases:
        with databases.fresh() as url, tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "export")  # noqa: PTH118 - arguments of a process are text
            added = bench.sample(fill, database=url, count=bench.size)
            proved = bench.sample(prove, database=url, count=bench.size, path=path, key=str(key))
            verified = [bench.sample(verify, path=path, key=str(key.verifier)) for _ in range(bench.runs)]
        rate = added["findings"] / added["seconds"]
        times = proved["times"]
        p95 = times[min(len(times) - 1, round(len(times) * 0.95))]
        found += [
            figure("ledger.append", bench.size, [rate], database=databases.name),
            figure(
                "ledger.prove",
                bench.size,
                [p95],
                database=databases.name,
                note=f"median {statistics.median(times):.1f} ms",
            ),
            figure("ledger.export", bench.size, [proved["seconds"]], database=databases.name),
            figure("ledger.verify", bench.size, [one["seconds"] for one in verified], database=databases.name),
        ]
    return found
