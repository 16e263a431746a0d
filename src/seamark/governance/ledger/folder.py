"""Exports of a ledger, a folder or a zip file: entries a line each, checkpoints, and the tree in tiles (C2SP tlog-tiles)."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError
from seamark.governance.ledger.anchored import ANCHORS, NOBODY, Anchored, Kept, Trusted, check_all, placed
from seamark.governance.ledger.checkpoint import Head, open_head
from seamark.governance.ledger.entry import Numbered
from seamark.governance.ledger.faults import Fault, Found
from seamark.governance.ledger.note import InvalidNote, Verifier
from seamark.governance.ledger.proofs import check_inclusion
from seamark.governance.ledger.tree import WIDTH, Node, leaf_hash
from seamark.governance.ledger.verify import Leaves, Verified, check_older, check_tree

ENTRIES, NEWEST, HISTORY = "entries.jsonl", "checkpoint", "checkpoints/"
_LONGEST_LINE = 8_000_000
_LONGEST_NOTE = 1_000_000
_MOST_ANCHORS = 100_000
_MOST_FILES = 2_000_000
_HASH = 32


class UnusableExport(SeamarkError):
    """A path that holds no export of a ledger."""


class Proof(Struct, frozen=True):
    """That one entry stands in the ledger that a checkpoint signs: all that its check needs."""

    entry: str
    index: int
    size: int
    hashes: tuple[bytes, ...]
    checkpoint: str


def tile_path(level: int, number: int, width: int = WIDTH) -> str:
    """Return a tile's path as C2SP tlog-tiles names it: `tile/0/x001/234`, with `.p/17` for one of 17 hashes."""
    return f"tile/{level}/{numbered(number)}{'' if width == WIDTH else f'.p/{width}'}"


def numbered(number: int) -> str:
    """Return a tile's number as a path of three digits a piece."""
    path = f"{number % 1000:03d}"
    while number >= 1000:
        number //= 1000
        path = f"x{number % 1000:03d}/{path}"
    return path


class Source:
    """The files of an export. Names are made here, never taken from the export, so that nothing outside is read."""

    def __init__(self, path: Path) -> None:
        """Open an export. Raises `UnusableExport`."""
        self._folder = path if path.is_dir() else None
        self._zip: zipfile.ZipFile | None = None
        if self._folder is None:
            try:
                self._zip = zipfile.ZipFile(path)
            except (OSError, zipfile.BadZipFile) as error:
                raise UnusableExport(f"{path.name} is neither a folder nor a zip file of an export: {error}") from None
            names = self._zip.namelist()
            if len(names) > _MOST_FILES:
                raise UnusableExport(f"{path.name} has more than {_MOST_FILES:,} files")
            self._names = set(names)

    def open(self, name: str) -> IO[bytes] | None:
        """Open a file of the export, None where it has none of that name."""
        if self._zip is not None:
            return self._zip.open(name) if name in self._names else None
        assert self._folder is not None  # noqa: S101 - one of the two
        path = self._folder / name
        return path.open("rb") if path.is_file() else None

    def read(self, name: str, most: int) -> bytes | None:
        """Return a whole file of at most so many bytes, None where there is none."""
        file = self.open(name)
        if file is None:
            return None
        with file:
            found = file.read(most + 1)
        if len(found) > most:
            raise UnusableExport(f"{name} is larger than it can be")
        return found

    def lines(self) -> Iterator[bytes]:
        """Yield the entries as they stand. Raises `UnusableExport`."""
        file = self.open(ENTRIES)
        if file is None:
            raise UnusableExport(f"There is no {ENTRIES}: this is no export of a ledger")
        with file as lines:
            while line := lines.readline(_LONGEST_LINE):
                yield line[:-1] if line.endswith(b"\n") else line

    def older(self) -> list[str]:
        """Return the checkpoints that were signed before the newest one."""
        return [_text(self.read(name, _LONGEST_NOTE) or b"") for name in self._under(HISTORY)]

    def anchors(self, found: Found) -> Iterator[Kept]:
        """Yield what vouches for the checkpoints; a file that can be no anchor is a fault. Raises `UnusableExport`."""
        names = self._under(ANCHORS)
        if len(names) > _MOST_ANCHORS:
            raise UnusableExport(f"There are more than {_MOST_ANCHORS:,} anchors")
        for name in names:
            one = placed(name, self.read(name, _LONGEST_NOTE) or b"")
            if one is None:
                found.add(Fault("anchor", None, f"{name[:200]} is no anchor"))
            else:
                yield one

    def _under(self, folder: str) -> list[str]:
        """Return the names of the files in a folder, sorted."""
        if self._zip is not None:
            return sorted(name for name in self._names if name.startswith(folder) and not name.endswith("/"))
        assert self._folder is not None  # noqa: S101 - one of the two
        return [f"{folder}{path.name}" for path in sorted((self._folder / folder).glob("*")) if path.is_file()]

    def tile(self, level: int, number: int, width: int) -> bytes | None:
        """Return a tile's hashes."""
        return self.read(tile_path(level, number, width), WIDTH * _HASH)


