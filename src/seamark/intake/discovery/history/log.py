"""A repository's history as one pass over its log: who changed which files, when, and how much."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from seamark.intake.discovery.git import Fields, answer

MOST_COMMITS: Final = 20_000
"""The newest ones that are looked at."""
TIMEOUT: Final = 120.0
"""Seconds for one pass."""
MASS: Final = 100
"""A commit that changes more files says nothing of who knows them: reformatting, renaming, vendoring."""
LONGEST_MESSAGE: Final = 20_000
MOST_RENAMES: Final = 500_000


class Person(Struct, frozen=True):
    """Name and address, as the mailmap settles them; the address is in lower case."""

    name: str
    email: str


class Change(Struct, frozen=True):
    """A file in a commit, by the name that it has now, and the lines put in and taken out; -1 where they are not known."""

    path: str
    lines: int


class Commit(Struct, frozen=True):
    """One commit; `changes` is empty where more than `MASS` files changed."""

    id: str
    at: int
    """When it was written, in seconds of Unix time."""
    author: Person
    message: str
    files: int
    changes: tuple[Change, ...]


class History(Struct, frozen=True):
    """Commits from the newest to the oldest, merges left out."""

    commits: tuple[Commit, ...]
    complete: bool
    """Whether this is the whole history: not cut by the bound, by time, or by a shallow clone."""
    counted: bool
    """Whether the changed lines of all commits are known; in a clone without all contents they are not."""


def read_history(root: Path, most: int = MOST_COMMITS, timeout: float = TIMEOUT) -> History | None:
    """Read the log of the repository that a folder stands in, as far as it changes that folder.

    None where there is no repository or no commit. Contents are only needed to count lines: where git lacks some, as in a
    clone without blobs, files and authors are still told.
    """
    head = answer(root, ["log", "-1", "--format=%H"])
    if not head or not head[0].strip():
        return None
    counting = Fields(root, [*_log(most), "--numstat", "-M", "-l200", "--", "."], timeout)
    commits = list(_commits(counting))
    counted = counting.complete
    if not counted:
        listing = Fields(root, [*_log(most), "--raw", "-M100%", "--", "."], timeout)
        known = {commit.id: commit for commit in commits[:-1]}
        commits = [known.get(commit.id, commit) for commit in _commits(listing)]
        finished = listing.complete
    else:
        finished = True
    shallow = answer(root, ["rev-parse", "--is-shallow-repository"]) or [b"true"]
    complete = finished and len(commits) < most and shallow[0].strip() == b"false"
    return History(tuple(commits), complete, counted) if commits else None


def _log(most: int) -> list[str]:
    return ["log", "-z", "--no-merges", "--use-mailmap", f"--max-count={most}", "--format=%x00%H%x00%at%x00%aN%x00%aE%x00%B%x00",
            "--no-ext-diff", "--no-textconv", "--no-color", "--relative", "--ignore-submodules=all", "--no-show-signature"]  # fmt: skip


_ID: Final = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def _commits(fields: Fields) -> Iterator[Commit]:
    """Read a log whose messages cannot be mistaken for anything else: git has no NUL in messages, names or paths."""
    stream = iter(fields)
    renamed: dict[str, str] = {}
    field = next(stream, None)
    while field is not None:
        if not _ID.fullmatch(field):
            field = next(stream, None)
            continue
        header = [field, *(next(stream, b"") for _ in range(4))]
        entries: list[_Entry] = []
        field = next(stream, None)
        while field is not None and not _ID.fullmatch(field):
            entry = _entry(field.lstrip(b"\n"), stream)
            if entry is not None:
                entries.append(entry)
            field = next(stream, None)
        changes: dict[str, int] = {}
        entries = _moved(entries)
        for entry in entries:
            now = renamed.get(entry.new, entry.new)
            if entry.old != entry.new and len(renamed) < MOST_RENAMES:
                renamed[entry.old] = now
            changes[now] = entry.lines
        yield _commit(header, len(entries), changes)


class _Entry(NamedTuple):
    """A file in a commit; `status` is git's letter where contents were not compared."""

    old: str
    new: str
    lines: int
    status: str = ""


def _moved(entries: list[_Entry]) -> list[_Entry]:
    """Pair files that are gone with new ones of the same name, as git does by content where it has the contents.

    A name that is gone and new once each is a move; where it is ambiguous, the folders decide that others moved between.
    """
    gone = {entry.old: entry for entry in entries if entry.status == "D"}
    fresh = {entry.new: entry for entry in entries if entry.status == "A"}
    if not gone or not fresh:
        return entries
    names: dict[str, tuple[list[str], list[str]]] = {}
    for side, paths in enumerate((gone, fresh)):
        for path in paths:
            names.setdefault(path.rpartition("/")[2], ([], []))[side].append(path)
    pairs = {old[0]: new[0] for old, new in names.values() if len(old) == len(new) == 1}
    exact = [(entry.old, entry.new) for entry in entries if entry.old != entry.new]
    folders = {old.rpartition("/")[0]: new.rpartition("/")[0] for old, new in (*pairs.items(), *exact)}
    for path in gone:
        folder, _, name = path.rpartition("/")
        there = f"{folders[folder]}/{name}".lstrip("/") if folder in folders else ""
        if path not in pairs and there in fresh:
            pairs[path] = there
    targets = {new: old for old, new in pairs.items()}
    kept = [entry for entry in entries if not (entry.status == "D" and entry.old in pairs)]
    return [
        _Entry(targets[entry.new], entry.new, 1, "R") if entry.status == "A" and entry.new in targets else entry
        for entry in kept
    ]


def _entry(field: bytes, stream: Iterator[bytes]) -> _Entry | None:
    """Return one changed file, None for what is no such entry."""
    if field.startswith(b":"):
        status = field.rpartition(b" ")[2][:1].decode("ascii", "replace")
        old = _name(next(stream, b""))
        moved = status in {"R", "C"}
        return _Entry(old, _name(next(stream, b"")) if moved else old, 1 if moved else -1, status)
    added, tab, rest = field.partition(b"\t")
    deleted, second, name = rest.partition(b"\t")
    if not tab or not second:
        return None
    lines = int(added) + int(deleted) if added.isdigit() and deleted.isdigit() else 0
    if name:
        return _Entry(_name(name), _name(name), lines)
    return _Entry(_name(next(stream, b"")), _name(next(stream, b"")), lines)


def _name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _commit(header: list[bytes], files: int, changes: dict[str, int]) -> Commit:
    id, at, name, email, message = (each.decode("utf-8", "replace") for each in header)
    kept = tuple(Change(path, lines) for path, lines in changes.items()) if files <= MASS else ()
    when = int(at) if at.isdigit() and len(at) < 12 else 0
    return Commit(
        id, when, Person(name.strip()[:200], email.strip().lower()[:300]), message[:LONGEST_MESSAGE], files, kept
    )
