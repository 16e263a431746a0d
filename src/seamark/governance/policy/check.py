"""Whether a condition makes sense: facts that exist, comparisons of like with like, words that can occur, and a size that is bounded."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final, NamedTuple

from seamark.governance.policy import shapes
from seamark.governance.policy.facts import CONSTANTS, GROUPS
from seamark.governance.policy.shapes import ANY, BOOL, DOUBLE, DURATION, INT, NULL, STRING, TIMESTAMP, Shape
from seamark.governance.policy.syntax import Call, Constant, Fold, Items, Mapping, Name, Node, Select, children, walk

MOST_NODES: Final = 1_000
DEEPEST: Final = 2
"""How many `exists`, `all` … may stand within each other."""
_COMPARISONS: Final = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
_ARITHMETIC: Final = frozenset({"_+_", "_-_", "_*_", "_/_", "_%_"})
_RETURNS: Final = {
    "startsWith": BOOL, "endsWith": BOOL, "contains": BOOL, "matches": BOOL, "size": INT, "timestamp": TIMESTAMP, "duration": DURATION,
    "int": INT, "double": DOUBLE, "string": STRING, "bool": BOOL, "getFullYear": INT, "getMonth": INT, "getDayOfWeek": INT, "getHours": INT,
    "getDayOfMonth": INT, "getDayOfYear": INT, "getDate": INT, "getMinutes": INT, "getSeconds": INT,
}  # fmt: skip
_ON_TEXT: Final = frozenset({"startsWith", "endsWith", "contains", "matches"})


class Objection(NamedTuple):
    """What is wrong with a condition, and where in its text, in characters from 0."""

    at: int
    message: str


def check(tree: Node) -> list[Objection]:
    """Return all that is wrong with a condition; nothing where it may be used."""
    checker = _Checker()
    shape = checker.shape(tree, {})
    found = checker.objections
    if shape.name not in {"bool", "any"}:
        found.append(Objection(tree.at, f"the condition is a {shape.words}, and must be true or false"))
    if sum(1 for _ in walk(tree)) > MOST_NODES:
        found.append(Objection(0, f"the condition has more than {MOST_NODES:,} parts; make two policies of it"))
    if _depth(tree) > DEEPEST:
        found.append(Objection(0, f"more than {DEEPEST} of exists, all, map and filter stand within each other"))
    return sorted(set(found))


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a sentence that names what may be meant, with a space before it; empty where nothing is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def unknown_name(name: str) -> str:
    """Return the sentence for a name that stands for nothing."""
    head, _, field = name.partition(".")
    places = [f"{group}.{head}" for group, kind in GROUPS.items() if head in shapes.fields(kind)]
    near = difflib.get_close_matches(head, [*GROUPS, *CONSTANTS, "now"], n=1, cutoff=0.6)
    if near:
        return f"there is no {head}; did you mean {near[0]}{'.' + field if field else ''}?"
    if not places:
        every = {fact: group for group, kind in reversed(GROUPS.items()) for fact in shapes.fields(kind)}
        places = [f"{every[fact]}.{fact}" for fact in difflib.get_close_matches(head, every, n=1, cutoff=0.7)]
    return f"there is no {head}" + (f"; did you mean {places[0]}?" if places else "")


def _depth(node: Node) -> int:
    below = max((_depth(child) for child in children(node)), default=0)
    return below + isinstance(node, Fold)


class _Checker:
    """Walks a tree once, from the leaves up."""

    def __init__(self) -> None:
        self.objections: list[Objection] = []

    def object(self, at: int, message: str) -> Shape:
        self.objections.append(Objection(at, message))
        return ANY

    def shape(self, node: Node, scope: dict[str, Shape]) -> Shape:
        match node:
            case Constant():
                return _of_constant(node)
            case Name():
                return self._name(node, scope)
            case Select():
                return self._select(node, scope)
            case Items():
                inner = [self.shape(each, scope) for each in node.items]
                return Shape("list", item=inner[0] if inner else ANY)
            case Mapping():
                for key, value in node.entries:
                    self.shape(key, scope)
                    self.shape(value, scope)
                return Shape("map")
            case Fold():
                return self._fold(node, scope)
        return self._call(node, scope)

    def _name(self, node: Name, scope: dict[str, Shape]) -> Shape:
        if node.name in scope:
            return scope[node.name]
        if node.name in GROUPS:
            return self.object(
                node.at, f"{node.name} is a group of facts; name one of them, such as {_first_of(node.name)}"
            )
        if node.name == "now":
            return TIMESTAMP
        return INT if node.name in CONSTANTS else ANY

    def _select(self, node: Select, scope: dict[str, Shape]) -> Shape:
        operand = node.operand
        if isinstance(operand, Name) and operand.name in GROUPS and operand.name not in scope:
            inner, path = shapes.group_shape(operand.name), operand.name
        else:
            inner, path = self.shape(operand, scope), _path(operand)
        if inner.name == "any":
            return BOOL if node.test else ANY
        if inner.group is None:
            hint = "; ask with exists(x, …) or all(x, …)" if inner.name == "list" else ""
            return self.object(node.at + 1, f"{path} is a {inner.words} and has no {node.field}{hint}")
        known = shapes.fields(inner.group)
        if node.field not in known:
            near = difflib.get_close_matches(node.field, known, n=1, cutoff=0.6)
            elsewhere = [f"{name}.{node.field}" for name, kind in GROUPS.items() if node.field in shapes.fields(kind)]
            meant = f"{path}.{near[0]}" if near else next(iter(elsewhere), "")
            return self.object(
                node.at + 1, f"{path} has no fact {node.field}" + (f"; did you mean {meant}?" if meant else "")
            )
        return BOOL if node.test else known[node.field]

    def _fold(self, node: Fold, scope: dict[str, Shape]) -> Shape:
        over = self.shape(node.over, scope)
        if node.variable in {*GROUPS, *CONSTANTS, "now"}:
            self.object(node.at, f"{node.variable} is taken; call the variable something else, such as x")
        if over.name not in {"list", "map", "any"}:
            self.object(node.over.at, f"{_path(node.over)} is a {over.words}, not a list")
        start = self.shape(node.start, scope)
        # What is gathered by `map` and `filter` is a list of whatever; `exists` and `all` start with a truth value.
        total = Shape("list", item=over.item or ANY) if start.name == "list" else start
        inner = {**scope, node.variable: over.item or ANY, node.total: total}
        self.shape(node.go_on, inner)
        step = self.shape(node.step, inner)
        mapped = _mapped(node)
        if mapped is not None:
            total = Shape("list", item=ANY if isinstance(mapped, Fold) else _Checker().shape(mapped, inner))
        elif total.name == "bool" and step.name not in {"bool", "any"}:
            self.object(node.at, f"the condition inside is a {step.words}, and must be true or false")
        return self.shape(node.result, {**inner, node.total: total})

    def _call(self, node: Call, scope: dict[str, Shape]) -> Shape:
        inner = [self.shape(each, scope) for each in node.arguments]
        name = node.function
        if name in _COMPARISONS:
            self._alike(node, inner)
            return BOOL
        if name in {"_in_", "@in", "in"}:
            self._member(node, inner)
            return BOOL
        if name in {"_&&_", "_||_", "!_"}:
            for each, shape in zip(node.arguments, inner, strict=True):
                if shape.name not in {"bool", "any"}:
                    self.object(each.at, f"{_path(each)} is a {shape.words}, and must be true or false here")
            return BOOL
        if name == "_?_:_":
            return inner[1]
        if name == "_[_]":
            if isinstance(node.arguments[1], Constant) and isinstance(node.arguments[1].value, str):
                self.object(node.at, f"write the fact with a dot: .{node.arguments[1].value}")
            return inner[0].item or ANY
        if name == "-_":
            return inner[0]
        if name in _ARITHMETIC:
            return self._sum(node, inner)
        if name in _ON_TEXT:
            for each, shape in zip(node.arguments, inner, strict=True):
                if shape.name not in {"string", "any"}:
                    hint = "; ask with `in`, or with exists(x, …)" if shape.name == "list" else ""
                    self.object(each.at, f"{name} is for texts, and {_path(each)} is a {shape.words}{hint}")
        if name == "size" and inner[0].name not in {"list", "string", "map", "any"}:
            self.object(node.arguments[0].at, f"size is for lists and texts, not for a {inner[0].words}")
        if name == "timestamp" and inner[0].name not in {"string", "any", "timestamp", "int"}:
            self.object(node.arguments[0].at, f"timestamp takes a text, not a {inner[0].words}")
        return _RETURNS.get(name, ANY)

    def _alike(self, node: Call, inner: list[Shape]) -> None:
        left, right = inner
        if NULL in inner:
            self.object(node.at, "nothing is null here: ask with has(…) whether a fact is known")
        elif "any" not in {left.name, right.name} and _family(left) != _family(right):
            hint = _word_hint(node, inner)
            self.object(node.at, f"a {left.words} is compared with a {right.words}{hint}")
        for (shape, other), one in zip(
            ((left, node.arguments[1]), (right, node.arguments[0])), node.arguments, strict=True
        ):
            self._can_occur(one, shape, other)

    def _member(self, node: Call, inner: list[Shape]) -> None:
        left, right = inner
        if right.name not in {"list", "map", "any"}:
            self.object(node.arguments[1].at, f"{_path(node.arguments[1])} is a {right.words}, not a list")
            return
        listed = node.arguments[1].items if isinstance(node.arguments[1], Items) else ()
        for each in listed:
            shape = self.shape(each, {})
            if "any" not in {shape.name, left.name} and _family(shape) != _family(left):
                self.object(each.at, f"a {left.words} is looked for among {shape.words}s")
            self._can_occur(node.arguments[0], left, each)
        if right.item is not None and not listed:
            if "any" not in {right.item.name, left.name} and _family(right.item) != _family(left):
                self.object(node.at, f"a {left.words} is looked for in a {right.words}")
            self._can_occur(node.arguments[1], right.item, node.arguments[0])

    def _can_occur(self, fact: Node, shape: Shape, other: Node) -> None:
        if (
            shape.choices
            and isinstance(other, Constant)
            and isinstance(other.value, str)
            and other.value not in shape.choices
        ):
            near = difflib.get_close_matches(other.value, shape.choices, n=1, cutoff=0.6)
            meant = f'did you mean "{near[0]}"?' if near else f"it is one of {', '.join(shape.choices)}"
            self.object(other.at, f'{_path(fact)} is never "{other.value}"; {meant}')

    def _sum(self, node: Call, inner: list[Shape]) -> Shape:
        left, right = inner
        if "any" in {left.name, right.name}:
            return ANY
        if {left.name, right.name} <= {"timestamp", "duration"}:
            return DURATION if left == right else TIMESTAMP
        if left.name != right.name or left.name in {"bool", "group", "null"}:
            return self.object(
                node.at, f"{node.function.strip('_')} does not go with a {left.words} and a {right.words}"
            )
        return left


def _of_constant(node: Constant) -> Shape:
    if node.value is None:
        return NULL
    return {bool: BOOL, int: INT, float: DOUBLE, str: STRING}.get(type(node.value), ANY)


def _mapped(node: Fold) -> Node | None:
    """Return what `map` makes of each item, None for the other macros."""
    step = node.step
    if isinstance(step, Call) and step.function == "_?_:_":
        step = step.arguments[1]
    if isinstance(step, Call) and step.function == "_+_" and isinstance(step.arguments[1], Items):
        return step.arguments[1].items[0]
    return None


def _family(shape: Shape) -> str:
    return "number" if shape.name in {"int", "double"} else shape.name


def _word_hint(node: Call, inner: list[Shape]) -> str:
    """Return the constant that a severity in quotes stands for."""
    for each, shape in zip(node.arguments, inner, strict=True):
        if shape is STRING and isinstance(each, Constant) and str(each.value).upper() in CONSTANTS:
            return f"; did you mean {str(each.value).upper()}?"
    return ""


def _path(node: Node) -> str:
    """Return a fact as it is written, or `this` for anything longer."""
    match node:
        case Name():
            return node.name
        case Select():
            return f"{_path(node.operand)}.{node.field}"
        case Constant():
            return repr(node.value)
    return "this"


def _first_of(group: str) -> str:
    return f"{group}.{next(iter(shapes.fields(GROUPS[group])))}"