def verify_export(
    path: Path, key: Verifier, against: tuple[str, ...] = (), heed: Any = None, *, trusted: Trusted = NOBODY
) -> Verified:
    """Verify an export offline. `against` are checkpoints from elsewhere; `heed` is called with each entry; `trusted` are witnesses.

    Raises `UnusableExport` for what is no export; everything else that is wrong is a fault.
    """
    source, found = Source(path), Found()
    leaves = Leaves(found)
    for line in source.lines():
        leaves.add(line)
        if heed is not None:
            heed(line)
    notes: dict[int, str] = {}
    newest, heads = _heads(source, key, found, notes)
    elsewhere = [head for note in against if (head := opened(note, key, found)) is not None]
    check_older(newest, elsewhere, found)
    size = newest.size if newest else 0
    within = [head for head in elsewhere if head.size <= size]
    told, nodes = _kept(source, size, found)
    fit = check_tree(leaves, [*heads, *within], found, told=told, nodes=nodes)
    anchors = check_all(source.anchors(found), notes, key, trusted, found)
    return result(found, size, max(0, len(leaves) - size), fit, anchors=anchors)


def result(
    found: Found, size: int, unsigned: int, fit: int, rows: int | None = None, anchors: tuple[Anchored, ...] = ()
) -> Verified:
    """Return what a verification came to."""
    faults = tuple(found.faults)
    return Verified(not found.count, size, unsigned, fit, rows, faults, found.count - len(faults), anchors)


def verify_proof(text: bytes, key: Verifier, against: tuple[str, ...] = ()) -> Verified:
    """Verify the proof of one entry offline. Raises `UnusableExport` for what is none."""
    try:
        proof = msgspec.json.decode(text, type=Proof)
    except msgspec.MsgspecError as error:
        raise UnusableExport(f"This is no proof of an entry: {error}") from None
    found = Found()
    head = opened(proof.checkpoint, key, found)
    older = [one for note in against if (one := opened(note, key, found)) is not None]
    check_older(head, older, found)
    if head is not None:
        leaf = leaf_hash(proof.entry.encode())
        if head.size != proof.size or not check_inclusion(leaf, proof.index, head.size, proof.hashes, head.root):
            found.add(
                Fault(
                    "changed",
                    proof.index,
                    f"The proof does not hold: entry {proof.index}, the proof or the checkpoint was changed",
                )
            )
        elif not _numbered(proof):
            found.add(Fault("order", proof.index, f"The entry at place {proof.index} has another number"))
    return result(found, head.size if head else 0, 0, int(head is not None and not found.count))


def _numbered(proof: Proof) -> bool:
    try:
        return msgspec.json.decode(proof.entry, type=Numbered).number == proof.index
    except msgspec.MsgspecError:
        return False


def opened(note: str, key: Verifier, found: Found) -> Head | None:
    """Return what a checkpoint says; one that this key has not signed is a fault."""
    try:
        return open_head(note, key)
    except InvalidNote as error:
        found.add(Fault("signature", None, f"A checkpoint is not good: {error}"))
        return None


def _heads(source: Source, key: Verifier, found: Found, notes: dict[int, str]) -> tuple[Head | None, list[Head]]:
    """Return the newest checkpoint and all; `notes` takes their texts by size."""
    raw = source.read(NEWEST, _LONGEST_NOTE)
    if raw is None:
        found.add(Fault("signature", None, "There is no checkpoint: nothing of this export is signed"))
    newest = opened(_text(raw), key, found) if raw is not None else None
    if raw is not None and newest is not None:
        notes[newest.size] = _text(raw)
    older = []
    for note in source.older():
        head = opened(note, key, found)
        if head is not None:
            older.append(head)
            notes.setdefault(head.size, note)
    later = [head for head in older if newest is None or head.size > newest.size]
    check_older(newest, later, found)
    heads = [head for head in older if head not in later]
    return newest, [*heads, newest] if newest is not None else heads


def _kept(source: Source, size: int, found: Found) -> tuple[bytes | None, list[Node] | None]:
    """Return the hashes of entries and of higher levels as the tiles have them; nothing where there are no tiles."""
    if not size or source.tile(0, 0, min(size, WIDTH)) is None:
        return None, None
    told = b"".join(_level(source, 0, size, found))
    nodes: list[Node] = []
    level = 1
    while there := size >> (8 * level):
        hashes = b"".join(_level(source, level, there, found))
        nodes += [Node(level, at, hashes[at * _HASH : (at + 1) * _HASH]) for at in range(len(hashes) // _HASH)]
        level += 1
    return told, nodes


def _level(source: Source, level: int, count: int, found: Found) -> Iterator[bytes]:
    for number in range(-(-count // WIDTH)):
        width = min(WIDTH, count - number * WIDTH)
        tile = source.tile(level, number, width)
        if tile is None or len(tile) != width * _HASH:
            found.add(
                Fault(
                    "node", (number * WIDTH) << (8 * level), f"{tile_path(level, number, width)} is missing or cut off"
                )
            )
            tile = bytes(width * _HASH)
        yield tile


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")
