"""What an application consisted of at a time, and what was said of vulnerabilities in it by then, out of what was kept.

The inventories are those that nothing newer had replaced by then. A finding that a later report words anew is read as the reports before
had it. Which assets are the application's is known as of today only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import Q

from seamark.core.component import package_key
from seamark.core.finding import Finding, Vex
from seamark.core.kind import KIND_CODES, Kind, VexState
from seamark.core.location import CodeLocation, ImageLocation
from seamark.core.sbom import Sbom, Statement
from seamark.intake.sbom.merge import merge
from seamark.pipeline.compliance.past_issues import Merges, Stood, stood
from seamark.pipeline.software import inventory
from seamark.store import evidence
from seamark.store.access import Visible
from seamark.store.models import Application, EvidencePart, Issue, Report
from seamark.store.models import Finding as Row
from seamark.store.models import Sbom as Inventory
from seamark.store.models.issues import State

MOST_FINDINGS: Final = 20
"""Findings of an issue that are looked at: they name one flaw in one package."""
_PIECE: Final = 1_000
_SAID: Final = {
    "not_affected": VexState.NOT_AFFECTED, "false_positive": VexState.FALSE_POSITIVE, "accepted": VexState.AFFECTED,
}  # fmt: skip


class Then(NamedTuple):
    """An application's software at a time."""

    document: Sbom
    unread: int
    """Findings of which no report that came before says how they read then: nothing is said of them."""
    unjustified: int
    """Statements of `not affected` of which no event tells whether they had a justification."""


def software_at(visible: Visible, application: Application, at: datetime) -> Then:
    """Return one inventory of everything that an application's assets held at a time, with what was decided by then (VEX)."""
    holds = Q(created_at__lte=at) & (Q(replaced_at=None) | Q(replaced_at__gt=at))
    assets = visible.assets().filter(application=application).values("id")
    rows = Inventory.objects.filter(holds, asset__in=assets).select_related("asset")
    documents = [inventory(row) for row in rows.order_by("asset__kind", "asset__key", "id")]
    said = _Said(visible, application, at)
    statements = list(said.statements())
    whole = merge(documents or [Sbom(format="cyclonedx")], application.name, "", statements)
    return Then(whole, said.unread, said.unjustified)


class _Said:
    """What people and scans had said of vulnerabilities in an application's packages by a time."""

    def __init__(self, visible: Visible, application: Application, at: datetime) -> None:
        kinds = [KIND_CODES[Kind.DEPENDENCY], KIND_CODES[Kind.CONTAINER]]
        self._issues = visible.issues().filter(application=application, kind__in=kinds).order_by("id")
        self._at = at
        self._merges = Merges(application.pk, at)
        self.unread = self.unjustified = 0

    def statements(self) -> Iterator[Statement]:
        """Yield a statement for each issue, by number, about the packages that it was found in."""
        numbers = list(self._issues.values_list("pk", flat=True))
        for start in range(0, len(numbers), _PIECE):
            piece = list(self._issues.filter(pk__in=numbers[start : start + _PIECE]))
            found = self._findings([row.pk for row in piece])
            known = stood([row for row in piece if row.pk in found], self._merges, self._at)
            yield from self._told(piece, found, known)

    def _told(
        self, piece: Iterable[Issue], found: dict[int, list[Row]], known: dict[int, Stood]
    ) -> Iterator[Statement]:
        several = [row for number in known for row in found[number]]
        full = self._as_then(several)
        for issue in piece:
            stands = known.get(issue.pk)
            texts = [one for row in found.get(issue.pk, ()) if (one := full.get(row.pk)) is not None]
            names = list(dict.fromkeys(name for one in texts for name in one.vulnerabilities))
            purls = tuple(dict.fromkeys(one.component.purl for one in texts if one.component and one.component.purl))
            if stands is not None and names and purls:
                yield Statement(vulnerability=names[0], aliases=tuple(names[1:]), vex=self._vex(stands), refs=purls)

    def _findings(self, issues: Sequence[int]) -> dict[int, list[Row]]:
        """Return the findings that issues had, oldest first; issues that only other branches than the default ones had are left out."""
        moved, asked = self._merges.owner, set(issues)
        then = {finding for finding, issue in moved.items() if issue in asked}
        rows = Row.objects.filter(Q(issue__in=issues) | Q(pk__in=then), opened_in__imported_at__lte=self._at)
        found: dict[int, list[Row]] = defaultdict(list)
        default: set[int] = set()
        for row in rows.select_related("stream").order_by("id"):
            issue = moved.get(row.pk, row.issue_id)
            if row.stream.is_default:
                default.add(issue)
            if len(found[issue]) < MOST_FINDINGS:
                found[issue].append(row)
        return {issue: found[issue] for issue in issues if issue in default}

    def _as_then(self, rows: Sequence[Row]) -> dict[int, Finding]:
        """Return findings in full as they read then, by number."""
        full = evidence.read(rows, texts=False)
        parts = EvidencePart.objects.filter(pk__in={row.evidence_id for row in rows}, report__created_at__gt=self._at)
        late = set(parts.values_list("pk", flat=True))
        anew: dict[int, dict[int, Finding]] = defaultdict(dict)
        for row in rows:
            if row.evidence_id in late and (now := full.pop(row.pk, None)) is not None:
                anew[row.stream_id][row.pk] = now
        for stream, several in anew.items():
            found = self._read_before(stream, several)
            full |= found
            self.unread += len(several) - len(found)
        return full

    def _read_before(self, stream: int, wanted: dict[int, Finding]) -> dict[int, Finding]:
        """Return what the reports of a stream said of findings until the time, the newest that speaks of each."""
        reports = Report.objects.filter(
            scans__stream=stream, scans__imported_at__lte=self._at, created_at__lte=self._at
        )
        parts = EvidencePart.objects.filter(report__in=reports.values("id")).order_by("-id")
        missing: dict[tuple[str, str], dict[int, Finding]] = defaultdict(dict)
        for number, now in wanted.items():
            missing[_place(now)][number] = now
        found: dict[int, Finding] = {}
        for part in parts.iterator(chunk_size=100):
            for one in evidence.unpack(bytes(part.data), range(evidence.PACK)).values():
                several = missing.get(_place(one), {})
                for number in [
                    number for number, now in several.items() if {*now.vulnerabilities} & {*one.vulnerabilities}
                ]:
                    found[number] = one
                    del several[number]
            if len(found) == len(wanted):
                break
        return found

    def _vex(self, stands: Stood) -> Vex:
        if stands.state is State.RESOLVED:
            return Vex(state=VexState.FIXED)
        if stands.state is State.DISMISSED and stands.unconfirmed:
            return Vex(state=VexState.UNDER_INVESTIGATION, detail="A dismissal waits to be confirmed")
        if stands.state is State.DISMISSED:
            said = _SAID.get(stands.resolution, VexState.UNDER_INVESTIGATION)
            if said is VexState.NOT_AFFECTED:
                self.unjustified += stands.justification is None
                return Vex(state=said, justification=stands.justification or "")
            return Vex(state=said, detail="The risk is accepted" if said is VexState.AFFECTED else "")
        return Vex(state=VexState.UNDER_INVESTIGATION if stands.state is State.OPEN else VexState.AFFECTED)


def _place(finding: Finding) -> tuple[str, str]:
    """Return package and file of a finding: with a flaw in common, two readings of one place are of one finding."""
    file = finding.location.path if isinstance(finding.location, CodeLocation | ImageLocation) else ""
    return package_key(finding.component.purl) if finding.component is not None else "", file
