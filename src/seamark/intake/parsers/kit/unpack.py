"""Unpacks gzip and zip within bounds, so that no small file fills the disk or the memory."""

from __future__ import annotations

import io
import lzma
import mmap
import struct
import tempfile
import zipfile
import zlib
from types import TracebackType
from typing import IO, Self

from seamark.core.errors import UnreadableReport

Buffer = bytes | memoryview | mmap.mmap

MAX_UNPACKED = 4 * 1024**3
"""Bytes a compressed report may unpack to."""
MAX_RATIO = 250
"""How many times its packed size a report may grow, once it is over 64 MB. JSON of scanners packs about 20 to 1."""
FREE_GROWTH = 64 * 1024**2
MAX_MEMBERS = 2_000
BLOCK = 1024 * 1024
_IN_MEMORY = 32 * 1024**2
_GZIP = b"\x1f\x8b"


class Unpacked:
    """Collects unpacked bytes, in memory up to a bound and in a temporary file beyond, and counts them."""

    def __init__(self, packed: int) -> None:
        self._limit = min(MAX_UNPACKED, max(FREE_GROWTH, packed * MAX_RATIO))
        self._memory = bytearray()
        self._file: IO[bytes] | None = None
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the temporary file; a memory map of it stays valid."""
        if self._file is not None:
            self._file.close()

    def write(self, block: bytes) -> None:
        """Add bytes. Raises `UnreadableReport` beyond the bound."""
        self._size += len(block)
        if self._size > self._limit:
            raise UnreadableReport(
                f"The packed report grows beyond {self._limit // 1024**2} MB when unpacked, which no scanner's report does",
                hint="unpack it yourself if you trust it",
            )
        if self._file is None and self._size > _IN_MEMORY:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
            self._file.write(self._memory)
            self._memory.clear()
        if self._file is None:
            self._memory += block
        else:
            self._file.write(block)

    def finish(self) -> Buffer:
        """Return all that was written."""
        if self._size == 0:
            raise UnreadableReport("The packed report is empty")
        if self._file is None:
            return bytes(self._memory)
        self._file.flush()
        return mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)


def gunzip(data: Buffer) -> Buffer:
    """Return what a gzip file holds: of several members all, of what follows the last one nothing."""
    machine = zlib.decompressobj(wbits=31)
    begun = False
    at = 0
    with Unpacked(len(data)) as unpacked:
        try:
            while at < len(data):
                pending = bytes(data[at : at + BLOCK])
                at += len(pending)
                while pending:
                    if machine.eof:
                        if len(pending) < 2 and at < len(data):
                            pending += bytes(data[at : at + 1])
                            at += 1
                        if not pending.startswith(_GZIP):
                            return unpacked.finish()
                        machine = zlib.decompressobj(wbits=31)
                    unpacked.write(machine.decompress(pending, BLOCK * 8))
                    begun = True
                    pending = machine.unused_data if machine.eof else machine.unconsumed_tail
        except zlib.error:
            raise UnreadableReport("The gzip file is damaged or cut off", hint="write the report again") from None
        if not (begun and machine.eof):
            raise UnreadableReport("The gzip file is cut off", hint="write the report again")
        return unpacked.finish()


def unzip(data: Buffer) -> tuple[Buffer, bool]:
    """Return the only file of a zip archive and False, or the archive itself and True where it holds several."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = [entry for entry in archive.infolist() if not entry.is_dir() and not _is_clutter(entry.filename)]
        if not members:
            raise UnreadableReport("The zip file holds no report")
        if len(members) > MAX_MEMBERS:
            raise UnreadableReport(f"The zip file holds {len(members)} files, more than {MAX_MEMBERS}")
        if any(entry.flag_bits & 1 for entry in members):
            raise UnreadableReport("The zip file is protected by a password", hint="unpack it first")
        if len(members) > 1:
            return data, True
        with Unpacked(len(data)) as unpacked:
            with archive.open(members[0]) as member:
                while block := member.read(BLOCK):
                    unpacked.write(block)
            return unpacked.finish(), False
    except ZIP_FAILURES as error:
        raise UnreadableReport(f"The zip file is damaged: {error}", hint="write the report again") from None


ZIP_FAILURES = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError,
    ValueError, LookupError, OverflowError, OSError,
)  # fmt: skip
"""What Python's own reader raises for archives that are damaged, or made to do harm."""


def _is_clutter(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.endswith(".DS_Store")
