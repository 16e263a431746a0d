"""One scan of one stream while it is read: what it brings, compared with what the stream had open."""

from __future__ import annotations

import tempfile
from array import array
from typing import Any

import msgspec
import numpy as np

from seamark.analysis.correlation.proof import Proof, Scope, proof_of
from seamark.analysis.correlation.signals import place_text, signals, unpack
from seamark.analysis.correlation.tracking import by_fingerprint, returned, track
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.pipeline.ingest.batch import Old, Writing
from seamark.pipeline.ingest.rows import Read, line_of, take
from seamark.store import evidence, writer
from seamark.store.models import Finding as Row
from seamark.store.models import Scan, Stream

MOST_PATHS = 100_000
BATCH = 4096
"""Findings that are looked up and written together."""
_decode = msgspec.msgpack.Decoder(Finding).decode
_encode = msgspec.msgpack.Encoder().encode


class OpenScan:
    """A scan that is being read. Findings equal to the letter are settled at once; the others wait for `finish`."""

    def __init__(self, stream: Stream, scan: Scan, writing: Writing, run: Run, *, overtaken: bool = False) -> None:
        self._overtaken = overtaken
        self.stream, self.scan, self.run = stream, scan, run
        self._writing = writing
        self._waiting: list[Read] = []
        self._repeated: list[int] = []
        self._previous()
        self._spool: tempfile.SpooledTemporaryFile[bytes] = tempfile.SpooledTemporaryFile(max_size=32 * 1024**2)  # noqa: SIM115
        self._lengths = array("q")
        self._kept: list[tuple[int, int, Any]] = []
        self._gone: list[Old] = []
        self.components: dict[str, Component] = {}
        self.edges: list[DependsOn] = []
        self.rules_seen: set[str] = set()
        self.count = 0
        self.kept_open = 0
        """Findings that the scan no longer reports but does not prove to be gone."""
        self.kept_why = ""
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
        self.known = frozenset(self._contents.tolist()).__contains__
        """Tells whether a content hash is that of an open finding."""

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

    def repeat(self, row: int) -> None:
        """Take in a row whose findings are as they were."""
        self._repeated.append(row)

    def _settle_repeated(self) -> None:
        """Mark all findings of the repeated rows as seen."""
        rows = np.unique(np.array(self._repeated, dtype=np.int64))
        self._repeated.clear()
        starts, ends = np.searchsorted(self._contents, rows, "left"), np.searchsorted(self._contents, rows, "right")
        seen = 0
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            seen += (
                int(end - start - self._matched[start:end].sum()) if end - start > 1 else int(not self._matched[start])
            )
            self._matched[start:end] = True
        self.unchanged += seen
        self.count += seen

    def settle(self) -> None:
        """Sort the waiting findings into unchanged ones, and others: written at once where the stream is new."""
        if self._repeated:
            self._settle_repeated()
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
            self._kept.append((read.number, read.content, read.about))

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

    def close(self) -> None:
        """Let go of what was put aside."""
        self._spool.close()

    def finish(self, *, vouched: bool) -> None:
        """Track what is not equal, write what is new or changed, and close what is proved to be gone."""
        self.settle()
        if not self.is_first:
            self._track()
        self.close()
        proof = proof_of(self.run, findings=self.count, vouched=vouched)
        if self._overtaken:
            proof = Proof(False, "A newer scan of the same stream was imported before")
        self._close(proof)
        self._record(proof)

    def _track(self) -> None:
        reads = self._spooled()
        self._writing.learn(reads)
        gone = self._missing()
        told = by_fingerprint([old.signals for old in gone], [signals(read.finding) for read in reads])
        changed = [(gone[before], reads[after]) for before, after, _pass in told.pairs]
        gone, reads = [gone[at] for at in told.old_left], [reads[at] for at in told.new_left]
        equal = self._equal({old.path for old in gone} | {place_text(read.finding) for read in reads})
        olds, news = [*gone, *(old for old, _ in equal)], [*reads, *(read for _, read in equal)]
        same = [old.signals for old, _ in equal]
        matches = track([old.signals for old in gone], [signals(read.finding) for read in reads], same)
        # Rows equal to the letter that turned out to be another's counterpart are not what they seemed.
        moved_on = {
            at - len(gone) for at in (*(pair[0] for pair in matches.pairs), *matches.old_left) if at >= len(gone)
        }
        self.unchanged -= len(moved_on)
        changed += [(olds[before], news[after]) for before, after, _pass in matches.pairs]
        self.unchanged += len(changed)
        self.moved += sum(old.line != line_of(read.finding) for old, read in changed)
        self._writing.change(self.stream, self.scan, changed)
        self._gone = [olds[at] for at in matches.old_left]
        left = self._reopen([news[at] for at in matches.new_left])
        self.new += len(left)
        for at in range(0, len(left), BATCH):
            self._writing.write(self.stream, self.scan, left[at : at + BATCH])

    def _missing(self) -> list[Old]:
        """Return the open findings that the scan does not repeat to the letter, with the signals of their evidence."""
        numbers = [int(number) for number in self._ids[~self._matched]]
        return [old for old, _ in self._stored(_rows(numbers))]

    def _equal(self, paths: set[str]) -> list[tuple[Old, Read]]:
        """Return the findings of some files that the scan does repeat to the letter, as they were and as they are."""
        if not paths or not self._matched.any():
            return []
        found = writer.select_in(
            "SELECT id FROM store_finding WHERE stream_id = %s AND closed_in_id IS NULL AND path {values}",
            sorted(paths),
            [self.stream.pk],
        )
        matched = set(self._ids[self._matched].tolist())
        return self._stored(_rows([number for (number,) in found if number in matched]))

    @staticmethod
    def _stored(rows: list[Row]) -> list[tuple[Old, Read]]:
        full = evidence.read(rows, texts=False)
        return [
            (
                Old(row.pk, row.issue_id, row.rule_id, row.path, row.line, signals(full[row.pk])),
                Read(row.report_index, full[row.pk], None, _encode(full[row.pk]), row.content),
            )
            for row in rows
        ]

    def _reopen(self, left: list[Read]) -> list[Read]:
        """Reopen closed findings that have returned, and return what is really new."""
        if not left:
            return left
        closed = [
            Old(number, issue, rule, path, line, unpack(bytes(signs or b"")))
            for number, issue, rule, path, line, signs in Row.objects.filter(stream=self.stream, closed_in__isnull=False, signals__isnull=False)
            .order_by("id").values_list("id", "issue", "rule", "path", "line", "signals")
        ]  # fmt: skip
        if not closed:
            return left
        matches = returned([one.signals for one in closed], [signals(read.finding) for read in left])
        again = [(closed[before], left[after]) for before, after, _pass in matches.pairs]
        self.scan.reopened = len(again)
        self._writing.change(self.stream, self.scan, again)
        self._writing.reopen([old.number for old, _ in again])
        return [left[at] for at in matches.new_left]

    def _close(self, proof: Proof) -> None:
        """Close what a scan that proves it no longer reports; mark what its rules no longer look for."""
        if self.is_first:
            return
        gone = self._gone
        if not proof.proves:
            self.kept_open, self.kept_why = len(gone), proof.why
            return
        closed, unchecked = [], []
        rules = self._codes({old.rule for old in gone}) if self.run.ruleset is not None else {}
        scope = Scope(self.run.scope, self._earlier_scope())
        for old in gone:
            if not scope.covers(old.path):
                self.kept_open += 1
                self.kept_why = "Their places were not looked at again"
            elif self.run.ruleset is not None and rules[old.rule] not in self.run.ruleset:
                unchecked.append(old)
            else:
                closed.append(old)
        self._writing.close(self.stream, self.scan, closed, unchecked)
        self.scan.fixed, self.scan.unchecked = len(closed), len(unchecked)

    def _earlier_scope(self) -> list[str]:
        """Return what the latest scan of the stream that lists it looked at."""
        earlier = (
            Scan.objects.filter(stream=self.stream, scope__isnull=False)
            .exclude(pk=self.scan.pk)
            .order_by("-id")
            .first()
        )
        return list(earlier.scope or ()) if earlier is not None else []

    @staticmethod
    def _codes(rules: set[int]) -> dict[int, str]:
        return dict(writer.select_in("SELECT id, code FROM store_rule WHERE id {values}", sorted(rules)))

    def _record(self, proof: Proof) -> None:
        scan, run = self.scan, self.run
        scan.proves, scan.why = proof.proves, proof.why
        scan.problems = list(run.problems)[:50]
        scan.ruleset = sorted(run.ruleset)[:5000] if run.ruleset is not None else None
        if run.scope is not None:
            # Only the latest list is of use, and it can be long.
            Scan.objects.filter(stream=self.stream, scope__isnull=False).update(scope=None)
            scan.scope = list(run.scope)[:MOST_PATHS]
        scan.findings, scan.new, scan.unchanged, scan.moved = self.count, self.new, self.unchanged, self.moved
        scan.save()


def _rows(numbers: list[int]) -> list[Row]:
    rows: list[Row] = []
    for at in range(0, len(numbers), 5000):
        rows += Row.objects.filter(pk__in=numbers[at : at + 5000])
    return sorted(rows, key=lambda row: row.pk)
