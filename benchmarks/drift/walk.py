"""From a repository to steps with their truth."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from benchmarks.drift.repositories import Change, Repository
from benchmarks.drift.scanning import Findings, at_path, scan
from benchmarks.drift.truth import truth_of
from benchmarks.drift.values import Step, Truth


def walk(folder: Path, count: int, step: int, tools: Path | None) -> Iterator[tuple[str, str, Step, Truth]]:
    """Yield (commit, tool, step, truth) for every pair of consecutive commits in which the tool says anything."""
    repository = Repository(folder)
    commits = repository.commits(count + 1, step)
    diffs = [(after, repository.changes(before, after)) for before, after in pairwise(commits)]
    blobs = {blob for _, changes in diffs for change in changes for blob in (change.old_blob, change.new_blob) if blob}
    said = scan(repository, sorted(blobs), tools)
    for commit, changes in diffs:
        for tool, findings in said.items():
            made = _step(repository, changes, findings)
            if made.old or made.new:
                yield commit, tool, made, truth_of(made, changes, repository)


def _step(repository: Repository, changes: list[Change], said: Findings) -> Step:
    return Step(
        old=[one for c in changes if c.old_path for one in at_path(said.get(c.old_blob, ()), c.old_path)],
        new=[one for c in changes if c.new_path for one in at_path(said.get(c.new_blob, ()), c.new_path)],
        old_files={c.old_path: repository.lines(c.old_blob) for c in changes if c.old_path},
        new_files={c.new_path: repository.lines(c.new_blob) for c in changes if c.new_path},
    )
