"""The commits of a repository that touch Python files, and what they change. Reads git, never writes."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_HUNK = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
Hunk = tuple[int, int, int, int]
"""First line and number of lines removed, first line and number of lines added."""


@dataclass(frozen=True)
class Change:
    """A file before and after a step; an empty name where it is not there."""

    old_path: str
    old_blob: str
    new_path: str
    new_blob: str


class Repository:
    """One clone, bare or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        inner = folder / ".git"
        self._git = ["git", "--git-dir", str(inner if inner.exists() else folder), "-c", "core.quotePath=false"]

    def _run(self, *words: str) -> bytes:
        # `git diff` of two blobs ends with 0 whether they differ or not; any other code is a failure.
        return subprocess.run([*self._git, *words], check=True, capture_output=True).stdout

    def commits(self, count: int, step: int = 1) -> list[str]:
        """Return the newest commits of the main line that touch Python files, oldest first, every `step`-th."""
        wanted = count * step
        listed = self._run("rev-list", "--first-parent", f"--max-count={wanted}", "HEAD", "--", "*.py").decode().split()
        return listed[::step][::-1]

    def changes(self, before: str, after: str) -> list[Change]:
        """Return the Python files that differ, with renames as git finds them."""
        fields = self._run("diff", "--raw", "-z", "--no-abbrev", "-M", "-l0", before, after, "--", "*.py").decode("utf-8", "replace").split("\0")  # fmt: skip
        found, at = [], 0
        while at < len(fields) - 1:
            _, _, old_blob, new_blob, status = fields[at].split(" ")
            old_path = fields[at + 1]
            renamed = status[0] in "RC"
            new_path = fields[at + 2] if renamed else old_path
            at += 3 if renamed else 2
            kept, come = old_blob.strip("0") != "", new_blob.strip("0") != ""
            found.append(Change(old_path if kept else "", old_blob if kept else "", new_path if come else "", new_blob if come else ""))  # fmt: skip
        return found

    @lru_cache(maxsize=20_000)  # noqa: B019 - lives as long as the run
    def text(self, blob: str) -> bytes:
        """Return the content of a file."""
        return self._run("cat-file", "blob", blob)

    def lines(self, blob: str) -> list[str]:
        """Return the lines of a file."""
        return self.text(blob).decode("utf-8", "replace").split("\n")

    @lru_cache(maxsize=20_000)  # noqa: B019 - both tools ask for the same
    def hunks(self, old_blob: str, new_blob: str) -> tuple[Hunk, ...]:
        """Return what changed between two versions, regardless of white space."""
        if old_blob == new_blob:
            return ()
        diff = self._run("diff", "-w", "-U0", "--no-color", "--diff-algorithm=histogram", old_blob, new_blob)
        return tuple(
            (int(a), int(b) if b else 1, int(c), int(d) if d else 1) for a, b, c, d in _HUNK.findall(diff)
        )  # fmt: skip
