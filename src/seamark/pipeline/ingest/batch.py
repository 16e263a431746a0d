"""Writes what a scan brings: batches of new findings with their issues, changed rows, closures."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from datetime import datetime

from seamark.analysis.correlation.fixes import FixKey, fix_of
from seamark.analysis.correlation.signals import pack
from seamark.core.finding import Finding
from seamark.pipeline.ingest import rows as r
from seamark.pipeline.ingest.fixes import Fixes
from seamark.pipeline.ingest.issues import (
    ISSUE_COLUMNS,
    Cleared,
    Scorer,
    move_issues,
    new_issue_rows,
    reporters_of,
    write_events,
)
from seamark.pipeline.ingest.keys import KeyMap
from seamark.pipeline.ingest.known import Old
from seamark.pipeline.ingest.names import Flaw, Flaws, Rules
from seamark.pipeline.ingest.placing import Placed, Placing
from seamark.pipeline.ingest.rekeying import rekey_flaws
from seamark.pipeline.ingest.roots import Roots
from seamark.pipeline.ingest.source import Root, Source
from seamark.pipeline.ingest.weighing import Weighing
from seamark.store import evidence, writer
from seamark.store.models import Application, EvidencePart, Issue, Report, Scan, Stream
from seamark.store.models import Finding as Row
from seamark.store.models.findings import FindingFlag


class FlawsOfFindings(Flaws):
    """Vulnerability groups by finding."""

    def add_all(self, reads: Sequence[r.Read]) -> None:
        """Find or make the groups of all these findings."""
        for read in reads:
            if read.finding.vulnerabilities:
                self.add(read.finding.vulnerabilities)
        self.settle()

    def of(self, finding: Finding) -> Flaw | None:
        """Return the flaw of a finding, None where it names none."""
        return self.get(finding.vulnerabilities)

    def group(self, finding: Finding) -> int:
        """Return the number of a finding's vulnerability group, 0 where it names none."""
        flaw = self.of(finding)
        return flaw.number if flaw else 0


