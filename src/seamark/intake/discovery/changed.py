"""Which lines a change brings, by git's differences or by a patch that a forge hands out; and which of them were only moved."""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from seamark.intake.discovery import git

_HEADER: Final = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@")
_SPACE: Final = re.compile(r"\s+")
_WHOLE: Final = 10_000_000
MOST_LINES: Final = 500_000
"""Lines of a patch that are looked at; a larger one tells nothing."""
_REVISION: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~+-]{0,250}")


class Changes:
    """The lines that a change brings, by file, and what the lines said that it took away."""

    def __init__(self) -> None:
        self._starts: dict[str, list[int]] = defaultdict(list)
        self._ends: dict[str, list[int]] = defaultdict(list)
        self._texts: dict[str, dict[int, str]] = defaultdict(dict)
        self._gone: set[str] = set()
        self.removed: Counter[str] = Counter()
        """How often each line was taken away, without its spaces."""
        self.before: dict[str, str] = {}
        """What a changed file was called before; its own name where it is new or kept it."""

    def touches(self, path: str) -> bool:
        """Tell whether a file has lines that were not there, or lost some."""
        return path in self._starts or path in self._gone

    def brings(self, path: str, line: int, end_line: int | None = None) -> bool:
        """Tell whether one of the lines of a file was not there."""
        starts = self._starts.get(path)
        if not starts:
            return False
        at = bisect_right(starts, max(end_line or line, line)) - 1
        return at >= 0 and self._ends[path][at] >= line

    def lines(self, path: str) -> Iterator[range]:
        """Yield the lines of a file that were not there."""
        for start, end in zip(self._starts.get(path, ()), self._ends.get(path, ()), strict=True):
            yield range(start, end + 1)

    def brought(self, path: str, line: int, end_line: int | None = None) -> list[str]:
        """Return what those of some lines say that were not there, without spaces; empty lines are left out."""
        texts = self._texts.get(path, {})
        return [text for number in range(line, max(end_line or line, line) + 1) if (text := texts.get(number))]

    def _add(self, path: str, start: int, count: int) -> None:
        if count:
            self._starts[path].append(start)
            self._ends[path].append(start + count - 1)

    def whole(self, path: str) -> None:
        """Take in a file that was not there at all."""
        self._starts[path], self._ends[path] = [1], [_WHOLE]

    def read(self, patch: str) -> bool:
        """Take in a patch (`git diff`); return whether all of it was taken in."""
        path, number, new_left, old_left = "", 0, 0, 0
        before = ""
        for count, line in enumerate(patch.split("\n")):
            if count > MOST_LINES:
                return False
            if new_left > 0 or old_left > 0:
                sign, text = line[:1], line[1:]
                if sign == "-":
                    old_left -= 1
                    self.removed[_SPACE.sub("", text)] += 1
                    self._gone.add(path)
                elif sign == "+":
                    if path:
                        self._added(path, number, _SPACE.sub("", text))
                    number, new_left = number + 1, new_left - 1
                elif sign != "\\":
                    number, new_left, old_left = number + 1, new_left - 1, old_left - 1
            elif line.startswith("--- "):
                before = _named(line[4:])
            elif line.startswith("+++ "):
                path = _named(line[4:])
                self._gone.add(path or before)
                if path:
                    self.before[path] = before or path
            elif (found := _HEADER.match(line)) is not None:
                number, new_left = int(found[1]), int(found[2]) if found[2] is not None else 1
                old = re.match(r"@@ -\d+(?:,(\d+))?", line)
                old_left = int(old[1]) if old is not None and old[1] is not None else 1
            elif line.startswith("diff --git "):
                path = ""
        return True

    def _added(self, path: str, number: int, text: str) -> None:
        ends = self._ends[path]
        if ends and ends[-1] == number - 1:
            ends[-1] = number
        else:
            self._add(path, number, 1)
        self._texts[path][number] = text


def changes_since(root: Path, base: str) -> Changes | None:
    """Return what a working tree brings since it left a revision (a branch, tag or commit); files that git does not know are new.

    Paths are relative to `root`. None where there is no repository, the revision is not there, or git fails, takes too long or says
    too much.
    """
    if (commit := commit_of(root, base)) is None:
        return None
    # What the target branch has got since is no part of the change.
    fork = git.output(root, ["merge-base", commit, "HEAD"])
    since = fork.decode().strip() if fork else commit
    patch = git.output(root, [*_DIFF, since, "--"])
    listed = git.output(root, ["ls-files", "--others", "--exclude-standard", "-z"])
    if patch is None or listed is None:
        return None
    changes = Changes()
    if not changes.read(patch.decode("utf-8", "replace")):
        return None
    for name in listed.split(b"\0"):
        if name:
            changes.whole(os.fsdecode(name))
    return changes


def commit_of(root: Path, revision: str) -> str | None:
    """Return the commit that a revision names; None where it names none."""
    if not _REVISION.fullmatch(revision) or ".." in revision or not root.is_dir():
        return None
    found = git.output(root, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"])
    return found.decode().strip() or None if found else None


def is_clean(root: Path) -> bool:
    """Tell whether no file that git knows differs from the commit that is checked out."""
    return git.output(root, ["status", "--porcelain", "--untracked-files=no"]) == b""


_DIFF: Final = (
    "-c", "core.quotePath=false", "diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames=50%", "-l1000", "--relative",
    "--submodule=short", "--ignore-submodules=all", "--unified=0", "--inter-hunk-context=0", "--diff-algorithm=histogram",
    "--src-prefix=a/", "--dst-prefix=b/",
)  # fmt: skip
_ESCAPED: Final = re.compile(r"\\([0-7]{3}|.)")
_LETTERS: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def _named(text: str) -> str:
    """Return the path that a line of a patch names; empty for a file that is not there."""
    text = text.split("\t", 1)[0].rstrip("\r")
    if text.startswith('"') and text.endswith('"'):
        raw = _ESCAPED.sub(
            lambda found: chr(int(found[1], 8)) if len(found[1]) == 3 else _LETTERS.get(found[1], found[1]), text[1:-1]
        )
        text = raw.encode("latin-1", "replace").decode("utf-8", "replace") if raw.isascii() is False else raw  # fmt: skip
    return "" if text == "/dev/null" else text.partition("/")[2] if text[:2] in {"a/", "b/"} else text
