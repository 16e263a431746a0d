"""Which records a condition certainly holds for, and which it certainly does not: the engine then looks at the others only.

Simple parts of a condition (a fact compared with a constant, a truth value, `in` a list of constants, `has`, how a text begins, ends or what
it contains) become columns, joined by `&&`, `||` and `!` in three values as the engine joins them. Whatever is not simple counts as
undecided. So the engine is not asked only where its answer is known; a property test holds the two against each other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from seamark.governance.policy import shapes
from seamark.governance.policy.facts import CONSTANTS, GROUPS, Facts
from seamark.governance.policy.syntax import Call, Constant, Items, Name, Node, Select

Mask: TypeAlias = NDArray[np.bool_]

_EXACT: Final = 2**53
"""Beyond it whole numbers and floating ones are no longer compared exactly."""
_ORDERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "_==_": operator.eq, "_!=_": operator.ne, "_<_": operator.lt, "_<=_": operator.le, "_>_": operator.gt, "_>=_": operator.ge,
}  # fmt: skip
_PARTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "startsWith": str.startswith, "endsWith": str.endswith, "contains": str.__contains__,
}  # fmt: skip
_TURNED: Final = {"_<_": "_>_", "_<=_": "_>=_", "_>_": "_<_", "_>=_": "_<=_", "_==_": "_==_", "_!=_": "_!=_"}


class _Known(NamedTuple):
    """Where a condition certainly holds, and where it certainly does not."""

    yes: Mask
    no: Mask


class Columns:
    """Facts of many records, each taken out once, as an array."""

    def __init__(self, facts: Sequence[Facts]) -> None:
        self.size = len(facts)
        self._facts = facts
        self._groups: dict[str, list[Any]] = {}
        self._numbers: dict[tuple[str, str], NDArray[np.float64]] = {}
        self._texts: dict[tuple[str, str], tuple[NDArray[np.int64], dict[str, int]]] = {}

    def values(self, group: str, field: str) -> list[Any]:
        """Return a fact of all records, None where it is not known."""
        return list(map(attrgetter(field), self._group(group)))

    def rows(self, uses: Sequence[tuple[str, str]], numbers: Sequence[int]) -> Iterable[tuple[Any, ...]]:
        """Return some facts of some records, a tuple for each record."""
        picked = []
        for group, field in uses:
            rows, fact = self._group(group), attrgetter(field)
            picked.append([fact(rows[number]) for number in numbers])
        return zip(*picked, strict=True)

    def _group(self, name: str) -> list[Any]:
        """Return a group of all records; where a record has none, one of which nothing is known."""
        found = self._groups.get(name)
        if found is None:
            nothing = GROUPS[name]()
            found = self._groups[name] = [nothing if one is None else one for one in map(attrgetter(name), self._facts)]
        return found

    def numbers(self, group: str, field: str) -> NDArray[np.float64]:
        """Return a number or truth value of all records; NaN where it is not known."""
        found = self._numbers.get((group, field))
        if found is None:
            values = self.values(group, field)
            found = self._numbers[group, field] = np.array(
                [np.nan if value is None else value for value in values], dtype=np.float64
            )
        return found

    def texts(self, group: str, field: str) -> tuple[NDArray[np.int64], dict[str, int]]:
        """Return a text of all records as numbers, -1 where it is not known, and what number each text has."""
        found = self._texts.get((group, field))
        if found is None:
            codes: dict[str, int] = {}
            numbers = [
                -1 if value is None else codes.setdefault(value, len(codes)) for value in self.values(group, field)
            ]
            found = self._texts[group, field] = (np.array(numbers, dtype=np.int64), codes)
        return found

    def known(self, group: str, field: str) -> Mask:
        """Return of which records a fact is known."""
        return np.array([value is not None for value in self.values(group, field)], dtype=np.bool_)


def sifted(tree: Node, columns: Columns) -> tuple[list[int], list[int]]:
    """Return the numbers of the records for which the condition certainly holds, and of those that the engine has to be asked about."""
    known = _known(tree, columns)
    return np.flatnonzero(known.yes).tolist(), np.flatnonzero(~(known.yes | known.no)).tolist()


def _known(node: Node, columns: Columns) -> _Known:
    match node:
        case Constant(value=bool(value)):
            all_of_them = np.ones(columns.size, dtype=np.bool_)
            return _Known(all_of_them, ~all_of_them) if value else _Known(~all_of_them, all_of_them)
        case Call(function="_&&_"):
            parts = [_known(each, columns) for each in node.arguments]
            return _Known(_every([one.yes for one in parts]), ~_every([~one.no for one in parts]))
        case Call(function="_||_"):
            parts = [_known(each, columns) for each in node.arguments]
            return _Known(~_every([~one.yes for one in parts]), _every([one.no for one in parts]))
        case Call(function="!_"):
            inner = _known(node.arguments[0], columns)
            return _Known(inner.no, inner.yes)
        case Call() if node.function in _ORDERS:
            return _compared(node, columns)
        case Call(function="@in" | "_in_" | "in"):
            return _among(node, columns)
        case Call() if node.function in _PARTS:
            return _with_part(node, columns)
        case Select():
            return _of_fact(node, columns)
    return _nothing(columns)


def _every(masks: Sequence[Mask]) -> Mask:
    found: Mask = np.logical_and.reduce(list(masks))
    return found


def _nothing(columns: Columns) -> _Known:
    none = np.zeros(columns.size, dtype=np.bool_)
    return _Known(none, none)


def _fact(node: Node) -> tuple[str, str] | None:
    """Return group and name of a fact that stands by itself."""
    if isinstance(node, Select) and not node.test and isinstance(node.operand, Name) and node.operand.name in GROUPS:
        return node.operand.name, node.field
    return None


def _constant(node: Node) -> Any:
    """Return a constant's value; None for anything else."""
    if isinstance(node, Name):
        return CONSTANTS.get(node.name)
    return node.value if isinstance(node, Constant) else None


