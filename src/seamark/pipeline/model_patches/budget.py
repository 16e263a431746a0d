"""How often a model is asked in a day, and how much it may cost: counted in a file for commands that have no database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from seamark.core.errors import NotAllowed
from seamark.pipeline.fixing import written

try:
    import fcntl
except ImportError:  # Windows, where two commands at the same moment may count as one
    fcntl = None  # type: ignore[assignment]

FILE: Final = "model-calls.json"


class Limits(Struct, frozen=True):
    """What is allowed in a day, from midnight to midnight UTC."""

    calls: int
    tokens: int


class Spent(Struct, frozen=True):
    """What was used on a day."""

    day: str = ""
    calls: int = 0
    tokens: int = 0


def check(limits: Limits, spent: Spent) -> None:
    """Raise `NotAllowed` where nothing is left of a day."""
    if spent.calls >= limits.calls:
        raise NotAllowed(
            f"The model was asked {spent.calls:,} times today (UTC), as often as SEAMARK_MODEL_CALLS allows"
        )
    if spent.tokens >= limits.tokens:
        raise NotAllowed(f"The model used {spent.tokens:,} tokens today (UTC), as many as SEAMARK_MODEL_TOKENS allows")


def take(home: Path, limits: Limits) -> None:
    """Count a call before it is made. Raises `NotAllowed`, and `SeamarkError` where the file cannot be written."""
    with _open(home) as spent:
        check(limits, spent)
        _write(home, Spent(spent.day, spent.calls + 1, spent.tokens))


def add(home: Path, tokens: int) -> None:
    """Count what a call used. Raises as `take` does."""
    with _open(home) as spent:
        _write(home, Spent(spent.day, spent.calls, spent.tokens + tokens))


@contextlib.contextmanager
def _open(home: Path) -> Iterator[Spent]:
    """Yield what was used today, while nobody else counts. A file that cannot be read counts as used up."""
    today = datetime.now(UTC).date().isoformat()
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (home / f"{FILE}.lock").open("w")
    except OSError as error:
        raise NotAllowed(f"The calls of the day cannot be counted in {home}: {error.strerror or error}") from None
    with lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            told = msgspec.json.decode((home / FILE).read_bytes(), type=Spent)
        except FileNotFoundError:
            told = Spent(today)
        except (OSError, msgspec.MsgspecError):
            raise NotAllowed(f"The calls of the day cannot be read from {home / FILE}; remove it") from None
        yield told if told.day == today else Spent(today)


def _write(home: Path, spent: Spent) -> None:
    written.write(home / FILE, msgspec.json.encode(spent))
