"""The documents of advisories in the OSV format, one by one: from a file, a file of many, a zip, or a folder of all of these."""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from msgspec import Raw

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import open_source
from seamark.intake.sbom.unzip import members

LARGEST: Final = 64 * 1024**2
"""Bytes of one record, or of one file of records that is not a zip, times sixteen."""
T = TypeVar("T")
Take = Callable[[bytes | Raw], Iterator[T]]


def each_record(path: str | os.PathLike[str], take: Take[T]) -> Iterator[T]:
    """Yield what `take` makes of each record, as JSON that is not decoded yet.

    Raises `UnreadableReport` where a file is wrongly made: where it is no JSON, or `take` raises `msgspec.MsgspecError`.
    """
    place = os.fspath(path)
    for file in _files(place) if os.path.isdir(place) else [place]:  # noqa: PTH112 - a folder holds hundreds of thousands
        yield from _in_file(file, take)


def _files(folder: str) -> Iterator[str]:
    """Yield the files of a folder and those below it, in order; links are not followed."""
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                entries = sorted(found, key=lambda one: one.name)
        except OSError as error:
            raise UnreadableReport(f"The folder cannot be read: {error.strerror or error}") from None
        for one in entries:
            if one.is_dir(follow_symlinks=False):
                waiting.append(one.path)
            elif one.name.endswith((".json", ".zip", ".jsonl")) and one.is_file(follow_symlinks=False):
                yield one.path


def _in_file(path: str, take: Take[T]) -> Iterator[T]:
    try:
        if path.endswith(".zip"):
            yield from _in_zip(Path(path), take)
            return
        data = _content(path)
        if data[:1] == b"{":
            try:
                yield from take(data)
            except msgspec.DecodeError as error:
                if b"\n" not in data or isinstance(error, msgspec.ValidationError):
                    raise
                # Several objects, one a line.
                for line in data.splitlines():
                    if line.strip():
                        yield from take(line)
            return
        clean = bytes(open_source(path).data)
        rows: list[Raw] = msgspec.json.decode(clean, type=list[Raw]) if clean[:1] == b"[" else [Raw(clean)]
        for row in rows:
            yield from take(row)
    except OSError as error:
        raise UnreadableReport(f"{_name(path)} cannot be read: {error.strerror or error}") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableReport(f"{_name(path)} holds no OSV records: {error}") from None


def _name(path: str) -> str:
    return Path(path).name


def _content(path: str) -> bytes:
    """Return what a file holds. Three calls of the system are half the time of Python's own file objects."""
    handle = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(handle).st_size
        if size > LARGEST * 16:
            raise UnreadableReport(f"{_name(path)} is larger than {LARGEST // 1024**2 * 16} MB")
        parts = []
        while block := os.read(handle, min(size + 1, LARGEST)):
            parts.append(block)
            size = max(0, size - len(block))
        return b"".join(parts)
    finally:
        os.close(handle)


def _in_zip(path: Path, take: Take[T]) -> Iterator[T]:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            raise UnreadableReport(f"{path.name} is empty")
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                for name, content in members(data, LARGEST):
                    if name.endswith(b".json"):
                        yield from take(content)
            except (struct.error, zlib.error, IndexError, ValueError) as error:
                if isinstance(error, msgspec.MsgspecError):
                    raise
                raise UnreadableReport(f"{path.name} is a damaged zip file: {error}") from None
