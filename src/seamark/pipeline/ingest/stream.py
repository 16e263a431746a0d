"""One scan of one stream while it is read: what it brings, compared with what the stream had open."""

from __future__ import annotations

import msgspec
import numpy as np

from seamark.analysis.correlation.proof import Proof, Scope, proof_of
from seamark.analysis.correlation.sighting import flaws_of
from seamark.analysis.correlation.signals import block_of, of_package, place_text, signals, unpack
from seamark.analysis.correlation.tracking import by_fingerprint, returned
from seamark.core.component import Component, DependsOn
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.pipeline.ingest.batch import Writing
from seamark.pipeline.ingest.keys import KeyMap
from seamark.pipeline.ingest.known import Held, Old, align
from seamark.pipeline.ingest.relatives import Relatives
from seamark.pipeline.ingest.rows import Read, hashed, line_of, take
from seamark.pipeline.ingest.source import Root
from seamark.pipeline.ingest.spool import Spool, by_block
from seamark.store import writer
from seamark.store.models import Finding as Row
from seamark.store.models import Scan, Stream

MOST_PATHS = 100_000
BATCH = 4096
"""Findings that are looked up and written together."""


class OpenScan:
    """A scan that is being read. Findings equal to the letter are settled at once; the others wait for `finish`."""

    def __init__(self, stream: Stream, scan: Scan, writing: Writing, run: Run, *, overtaken: bool = False) -> None:
        self._overtaken = overtaken
        self.stream, self.scan, self.run = stream, scan, _seen_from(writing.root, run)
        self._writing = writing
        self._waiting: list[Read] = []
        self._repeated: list[int] = []
        self._held = Held(stream)
        self.is_first = not len(self._held) and not Row.objects.filter(stream=stream).exists()
        self.known = self._held.known
        self._spool = Spool()
        self._direct: bool | None = None
        self._lines = KeyMap()
        self._gone: list[Old] = []
        self.components: dict[str, Component] = {}
        self.edges: list[DependsOn] = []
        self.count = 0
        self.kept_open = 0
        """Findings that the scan no longer reports but does not prove to be gone."""
        self.kept_why = ""
        self.unchanged = 0
        self.moved = 0
        self.new = 0

    def merge_run(self, run: Run) -> None:
        """Take in another run of the same stream: the scan is as good as the worst of its runs."""
        known, run = self.run, _seen_from(self._writing.root, run)

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
        """Take in a finding; an advisory of several flaws counts as one finding of each."""
        writing = self._writing
        for one in flaws_of(writing.source.enriched(writing.root.finding(finding))):
            self.count += 1
            self._waiting.append(take(index, one))
        if len(self._waiting) >= BATCH:
            self.settle()

    def repeat(self, row: int) -> None:
        """Take in a row whose findings are as they were."""
        self._repeated.append(row)

    def settle(self) -> None:
        """Sort the waiting findings into unchanged ones, and others that wait for the end of the scan.

        What needs no look at the rest of its file is written at once where the stream is new.
        """
        if self._repeated:
            seen = self._held.repeat(self._repeated)
            self._repeated.clear()
            self.unchanged += seen
            self.count += seen
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if not self.is_first:
            fresh = self._held.unequal(waiting)
            self.unchanged += len(waiting) - len(fresh)
            for read in fresh:
                self._spool.add(read, 0)
            return
        keyed, placed, blocks = self._sorted(waiting)
        self.new += len(waiting)
        self._writing.write_keyed(self.stream, self.scan, keyed)
        if self._direct is None:
            self._direct = self._writing.is_alone(self.stream) and not Relatives(self.stream, self._writing.source)
        if self._direct:
            placed, blocks = self._write_apart(placed, blocks)
        for read, block in zip(placed, blocks, strict=True):
            self._spool.add(read, block)

    def _write_apart(self, reads: list[Read], blocks: list[int]) -> tuple[list[Read], list[int]]:
        """Write what is alone on its line, where nothing else is known of the asset; return the rest.

        One tool that speaks of two lines speaks of two issues: only what shares a line has to be compared.
        """
        keys = [hash((block, line_of(read.finding))) for read, block in zip(reads, blocks, strict=True)]
        taken = self._lines.find(keys)
        fresh: dict[int, Read] = {}
        rest: tuple[list[Read], list[int]] = ([], [])
        for key, read, block in zip(keys, reads, blocks, strict=True):
            if key in taken or key in fresh:
                rest[0].append(read)
                rest[1].append(block)
            else:
                fresh[key] = read
        self._lines.add(list(fresh), list(fresh))
        self._writing.write_apart(self.stream, self.scan, list(fresh.values()))
        return rest

    def close(self) -> None:
        """Let go of what was put aside."""
        self._spool.close()

    def finish(self, *, vouched: bool) -> None:
        """Track what is not equal, write what is new or changed, and close what is proved to be gone."""
        self.settle()
        if self.is_first:
            self._write_spooled()
        else:
            self._track()
        self.close()
        proof = proof_of(self.run, findings=self.count, vouched=vouched)
        if self._overtaken:
            proof = Proof(False, "A newer scan of the same stream was imported before")
        self._close(proof)
        self._record(proof)

    def _write_spooled(self) -> None:
        """Write a first scan's findings, file by file; those that another branch has keep the issue that they have there."""
        spool = self._spool
        inherited = (
            {}
            if self._direct
            else Relatives(self.stream, self._writing.source, self.scan.commit).issues_of(spool.contents, spool.read)
        )
        for positions in by_block(spool.blocks, BATCH):
            mine = {place: inherited[at] for place, at in enumerate(positions) if at in inherited}
            self._writing.write_placed(self.stream, self.scan, spool.read(positions), mine)

    def _track(self) -> None:
        reads = self._spool.read()
        self._writing.learn(reads)
        gone = self._held.missing()
        told = by_fingerprint([old.signals for old in gone], [signals(read.finding) for read in reads])
        changed = [(gone[before], reads[after]) for before, after, _pass in told.pairs]
        gone, reads = [gone[at] for at in told.old_left], [reads[at] for at in told.new_left]
        equal = self._held.equal({old.path for old in gone} | {place_text(read.finding) for read in reads})
        aligned = align(gone, reads, equal, self._writing.source.moved(self._before(), self.scan.commit))
        # Rows equal to the letter that turned out to be another's counterpart are not what they seemed.
        self.unchanged -= aligned.moved_on
        changed += aligned.pairs
        self.unchanged += len(changed)
        self.moved += sum(old.line != line_of(read.finding) for old, read in changed)
        self._writing.change(self.stream, self.scan, changed)
        self._gone = aligned.gone
        left = self._reopen(aligned.new)
        self.new += len(left)
        self._write(left)

    def _before(self) -> str:
        """Return the commit of the stream's latest scan before this one, where it is known."""
        latest = Scan.objects.filter(stream=self.stream).exclude(pk=self.scan.pk).order_by("-id").first()
        return latest.commit if latest is not None else ""

    def _write(self, reads: list[Read]) -> None:
        """Write new findings of a stream that was scanned before."""
        keyed, placed, blocks = self._sorted(reads)
        for at in range(0, len(keyed), BATCH):
            self._writing.write_keyed(self.stream, self.scan, keyed[at : at + BATCH])
        if not placed:
            return
        contents = np.array([read.content for read in placed], dtype=np.int64)
        inherited = Relatives(self.stream, self._writing.source, self.scan.commit).issues_of(
            contents, lambda positions: [placed[at] for at in positions]
        )
        for positions in by_block(np.array(blocks, dtype=np.int64), BATCH):
            mine = {place: inherited[at] for place, at in enumerate(positions) if at in inherited}
            self._writing.write_placed(self.stream, self.scan, [placed[at] for at in positions], mine)

    def _sorted(self, reads: list[Read]) -> tuple[list[Read], list[Read], list[int]]:
        """Return what its block alone says the issue of, and the rest with the numbers of their files, routes or resources."""
        stream = self.stream
        application, asset, ref = stream.application_id, stream.asset_id, "" if stream.is_default else stream.ref
        keyed: list[Read] = []
        placed: list[Read] = []
        blocks: list[int] = []
        for read in reads:
            if of_package(read.finding):
                keyed.append(read)
                continue
            block = block_of(read.finding, 0, ref)
            if block.keyed:
                keyed.append(read)
            else:
                placed.append(read)
                blocks.append(hashed(application, asset, block.text))
        return keyed, placed, blocks

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


def _seen_from(root: Root, run: Run) -> Run:
    """Return a run with what it looked at as seen from the repository's folder."""
    return run if run.scope is None else msgspec.structs.replace(run, scope=tuple(map(root.path, run.scope)))
