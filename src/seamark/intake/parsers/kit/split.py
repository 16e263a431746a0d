"""Takes the large arrays out of a large JSON file, so that it can be read in bounded memory.

One pass over the file finds the arrays at the declared paths and replaces them by a placeholder, which leaves a small
skeleton to decode at once. Their rows are remembered by offsets, some hundred in a run, to be decoded run by run.

Outside of these arrays the pass looks, with NumPy, for the brackets that are not inside strings. Inside it leaps: rows
are written alike, so the last place in a block where one seems to begin is a good guess, and the decoder, which skips
values faster than anything else looks at them, tells whether what lies before is whole.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Buffer, forget

LARGE = 48 * 1024**2
"""Files from this size on are split."""
_WINDOW = 768 * 1024
_LEAP = 128 * 1024
"""Bytes of rows that are decoded together: few enough to stay in the processor's cache."""
_HEAD = 128 * 1024
_SMALLEST = 256 * 1024
"""Arrays below this size stay in the skeleton."""
MAX_SKELETON = 192 * 1024**2
"""Bytes of a report that are decoded at once, at most."""
_GAP = 64
_GUESSES, _FAILURES = 8, 4
"""Places that are tried in a block, and blocks without any in a row after which an array's rows are taken to be all different."""
_LARGEST_GAP = 64 * 1024
"""Blanks that may stand before the first and after the last row of an array."""
_LONG_RUN = 64
"""Backslashes in a row from which on they are counted another way: nobody may make the scan slow with millions."""
_PLACEHOLDER = re.compile(rb'\{"\xc2\xa7":(\d+)\}')
_KEY = re.compile(rb'(?<!\\)"((?:[^"\\]|\\.){0,200})"\s*:\s*$')
_START = re.compile(rb'\{\s*"(?:[^"\\]|\\.){0,64}"\s*:')
_BETWEEN = re.compile(rb"[\s,]*")
_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_RAWS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_NOT_WHOLE = (msgspec.MsgspecError, UnicodeError, RecursionError)


class Split:
    """The skeleton of a JSON file, and the arrays that were lifted out of it."""

    def __init__(self, data: Buffer, paths: tuple[str, ...]) -> None:
        self._data = data
        self._arrays: list[tuple[array[int], array[int]]] = []
        self.wanted = frozenset(paths)
        """The paths that were looked for."""
        scan = _Scan(data, paths, self._arrays)
        self.skeleton = scan.run()
        self.paths = frozenset(scan.lifted)
        """The paths at which something was lifted."""

    def sample(self) -> bytes:
        """Return the skeleton with the first element of every lifted array put back."""

        def first(found: re.Match[bytes]) -> bytes:
            number = int(found[1])
            if number >= len(self._arrays):
                return found[0]
            starts, ends = self._arrays[number]
            return b"[" + _first(bytes(self._data[starts[0] : ends[0]])) + b"]"

        return _PLACEHOLDER.sub(first, self.skeleton)

    def runs(self, raw: Any) -> Iterator[bytes] | None:
        """Return the array that a placeholder stands for in pieces, each an array of its own; None where `raw` is no placeholder."""
        text = bytes(raw) if len(raw) < 24 else b""
        if not text.startswith(b'{"\xc2\xa7":'):
            return None
        number = text[6:-1]
        return self._pieces(int(number)) if number.isdigit() and int(number) < len(self._arrays) else None

    def lifted(self, raw: Any) -> Iterator[bytes | msgspec.Raw] | None:
        """Return the elements of the array that a placeholder stands for, or None where `raw` is no placeholder."""
        pieces = self.runs(raw)
        return None if pieces is None else (row for piece in pieces for row in rows_of(piece))

    @property
    def root_is_lifted(self) -> bool:
        """Tell whether the whole report is one lifted array."""
        return self.skeleton.lstrip().startswith(b'{"\xc2\xa7":')

    def _pieces(self, number: int) -> Iterator[bytes]:
        starts, ends = self._arrays[number]
        data, done, last = self._data, 0, -1
        known: set[Any] = {b","}
        for start, end in zip(starts, ends, strict=True):
            if last >= 0 and (gap := data[last:start]) not in known:
                if bytes(gap).strip() != b",":
                    raise UnreadableReport("A row among many is no object", where=f"byte {last}")
                if len(gap) < _GAP:
                    known.add(bytes(gap))
            last = end
            yield b"".join((b"[", data[start:end], b"]"))
            if end - done > 2 * _WINDOW:
                done = forget(data, done, end)


