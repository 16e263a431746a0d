"""Reads archives of very many small files: a tenth of the standard library's time, within the same bounds."""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Iterator
from typing import Final

MOST_MEMBERS: Final = 2_000_000
MOST_BYTES: Final = 16 * 1024**3
_END: Final = struct.Struct("<4s4H2LH")
_END_64_PLACE: Final = struct.Struct("<4sLQL")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL_LENGTHS: Final = struct.Struct("<2H")
_LONG: Final = 0xFFFFFFFF


def members(data: mmap.mmap, largest: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and content of each file in a zip archive.

    Raises `ValueError`, `struct.error`, `zlib.error` or `IndexError` where it is damaged, encrypted, packed in another way than
    by deflate, or beyond a bound (`largest` bytes a file).
    """
    count, at = _directory(data)
    if count > MOST_MEMBERS:
        raise ValueError(f"it holds {count} files, more than {MOST_MEMBERS}")
    whole = 0
    unpack, lengths = _ENTRY.unpack_from, _LOCAL_LENGTHS.unpack_from
    for _ in range(count):
        mark, _, _, flags, method, _, _, _, packed, size, named, extra, comment, _, _, _, offset = unpack(data, at)
        if mark != b"PK\x01\x02":
            raise ValueError("its directory is broken")
        start = at + 46
        name = data[start : start + named]
        if _LONG in {packed, size, offset}:
            packed, size, offset = _long(data[start + named : start + named + extra], packed, size, offset)
        at = start + named + extra + comment
        if name.endswith(b"/"):
            continue
        whole += size
        if flags & 1 or size > largest or whole > MOST_BYTES:
            raise ValueError("a file in it is encrypted or too large")
        local_name, local_extra = lengths(data, offset + 26)
        begin = offset + 30 + local_name + local_extra
        yield name, _content(data[begin : begin + packed], method, size)


def _content(packed: bytes, method: int, size: int) -> bytes:
    """Return what was packed; no more than the directory says comes out of it."""
    if method == 0:
        content = packed
    elif method == 8:
        content = zlib.decompressobj(-15).decompress(packed, size + 1)
    else:
        raise ValueError(f"a file in it is packed by method {method}")
    if len(content) != size:
        raise ValueError("a file in it is not as long as it says")
    return content


def _directory(data: mmap.mmap) -> tuple[int, int]:
    """Return how many entries the directory has, and where it starts."""
    at = data.rfind(b"PK\x05\x06", max(0, len(data) - 66_000))
    if at < 0:
        raise ValueError("it has no directory")
    _, _, _, _, count, _, offset, _ = _END.unpack_from(data, at)
    if count != 0xFFFF and offset != _LONG:
        return count, offset
    mark, _, place, _ = _END_64_PLACE.unpack_from(data, at - _END_64_PLACE.size)
    if mark != b"PK\x06\x07":
        return count, offset
    mark, _, _, _, _, _, _, count, _, offset = _END_64.unpack_from(data, place)
    if mark != b"PK\x06\x06":
        raise ValueError("its directory is broken")
    return count, offset


def _long(extra: bytes, packed: int, size: int, offset: int) -> tuple[int, int, int]:
    """Return the sizes and the place that did not fit into four bytes."""
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<2H", extra, at)
        if tag == 1:
            values = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            size = next(values, size) if size == _LONG else size
            packed = next(values, packed) if packed == _LONG else packed
            offset = next(values, offset) if offset == _LONG else offset
            return packed, size, offset
        at += 4 + length
    return packed, size, offset