class Writing:
    """What the writes of one import share."""

    def __init__(
        self,
        application: Application,
        report: Report,
        scorer: Scorer,
        profile_id: int,
        now: datetime,
        source: Source,
        root: Root,
    ) -> None:
        self.application, self.report, self.scorer, self.profile_id, self.now = (
            application,
            report,
            scorer,
            profile_id,
            now,
        )
        self.source, self.root = source, root
        self.flaws = FlawsOfFindings(report.format)
        self.roots = Roots(application)
        self.weighing = Weighing()
        self.touched: set[int] = set()
        """Existing issues whose findings changed."""
        self.fresh = array("q")
        """Issues that this import made."""
        self._placing = Placing(application)
        self._keyed = KeyMap()
        self._rules: dict[str, Rules] = {}
        self._fixes = Fixes(application)
        self._alone: dict[int, bool] = {}

    def prepare(self, stream: Stream, reads: Sequence[r.Read]) -> list[r.Prepared]:
        """Return findings with their blocks: where the asset that owns the fix is another than the one scanned, there."""
        self.learn(reads)
        ref = "" if stream.is_default else stream.ref
        application, roots, flaws = self.application.pk, self.roots, self.flaws
        prepared = []
        for read in reads:
            finding = read.finding
            root = roots.of(stream, finding) if finding.component is not None else stream.asset_id
            group = flaws.group(finding) if finding.vulnerabilities else 0
            prepared.append(r.prepare(read, root, r.block_hash(application, root, finding, group, ref)))
        return prepared

    def learn(self, reads: Sequence[r.Read]) -> None:
        """Find or make the vulnerability groups of findings, and join issues where groups turn out to be one."""
        self.flaws.add_all(reads)
        if self.flaws.joined:
            self.touched |= rekey_flaws(self.flaws.joined, now=self.now)
            self.flaws.joined.clear()
            self._keyed.clear()
            self._alone.clear()

    def write_keyed(self, stream: Stream, scan: Scan, reads: Sequence[r.Read]) -> None:
        """Write new findings whose block alone says which issue they belong to."""
        if not reads:
            return
        prepared = self.prepare(stream, reads)
        known = self._keyed.find([one.block for one in prepared])
        unknown = sorted({one.block for one in prepared} - known.keys())
        if unknown and not self.is_alone(stream):
            stored = dict(
                writer.select_in(
                    "SELECT block, min(issue_id) FROM store_finding WHERE block {values} GROUP BY block", unknown
                )
            )
            self._keyed.add(list(stored), list(stored.values()))
            known |= stored
        self.touched.update(known.values())
        made = self._open(
            stream, _grouped(prepared, [one.block for one in prepared], known), alone=self.is_alone(stream)
        )
        self._keyed.add(list(made), list(made.values()))
        known |= made
        self._insert(stream, scan, prepared, [known[one.block] for one in prepared])

    def write_apart(self, stream: Stream, scan: Scan, reads: Sequence[r.Read]) -> None:
        """Write new findings that meet no other one: each is an issue of its own."""
        if not reads:
            return
        prepared = self.prepare(stream, reads)
        made = self._open(stream, {at: [one] for at, one in enumerate(prepared)}, alone=True)
        self._insert(stream, scan, prepared, list(made.values()))

    def write_placed(
        self, stream: Stream, scan: Scan, reads: Sequence[r.Read], inherited: Mapping[int, int] | None = None
    ) -> None:
        """Write new findings, whole blocks of them, each with the issue that the matcher finds for it among what is stored.

        `inherited` names issues of findings that were recognised from another branch, by position.
        """
        if not reads:
            return
        prepared = self.prepare(stream, reads)
        rules = self._rules_of(stream, reads)
        placed: Placed = self._placing.place(
            stream, prepared, [rules[read.finding.rule] for read in reads], inherited or {}, now=self.now,
        )  # fmt: skip
        self.touched |= placed.touched
        made = self._open(stream, _grouped(prepared, placed.groups, placed.issues), alone=False)
        issues = placed.issues | made
        numbers = self._insert(stream, scan, prepared, [issues[group] for group in placed.groups])
        self._placing.record(placed, numbers, issues, now=self.now)

    def _insert(self, stream: Stream, scan: Scan, prepared: Sequence[r.Prepared], issues: Sequence[int]) -> list[int]:
        """Write the rows of new findings and return their numbers."""
        rules = self._rules_of(stream, [one.read for one in prepared])
        places = self._evidence(prepared)
        numbers = writer.reserve(Row, len(prepared))
        stream_id, scan_id = stream.pk, scan.pk
        writer.insert(
            Row, r.FINDING_COLUMNS,
            [
                r.finding_row(
                    one, number=number, stream=stream_id, issue=issue, rule=rules[one.read.finding.rule], scan=scan_id, evidence=place,
                )
                for one, number, issue, place in zip(prepared, numbers, issues, places, strict=True)
            ],
        )  # fmt: skip
        return numbers

    def _rules_of(self, stream: Stream, reads: Sequence[r.Read]) -> Rules:
        rules = self._rules.setdefault(stream.tool, Rules(stream.tool))
        for read in reads:
            rules.add(read.finding.rule, read.about, read.finding)
        rules.settle()
        return rules

    def _evidence(self, prepared: Sequence[r.Prepared]) -> list[tuple[int, int]]:
        """Keep findings in full; return for each the number of its part and its place in there.

        What is of one file stands together, since it is read together. Findings of packages stay as the report has them.
        """
        blocks = [one.block if one.read.finding.component is None else 0 for one in prepared]
        order = sorted(range(len(prepared)), key=blocks.__getitem__)
        pieces = [order[at : at + evidence.PACK] for at in range(0, len(order), evidence.PACK)]
        numbers = writer.reserve(EvidencePart, len(pieces))
        writer.insert(
            EvidencePart, ["id", "report", "data"],
            [
                (number, self.report.pk, evidence.pack([prepared[at].read.encoded for at in piece]))
                for number, piece in zip(numbers, pieces, strict=True)
            ],
        )  # fmt: skip
        places = [(0, 0)] * len(order)
        for number, piece in zip(numbers, pieces, strict=True):
            for index, at in enumerate(piece):
                places[at] = (number, index)
        return places

    def _open(self, stream: Stream, groups: dict[int, list[r.Prepared]], *, alone: bool) -> dict[int, int]:
        """Open an issue for each group of findings and return their numbers."""
        if not groups:
            return {}
        numbers = writer.reserve(Issue, len(groups))
        made = dict(zip(groups, numbers, strict=True))
        flaws = {
            key: self.flaws.of(finding)
            for key, members in groups.items()
            if (finding := members[0].read.finding).vulnerabilities
        }
        by_root: dict[int, dict[int, list[r.Prepared]]] = {}
        for key, members in groups.items():
            by_root.setdefault(members[0].root, {})[key] = members
        fixes: dict[int, Cleared] = {}
        for root, own in by_root.items():
            fixes |= self._fixes_of(root, own, made, alone=alone)
        writer.insert(
            Issue, ISSUE_COLUMNS,
            new_issue_rows(
                groups, made, reporters=reporters_of((stream.tool,)), on_default=stream.is_default, application=self.application, flaws=flaws,
                fixes=fixes, weighing=self.weighing, scorer=self.scorer, profile_id=self.profile_id, now=self.now,
            ),
        )  # fmt: skip
        self.fresh.extend(numbers)
        return made

    def is_alone(self, stream: Stream) -> bool:
        """Tell whether nothing but this very import's stream was ever stored for the asset, so that there is nothing to join."""
        if stream.pk not in self._alone:
            self._alone[stream.pk] = not self.roots.shared(stream) and not (
                Row.objects.filter(stream__asset=stream.asset_id).exists()
            )
        return self._alone[stream.pk]

    def _fixes_of(
        self, root: int, groups: dict[int, list[r.Prepared]], issues: Mapping[int, int], *, alone: bool
    ) -> dict[int, Cleared]:
        base = self.roots.base_image(root)
        wanted: dict[int, FixKey] = {}
        for key, members in groups.items():
            read = members[0].read
            if (fix := fix_of(read.finding, base_image=base, about=read.about)) is not None:
                wanted[key] = fix
        return self._fixes.of(root, wanted, issues, alone=alone)

    def change(self, stream: Stream, scan: Scan, changed: list[tuple[Old, r.Read]]) -> None:
        """Write findings that were recognised although they changed."""
        if not changed:
            return
        reads = [read for _, read in changed]
        rules = self._rules_of(stream, reads)
        prepared = self.prepare(stream, reads)
        kept = self._evidence(prepared)
        fixed = {"id", "stream", "issue", "opened_in", "closed_in"}
        names = [name for name in r.FINDING_COLUMNS if name not in fixed]
        places = [at for at, name in enumerate(r.FINDING_COLUMNS) if name not in fixed]
        rows = []
        for (old, read), one, part in zip(changed, prepared, kept, strict=True):
            row = r.finding_row(
                one, number=old.number, stream=0, issue=old.issue, rule=rules[read.finding.rule], scan=0, evidence=part,
            )  # fmt: skip
            rows.append((old.number, *(row[place] for place in places)))
            self.touched.add(old.issue)
        writer.update(Row, names, rows)
        move_issues([(old.issue, old.place, read.finding) for old, read in changed], scan=scan.pk, now=self.now)

    def reopen(self, findings: list[int]) -> None:
        """Open closed findings again."""
        writer.update(Row, ["closed_in", "signals"], [(number, None, None) for number in findings])

    def close(self, stream: Stream, scan: Scan, closed: list[Old], unchecked: list[Old]) -> None:
        """Close findings, and mark those whose rule no longer runs."""
        writer.update(Row, ["closed_in", "signals"], [(old.number, scan.pk, pack(old.signals)) for old in closed])
        self.touched.update(old.issue for old in closed)
        if unchecked:
            bit = FindingFlag.UNCHECKED.value
            flags = writer.select_in(
                "SELECT id, flags, issue_id FROM store_finding WHERE id {values}", [old.number for old in unchecked]
            )
            fresh = [(number, before | bit, issue) for number, before, issue in flags if not before & bit]
            writer.update(Row, ["flags"], [(number, after) for number, after, _ in fresh])
            write_events(
                [(issue, self.application.pk, "unchecked", {"tool": stream.tool}) for _, _, issue in fresh],
                scan=scan.pk,
                now=self.now,
            )

    @property
    def fixes_touched(self) -> set[int]:
        """The fixes whose issues changed."""
        return self._fixes.touched


def _grouped(
    prepared: Sequence[r.Prepared], keys: Sequence[int], known: Mapping[int, int]
) -> dict[int, list[r.Prepared]]:
    """Return findings by key, those whose key has an issue already left out."""
    groups: dict[int, list[r.Prepared]] = {}
    for key, one in zip(keys, prepared, strict=True):
        if key not in known:
            groups.setdefault(key, []).append(one)
    return groups
