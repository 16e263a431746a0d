"""Marks the issues that stand in code known to be AI-written: a lower bound, from what a survey of the repository found.

Survey and import call `mark_issues`; neither reads the other's input. An issue keeps its mark where nothing new is known of its place.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final, NamedTuple

from django.db.models import Max

from seamark.core.assets import AssetKind
from seamark.intake.discovery.agents.written import Range
from seamark.store import writer
from seamark.store.models import AiLines, AiMark, Asset, Finding, Issue, Scan

Moved = Callable[[str, int], tuple[str, int] | None]
"""Where a line of one commit is in another; None where it is gone."""
Mapper = Callable[[str, str], Moved | None]
"""Gives the map from one commit to another; None where the history is not at hand."""
MOST_MAPS: Final = 50
"""Commits, the latest scanned first, whose lines are followed; each costs a comparison of two trees."""
_PIECE: Final = 5000
_SHORTEST: Final = 7
"""Digits by which an abbreviated commit is taken for a whole one."""


class _Place(NamedTuple):
    issue: int
    path: str
    line: int
    stream: int


def keep_lines(repository: Asset, commit: str, ranges: Iterable[Range]) -> int:
    """Put the lines that a survey found at a commit in the place of those known of the repository; return how many runs there are."""
    AiLines.objects.filter(repository=repository).delete()
    rows = [
        AiLines(
            repository=repository, commit=commit, path=path, first=first, last=last, brought_by=verdict.commit, why=verdict.why[:500],
        )
        for path, first, last, verdict in ranges
        if path.isprintable()
    ]  # fmt: skip
    AiLines.objects.bulk_create(rows, batch_size=1000)
    return len(rows)


def mark_issues(
    repository: Asset, commit: str = "", mapper: Mapper | None = None, issues: Collection[int] | None = None
) -> int:
    """Set and take back the marks of a repository's issues by where their open findings stand; return how many are marked.

    `commit` is the surveyed one, where the caller knows it; else that of the kept lines. `mapper` follows lines from another
    scanned commit to it; without one, findings of other commits, or of none, say nothing. `issues` narrows it to some.
    """
    if repository.kind != AssetKind.REPOSITORY:
        return 0
    lines = _Lines(repository)
    commit = commit or lines.commit
    if not commit:
        return 0
    marks: dict[int, AiMark] = {}
    judged: set[int] = set()
    maps = _maps(repository, commit, mapper)
    for place in _places(repository, issues):
        if place.stream not in maps:
            continue
        judged.add(place.issue)
        moved = maps[place.stream]
        now = moved(place.path, place.line) if moved is not None else (place.path, place.line)
        row = lines.at(*now) if now is not None and place.issue not in marks else None
        if row is not None and now is not None:
            marks[place.issue] = AiMark(
                issue_id=place.issue, repository=repository, commit=commit, path=now[0], line=now[1], brought_by=row.brought_by, why=row.why,
            )  # fmt: skip
    _write(repository, marks, judged)
    return len(marks)


class _Lines:
    """The kept lines of a repository, by file."""

    def __init__(self, repository: Asset) -> None:
        self.commit = ""
        self._files: dict[str, list[AiLines]] = {}
        for row in AiLines.objects.filter(repository=repository).order_by("path", "first").iterator():
            self.commit = row.commit
            self._files.setdefault(row.path, []).append(row)

    def at(self, path: str, line: int) -> AiLines | None:
        rows = self._files.get(path, [])
        index = bisect_right(rows, line, key=lambda row: row.first) - 1
        return rows[index] if index >= 0 and line <= rows[index].last else None


def _maps(repository: Asset, commit: str, mapper: Mapper | None) -> dict[int, Moved | None]:
    """Return for each stream whose lines can be told at the surveyed commit how they get there; None where it is the same commit.

    A finding's row stands where the latest scan of its stream saw it.
    """
    latest = Scan.objects.filter(stream__asset=repository).values("stream").annotate(latest=Max("id")).values("latest")
    known: dict[str, Moved | None] = {}
    found: dict[int, Moved | None] = {}
    for stream, scanned in Scan.objects.filter(pk__in=latest).order_by("-id").values_list("stream", "commit"):
        if len(scanned) >= _SHORTEST and commit.startswith(scanned):
            found[stream] = None
        elif scanned and mapper is not None:
            if scanned not in known and len(known) < MOST_MAPS:
                known[scanned] = mapper(scanned, commit)
            if (moved := known.get(scanned)) is not None:
                found[stream] = moved
    return found


def _places(repository: Asset, issues: Collection[int] | None) -> Iterator[_Place]:
    """Yield where open findings of a repository stand, of those with a line."""
    rows = Finding.objects.filter(stream__asset=repository, closed_in=None)
    numbers = sorted(issues or ())
    pieces = (
        [rows]
        if issues is None
        else [rows.filter(issue__in=numbers[at : at + _PIECE]) for at in range(0, len(numbers), _PIECE)]
    )
    for piece in pieces:
        for issue, path, line, stream in piece.values_list("issue", "path", "line", "stream").iterator():
            if line is not None:
                yield _Place(issue, path, line, stream)


def _write(repository: Asset, marks: dict[int, AiMark], judged: set[int]) -> None:
    """Write what differs from the marks that there are. Another repository's mark of an issue stays."""
    before: dict[int, AiMark] = {}
    numbers = sorted(judged)
    for at in range(0, len(numbers), _PIECE):
        for row in AiMark.objects.filter(issue__in=numbers[at : at + _PIECE]):
            before[row.issue_id] = row
    fresh = [mark for issue, mark in marks.items() if issue not in before]
    changed = []
    for issue, mark in marks.items():
        old = before.get(issue)
        if old is not None and old.repository_id == repository.pk and _told(old) != _told(mark):
            mark.pk = old.pk
            changed.append(mark)
    gone = [row for issue, row in before.items() if row.repository_id == repository.pk and issue not in marks]
    for at in range(0, len(gone), _PIECE):
        AiMark.objects.filter(pk__in=[row.pk for row in gone[at : at + _PIECE]]).delete()
    AiMark.objects.bulk_create(fresh, batch_size=1000)
    AiMark.objects.bulk_update(changed, ["commit", "path", "line", "brought_by", "why"], batch_size=400)
    flags = [(mark.issue_id, True) for mark in fresh] + [(row.issue_id, False) for row in gone]
    writer.update(Issue, ["ai_written"], flags)


def _told(mark: AiMark) -> tuple[str, str, int, str, str]:
    return mark.commit, mark.path, mark.line, mark.brought_by, mark.why
