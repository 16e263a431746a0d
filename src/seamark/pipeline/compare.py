"""Compares reports of two states without keeping anything. Knows no database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from seamark.analysis.correlation.proof import Scope, proof_of
from seamark.analysis.correlation.signals import place_text, signals
from seamark.analysis.correlation.tracking import track
from seamark.core.finding import Finding
from seamark.core.report import Run
from seamark.insight.exports.findings import as_json
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.registry import Parser


class Told(NamedTuple):
    """A finding with where it stands: the report's path as given, its number in it, its tool and format."""

    report: str
    number: int
    tool: str
    format: str
    finding: Finding

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return as_json(self.finding, report=self.report, index=self.number, tool=self.tool, format=self.format)


class State:
    """What the reports of one state say, by stream: tool and configuration."""

    def __init__(self) -> None:
        self.findings: dict[tuple[str, str], list[Told]] = defaultdict(list)
        self.runs: dict[tuple[str, str], list[Run]] = defaultdict(list)

    def read(self, path: str, format_: str | Parser = "auto") -> None:
        """Take a report in. Raises `UnreadableReport`."""
        opened = open_report(Path(path), format_)
        stream, index = ("", ""), 0
        for item in opened.items():
            if isinstance(item, Run):
                stream = (item.tool, item.configuration)
                self.runs[stream].append(item)
            elif isinstance(item, Finding):
                self.findings[stream].append(Told(path, index, stream[0], opened.parser.name, item))
                index += 1


class Difference(NamedTuple):
    """What is new, what is gone with proof, what moved (before, after), what stayed, and what is gone without proof (with the reason)."""

    new: list[Told]
    fixed: list[Told]
    moved: list[tuple[Told, Told]]
    unchanged: list[tuple[Told, Told]]
    unproved: list[tuple[Told, str]]


def compare(old: State, new: State) -> Difference:
    """Return the difference between two states. A stream that the new one lacks proves nothing."""
    difference = Difference([], [], [], [], [])
    for stream in sorted({*old.findings, *new.findings}):
        before = [path for run in old.runs.get(stream, []) for path in run.scope or ()]
        _compare_stream(
            old.findings.get(stream, []), new.findings.get(stream, []), new.runs.get(stream, []), before, difference
        )
    return difference


def _compare_stream(
    before: list[Told], after: list[Told], runs: list[Run], looked_at: list[str], difference: Difference
) -> None:
    """Add one stream's difference. `looked_at` is the scope of the old state."""
    equal = _equal(before, after)
    taken = ({pair[0] for pair in equal}, {pair[1] for pair in equal})
    left = [one for at, one in enumerate(before) if at not in taken[0]]
    right = [one for at, one in enumerate(after) if at not in taken[1]]
    files = {place_text(one.finding) for one in (*left, *right)}
    near = [pair for pair in equal if place_text(before[pair[0]].finding) in files]
    olds, news = [*left, *(before[a] for a, _ in near)], [*right, *(after[b] for _, b in near)]
    matches = track(
        [signals(one.finding) for one in left],
        [signals(one.finding) for one in right],
        [signals(before[a].finding) for a, _ in near],
    )
    # Findings equal to the letter that turned out to be another's counterpart are told as such.
    other = {at - len(left) for at in (*(pair[0] for pair in matches.pairs), *matches.old_left) if at >= len(left)}
    told = {near[at] for at in other}
    difference.unchanged.extend((before[a], after[b]) for a, b in equal if (a, b) not in told)
    for a, b, _pass in matches.pairs:
        same_place = _place(olds[a].finding) == _place(news[b].finding)
        (difference.unchanged if same_place else difference.moved).append((olds[a], news[b]))
    difference.new.extend(news[at] for at in matches.new_left)
    for at in matches.old_left:
        reason = _unproved(olds[at].finding, runs, len(after), looked_at)
        if reason:
            difference.unproved.append((olds[at], reason))
        else:
            difference.fixed.append(olds[at])


def _equal(before: Iterable[Told], after: Iterable[Told]) -> list[tuple[int, int]]:
    """Return the pairs of positions of findings that are equal to the letter, one-to-one."""
    waiting: dict[Finding, list[int]] = defaultdict(list)
    for at, one in enumerate(before):
        waiting[one.finding].append(at)
    pairs = []
    for at, one in enumerate(after):
        if places := waiting.get(one.finding):
            pairs.append((places.pop(0), at))
    return pairs


def _place(finding: Finding) -> tuple[str, int | None]:
    return place_text(finding), getattr(finding.location, "line", None)


def _unproved(finding: Finding, runs: list[Run], count: int, before: list[str]) -> str:
    """Return why a finding that is gone is not known to be fixed; empty where it is."""
    if not runs:
        return "The tool did not look again"
    for run in runs:
        proof = proof_of(run, findings=count, vouched=False)
        if not proof.proves:
            return proof.why
        if not Scope(run.scope, before).covers(place_text(finding)):
            return "Its place was not looked at again"
        if run.ruleset is not None and finding.rule not in run.ruleset:
            return "Its rule no longer runs"
    return ""