def rows_of(piece: bytes) -> Iterator[bytes | msgspec.Raw]:
    """Yield the rows of one of an array's pieces. Raises `UnreadableReport` where one is a plain value."""
    try:
        rows: list[bytes | msgspec.Raw] = list(_RAWS.decode(piece))
    except _NOT_WHOLE:
        # Only a single row can be what the decoder refuses: runs of several were read by it before.
        rows = [piece[1:-1]]
    for row in rows:
        if memoryview(row)[0] not in b"{[":
            raise UnreadableReport("A row among many is no object", where=f"the row {bytes(row)[:_GAP]!r}")
        yield row


def _first(rows: bytes) -> bytes:
    return bytes(next(rows_of(b"[%b]" % rows)))


def beginning(data: Buffer) -> bytes | None:
    """Return the first bytes of a JSON text with its open brackets closed, or None where that is not possible."""
    window = np.frombuffer(data, dtype=np.uint8, count=min(_HEAD, len(data)))
    quotes = _quotes(window)
    folded = window | 0x20
    places = np.flatnonzero((folded == 0x7B) | (folded == 0x7D))
    if len(places):
        places = places[(np.searchsorted(quotes, places) & 1) == 0]
    open_brackets: list[int] = []
    found: tuple[int, bytes] | None = None
    for place in places.tolist():
        mark = int(window[place])
        if mark in b"{[":
            open_brackets.append(mark + 2)
        elif not open_brackets or open_brackets.pop() != mark:
            return None
        else:
            found = place, bytes(reversed(open_brackets))
    del window, folded
    return None if found is None else bytes(data[: found[0] + 1]) + found[1]


