"""What an entry holds, and how it is written: the same for those who add entries and those who verify them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from seamark.governance.ledger.canonical import LARGEST, canonical

SYSTEM = "system:"
"""What the names of actors that are no people begin with. No user name has a colon."""


class Attested(NamedTuple):
    """Fields of rows as a decision left them: a live row that differs was changed past the decision."""

    table: str
    ids: Sequence[int]
    """Rows that the decision left alike."""
    fields: Mapping[str, object]
    free: Sequence[str] = ()
    """Fields that an earlier entry spoke of and that may change from now on."""
    gone: bool = False
    """The rows were removed by this decision."""


class Decision(NamedTuple):
    """What is to be recorded; see `record.record`."""

    kind: str
    subject: str
    body: Mapping[str, object]
    actor: str
    inputs: Mapping[str, object] = {}
    rows: Sequence[Attested] = ()


class Row(Struct, frozen=True, omit_defaults=True):
    """`Attested`, as an entry writes it."""

    table: str
    ids: tuple[int, ...]
    fields: dict[str, Any] = {}
    free: tuple[str, ...] = ()
    gone: bool = False


class Entry(Struct, frozen=True):
    """An entry that was read back."""

    number: int
    at: str
    kind: str
    subject: str
    actor: str
    body: dict[str, Any]
    inputs: dict[str, Any]
    rows: tuple[Row, ...] = ()


class Numbered(Struct, frozen=True):
    """As much of an entry as the verifier of the tree needs."""

    number: int


def content_of(number: int, at: datetime, decision: Decision) -> str:
    """Return an entry's canonical JSON. Raises `ValueError` for values that have none; see `plain`."""
    return canonical(
        {
            "number": number,
            "at": moment(at),
            "kind": decision.kind,
            "subject": decision.subject,
            "actor": decision.actor,
            "body": plain(decision.body),
            "inputs": plain(decision.inputs),
            "rows": [_row(one) for one in decision.rows],
        }
    )


def _row(one: Attested) -> dict[str, object]:
    told: dict[str, object] = {"table": one.table, "ids": list(one.ids)}
    if one.fields:
        told["fields"] = plain(one.fields)
    if one.free:
        told["free"] = list(one.free)
    if one.gone:
        told["gone"] = True
    return told


def read_entry(content: str | bytes) -> Entry:
    """Return an entry. Raises `ValueError` for what is none."""
    try:
        return msgspec.json.decode(content, type=Entry)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from None


def plain(value: object) -> Any:
    """Return a value as an entry keeps it: moments and decimals as texts, large numbers as texts, bytes in hexadecimal.

    Raises `ValueError` for other types.
    """
    if isinstance(value, str):
        # Half a surrogate pair, which JSON from outside may hold, has no bytes that could be hashed.
        return str(value) if value.isascii() else value.encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return int(value) if -LARGEST <= value <= LARGEST else str(int(value))
    if isinstance(value, Decimal):
        return format(value.normalize() + 0, "f")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, set | frozenset):
        return [plain(one) for one in sorted(value)]
    if isinstance(value, Struct):
        return plain(msgspec.to_builtins(value))
    raise ValueError(f"A {type(value).__name__} cannot stand in the ledger")


def moment(at: datetime) -> str:
    """Return a moment in UTC, to the microsecond."""
    if at.tzinfo is None:
        raise ValueError("A moment without its time zone cannot stand in the ledger")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
