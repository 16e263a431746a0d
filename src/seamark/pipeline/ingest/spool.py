"""Findings put aside until the whole scan is read: their bytes in a temporary file, a few numbers each in memory."""

from __future__ import annotations

import mmap
import tempfile
from array import array
from collections.abc import Iterable
from typing import BinaryIO

import msgspec
import numpy as np
from numpy.typing import NDArray

from seamark.core.finding import Finding, Rule
from seamark.pipeline.ingest.rows import Read

_IN_MEMORY = 32 * 1024**2
"""Bytes beyond which findings go to a file."""
_decode = msgspec.msgpack.Decoder(Finding).decode


class Spool:
    """Findings in the order in which they came, to be read back in any."""

    def __init__(self) -> None:
        self._memory = bytearray()
        self._file: BinaryIO | None = None
        self._map: mmap.mmap | None = None
        self._starts = array("q", [0])
        self._numbers, self._contents, self._blocks, self._about = array("q"), array("q"), array("q"), array("l")
        self._texts: list[Rule | None] = [None]
        self._places: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def add(self, read: Read, block: int) -> None:
        """Put a finding aside. `block` is any number that its block alone has."""
        self._memory += read.encoded
        self._starts.append(self._starts[-1] + len(read.encoded))
        if len(self._memory) > _IN_MEMORY:
            self._write()
        self._numbers.append(read.number)
        self._contents.append(read.content)
        self._blocks.append(block)
        self._about.append(self._place(read.about))

    def _place(self, about: Rule | None) -> int:
        """Return where the texts of a rule are kept: many findings share them."""
        if about is None:
            return 0
        place = self._places.get(id(about))
        if place is None:
            place = self._places[id(about)] = len(self._texts)
            self._texts.append(about)  # kept, so that its id stays its own
        return place

    def _write(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._file.write(self._memory)
        self._memory.clear()

    def _bytes(self) -> bytearray | mmap.mmap:
        """Return what was put aside, for reading at any place."""
        if self._file is None:
            return self._memory
        if self._map is None:
            self._write()
            self._file.flush()
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._map

    @property
    def contents(self) -> NDArray[np.int64]:
        """The content hashes, by position."""
        return np.array(self._contents, dtype=np.int64)

    @property
    def blocks(self) -> NDArray[np.int64]:
        """The blocks, by position."""
        return np.array(self._blocks, dtype=np.int64)

    def read(self, positions: Iterable[int] | None = None) -> list[Read]:
        """Return the findings at some positions, or all."""
        held, starts = self._bytes(), self._starts
        found = []
        for at in range(len(self)) if positions is None else positions:
            encoded = bytes(held[starts[at] : starts[at + 1]])
            found.append(
                Read(self._numbers[at], _decode(encoded), self._texts[self._about[at]], encoded, self._contents[at])
            )
        return found

    def close(self) -> None:
        """Let go of everything."""
        if self._map is not None:
            self._map.close()
        if self._file is not None:
            self._file.close()
        self._memory = bytearray()


def by_block(blocks: NDArray[np.int64], size: int) -> list[list[int]]:
    """Return positions, sorted, in pieces of about `size`, whole blocks each, in the order of the blocks' numbers.

    Every import meets the same files in the same order, so that what it has to look up was stored together.
    """
    order = np.argsort(blocks, kind="stable")
    ordered = blocks[order]
    pieces, start = [], 0
    while start < len(order):
        stop = min(start + size, len(order))
        # To the end of the block that the piece would cut through.
        stop = int(np.searchsorted(ordered, ordered[stop - 1], "right"))
        pieces.append(np.sort(order[start:stop]).tolist())
        start = stop
    return pieces
