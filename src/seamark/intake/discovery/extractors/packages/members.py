"""Workspaces: which folders a root manifest means by its patterns, and which lock belongs to a folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from seamark.intake.discovery.tree import folder_of, joined

_MOST_PARTS: Final = 30
_MOST_WILD: Final = 50
_WILD: Final = frozenset("*?[")


def fits(folder: str, pattern: str) -> bool:
    """Tell whether a folder fits a pattern: `packages/*`, `apps/**`, `./libs/core/`."""
    wanted = _parts(pattern)
    parts = _parts(folder)
    if len(wanted) > _MOST_PARTS or len(parts) > _MOST_PARTS:
        return False
    # The places in the pattern that the parts seen so far may have led to.
    at = _open({0}, wanted)
    for part in parts:
        step = {place for place in at if place < len(wanted) and wanted[place] == "**"}
        step |= {
            place + 1
            for place in at
            if place < len(wanted) and wanted[place] != "**" and fnmatchcase(part, wanted[place])
        }
        at = _open(step, wanted)
    return len(wanted) in at


def _parts(path: str) -> list[str]:
    return [part for part in path.strip().split("/") if part not in {"", "."}]


def _open(places: set[int], wanted: list[str]) -> set[int]:
    found = set(places)
    for place in sorted(places):
        after = place
        while after < len(wanted) and wanted[after] == "**":
            after += 1
            found.add(after)
    return found


class _Patterns:
    """The patterns of one root; those that begin with `!` leave out."""

    def __init__(self, patterns: list[str]) -> None:
        self._in, self._out = _Half(), _Half()
        for pattern in patterns:
            half = self._out if pattern.startswith("!") else self._in
            half.put(pattern.removeprefix("!"))

    def hold(self, folder: str) -> bool:
        return self._in.holds(folder) and not self._out.holds(folder)


class _Half:
    def __init__(self) -> None:
        self._plain: set[str] = set()
        self._wild: list[str] = []

    def put(self, pattern: str) -> None:
        if _WILD.isdisjoint(pattern):
            self._plain.add("/".join(_parts(pattern)))
        elif len(self._wild) < _MOST_WILD:
            self._wild.append(pattern)

    def holds(self, folder: str) -> bool:
        return folder in self._plain or any(fits(folder, pattern) for pattern in self._wild)


class Workspaces:
    """The folders of a tree with a manifest: whose members they are, and which lock fixes their versions.

    `patterns` are those of root manifests by their folders, `locks` the locks by theirs.
    """

    def __init__(self, patterns: Mapping[str, list[str]], locks: Mapping[str, str], folders: Iterable[str]) -> None:
        self._patterns = {folder: _Patterns(given) for folder, given in patterns.items()}
        self._locks = locks
        self._roots: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        for folder in folders:
            root = self._root(folder)
            if root is not None:
                self._roots[folder] = root
                self._members.setdefault(root, []).append(folder)

    def _root(self, folder: str) -> str | None:
        above = folder
        while above:
            above = folder_of(above)
            if above in self._patterns and self._patterns[above].hold(folder[len(above) + 1 :] if above else folder):
                return above
        return None

    def root(self, folder: str) -> str:
        """Return the folder of the workspace of which a folder is a member, the folder itself where there is none."""
        return self._roots.get(folder, folder)

    def members(self, root: str) -> list[str]:
        """Return the folders that are members of the workspace in `root`."""
        return self._members.get(root, [])

    def lock(self, folder: str) -> str:
        """Return the lock that fixes the versions for a folder: the one in it, or its workspace's; empty for none."""
        return self._locks.get(folder) or self._locks.get(self.root(folder), "")


def by_folder(paths: Iterable[str]) -> dict[str, str]:
    """Return the files by their folders; of several in one the first counts."""
    found: dict[str, str] = {}
    for path in paths:
        found.setdefault(folder_of(path), path)
    return found


def beside(path: str, name: str, files: frozenset[str]) -> str:
    """Return the path of a file of a name in the folder of another, empty where it is not there."""
    other = joined(folder_of(path), name)
    return other if other in files else ""
