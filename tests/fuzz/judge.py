"""Reads one hostile report in every way it can be read, and says what must never happen."""

from __future__ import annotations

import resource
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import seamark
from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.intake.parsers.kit import read
from seamark.intake.parsers.kit.registry import parsers
from tests.parsers.plain import prove

SIZE = 128 * 1024
"""Bytes of the largest input."""
SECONDS = 5.0
"""What reading such an input may cost on a busy machine, instrumented."""
MEGABYTES = 256
"""How far it may raise the memory that the process takes at most."""
_SMALL = 2_048
"""From this size on, half of the inputs are read as large files are: split, an element at a time."""
_USUAL = read.LARGE
_SOURCE = Path(seamark.__file__).parent


class Fault(NamedTuple):
    """What went wrong; the place is the same whenever it goes wrong the same way."""

    place: str
    words: str


def judge(data: bytes) -> Fault | None:
    """Return what went wrong, None where the report was read or refused with a sentence, within time and memory."""
    number = crc32(data)
    started, taken = time.process_time(), _peak()
    read.LARGE = _SMALL if number & 1 else _USUAL
    try:
        for format in _ways(data, number):
            if fault := _read(data, format, known=bool(number & 2)):
                return fault
    finally:
        read.LARGE = _USUAL
    spent, grown = time.process_time() - started, _peak() - taken
    if spent > SECONDS:
        return Fault("slow", f"{spent:.1f} s")
    return Fault("memory", f"{grown} MB") if grown > MEGABYTES else None


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _ways(data: bytes, number: int) -> Iterator[str]:
    """Yield the formats to read it as: the one it looks like, each one where it looks like several, and a foreign one."""
    yield "auto"
    names = sorted(parsers())
    yield names[(number >> 2) % len(names)]
    try:
        read.open_bytes(data)
    except UnknownFormat as doubt:
        yield from doubt.candidates
    except UnreadableReport:
        pass


def _read(data: bytes, format: str, *, known: bool) -> Fault | None:
    name = format
    try:
        opened = read.open_bytes(data, "fuzzed", format)
        name = opened.parser.name
        if known:
            opened.known = lambda row: bool(row & 1)
        prove(opened.items())
    except read.ParserBug as bug:
        return Fault(where(bug.__cause__ or bug), f"{name}: {bug.__cause__!r}"[:400])
    except UnreadableReport as refusal:
        return None if str(refusal)[:1].strip() else Fault(f"{name}: refusal", "refused without a sentence")
    except AssertionError as wrong:
        return Fault(f"{name}: item", f"not what its types allow, or what cannot be kept: {wrong}"[:400])
    except Exception as error:  # noqa: BLE001 - any other failure is the very thing looked for
        return Fault(where(error), f"{name}: {error!r}"[:400])
    return None


def where(error: BaseException) -> str:
    """Return the innermost line of Seamark's that a failure came through."""
    ours = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_SOURCE)
    ]
    if not ours:
        return f"outside: {type(error).__name__}"
    return f"{Path(ours[-1].filename).relative_to(_SOURCE)}:{ours[-1].lineno}"
