"""The advisories that `seamark intel update osv` fetched, by package: read once from their archives, then looked up."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import zstandard

from seamark.core.advisory import Advisory
from seamark.core.errors import StoreUnavailable
from seamark.intake.sbom.osv import read_advisories

INDEX: Final = "advisories.sqlite3"
_ARCHIVES: Final = ("osv-*.zip", "advisory-database.zip")
_PIECE: Final = 2_000
_LARGEST: Final = 64 * 1024**2
_TABLES: Final = """
    CREATE TABLE archive (name TEXT, size INTEGER, changed INTEGER);
    CREATE TABLE advisory (number INTEGER PRIMARY KEY, content BLOB);
    CREATE TABLE about (package TEXT, advisory INTEGER);
    CREATE TABLE ecosystem (name TEXT PRIMARY KEY);
"""
_DECODER: Final = msgspec.msgpack.Decoder(Advisory)


class Loaded(NamedTuple):
    """What is loaded about some packages."""

    advisories: list[Advisory]
    ecosystems: frozenset[str]
    """Types of package URLs of which advisories are loaded at all."""


def advisories_about(packages: Collection[str], folder: Path) -> Loaded:
    """Return the advisories about packages, by their `advisory_key`; `folder` is where feeds are kept.

    After the archives changed, the first call reads them all and is slow. Raises `UnreadableReport`, `StoreUnavailable`.
    """
    archives = sorted(path for pattern in _ARCHIVES for path in folder.glob(pattern) if path.is_file())
    if not archives:
        return Loaded([], frozenset())
    index = folder / INDEX
    try:
        if not _current(index, archives):
            _write(index, archives)
        with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as database:
            return _found(database, sorted(packages))
    except (sqlite3.Error, OSError) as error:
        raise StoreUnavailable(f"The advisories in {folder} cannot be looked up: {error}") from None


def _stand(archives: Collection[Path]) -> list[tuple[str, int, int]]:
    told = [(path.name, path.stat()) for path in archives]
    return sorted((name, stat.st_size, stat.st_mtime_ns) for name, stat in told)


def _current(index: Path, archives: Collection[Path]) -> bool:
    if not index.is_file():
        return False
    with contextlib.closing(sqlite3.connect(f"file:{index}?mode=ro", uri=True)) as database:
        return sorted(database.execute("SELECT name, size, changed FROM archive")) == _stand(archives)


def _write(index: Path, archives: Collection[Path]) -> None:
    """Write the index anew. It appears whole or not at all; whoever writes it at the same time writes the same."""
    stand = _stand(archives)
    handle, draft = tempfile.mkstemp(prefix=f"{INDEX}.", dir=index.parent)
    os.close(handle)
    try:
        with contextlib.closing(sqlite3.connect(draft)) as database, database:
            database.executescript(_TABLES)
            database.executemany("INSERT INTO archive VALUES (?, ?, ?)", stand)
            pieces = _pieces(archives)
            for contents, about in pieces:
                database.executemany("INSERT INTO advisory VALUES (?, ?)", contents)
                database.executemany("INSERT INTO about VALUES (?, ?)", about)
                database.executemany(
                    "INSERT OR IGNORE INTO ecosystem VALUES (?)", {(key.partition("/")[0],) for key, _ in about}
                )
            database.execute("CREATE INDEX about_package ON about (package)")
        Path(draft).replace(index)
    finally:
        Path(draft).unlink(missing_ok=True)


_Piece = tuple[list[tuple[int, bytes]], list[tuple[str, int]]]


def _pieces(archives: Collection[Path]) -> Iterator[_Piece]:
    packer, number = zstandard.ZstdCompressor(1), 0
    contents: list[tuple[int, bytes]] = []
    about: list[tuple[str, int]] = []
    for path in archives:
        for advisory in read_advisories(path):
            number += 1
            contents.append((number, packer.compress(msgspec.msgpack.encode(advisory))))
            about += sorted({(one.package, number) for one in advisory.affected})
            if len(contents) >= _PIECE:
                yield contents, about
                contents, about = [], []
    yield contents, about


def _found(database: sqlite3.Connection, packages: list[str]) -> Loaded:
    unpacker = zstandard.ZstdDecompressor()
    found: dict[int, Advisory] = {}
    for at in range(0, len(packages), 500):
        piece = packages[at : at + 500]
        marks = ", ".join("?" * len(piece))
        rows = database.execute(
            f"SELECT number, content FROM advisory WHERE number IN (SELECT advisory FROM about WHERE package IN ({marks}))",  # noqa: S608 - marks
            piece,
        )
        for number, content in rows:
            if number not in found:
                found[number] = _DECODER.decode(unpacker.decompress(content, max_output_size=_LARGEST))
    ecosystems = frozenset(name for (name,) in database.execute("SELECT name FROM ecosystem"))
    return Loaded([found[number] for number in sorted(found)], ecosystems)