def _of_fact(node: Select, columns: Columns) -> _Known:
    if not isinstance(node.operand, Name) or node.operand.name not in GROUPS:
        return _nothing(columns)
    group, field = node.operand.name, node.field
    if node.test:
        known = columns.known(group, field)
        return _Known(known, ~known)
    if _shape(group, field) != "bool":
        return _nothing(columns)
    numbers = columns.numbers(group, field)
    return _Known(numbers == 1, numbers == 0)


def _compared(node: Call, columns: Columns) -> _Known:
    left, right = node.arguments
    function = node.function
    if _fact(left) is None:
        left, right, function = right, left, _TURNED[function]
    fact, value = _fact(left), _constant(right)
    if fact is None or value is None:
        return _nothing(columns)
    shape = _shape(*fact)
    if shape in {"int", "double"} and type(value) in {int, float} and abs(value) <= _EXACT:
        numbers = columns.numbers(*fact)
        known = ~np.isnan(numbers)
        # An unknown number compares as unequal.
        held: Mask = _ORDERS[function](numbers, value) & known
        return _Known(held, ~held & known)
    if shape == "bool" and type(value) is bool and function in {"_==_", "_!=_"}:
        numbers = columns.numbers(*fact)
        held = _ORDERS[function](numbers, float(value)) & ~np.isnan(numbers)
        return _Known(held, ~held & ~np.isnan(numbers))
    if shape == "string" and type(value) is str and function in {"_==_", "_!=_"}:
        codes, words = columns.texts(*fact)
        held = codes == words.get(value, -2)
        held = held if function == "_==_" else ~held & (codes >= 0)
        return _Known(held, ~held & (codes >= 0))
    return _nothing(columns)


def _among(node: Call, columns: Columns) -> _Known:
    fact, listed = _fact(node.arguments[0]), node.arguments[1]
    if fact is None or not isinstance(listed, Items) or _shape(*fact) != "string":
        return _nothing(columns)
    values = [_constant(each) for each in listed.items]
    if not all(isinstance(value, str) for value in values):
        return _nothing(columns)
    codes, words = columns.texts(*fact)
    held = np.isin(codes, [words[value] for value in values if value in words])
    return _Known(held, ~held & (codes >= 0))


def _with_part(node: Call, columns: Columns) -> _Known:
    fact, part = _fact(node.arguments[0]), _constant(node.arguments[1])
    if fact is None or not isinstance(part, str) or _shape(*fact) != "string":
        return _nothing(columns)
    codes, words = columns.texts(*fact)
    fits = _PARTS[node.function]
    # Each text is looked at once, however many records have it.
    held = np.isin(codes, [code for word, code in words.items() if fits(word, part)])
    return _Known(held, ~held & (codes >= 0))


def _shape(group: str, field: str) -> str:
    return shapes.fields(GROUPS[group])[field].name
