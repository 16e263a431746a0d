"""The types of facts, read from their structs: what the checker, the schema and the documentation go by."""

from __future__ import annotations

import ast
import inspect
from functools import cache
from itertools import pairwise
from types import UnionType
from typing import Any, Final, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import Struct

from seamark.core.severity import Severity
from seamark.governance.policy.facts import GROUPS, Fact


class Shape(NamedTuple):
    """The type of a value in a condition."""

    name: str
    """`bool`, `int`, `double`, `string`, `timestamp`, `duration`, `null`, `list`, `map`, `group`, or `any` where it is not known."""
    item: Shape | None = None
    """Of lists: the type of each item."""
    group: type[Fact] | None = None
    """Of groups: their facts."""
    choices: tuple[str, ...] = ()
    """Of texts that can be one of a few words only: those."""

    @property
    def words(self) -> str:
        """Return it for people: `list of text`."""
        return f"list of {self.item.words}" if self.item is not None else _WORDS.get(self.name, self.name)


_WORDS: Final = {"bool": "truth value", "int": "whole number", "double": "number", "string": "text", "group": "facts"}
ANY: Final = Shape("any")
BOOL: Final = Shape("bool")
INT: Final = Shape("int")
DOUBLE: Final = Shape("double")
STRING: Final = Shape("string")
TIMESTAMP: Final = Shape("timestamp")
DURATION: Final = Shape("duration")
NULL: Final = Shape("null")
_SCALARS: Final[dict[Any, Shape]] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING, Severity: INT}


@cache
def fields(group: type[Fact]) -> dict[str, Shape]:
    """Return the facts of a group by name."""
    return {name: _shape(hint) for name, hint in get_type_hints(group).items() if name in group.__struct_fields__}


@cache
def sentences(group: type[Struct]) -> dict[str, str]:
    """Return what stands under each field in a struct's source: the documentation."""
    (body,) = (node.body for node in ast.parse(inspect.getsource(group)).body if isinstance(node, ast.ClassDef))
    told = {}
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            told[field.target.id] = " ".join(str(text.value.value).split())
    return told


def kind_sentence(group: type[Fact]) -> str:
    """Return what a group of facts is."""
    return " ".join((group.__doc__ or "").split())


def group_shape(name: str) -> Shape:
    """Return the type of a group of facts."""
    return Shape("group", group=GROUPS[name])


def _shape(hint: Any) -> Shape:
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        (hint,) = (each for each in get_args(hint) if each is not type(None))
        return _shape(hint)
    if origin is Literal:
        return Shape("string", choices=get_args(hint))
    if origin is tuple:
        return Shape("list", item=_shape(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, Fact):
        return Shape("group", group=hint)
    return _SCALARS[hint]
