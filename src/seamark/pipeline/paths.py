"""One name for one file where reports name it from different folders. Pure."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

_SURE: Final = 2
"""Files that have to be met for a folder to be put in front, unless all are."""
_DEEPEST: Final = 40
"""Folders upon folders that are looked at."""
_MOST_FILES, _MOST_ALIKE = 200, 500
"""Files of a run, and files of one name, that are looked at for the folder to put in front."""


class Shift(NamedTuple):
    """How the paths of one run become those of the others: a folder is left out in front, or put there."""

    leave_out: str = ""
    """With its last slash."""
    put: str = ""
    """With its last slash."""

    def of(self, path: str) -> str:
        """Return a path as the other runs name it."""
        if self.leave_out and path.startswith(self.leave_out):
            return path[len(self.leave_out) :]
        return path if path.startswith("/") else self.put + path


AS_IT_IS: Final = Shift()


def shifts(runs: Mapping[int, Collection[str]]) -> dict[int, Shift]:
    """Return for each run, by its number, how its paths are to be read, given the paths of all runs; those left out stay.

    One scanner says `/builds/shop/app/x.py`, another one `app/x.py`, and one that was started in `app` says `x.py`. A folder
    is left out only where it stands before all paths of a run, or all absolute ones, and what remains are files that others name.
    Relative paths are touched only where no other run names any of them.
    """
    holders = _holders(runs, {})
    relative = {path for path in holders if not path.startswith("/")}
    folders = {folder for path in relative for folder in _folders(path)}
    found: dict[int, Shift] = {}
    for number, paths in runs.items():
        absolute = [path for path in paths if path.startswith("/")]
        if absolute:
            root = _root(absolute, relative, folders)
        else:
            root = _root(paths, relative, ()) if _alone(number, paths, holders) else ""
            root = root if _convincing(paths, relative, root) else ""
        if root:
            found[number] = Shift(leave_out=root)
    if len(found) == len(runs):
        return found
    holders = _holders(runs, found)
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in holders:
        by_name[path.rpartition("/")[2]].append(path)
    put = {
        number: Shift(put=folder)
        for number, paths in runs.items()
        if number not in found
        and _alone(number, paths, holders)
        and (folder := _folder(number, paths, by_name, holders))
    }
    return found | put


_Holders = Mapping[str, Collection[int]]
"""The runs that name a path."""


def _holders(runs: Mapping[int, Collection[str]], known: Mapping[int, Shift]) -> _Holders:
    found: dict[str, set[int]] = defaultdict(set)
    for number, paths in runs.items():
        shift = known.get(number, AS_IT_IS)
        for path in paths:
            found[shift.of(path)].add(number)
    return found


def _alone(number: int, paths: Collection[str], holders: _Holders) -> bool:
    """Tell whether a run has relative paths only, and no other run names any of them."""
    return bool(paths) and all(not path.startswith("/") and set(holders[path]) == {number} for path in paths)


def _convincing(paths: Collection[str], others: Collection[str], root: str) -> bool:
    """Tell whether enough of the paths of a run are what others name, once a folder is left out."""
    met = [path[len(root) :] for path in paths if path[len(root) :] in others]
    if not any("/" in path for path in met):
        return False
    return len(met) >= _SURE or len(met) == len(paths)


def _folders(path: str) -> list[str]:
    """Return the folders that a path stands in, the nearest first."""
    found: list[str] = []
    while (path := path.rpartition("/")[0]) and len(found) < _DEEPEST:
        found.append(path)
    return found


def _root(paths: Collection[str], relative: Collection[str], folders: Collection[str]) -> str:
    """Return the folder before paths behind which they are what others name; empty where there is none."""
    common = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    top = "/" if common.startswith("/") else ""
    parts = [part for part in common.split("/") if part][:_DEEPEST]
    roots = [top + "".join(f"{part}/" for part in parts[:count]) for count in range(len(parts) + 1)]
    best, most = "", 0
    for root in filter(None, roots):
        hits = sum(path[len(root) :] in relative for path in paths)
        if hits > most:
            best, most = root, hits
    if not best or any("/" in path[len(best) :] and path[len(best) :] in relative for path in paths):
        return best
    # Only bare names are met: they may as well be of another folder that others know.
    for root in roots[: roots.index(best)]:
        if best[len(root) : -1] in folders:
            return root
    return best


def _folder(number: int, own: Collection[str], by_name: Mapping[str, Sequence[str]], holders: _Holders) -> str:
    """Return the folder in which the files of a run are what others name; empty where that is not clear."""
    files: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for path in sorted(own)[:_MOST_FILES]:
        ending, alike = f"/{path}", by_name.get(path.rpartition("/")[2], ())
        if len(alike) > _MOST_ALIKE:
            continue
        for other in alike:
            if other.endswith(ending) and (naming := len(set(holders[other]) - {number})):
                files[other[: -len(path)]] += 1
                runs[other[: -len(path)]] += naming
    ranked = sorted(files, key=lambda folder: (-files[folder], -runs[folder], folder))
    if not ranked or (len(ranked) > 1 and all(known[ranked[0]] == known[ranked[1]] for known in (files, runs))):
        return ""
    folder, hits = ranked[0], files[ranked[0]]
    whole = hits == len(own) and all("/" in path for path in own)
    return folder if (hits >= _SURE or whole) and not folder.startswith("/") else ""
