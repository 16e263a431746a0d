"""Facts as columns of numbers: one row for each time that an issue was open, and how the open ones moved from day to day.

Times are whole seconds since 2000 (UTC), so that questions at whole seconds have exact answers.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seamark.insight.metrics.replay import FALSE_POSITIVE
from seamark.store.models import FactBlock
from seamark.store.models.metrics import By, Change

START: Final = datetime(2000, 1, 1, tzinfo=UTC)
NEVER: Final = 2**31 - 1
DAY: Final = 86_400
BANDS: Final = 5
"""P0 to P4."""
OPEN, FIXED, WRONG, DISMISSED, MERGED, AWAY = range(6)
"""How a time of being open ended. `WRONG` is a false positive."""
EPISODE: Final[dict[str, str]] = {
    "issue": "<i8", "opened": "<i4", "closed": "<i4", "due": "<i4", "looked": "<i4", "lag": "<i4", "risk": "<i2", "owner": "<i2",
    "outcome": "<i1", "by": "<i1", "priority": "<i1", "severity": "<i1", "kind": "<i1", "again": "<i1",
}  # fmt: skip
"""Columns of a time of being open: `closed`, `due`, `looked` are `NEVER` where they are not; `lag` is -1 where it is not known."""
MOVE: Final[dict[str, str]] = {"day": "<i4", **{f"p{band}": "<i4" for band in range(BANDS)}, "risk": "<i4"}
"""Columns of a day: by how many the open issues of each priority moved, and their risk in tenths."""
MOST_KEPT: Final = 2_000
"""Applications whose columns a process keeps."""

Column = NDArray[Any]


class FactRow(NamedTuple):
    """What a block needs of a fact."""

    issue: int
    at: int
    change: int
    by: int
    open_change: int
    risk_change: int
    resolution: str
    severity: int
    priority: int
    risk: int
    kind: int
    owner: str
    due: int
    known: int


class Columns(NamedTuple):
    """Columns of some applications, one after the other."""

    episodes: Mapping[str, Column]
    """By the names of `EPISODE`, and `application`: the place in `applications`."""
    moves: Mapping[str, Column]
    """By the names of `MOVE`, and `application`."""
    applications: tuple[int, ...]
    owners: tuple[str, ...]


def seconds(at: datetime) -> int:
    """Return a time as columns hold it: the second in which it is."""
    return (at - START) // timedelta(seconds=1)


def moment(at: int) -> datetime:
    """Return a time of a column."""
    return START + timedelta(seconds=int(at))


_CLOSES: Final = frozenset(map(int, (Change.FIXED, Change.DISMISSED, Change.MERGED, Change.AWAY)))
_BEGINS: Final = frozenset(map(int, (Change.OPENED, Change.REOPENED, Change.JOINED)))
_OPENED, _REOPENED, _LEFT, _SETTLED = map(int, (Change.OPENED, Change.REOPENED, Change.LEFT, Change.SETTLED))
_ACKNOWLEDGED, _FIXED, _MERGED, _AWAY, _JOINED = map(
    int, (Change.ACKNOWLEDGED, Change.FIXED, Change.MERGED, Change.AWAY, Change.JOINED)
)
_PERSON: Final = int(By.PERSON)
_AT: Final = {name: at for at, name in enumerate(EPISODE)}
_CLOSED, _DUE, _LOOKED, _RISK, _OWNER, _OUTCOME, _BY, _PRIORITY, _SEVERITY = (
    _AT[name] for name in ("closed", "due", "looked", "risk", "owner", "outcome", "by", "priority", "severity")
)


def pack(facts: Iterable[FactRow]) -> tuple[bytes, bytes, list[str]]:
    """Return the episodes and moves of one application's facts, in their order for each issue, and the owners' names."""
    owners: dict[str, int] = {}
    rows: list[list[int]] = []
    last: dict[int, list[int]] = {}
    moves: dict[int, list[int]] = {}
    for one in facts:
        if one.open_change or one.risk_change:
            day = moves.setdefault(one.at // DAY, [0] * (BANDS + 1))
            day[min(BANDS - 1, one.priority)] += one.open_change
            day[BANDS] += one.risk_change
        row = last.get(one.issue)
        if one.change in _BEGINS and (one.change != _JOINED or row is None):
            row = _begun(one)
            rows.append(row)
            last[one.issue] = row
        if row is not None:
            _told(row, one, owners)
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(EPISODE)
    told = [np.asarray(column, dtype=sort) for column, sort in zip(columns, EPISODE.values(), strict=True)]
    days = sorted(moves)
    moved = [np.asarray(days, dtype="<i4")]
    moved += [np.asarray([moves[day][at] for day in days], dtype="<i4") for at in range(BANDS + 1)]
    return b"".join(one.tobytes() for one in told), b"".join(one.tobytes() for one in moved), list(owners)


def _begun(one: FactRow) -> list[int]:
    lag = max(0, one.at - one.known) if one.known != NEVER and one.change == _OPENED else -1
    again = int(one.change == _REOPENED)
    return [one.issue, one.at, NEVER, one.due, NEVER, lag, one.risk, 0, OPEN, 0, one.priority, one.severity, one.kind, again]  # fmt: skip


def _told(row: list[int], one: FactRow, owners: dict[str, int]) -> None:
    change = one.change
    if change in _CLOSES or change == _LEFT:
        # Who leaves an owner joins the next at once; who leaves for another application does not come back here.
        row[_CLOSED], row[_BY], row[_OUTCOME] = one.at, one.by, AWAY if change == _LEFT else _outcome(one)
    elif change == _SETTLED and row[_CLOSED] != NEVER:
        row[_OUTCOME] = _outcome(one)
    elif change == _JOINED:
        row[_CLOSED], row[_OUTCOME] = NEVER, OPEN
    elif change == _ACKNOWLEDGED or (change == _REOPENED and one.by == _PERSON):
        row[_LOOKED] = min(row[_LOOKED], one.at)
    if change != _LEFT and (row[_CLOSED] == NEVER or change in _CLOSES):
        row[_PRIORITY], row[_SEVERITY], row[_RISK], row[_DUE] = one.priority, one.severity, one.risk, one.due
        row[_OWNER] = owners.setdefault(one.owner, len(owners))


def _outcome(one: FactRow) -> int:
    if one.change == _MERGED:
        return MERGED
    if one.change == _AWAY:
        return AWAY
    if one.change == _FIXED or one.resolution in {"fixed", "verified"}:
        return FIXED
    return WRONG if one.resolution == FALSE_POSITIVE else DISMISSED


class _Block(NamedTuple):
    through: int
    episodes: dict[str, Column]
    moves: dict[str, Column]
    owners: list[str]


_kept: OrderedDict[int, _Block] = OrderedDict()
_joined: OrderedDict[tuple[tuple[int, int], ...], Columns] = OrderedDict()
_lock = threading.Lock()
_MOST_JOINED: Final = 3


def load(applications: Iterable[int]) -> Columns:
    """Return the columns of some applications. Blocks that this process has read and that are the newest are not read again."""
    wanted = sorted(set(applications))
    newest = {
        number: through
        for at in range(0, len(wanted), 5_000)
        for number, through in FactBlock.objects.filter(application__in=wanted[at : at + 5_000]).values_list(
            "application", "through"
        )
    }
    key = tuple(sorted(newest.items()))
    with _lock:
        if key in _joined:
            _joined.move_to_end(key)
            return _joined[key]
        stale = [number for number, through in key if number not in _kept or _kept[number].through != through]
    fresh = {row.application: _unpacked(row) for at in range(0, len(stale), 500) for row in _rows(stale[at : at + 500])}
    with _lock:
        _kept.update(fresh)
        blocks = [(number, _kept[number]) for number, _ in key if number in _kept]
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
        joined = _join(blocks)
        _joined[key] = joined
        while len(_joined) > _MOST_JOINED:
            _joined.popitem(last=False)
    return joined


def forget() -> None:
    """Forget what this process has read."""
    with _lock:
        _kept.clear()
        _joined.clear()


def _rows(numbers: Sequence[int]) -> Iterable[FactBlock]:
    return FactBlock.objects.filter(application__in=numbers).iterator(chunk_size=50)


def _unpacked(row: FactBlock) -> _Block:
    return _Block(row.through, _split(bytes(row.episodes), EPISODE), _split(bytes(row.moves), MOVE), list(row.owners))


def _split(data: bytes, sorts: Mapping[str, str]) -> dict[str, Column]:
    width = sum(np.dtype(sort).itemsize for sort in sorts.values())
    count, at = len(data) // width, 0
    found = {}
    for name, sort in sorts.items():
        found[name] = np.frombuffer(data, dtype=sort, count=count, offset=at)
        at += count * np.dtype(sort).itemsize
    return found


def _join(blocks: Sequence[tuple[int, _Block]]) -> Columns:
    owners: dict[str, int] = {}
    codes = [
        np.asarray([owners.setdefault(name, len(owners)) for name in block.owners] or [0], dtype="<i4")
        for _, block in blocks
    ]
    episodes = {name: _whole([block.episodes[name] for _, block in blocks], sort) for name, sort in EPISODE.items()}
    episodes["owner"] = _whole(
        [code[block.episodes["owner"]] for code, (_, block) in zip(codes, blocks, strict=True)], "<i4"
    )
    episodes["application"] = _places([block.episodes["issue"].size for _, block in blocks])
    moves = {name: _whole([block.moves[name] for _, block in blocks], sort) for name, sort in MOVE.items()}
    moves["application"] = _places([block.moves["day"].size for _, block in blocks])
    return Columns(episodes, moves, tuple(number for number, _ in blocks), tuple(owners))


def _whole(parts: Sequence[Column], sort: str) -> Column:
    return np.concatenate(parts) if parts else np.empty(0, dtype=sort)


def _places(sizes: Sequence[int]) -> Column:
    return np.repeat(np.arange(len(sizes), dtype="<i4"), sizes)