class _Scan:
    """The single pass. Depth counts open brackets; `_stack` describes those that matter for the paths."""

    def __init__(self, data: Buffer, paths: tuple[str, ...], arrays: list[tuple[array[int], array[int]]]) -> None:
        self._data = data
        self._arrays = arrays
        self._paths = frozenset(paths)
        self._inner = frozenset(prefix for path in paths for prefix in _prefixes(path) if prefix != path)
        self._deepest = max(_depth(path) for path in paths) + 1
        self._stack: list[tuple[str, bool]] = []
        self._passed: int | None = None
        """Depth of a value in which nothing is wanted, while the scan is inside of it."""
        self._skeleton: list[bytes] = []
        self._copied = 0
        self._kept = 0
        self._region: tuple[int, int] | None = None
        self._region_path = ""
        self._key = b""
        """How the rows of the region begin."""
        self._failures = 0
        self._tried = -1
        self.lifted: set[str] = set()
        self._starts: array[int] = array("Q")
        self._ends: array[int] = array("Q")

    def run(self) -> bytes:
        """Return the skeleton. Raises `UnreadableReport` where the brackets do not match up."""
        data, size = self._data, len(self._data)
        at, depth, inside = 0, 0, 0
        while at < size:
            if self._region is not None and self._failures < _FAILURES:
                row = self._row(at, depth, inside)
                if row is not None:
                    at, depth, inside = self._leap(row), self._region[1], 0
            end = min(at + _WINDOW, size)
            while end < size and data[end - 1] == 0x5C:
                end += 1
            depth, inside = self._look(at, end, depth, inside)
            forget(data, at, end)
            at = end
        if depth or inside:
            raise UnreadableReport("The JSON is cut off", hint="the scanner may have been stopped: run it again")
        self._copy(size)
        return b"".join(self._skeleton)

    def _look(self, at: int, end: int, depth: int, inside: int) -> tuple[int, int]:
        """Look for brackets in a window. Takes and returns the depth and whether a string is open: before, and after it."""
        window = np.frombuffer(self._data, dtype=np.uint8, count=end - at, offset=at)
        quotes = _quotes(window)
        folded = window | 0x20
        places = np.flatnonzero((folded == 0x7B) | (folded == 0x7D))
        if len(places):
            places = places[((np.searchsorted(quotes, places) + inside) & 1) == 0]
        if len(places):
            steps = np.where((window[places] | 0x20) == 0x7B, 1, -1)
            depths = depth + np.cumsum(steps)
            least = int(depths.min())
            if least < 0:
                raise UnreadableReport("Not valid JSON: a bracket is closed that was not open")
            depth = int(depths[-1])
            if self._passed is None or least < self._passed:
                shallow = np.flatnonzero(np.minimum(depths, depths - steps) < self._deepest)
                self._events(at, places[shallow].tolist(), steps[shallow].tolist(), depths[shallow].tolist())
        return depth, (inside + len(quotes)) & 1

    def _row(self, at: int, depth: int, inside: int) -> int | None:
        """Return where the row of the region begins in which the scan is, or the next one; None where it has been tried."""
        assert self._region is not None  # noqa: S101 - the caller asks only then
        row = None
        if len(self._starts) > len(self._ends):
            if self._starts[-1] > self._tried:
                row = self._starts.pop()
        elif depth == self._region[1] and not inside:
            between = _BETWEEN.match(bytes(self._data[at : at + _GAP]))
            row = at + (between.end() if between else 0)
        if row is not None:
            self._tried = row
        return row

    def _leap(self, row: int) -> int:
        """Leap from row to row, a block at a time, and return where the last one begins that was reached."""
        data, done, begun = self._data, row, row
        while True:
            block = bytes(data[row : row + _LEAP])
            if not self._key:
                found = _START.match(block)
                if found is None:
                    self._failures = _FAILURES
                    return row
                self._key = found[0]
            size, step = self._whole(block)
            if not size:
                self._failures += row == begun
                self._tried = row
                return row
            self._failures = 0
            self._starts.append(row)
            self._ends.append(row + size)
            row += step
            if row - done > 2 * _WINDOW:
                done = forget(data, done, row)

    def _whole(self, block: bytes) -> tuple[int, int]:
        """Return how many bytes whole rows fill at the beginning of a block, and where the next row begins; zeros where none is found."""
        place = len(block)
        for _ in range(_GUESSES):
            place = block.rfind(self._key, 0, place)
            if place <= 0:
                break
            before = block[max(0, place - _GAP) : place]
            row = before.rstrip()
            if row[-1:] != b"," or (row := row[:-1].rstrip())[-1:] != b"}":
                continue
            size = place - len(before) + len(row)
            try:
                _RAW.decode(b"[%b]" % block[:size])
            except _NOT_WHOLE:
                continue
            return size, place
        return 0, 0

    def _events(self, base: int, places: list[int], steps: list[int], depths: list[int]) -> None:
        for place, step, depth in zip(places, steps, depths, strict=True):
            if self._passed is not None:
                if depth < self._passed:
                    self._passed = None
                continue
            at = base + place
            if self._region is not None:
                start, level = self._region
                if step > 0:
                    if depth == level + 1:
                        self._starts.append(at)
                elif depth == level:
                    self._ends.append(at + 1)
                elif depth < level:
                    self._close(start, at)
                continue
            if step > 0:
                self._open(at, depth)
            elif len(self._stack) > depth:
                del self._stack[depth:]

    def _open(self, at: int, depth: int) -> None:
        path = self._path(at)
        is_list = self._data[at] == 0x5B
        if is_list and path is not None and (path or "[]") in self._paths:
            self._region = (at, depth)
            self._region_path = path or "[]"
            self._key, self._failures, self._tried = b"", 0, -1
        elif path is None or (path and path not in self._inner):
            self._passed = depth
            return
        self._stack.append((path, is_list))

    def _path(self, at: int) -> str | None:
        """Return the path of what opens at `at` (`runs[].results`, empty for the root), None where it cannot be told."""
        if not self._stack:
            return ""
        parent, in_list = self._stack[-1]
        if in_list:
            return parent + "[]"
        found = _KEY.search(bytes(self._data[max(0, at - 256) : at]))
        if found is None:
            return None
        name = found[1].decode("utf-8", "replace")
        return f"{parent}.{name}" if parent else name

    def _close(self, start: int, at: int) -> None:
        if self._data[at] != 0x5D:
            raise UnreadableReport("Not valid JSON: a list is closed by the wrong bracket", where=f"byte {at}")
        if at - start >= _SMALLEST and len(self._starts) and self._only_brackets(start, at):
            self._copy(start)
            self._skeleton.append(b'{"\xc2\xa7":%d}' % len(self._arrays))
            self._arrays.append((self._starts, self._ends))
            self._copied = at + 1
            self.lifted.add(self._region_path)
        self._starts, self._ends = array("Q"), array("Q")
        self._region = None
        self._stack.pop()

    def _only_brackets(self, start: int, end: int) -> bool:
        """Tell whether nothing stands before the first and after the last bracketed element of an array."""
        data = self._data
        before, after = self._starts[0] - start, end - self._ends[-1]
        return max(before, after) < _LARGEST_GAP and not (
            bytes(data[start + 1 : self._starts[0]]).strip() or bytes(data[self._ends[-1] : end]).strip()
        )

    def _copy(self, end: int) -> None:
        self._kept += end - self._copied
        if self._kept > MAX_SKELETON:
            raise UnreadableReport(
                f"The report is {len(self._data) // 1024**2} MB large and does not consist of rows that could be read one by one",
                hint="split it, or write it with fewer details",
            )
        self._skeleton.append(bytes(self._data[self._copied : end]))
        self._copied = end


