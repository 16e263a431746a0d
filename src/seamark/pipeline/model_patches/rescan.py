"""Whether the scanner that reported a finding still does after a change, and reports nothing that it did not before."""

from __future__ import annotations

import tempfile
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final

from seamark.analysis.correlation.equivalence import tool_key
from seamark.core.errors import SeamarkError
from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.intake.parsers.kit.read import open_report
from seamark.intake.parsers.kit.tidy import clean_path
from seamark.intake.scanners.declared import Scanner, scanners
from seamark.intake.scanners.run import plan, run
from seamark.pipeline.model_patches import files
from seamark.response.remediation.model_patches.diff import common
from seamark.response.remediation.model_patches.drafted import GONE, NOTHING_NEW, Check
from seamark.response.remediation.model_patches.prompt import Subject
from seamark.response.remediation.model_patches.sheet import lines_of

SECONDS: Final = 300.0
MOST: Final = 20_000
"""Findings of one scan that are looked at."""
Found = tuple[str, str, int]
"""Rule, path and line."""


class _Unscanned(Exception):
    """Why there is no answer of a scanner."""


def rescan(root: Path, subject: Subject, before: str, after: str, data: bytes, *, seconds: float = SECONDS) -> tuple[Check, ...]:  # fmt: skip
    """Scan the file, as it is and as it would be, with the tool that reported the finding.

    Scanned is a copy of the file and of those in the same folder; scanners that fetch something or execute what they scan are not run.
    `data` is the changed file, `before` and `after` are its texts.
    """
    path = subject.location.path
    try:
        with files.beside(root, path) as copy:
            old = _scanned(subject.tool, copy, seconds)
            (copy / path).write_bytes(data)
            new = _scanned(subject.tool, copy, seconds)
    except _Unscanned as error:
        return (Check(GONE, "not run", f"not verified by a scan: {error}"),)
    return _compared(subject, old, new, before, after)


def _scanned(tool: str, folder: Path, seconds: float) -> list[Found]:
    scanner = _scanner(tool)
    if scanner is None:
        raise _Unscanned(f"{tool} is no scanner that is started from here")
    # Where something links out of the copy nothing is scanned: there are no links in it.
    listed = sorted(one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file())
    chosen = plan({scanner.name: scanner}, listed, only=(scanner.name,))
    if not chosen.chosen:
        raise _Unscanned(next((one.why for one in chosen.left_out), f"{scanner.name} does not run here"))
    program = chosen.chosen[0][1]
    with tempfile.TemporaryDirectory(prefix="seamark-model-") as reports:
        for outcome in run([(scanner, program)], folder, listed, Path(reports), timeout=seconds, jobs=1):
            if outcome.state != "done":
                raise _Unscanned(f"{scanner.name}: {outcome.why}")
            try:
                return list(_read(outcome.report, outcome.format, folder)) if outcome.report else []
            except SeamarkError as error:
                raise _Unscanned(f"the report of {scanner.name} cannot be read: {error}") from None
    raise _Unscanned(f"{scanner.name} did not run")


def _scanner(tool: str) -> Scanner | None:
    key = tool_key(tool)
    known = scanners()
    return known.get(key) or next((one for one in known.values() if tool_key(one.title) == key), None)


def _read(report: str, form: str, folder: Path) -> list[Found]:
    found = []
    for item in open_report(report, form).items():
        if isinstance(item, Finding) and isinstance(item.location, CodeLocation) and item.suppression is None:
            path = clean_path(item.location.path).removeprefix(f"{folder.as_posix()}/")
            found.append((item.rule, path.lstrip("/"), item.location.line or 0))
        if len(found) > MOST:
            raise SeamarkError("it has too many findings")
    return found


def _compared(subject: Subject, old: list[Found], new: list[Found], before: str, after: str) -> tuple[Check, ...]:
    path, line = subject.location.path, subject.location.line
    spans = _spans(before, after)
    first, last = _around(spans, line, subject.location.end_line) if line else ((0, 2**31), (0, 2**31))
    mine = [one for one in old if one[:2] == (subject.rule, path)]
    if not any(first[0] <= one[2] <= first[1] for one in mine):
        why = f"{subject.tool} does not report it at its place here, even before the change"
        return (Check(GONE, "not run", f"not verified by a scan: {why}"),)
    left = [one for one in new if one[:2] == (subject.rule, path) and last[0] <= one[2] <= last[1]]
    fresh = Counter(one[:2] for one in new)
    fresh.subtract(one[:2] for one in old)
    more = sorted(rule for (rule, _), number in fresh.items() if number > 0)
    return (
        Check(GONE, "failed", f"{subject.tool} still reports {subject.rule}") if left else Check(GONE, "passed", f"{subject.tool} reports {subject.rule} there no more"),
        Check(NOTHING_NEW, "failed", f"{subject.tool} reports {', '.join(more[:5])}, which it did not before") if more else Check(NOTHING_NEW, "passed", f"{subject.tool} reports nothing that it did not before"),
    )  # fmt: skip


Span = tuple[int, int]


def _spans(before: str, after: str) -> list[tuple[Span, Span, bool]]:
    """Return runs of lines, from 1 with both ends included, in the old and in the new text, and whether they are the same."""
    one, other = lines_of(before), lines_of(after)
    start, end = common(one, other)
    codes = SequenceMatcher(
        None, one[start : len(one) - end], other[start : len(other) - end], autojunk=False
    ).get_opcodes()
    found = [((start + a + 1, start + b), (start + c + 1, start + d), tag == "equal") for tag, a, b, c, d in codes]
    ends = ((len(one) - end + 1, len(one)), (len(other) - end + 1, len(other)), True)
    return [((1, start), (1, start), True), *found, ends]


def _around(spans: list[tuple[Span, Span, bool]], line: int, end: int | None) -> tuple[Span, Span]:
    """Return where a finding is in the old text and in the new one: its own lines, widened to the changed runs that they touch."""
    olds, news = [], []
    for old, new, same in spans:
        low, high = max(old[0], line), min(old[1], max(end or line, line))
        if same and low <= high:
            olds.append((low, high))
            news.append((new[0] + low - old[0], new[0] + high - old[0]))
        elif not same and old[0] - 1 <= (end or line) and old[1] + 1 >= line:
            olds.append(old if old[0] <= old[1] else (old[0], old[0]))
            news.append(new)
    return (
        (min(one[0] for one in olds), max(one[1] for one in olds)),
        (min(one[0] for one in news), max(one[1] for one in news)),
    )
