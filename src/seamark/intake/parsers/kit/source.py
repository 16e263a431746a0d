"""From a file to clean UTF-8 bytes: compression, encodings and their bounds."""

from __future__ import annotations

import codecs
import io
import mmap
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.unpack import BLOCK, FREE_GROWTH, MAX_UNPACKED, Buffer, Unpacked, gunzip, unzip

__all__ = ["Buffer", "Source", "forget", "from_bytes", "open_source"]


_HELD = 8 * 1024**2
"""Bytes of a memory map that a reader holds at most, so that a large file of lines or XML does not fill the memory."""


@dataclass
class Source:
    """The bytes of one report, ready to be decoded.

    `data` is UTF-8 without a byte-order mark for text formats (a memory map for large files), and the raw
    archive where a zip holds more than one file.
    """

    name: str
    data: Buffer
    size: int
    archive: bool = False

    def __len__(self) -> int:
        """Return the number of clean bytes."""
        return len(self.data)

    def head(self, size: int = 65536) -> bytes:
        """Return the first bytes."""
        return bytes(self.data[:size])

    def stream(self) -> BinaryIO:
        """Return a new file object over the clean bytes."""
        data = self.data
        if isinstance(data, mmap.mmap):
            return _MapReader(data, 0)  # type: ignore[return-value]
        if isinstance(data, memoryview) and isinstance(data.obj, mmap.mmap):
            return _MapReader(data.obj, len(data.obj) - len(data))  # type: ignore[return-value]
        return io.BytesIO(data)


def forget(data: Buffer, start: int, end: int) -> int:
    """Let go of the pages of a memory map that were read, so that a large file does not fill the memory.

    Returns where the next call should start.
    """
    first = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE
    last = end // mmap.PAGESIZE * mmap.PAGESIZE
    if isinstance(data, mmap.mmap) and last > first and hasattr(data, "madvise"):
        data.madvise(mmap.MADV_DONTNEED, first, last - first)
    return max(start, last)


class _MapReader(io.RawIOBase):
    """Reads a memory map without copying it, independent of the map's own position."""

    def __init__(self, data: mmap.mmap, start: int) -> None:
        super().__init__()
        self._data = data
        self._at = start
        self._held = start
        """Where the pages begin that were read and not yet let go."""

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Return at most this many bytes, all that is left by default."""
        end = len(self._data) if size is None or size < 0 else self._at + size
        block = self._data[self._at : end]
        self._at += len(block)
        if self._at - self._held > _HELD:
            self._held = forget(self._data, self._held, self._at)
        return block

    def readinto(self, target: Any) -> int:
        """Fill the target, as buffered readers ask for it."""
        block = self.read(len(target))
        target[: len(block)] = block
        return len(block)

    def readline(self, size: int | None = -1) -> bytes:
        """Return the bytes up to the next line feed."""
        newline = self._data.find(b"\n", self._at)
        end = len(self._data) if newline < 0 else newline + 1
        if size is not None and size >= 0:
            end = min(end, self._at + size)
        return self.read(end - self._at)


def open_source(path: str | os.PathLike[str]) -> Source:
    """Return the source for a file. Raises `UnreadableReport` with the reason where that is not possible."""
    given = os.fspath(path)
    try:
        handle = Path(given).open("rb")  # noqa: SIM115 - the memory map outlives the block
    except FileNotFoundError:
        raise UnreadableReport("There is no such file") from None
    except IsADirectoryError:
        raise UnreadableReport("That is a directory", hint="name the report files in it") from None
    except PermissionError:
        raise UnreadableReport("The file may not be read by this user") from None
    except (OSError, ValueError) as error:
        raise UnreadableReport(f"The file cannot be opened: {error}") from None
    with handle:
        status = os.fstat(handle.fileno())
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableReport("That is a directory", hint="name the report files in it")
        if not stat.S_ISREG(status.st_mode):
            return from_bytes(handle.read(MAX_UNPACKED), given)
        if status.st_size == 0:
            raise UnreadableReport(
                "The file is empty", hint="the scanner wrote nothing: look at its exit code and its log"
            )
        data: Buffer = mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
    return _prepare(data, given)


def from_bytes(data: bytes, name: str) -> Source:
    """Return the source for bytes that are in memory already."""
    if not data:
        raise UnreadableReport("The file is empty", hint="the scanner wrote nothing: look at its exit code and its log")
    return _prepare(data, name)


def _prepare(data: Buffer, name: str) -> Source:
    size = len(data)
    archive = False
    head = bytes(data[:4])
    if head[:2] == b"\x1f\x8b":
        data = gunzip(data)
    elif head in {b"PK\x03\x04", b"PK\x05\x06"}:
        data, archive = unzip(data)
    elif head in {b"\xfd7zX", b"(\xb5/\xfd"} or head[:3] == b"BZh":
        raise UnreadableReport("The report is packed with xz, zstd or bzip2", hint="unpack it, or use gzip or zip")
    if not archive:
        data = _as_utf8(data)
    return Source(name=name, data=data, size=size, archive=archive)


_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _as_utf8(data: Buffer) -> Buffer:
    head = bytes(data[:4])
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            if encoding == "utf-8":
                return memoryview(data)[len(mark) :]
            return _transcode(data, len(mark), encoding)
    # Without a mark, UTF-16 shows by its zero bytes: every report format starts with an ASCII character.
    if len(head) >= 2 and head[0] == 0 and head[1]:
        return _transcode(data, 0, "utf-16-be")
    if len(head) >= 2 and head[1] == 0 and head[0]:
        return _transcode(data, 0, "utf-16-le")
    return data


def _transcode(data: Buffer, start: int, encoding: str) -> Buffer:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with Unpacked(max(len(data), FREE_GROWTH)) as unpacked:
        try:
            for at in range(start, len(data), BLOCK):
                unpacked.write(decoder.decode(bytes(data[at : at + BLOCK])).encode("utf-8"))
            unpacked.write(decoder.decode(b"", final=True).encode("utf-8"))
        except UnicodeError:
            raise UnreadableReport(
                f"The file starts as {encoding.upper()} text but is not", hint="write it as UTF-8"
            ) from None
        return unpacked.finish()