def _quotes(window: np.ndarray[Any, np.dtype[np.uint8]]) -> np.ndarray[Any, np.dtype[np.intp]]:
    """Return the positions of the quotes that open or close a string: those after an even run of backslashes."""
    quotes = np.flatnonzero(window == 0x22)
    if not len(quotes):
        return quotes
    odd = np.zeros(len(quotes), dtype=bool)
    active = np.arange(len(quotes))
    back = 1
    while len(active):
        if back > _LONG_RUN:
            odd[active] = _odd_runs(window, quotes[active])
            break
        positions = quotes[active] - back
        active = active[positions >= 0]
        active = active[window[quotes[active] - back] == 0x5C]
        odd[active] ^= True
        back += 1
    return quotes[~odd]


def _odd_runs(
    window: np.ndarray[Any, np.dtype[np.uint8]], quotes: np.ndarray[Any, np.dtype[np.intp]]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell for each quote whether an odd run of backslashes stands before it, however long the runs are."""
    places = np.arange(len(window))
    last_other = np.maximum.accumulate(np.where(window == 0x5C, -1, places))
    run = quotes - 1 - last_other[quotes - 1]
    odd: np.ndarray[Any, np.dtype[np.bool_]] = (run & 1) == 1
    return odd


def _prefixes(path: str) -> Iterator[str]:
    """Yield what a path starts with: `a[].b` gives `a`, `a[]`, `a[].b`."""
    yield path
    for index, letter in enumerate(path):
        if letter in ".[" and index:
            yield path[:index]
        if letter == "]":
            yield path[: index + 1]


def _depth(path: str) -> int:
    """Return how many brackets are open inside the array at a path."""
    return 1 if path == "[]" else path.count(".") + path.count("[]") + 2
