"""Writes what a scan brings: batches of new findings with their issues, changed rows, closures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from seamark.analysis.correlation.signals import Signals, component_key, pack
from seamark.core.finding import Finding
from seamark.pipeline.ingest import rows as r
from seamark.pipeline.ingest.issues import ISSUE_COLUMNS, Scorer, move_issues, new_issue_rows, write_events
from seamark.pipeline.ingest.joining import join_issues
from seamark.pipeline.ingest.keys import KeyMap
from seamark.pipeline.ingest.names import Fixes, Flaw, Flaws, Rules
from seamark.store import evidence, writer
from seamark.store.models import Application, EvidencePart, Issue, Report, Scan, Stream
from seamark.store.models import Finding as Row
from seamark.store.models.findings import FindingFlag


class Old(NamedTuple):
    """A stored finding that a scan does not repeat to the letter."""

    number: int
    issue: int
    rule: int
    path: str
    line: int | None
    signals: Signals

    @property
    def place(self) -> str:
        """Return the place as its issue shows it."""
        return f"{self.path}:{self.line}" if self.line else self.path


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
        self, application: Application, report: Report, scorer: Scorer, profile_id: int, now: datetime
    ) -> None:
        self.application, self.report, self.scorer, self.profile_id, self.now = (
            application,
            report,
            scorer,
            profile_id,
            now,
        )
        self.flaws = FlawsOfFindings(report.format)
        self.touched: set[int] = set()
        """Existing issues whose findings changed."""
        self.made = 0
        """How many issues this import made."""
        self._issues = KeyMap()
        self._rules: dict[str, Rules] = {}
        self._fixes: dict[int, Fixes] = {}
        self._alone: dict[int, bool] = {}

    def write(self, stream: Stream, scan: Scan, reads: Sequence[r.Read]) -> None:
        """Write new findings, each with its issue."""
        rules = self._rules_of(stream, reads)
        self.learn(reads)
        asset = stream.asset_id
        prepared = [r.prepare(read, asset, self.flaws.group(read.finding)) for read in reads]
        issues = self._issues_of(stream, prepared)
        parts = self._evidence([read.encoded for read in reads])
        numbers = writer.reserve(Row, len(prepared))
        size = evidence.PACK
        writer.insert(
            Row, r.FINDING_COLUMNS,
            [
                r.finding_row(
                    one, number=numbers[at], stream=stream.pk, issue=issues[one.merge_key], rule=rules[one.read.finding.rule],
                    scan=scan.pk, evidence=parts[at // size], evidence_index=at % size,
                )
                for at, one in enumerate(prepared)
            ],
        )  # fmt: skip

    def learn(self, reads: Sequence[r.Read]) -> None:
        """Find or make the vulnerability groups of findings, and join issues where groups turn out to be one."""
        self.flaws.add_all(reads)
        if self.flaws.joined:
            self.touched |= join_issues(self.flaws.joined, now=self.now)
            self.flaws.joined.clear()
            self._issues.clear()
            self._alone.clear()

    def _rules_of(self, stream: Stream, reads: Sequence[r.Read]) -> Rules:
        rules = self._rules.setdefault(stream.tool, Rules(stream.tool))
        for read in reads:
            rules.add(read.finding.rule, read.about)
        rules.settle()
        return rules

    def _evidence(self, encoded: list[bytes]) -> list[int]:
        size = evidence.PACK
        parts = [evidence.pack(encoded[at : at + size]) for at in range(0, len(encoded), size)]
        numbers = writer.reserve(EvidencePart, len(parts))
        writer.insert(
            EvidencePart,
            ["id", "report", "data"],
            [(n, self.report.pk, data) for n, data in zip(numbers, parts, strict=True)],
        )
        return numbers

    def _issues_of(self, stream: Stream, prepared: list[r.Prepared]) -> dict[int, int]:
        """Return the issue of each merge key: known ones joined, the others made."""
        groups: dict[int, list[r.Prepared]] = {}
        for one in prepared:
            groups.setdefault(one.merge_key, []).append(one)
        issues = self._issues.find(list(groups))
        unknown = [key for key in groups if key not in issues]
        if unknown and not self._is_alone(stream):
            stored = dict(
                writer.select_in(
                    "SELECT merge_key, min(issue_id) FROM store_finding WHERE merge_key {values} GROUP BY merge_key",
                    unknown,
                )
            )
            self._issues.add(list(stored), list(stored.values()))
            issues |= stored
        self.touched.update(issues.values())
        missing = {key: groups[key] for key in unknown if key not in issues}
        numbers = writer.reserve(Issue, len(missing))
        made = dict(zip(missing, numbers, strict=True))
        flaws = {key: self.flaws.of(members[0].read.finding) for key, members in missing.items()}
        writer.insert(
            Issue, ISSUE_COLUMNS,
            new_issue_rows(
                missing, made, stream=stream, application=self.application, flaws=flaws, fixes=self._fixes_of(stream, missing),
                scorer=self.scorer, profile_id=self.profile_id, now=self.now,
            ),
        )  # fmt: skip
        self._issues.add(list(made), numbers)
        self.made += len(made)
        return issues | made

    def _is_alone(self, stream: Stream) -> bool:
        """Tell whether no finding was ever stored for the asset, so that there is nothing to join."""
        asset = stream.asset_id
        if asset not in self._alone:
            self._alone[asset] = not Row.objects.filter(stream__asset=asset).exists()
        return self._alone[asset]

    def _fixes_of(self, stream: Stream, groups: dict[int, list[r.Prepared]]) -> dict[int, int | None]:
        keys = {}
        for key, members in groups.items():
            finding = members[0].read.finding
            if r.is_package(finding) and finding.component is not None:
                keys[key] = (component_key(finding), finding.component.name)
        if not keys:
            return {}
        fixes = self._fixes.setdefault(stream.asset_id, Fixes(self.application, stream.asset))
        for package, name in keys.values():
            fixes.add(package, name)
        fixes.settle()
        return {key: fixes[package] for key, (package, _) in keys.items()}

    def change(self, stream: Stream, scan: Scan, changed: list[tuple[Old, r.Read]]) -> None:
        """Write findings that were recognised although they changed."""
        if not changed:
            return
        reads = [read for _, read in changed]
        rules = self._rules_of(stream, reads)
        parts = self._evidence([read.encoded for read in reads])
        size = evidence.PACK
        fixed = {"id", "stream", "issue", "opened_in", "closed_in"}
        names = [name for name in r.FINDING_COLUMNS if name not in fixed]
        places = [at for at, name in enumerate(r.FINDING_COLUMNS) if name not in fixed]
        rows = []
        for at, (old, read) in enumerate(changed):
            row = r.finding_row(
                r.prepare(read, stream.asset_id, self.flaws.group(read.finding)), number=old.number, stream=0, issue=old.issue,
                rule=rules[read.finding.rule], scan=0, evidence=parts[at // size], evidence_index=at % size,
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
        return {number for fixes in self._fixes.values() for number in fixes.touched}
