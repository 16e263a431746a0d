"""What is compared: our tracking, and the two identities that are common elsewhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import replace

import msgspec

from benchmarks.drift.values import Pair, Step, Tracker, place
from seamark.analysis.correlation.signals import hash_content, signals
from seamark.analysis.correlation.tracking import track
from seamark.core.finding import Finding

_encode = msgspec.msgpack.Encoder().encode
Files = dict[str, list[str]]


def alone(step: Step) -> list[Pair]:
    """Track what is left when findings that are equal to the letter are settled by themselves."""
    equal, old, new = _sorted_out(step)
    found = track([signals(step.old[at]) for at in old], [signals(step.new[at]) for at in new])
    return equal + [(old[left], new[right]) for left, right, _ in found.pairs]


def ours(step: Step) -> list[Pair]:
    """Track what is not equal to the letter, with what is equal given as `equal`."""
    equal, old, new = _sorted_out(step)
    same = [signals(step.old[at]) for at, _ in equal]
    found = track([signals(step.old[at]) for at in old], [signals(step.new[at]) for at in new], same)
    olds, news = [*old, *(at for at, _ in equal)], [*new, *(at for _, at in equal)]
    pairs = [(olds[left], news[right]) for left, right, _ in found.pairs]
    gone = {left for left, _, _ in found.pairs} | set(found.old_left)
    return pairs + [pair for at, pair in enumerate(equal) if len(old) + at not in gone]


def _sorted_out(step: Step) -> tuple[list[Pair], list[int], list[int]]:
    """Return the pairs that are equal to the letter, and what else is there on both sides."""
    pairs = by_key(lambda one, _: hash_content(_encode(one)))(step)
    taken_old, taken_new = {old for old, _ in pairs}, {new for _, new in pairs}
    old = [at for at in range(len(step.old)) if at not in taken_old]
    new = [at for at in range(len(step.new)) if at not in taken_new]
    return pairs, old, new


def with_source(step: Step) -> list[Pair]:
    """Track likewise, with the findings' lines read from a checkout."""
    return ours(replace(step, old=_filled(step.old, step.old_files), new=_filled(step.new, step.new_files)))


def _filled(findings: list[Finding], files: Files) -> list[Finding]:
    filled = []
    for one in findings:
        where = place(one)
        if where.line and not where.snippet:
            lines = files.get(where.path, [])[where.line - 1 : where.end_line or where.line]
            filled.append(
                msgspec.structs.replace(one, location=msgspec.structs.replace(where, snippet="\n".join(lines)))
            )
        else:
            filled.append(one)
    return filled


def by_key(key: Callable[[Finding, Files], Hashable]) -> Tracker:
    """Return a tracker by one key; of several equal ones the first is the first."""

    def tracker(step: Step) -> list[Pair]:
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for at, one in enumerate(step.old):
            waiting[key(one, step.old_files)].append(at)
        pairs = []
        for at, one in enumerate(step.new):
            if there := waiting.get(key(one, step.new_files)):
                pairs.append((there.pop(0), at))
        return pairs

    return tracker


def _line(one: Finding, _: Files) -> Hashable:
    return one.rule, place(one).path, place(one).line


def _code(one: Finding, files: Files) -> Hashable:
    """Return rule, file and the finding's own line of source: what a hash of the code gives even where a report has none."""
    where = place(one)
    lines = files.get(where.path, [])
    line = where.line or 0
    return one.rule, where.path, "".join(lines[line - 1].split()) if 0 < line <= len(lines) else ""


TRACKERS: dict[str, Tracker] = {
    "Seamark, equal findings as neighbours": ours,
    "Seamark, with a checkout at hand": with_source,
    "Seamark, equal findings set aside first": alone,
    "rule + file + line": by_key(_line),
    "rule + file + code": by_key(_code),
}
