"""One scan of one stream while it is read: what it brings, compared with what the stream had open."""

from __future__ import annotations

import tempfile
from array import array
from typing import Any

import msgspec
import numpy as np
from django.db import connection

from seamark.analysis.correlation.signals import Signals
from seamark.analysis.correlation.tracking import returned, track
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.pipeline.ingest.batch import Writing
from seamark.pipeline.ingest.proof import Proof, covers, proof_of
from seamark.pipeline.ingest.rows import SIGNAL_COLUMNS, Prepared, Read, prepare, take
from seamark.store import writer
from seamark.store.models import Scan, Stream
from seamark.store.models import Finding as Row

BATCH = 4096
"""Findings that are looked up and written together."""
_decode = msgspec.msgpack.Decoder(Finding).decode


class OpenScan:
    """A scan that is being read. Findings equal to the letter are settled at once; the others wait for `finish`."""

    def __init__(self, stream: Stream, scan: Scan, writing: Writing, run: Run) -> None:
        self.stream, self.scan, self.run = stream, scan, run
        self._writing = writing
        self._waiting: list[Read] = []
        self._previous()
        self._spool: tempfile.SpooledTemporaryFile[bytes] = tempfile.SpooledTemporaryFile(max_size=32 * 1024**2)  # noqa: SIM115
        self._lengths = array("q")
        self._kept: list[tuple[int, int, Any]] = []
        self.components: dict[str, Component] = {}
        self.edges: list[DependsOn] = []
        self.rules_seen: set[str] = set()
        self.count = 0
        self.kept_open = 0
        """Findings that the scan no longer reports but does not prove to be gone."""
        self.unchanged = 0
        self.moved = 0
        self.new = 0

    def _previous(self) -> None:
        """Load the hashes of what the stream has open: twelve bytes a finding, whatever its size."""
        rows = Row.objects.filter(stream=self.stream, closed_in=None).order_by("id").values_list("id", "content")
        pairs = np.array(list(rows), dtype=np.int64).reshape(-1, 2)
        order = np.argsort(pairs[:, 1], kind="stable")
        self._ids, self._contents = pairs[order, 0], pairs[order, 1]
        self._matched = np.zeros(len(pairs), dtype=bool)
        self.is_first = not len(pairs)

    def merge_run(self, run: Run) -> None:
        """Take in another run of the same stream: the scan is as good as the worst of its runs."""
        known = self.run

        def least(left: bool | None, right: bool | None) -> bool | None:
            return False if left is False or right is False else (left if right is None else right)

        self.run = msgspec.structs.replace(
            known,
            successful=least(known.successful, run.successful),
            complete=least(known.complete, run.complete),
            problems=(*known.problems, *run.problems)[:50],
            ruleset=None if known.ruleset is None or run.ruleset is None else known.ruleset | run.ruleset,
            scope=None if known.scope is None or run.scope is None else (*known.scope, *run.scope),
        )

    def add(self, index: int, finding: Finding) -> None:
        """Take in a finding."""
        self.count += 1
        self._waiting.append(take(index, finding))
        if len(self._waiting) >= BATCH:
            self.settle()

    def settle(self) -> None:
        """Sort the waiting findings into unchanged ones, and others: written at once where the stream is new."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        fresh = waiting if self.is_first else self._unequal(waiting)
        if self.is_first:
            self.new += len(fresh)
            self._writing.write(self.stream, self.scan, fresh)
            return
        for read in fresh:
            self._spool.write(read.encoded)
            self._lengths.append(len(read.encoded))
            self._kept.append((read.index, read.content, read.about))

    def _unequal(self, waiting: list[Read]) -> list[Read]:
        """Match findings that are equal to the letter, one-to-one, and return the rest."""
        contents, matched, size = self._contents, self._matched, len(self._contents)
        wanted = np.fromiter((read.content for read in waiting), dtype=np.int64, count=len(waiting))
        places = np.searchsorted(contents, wanted)
        equal = (contents[np.minimum(places, size - 1)] == wanted) & (places < size)
        fresh = []
        for read, place, hit in zip(waiting, places.tolist(), equal.tolist(), strict=True):
            if hit:
                at = place
                while at < size and matched[at] and contents[at] == read.content:
                    at += 1
                if at < size and contents[at] == read.content:
                    matched[at] = True
                    self.unchanged += 1
                    continue
            fresh.append(read)
        return fresh

    def _spooled(self) -> list[Read]:
        self._spool.seek(0)
        found = []
        for (index, content, about), length in zip(self._kept, self._lengths, strict=True):
            encoded = self._spool.read(length)
            found.append(Read(index, _decode(encoded), about, encoded, content))
        self._spool.close()
        self._kept.clear()
        return found

    def finish(self, *, vouched: bool) -> None:
        """Track what is not equal, write what is new or changed, and close what is proved to be gone."""
        self.settle()
        if not self.is_first:
            self._track()
        self._spool.close()
        proof = proof_of(self.run, findings=self.count, vouched=vouched)
        self._close(proof)
        self._record(proof)

    def _track(self) -> None:
        reads = self._spooled()
        missing = [int(number) for number in self._ids[~self._matched]]
        columns = ", ".join(SIGNAL_COLUMNS)
        select = f"SELECT id, issue_id, {columns}, line, path, merge_key FROM store_finding WHERE id {{values}} ORDER BY id"  # noqa: S608
        old = writer.select_in(select, missing)
        prepared = self._prepared(reads)
        old_signals = [Signals(*row[2:8], row[8] or 0) for row in old]
        matches = track(old_signals, [one.signals for one in prepared])
        changed = []
        for before, after, _name in matches.pairs:
            row, one = old[before], prepared[after]
            changed.append((row[0], row[1], _place(row), one))
            self.unchanged += 1
            if row[8] != (one.signals.line or None):
                self.moved += 1
        self._writing.change(self.stream, self.scan, changed)
        left = [prepared[at] for at in matches.new_left]
        left = self._reopen(left)
        self.new += len(left)
        for at in range(0, len(left), BATCH):
            self._writing.write(self.stream, self.scan, [one.read for one in left[at : at + BATCH]])
        self._gone = [old[at] for at in matches.old_left]

    def _prepared(self, reads: list[Read]) -> list[Prepared]:
        self._writing.learn(reads)
        asset = self.stream.asset_id
        return [prepare(read, asset, self._writing.flaws.group(read.finding)) for read in reads]

    def _reopen(self, left: list[Prepared]) -> list[Prepared]:
        """Reopen closed findings that have returned, and return what is really new."""
        if not left:
            return left
        columns = ", ".join(SIGNAL_COLUMNS)
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, issue_id, {columns}, line, path FROM store_finding WHERE stream_id = %s AND closed_in_id IS NOT NULL ORDER BY id",  # noqa: S608
                [self.stream.pk],
            )
            closed = cursor.fetchall()
        if not closed:
            return left
        matches = returned([Signals(*row[2:8], row[8] or 0) for row in closed], [one.signals for one in left])
        again = [(closed[before][0], closed[before][1], _place(closed[before]), left[after]) for before, after, _ in matches.pairs]
        self.scan.reopened = len(again)
        self._writing.change(self.stream, self.scan, again)
        self._writing.reopen([number for number, _, _, _ in again])
        return [left[at] for at in matches.new_left]

    def _close(self, proof: Proof) -> None:
        """Close what a scan that proves it no longer reports; mark what its rules no longer look for."""
        if self.is_first:
            return
        gone = self._gone
        if not proof.proves:
            self.kept_open = len(gone)
            return
        closed, unchecked = [], []
        rules = self._rules_of([row[0] for row in gone]) if self.run.ruleset is not None else {}
        for row in gone:
            if not covers(self.run.scope, row[9]):
                continue
            if self.run.ruleset is not None and rules[row[0]] not in self.run.ruleset:
                unchecked.append(row[0])
            else:
                closed.append((row[0], row[1]))
        self._writing.close(self.stream, self.scan, closed, unchecked)
        self.scan.fixed, self.scan.unchecked = len(closed), len(unchecked)

    @staticmethod
    def _rules_of(findings: list[int]) -> dict[int, str]:
        return dict(
            writer.select_in(
                "SELECT f.id, r.code FROM store_finding f JOIN store_rule r ON r.id = f.rule_id WHERE f.id {values}", findings
            )
        )

    def _record(self, proof: Proof) -> None:
        scan, run = self.scan, self.run
        scan.proves, scan.why = proof.proves, proof.why
        scan.problems = list(run.problems)[:50]
        scan.ruleset = sorted(run.ruleset)[:5000] if run.ruleset is not None else None
        scan.scope = list(run.scope)[:5000] if run.scope is not None else None
        scan.findings, scan.new, scan.unchanged, scan.moved = self.count, self.new, self.unchanged, self.moved
        scan.save()


def _place(row: tuple[Any, ...]) -> str:
    """Return the place of a stored finding as its issue shows it."""
    line, path = row[8], row[9]
    return f"{path}:{line}" if line else str(path)
