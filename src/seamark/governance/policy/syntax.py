"""The tree of a compiled condition, as the engine itself understood it: read from its serialised form.

So what is derived from the tree (the facts that are used, types, the prefilter) speaks of what is evaluated, not of another reading
of the same text. The form is protocol buffers' of `cel.expr.CheckedExpr`; only the fields that are needed are read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, Final, NamedTuple, TypeAlias


class Constant(NamedTuple):
    """A literal."""

    at: int
    """Place in the text, in characters from 0."""
    value: bool | int | float | str | bytes | None


class Name(NamedTuple):
    """A variable."""

    at: int
    name: str


class Select(NamedTuple):
    """`operand.field`, or `has(operand.field)` where `test`."""

    at: int
    operand: Node
    field: str
    test: bool


class Call(NamedTuple):
    """A function or operator such as `_&&_`, `_>=_`, `size`; a method's target is its first argument."""

    at: int
    function: str
    arguments: tuple[Node, ...]


class Items(NamedTuple):
    """A list."""

    at: int
    items: tuple[Node, ...]


class Mapping(NamedTuple):
    """A map."""

    at: int
    entries: tuple[tuple[Node, Node], ...]


class Fold(NamedTuple):
    """What `exists`, `all`, `filter`, `map` and `exists_one` stand for."""

    at: int
    variable: str
    over: Node
    total: str
    """Name of the variable that the result is gathered in."""
    start: Node
    go_on: Node
    step: Node
    result: Node


Node: TypeAlias = Constant | Name | Select | Call | Items | Mapping | Fold

_CHECKED_EXPRESSION, _CHECKED_SOURCE = 4, 5
_POSITIONS: Final = 4


def tree(serialised: bytes) -> Node:
    """Return the tree of a serialised condition. Raises `ValueError` for what is none."""
    (checked,) = (value for number, value in _fields(serialised) if number == 2)
    fields = dict(_fields(checked))
    positions = dict(
        _pair(value) for number, value in _fields(fields.get(_CHECKED_SOURCE, b"")) if number == _POSITIONS
    )
    return _node(fields[_CHECKED_EXPRESSION], positions)


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def children(node: Node) -> tuple[Node, ...]:
    """Return what a node consists of."""
    match node:
        case Select():
            return (node.operand,)
        case Call():
            return node.arguments
        case Items():
            return node.items
        case Mapping():
            return tuple(part for entry in node.entries for part in entry)
        case Fold():
            return (node.over, node.start, node.go_on, node.step, node.result)
    return ()


def _node(data: bytes, positions: dict[int, int]) -> Node:
    fields = list(_fields(data))
    at = positions.get(next((value for number, value in fields if number == 2), 0), 0)
    number, body = next((field for field in fields if field[0] != 2), (0, b""))
    parts = list(_fields(body))
    match number:
        case 3:
            return Constant(at, _constant(parts))
        case 4:
            return Name(at, _text(parts, 1))
        case 5:
            return Select(at, _node(_first(parts, 1), positions), _text(parts, 2), bool(dict(parts).get(3)))
        case 6:
            inner = [_node(value, positions) for field, value in parts if field in {1, 3}]
            return Call(at, _text(parts, 2), tuple(inner))
        case 7:
            return Items(at, tuple(_node(value, positions) for field, value in parts if field == 1))
        case 8:
            entries = [list(_fields(value)) for field, value in parts if field == 2]
            return Mapping(at, tuple((_node(_first(e, 3), positions), _node(_first(e, 4), positions)) for e in entries))
        case 9:
            over, start, go_on, step, result = (_node(_first(parts, field), positions) for field in (2, 4, 5, 6, 7))
            return Fold(at, _text(parts, 1), over, _text(parts, 3), start, go_on, step, result)
    raise ValueError(f"an expression of an unknown sort: {number}")


def _constant(parts: list[tuple[int, Any]]) -> bool | int | float | str | bytes | None:
    number, value = parts[0]
    match number:
        case 2:
            return bool(value)
        case 3:
            return value - 2**64 if value >= 2**63 else int(value)
        case 4:
            return int(value)
        case 5:
            return float(struct.unpack("<d", value)[0])
        case 6:
            return str(value, "utf-8")
        case 7:
            return bytes(value)
    return None


def _pair(data: bytes) -> tuple[int, int]:
    fields = dict(_fields(data))
    return fields.get(1, 0), fields.get(2, 0)


def _first(parts: list[tuple[int, Any]], wanted: int) -> bytes:
    return next((value for number, value in parts if number == wanted), b"")


def _text(parts: list[tuple[int, Any]], wanted: int) -> str:
    return str(_first(parts, wanted), "utf-8")


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and value of each field: whole numbers for variable ones, bytes for the others."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
            case 2:
                length, at = _varint(data, at)
                yield key >> 3, data[at : at + length]
                at += length
            case 1:
                yield key >> 3, data[at : at + 8]
                at += 8
            case 5:
                yield key >> 3, data[at : at + 4]
                at += 4
            case other:
                raise ValueError(f"a field of an unknown sort: {other}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
