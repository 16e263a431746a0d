"""Takes the large arrays out of a large JSON file, so that it can be read in bounded memory.

One pass over the file with NumPy finds the brackets that are not inside strings; the arrays at the declared paths
are replaced by a placeholder, which leaves a small skeleton to decode at once, and their elements are remembered by
their offsets, to be decoded one at a time.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import Any

import numpy as np

from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import Buffer, forget

LARGE = 48 * 1024**2
"""Files from this size on are split."""
_WINDOW = 768 * 1024
_SMALLEST = 256 * 1024
"""Arrays below this size stay in the skeleton."""
_MAX_SKELETON = 192 * 1024**2
_GAP = 64
_LARGEST_GAP = 64 * 1024
"""Blanks that may stand before the first and after the last row of an array."""
_LONG_RUN = 64
"""Backslashes in a row from which on they are counted another way: nobody may make the scan slow with millions."""
_PLACEHOLDER = re.compile(rb'\{"\xc2\xa7":(\d+)\}')
_KEY = re.compile(rb'(?<!\\)"((?:[^"\\]|\\.){0,200})"\s*:\s*$')


class Split:
    """The skeleton of a JSON file, and the arrays that were lifted out of it."""

    def __init__(self, data: Buffer, paths: tuple[str, ...]) -> None:
        self._data = data
        self._arrays: list[tuple[array[int], array[int]]] = []
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
            return b"[" + bytes(self._data[starts[0] : ends[0]]) + b"]"

        return _PLACEHOLDER.sub(first, self.skeleton)

    def lifted(self, raw: Any) -> Iterator[bytes] | None:
        """Return the elements of the array that a placeholder stands for, or None where `raw` is no placeholder."""
        text = bytes(raw) if len(raw) < 24 else b""
        if not text.startswith(b'{"\xc2\xa7":'):
            return None
        number = text[6:-1]
        return self._elements(int(number)) if number.isdigit() and int(number) < len(self._arrays) else None

    @property
    def root_is_lifted(self) -> bool:
        """Tell whether the whole report is one lifted array."""
        return self.skeleton.startswith(b'{"\xc2\xa7":')

    def _elements(self, number: int) -> Iterator[bytes]:
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
            yield bytes(data[start:end])
            if end - done > 2 * _WINDOW:
                done = forget(data, done, end)


class _Scan:
    """The single pass. Depth counts open brackets; `_stack` describes those that matter for the paths."""

    def __init__(self, data: Buffer, paths: tuple[str, ...], arrays: list[tuple[array[int], array[int]]]) -> None:
        self._data = data
        self._arrays = arrays
        self._paths = frozenset(paths)
        self._prefixes = frozenset(prefix for path in paths for prefix in _prefixes(path))
        self._deepest = max(_depth(path) for path in paths) + 1
        self._stack: list[tuple[str | None, bool]] = []
        self._skeleton: list[bytes] = []
        self._copied = 0
        self._kept = 0
        self._region: tuple[int, int] | None = None
        self._region_path = ""
        self.lifted: set[str] = set()
        self._starts: array[int] = array("Q")
        self._ends: array[int] = array("Q")

    def run(self) -> bytes:
        """Return the skeleton. Raises `UnreadableReport` where the brackets do not match up."""
        data, size = self._data, len(self._data)
        at, depth, inside = 0, 0, 0
        while at < size:
            end = min(at + _WINDOW, size)
            while end < size and data[end - 1] == 0x5C:
                end += 1
            window = np.frombuffer(data, dtype=np.uint8, count=end - at, offset=at)
            quotes = _quotes(window)
            folded = window | 0x20
            places = np.flatnonzero((folded == 0x7B) | (folded == 0x7D))
            if len(places):
                places = places[((np.searchsorted(quotes, places) + inside) & 1) == 0]
            steps = np.where((window[places] | 0x20) == 0x7B, 1, -1)
            depths = depth + np.cumsum(steps)
            inside = (inside + len(quotes)) & 1
            if len(depths):
                if depths.min() < 0:
                    raise UnreadableReport("Not valid JSON: a bracket is closed that was not open")
                depth = int(depths[-1])
                shallow = np.flatnonzero(np.minimum(depths, depths - steps) < self._deepest)
                self._events(at, places[shallow].tolist(), steps[shallow].tolist(), depths[shallow].tolist())
            del window, folded
            forget(data, at, end)
            at = end
        if depth or inside:
            raise UnreadableReport("The JSON is cut off", hint="the scanner may have been stopped: run it again")
        self._copy(size)
        return b"".join(self._skeleton)

    def _events(self, base: int, places: list[int], steps: list[int], depths: list[int]) -> None:
        for place, step, depth in zip(places, steps, depths, strict=True):
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
        if len(self._stack) != depth - 1:
            return
        path = self._path(at)
        is_list = self._data[at] == 0x5B
        self._stack.append((path, is_list))
        if is_list and path is not None:
            name = path or "[]"
            if name in self._paths:
                self._region = (at, depth)
                self._region_path = name

    def _path(self, at: int) -> str | None:
        """Return the path of what opens at `at` (`runs[].results`, empty for the root), None where no wanted path starts so."""
        if not self._stack:
            return ""
        parent, in_list = self._stack[-1]
        if parent is None:
            return None
        if in_list:
            path = parent + "[]"
        else:
            found = _KEY.search(bytes(self._data[max(0, at - 256) : at]))
            if found is None:
                return None
            name = found[1].decode("utf-8", "replace")
            path = f"{parent}.{name}" if parent else name
        return path if path in self._prefixes else None

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
        if self._kept > _MAX_SKELETON:
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
