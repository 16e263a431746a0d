"""What a server's gate is asked about: scans, the issues that they report, and which of those the change brings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db.models import Q
from msgspec.structs import replace

from seamark.core.errors import NotFound
from seamark.governance.policy.bundle import Bundle
from seamark.governance.policy.facts import Facts
from seamark.governance.policy.model import Effect, Stage
from seamark.pipeline.facts import platform_facts
from seamark.pipeline.facts.around import Around
from seamark.pipeline.facts.issues import finding_facts, issue_facts
from seamark.store.access import Visible
from seamark.store.models import Application, Finding, Issue, Scan, Stream
from seamark.store.models.issues import State

MOST_SCANS: Final = 500
_WORK: Final = (State.OPEN, State.CONFIRMED, State.IN_PROGRESS)
_PIECE: Final = 5_000
_PLATFORM: Final = frozenset({"drift", "coverage", "deployment", "build", "scan", "asset", "application", "component"})


class Asked(NamedTuple):
    """What is to be judged."""

    application: Application
    stage: Stage
    scans: tuple[int, ...] = ()
    """Numbers of scans; none stands for the latest of the commit, pull request or branch, else of the default branch."""
    ref: str = ""
    base: str = ""
    """Branch to compare with; empty for the default one."""
    commit: str = ""
    pull_request: str = ""


class Gathered(NamedTuple):
    """What there is to judge."""

    records: list[Facts]
    scans: tuple[int, ...]
    issues: int
    new: int
    compared: bool
    """Whether there was something to compare every scan with."""


def gather(visible: Visible, asked: Asked, bundle: Bundle, now: datetime) -> Gathered:
    """Return the records that policies are to be asked about. Raises `NotFound` where there is no such scan."""
    scans = _scans(visible, asked)
    streams = {scan.stream_id: scan.stream for scan in scans}
    new = _new(asked, scans, streams)
    numbers = sorted(new)
    asking = [one for one in bundle.policies if one.effect(asked.stage, now.date()) is not Effect.OFF]
    subjects = {one.subject for one in asking}
    around = Around(visible, now, [asked.application.pk], gate=True)
    detailed = "finding" in subjects or any(
        ("issue", name) in one.condition.uses for one in asking for name in ("findings", "tools")
    )
    records: list[Facts] = []
    if subjects & {"issue", "finding"}:
        for told in issue_facts(numbers, around, now, findings=detailed):
            facts = _with_new(told.facts, new[told.row.id])
            if "issue" in subjects:
                records.append(facts)
            if "finding" in subjects:
                records += finding_facts(told._replace(facts=facts))
    if rest := subjects & _PLATFORM:
        records += platform_facts(visible, now=now, subjects=rest, applications=[asked.application.pk], gate=True)
    return Gathered(
        records, tuple(sorted(scan.pk for scan in scans)), len(numbers), sum(one is True for one in new.values()), None not in new.values()
    )  # fmt: skip


def _with_new(facts: Facts, new: bool | None) -> Facts:
    if facts.issue is None:
        return facts
    findings = facts.issue.findings
    told = tuple(replace(one, new=new) for one in findings) if findings is not None else None
    return replace(facts, issue=replace(facts.issue, new=new, findings=told))


def _scans(visible: Visible, asked: Asked) -> list[Scan]:
    """Return the scans that are judged: those that are named, or the latest of each stream of what is named."""
    rows = visible.scans().filter(stream__application=asked.application).select_related("stream").order_by("-id")
    if asked.scans:
        found = list(rows.filter(pk__in=asked.scans[:MOST_SCANS]))
        if missing := set(asked.scans) - {one.pk for one in found}:
            raise NotFound(f"{asked.application} has no scan {min(missing)}")
        return found
    if asked.pull_request:
        rows = rows.filter(stream__ref=f"pull/{asked.pull_request}")
    elif asked.ref:
        rows = rows.filter(stream__ref=asked.ref)
    elif not asked.commit:
        rows = rows.filter(stream__is_default=True)
    if asked.commit:
        rows = rows.filter(commit=asked.commit)
    latest: dict[int, Scan] = {}
    for scan in rows[: 10 * MOST_SCANS]:
        latest.setdefault(scan.stream_id, scan)
    if not latest:
        what = asked.commit or asked.pull_request or asked.ref or "its default branch"
        raise NotFound(f"{asked.application} has no scan of {what}", hint="import its reports first")
    return list(latest.values())[:MOST_SCANS]


def _new(asked: Asked, scans: Sequence[Scan], streams: Mapping[int, Stream]) -> dict[int, bool | None]:
    """Return the issues that stand open in some streams and need work, and whether the change brings them."""
    bases = _bases(asked, streams.values())
    first = {scan.stream_id: _first(scan) for scan in scans}
    opened: dict[int, list[tuple[int, int]]] = defaultdict(list)
    rows = Finding.objects.filter(stream__in=list(streams), closed_in=None)
    for issue, stream, scan in rows.values_list("issue", "stream", "opened_in").iterator(chunk_size=10_000):
        opened[issue].append((stream, scan))
    wanted = _at_work(list(opened))
    there = _there(wanted, {one for one in bases.values() if one is not None} - streams.keys())
    found: dict[int, bool | None] = {}
    for issue in wanted:
        if issue in there:
            found[issue] = False
            continue
        answers: list[bool | None] = []
        for stream, scan in opened[issue]:
            base = bases[stream]
            if base is None:
                answers.append(None)
            elif base == stream:
                # A branch that is compared with itself: what its scan of this commit opened is what the commit brought.
                answers.append(scan >= first[stream] if _has_earlier(stream, first[stream]) else None)
            else:
                answers.append(True)
        found[issue] = False if False in answers else True if True in answers else None
    return found


def _bases(asked: Asked, streams: Iterable[Stream]) -> dict[int, int | None]:
    """Return for each stream the one of the branch that it is compared with; None where that was never scanned alike."""
    found: dict[int, int | None] = {}
    for stream in streams:
        alike = Stream.objects.filter(asset=stream.asset_id, tool=stream.tool, configuration=stream.configuration)
        others = alike.filter(ref=asked.base) if asked.base else alike.filter(is_default=True)
        found[stream.pk] = others.filter(scans__isnull=False).order_by("id").values_list("id", flat=True).first()
    return found


def _first(scan: Scan) -> int:
    """Return the first scan of the same commit in the same stream."""
    if not scan.commit:
        return scan.pk
    same = Scan.objects.filter(stream=scan.stream_id, commit=scan.commit, pk__lte=scan.pk)
    return same.order_by("id").values_list("id", flat=True)[0]


def _has_earlier(stream: int, scan: int) -> bool:
    return Scan.objects.filter(stream=stream, pk__lt=scan).exists()


def _at_work(numbers: Sequence[int]) -> list[int]:
    found: list[int] = []
    for at in range(0, len(numbers), _PIECE):
        counts = Q(state__in=_WORK) | Q(dismissal_unconfirmed=True, merged_into=None)
        rows = Issue.objects.filter(counts, pk__in=numbers[at : at + _PIECE])
        found += rows.values_list("id", flat=True)
    return found


def _there(numbers: Sequence[int], streams: Iterable[int]) -> set[int]:
    """Return the issues that stand open in the branch that is compared with, whichever tool says so."""
    bases = list(streams)
    found: set[int] = set()
    for at in range(0, len(numbers) if bases else 0, _PIECE):
        rows: Any = Finding.objects.filter(issue__in=numbers[at : at + _PIECE], stream__in=bases, closed_in=None)
        found.update(rows.values_list("issue", flat=True))
    return found
