"""Conditions: CEL, compiled and checked once, decided for many records. The only module that knows the engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from cel_expr_python import cel
from msgspec import Struct

from seamark.governance.policy import shapes
from seamark.governance.policy.check import Objection, check, suggestion, unknown_name
from seamark.governance.policy.facts import CONSTANTS, GROUPS, SUBJECTS, Facts
from seamark.governance.policy.syntax import Call, Constant, Name, Node, Select, tree, walk

LONGEST: Final = 4_000
"""Characters of a condition. The engine itself ends what goes round more than 10,000 times or nests deeper than 32."""
_MESSAGE: Final = re.compile(r"<input>:(\d+):(\d+): (.*)")
_UNDECLARED: Final = re.compile(r"undeclared reference to '([^']*)'")
_FUNCTIONS: Final = (
    "exists", "all", "exists_one", "filter", "map", "has", "size", "startsWith", "endsWith", "contains", "matches", "timestamp", "duration",
    "int", "double", "string",
)  # fmt: skip


class InvalidCondition(Exception):
    """A condition that cannot be used."""

    def __init__(self, objections: list[Objection]) -> None:
        self.objections = objections
        super().__init__("; ".join(one.message for one in objections))


@lru_cache(maxsize=1)
def _environment() -> cel.Env:
    # Facts are maps, in which what is not known is missing: reading it is an error, which `&&` and `||` carry on only where it matters.
    group = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    variables = dict.fromkeys(GROUPS, group) | dict.fromkeys(CONSTANTS, cel.Type.INT) | {"now": cel.Type.TIMESTAMP}
    return cel.NewEnv(variables=variables)


class Condition:
    """A compiled condition."""

    def __init__(self, text: str) -> None:
        """Compile a condition. Raises `InvalidCondition` with all that is wrong."""
        self.text = text
        try:
            self._prepare(text)
        except RecursionError:
            raise InvalidCondition([Objection(0, "the condition is nested too deeply")]) from None

    def _prepare(self, text: str) -> None:
        if len(text) > LONGEST:
            raise InvalidCondition([Objection(0, f"the condition is longer than {LONGEST:,} characters")])
        try:
            self._compiled = _environment().compile(text)
            self.tree: Node = tree(self._compiled.serialize())
        except RuntimeError as error:
            raise InvalidCondition(_objections(text, str(error))) from None
        self.uses: tuple[tuple[str, str], ...] = _uses(self.tree)
        """The facts that it names, as pairs of group and fact, sorted."""
        found = [*check(self.tree), *_patterns(self.tree)]
        if not self.uses and not found:
            found.append(Objection(0, "the condition names no fact, so that it is about nothing"))
        if found:
            raise InvalidCondition(found)
        groups = {group for group, _ in self.uses}
        self.subject = next(name for name in SUBJECTS if name in groups)
        """The group of facts that it is about."""
        self.lists = any(shapes.fields(GROUPS[group])[field].name == "list" for group, field in self.uses)
        """Whether it looks at a list."""
        names = {node.name for node in walk(self.tree) if isinstance(node, Name)}
        self._constants = {name: value for name, value in CONSTANTS.items() if name in names}
        self._timed = "now" in names

    def decide(self, facts: Facts, now: datetime) -> bool | None:
        """Tell whether the condition holds; None where that depends on what is not known, or cannot be worked out."""
        return self.decide_values(self.values(facts), now)

    def values(self, facts: Facts) -> tuple[Any, ...]:
        """Return the facts that the condition looks at, in the order of `uses`; records with the same ones are decided the same."""
        return tuple(getattr(getattr(facts, group), field, None) for group, field in self.uses)

    def decide_values(self, values: tuple[Any, ...], now: datetime) -> bool | None:
        """Decide what `values` returned."""
        data: dict[str, Any] = {group: {} for group, _ in self.uses}
        for (group, field), value in zip(self.uses, values, strict=True):
            if value is not None:
                data[group][field] = _plain(value)
        data |= self._constants
        if self._timed:
            data["now"] = now
        return self._run(data)

    def _run(self, data: Mapping[str, Any]) -> bool | None:
        try:
            result = self._compiled.eval(data=data).value()
        except RuntimeError:
            # The budget of rounds or of depth is used up.
            return None
        return result if isinstance(result, bool) else None

    def unknown(self, facts: Facts) -> tuple[str, ...]:
        """Return the facts that the condition names and that are not known of a record."""
        return tuple(
            f"{group}.{field}"
            for (group, field), value in zip(self.uses, self.values(facts), strict=True)
            if value is None
        )


def _plain(value: Any) -> Any:
    """Return a fact as the engine takes it: lists and maps, without what is not known."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Struct):
        told = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return {name: _plain(each) for name, each in told if each is not None}
    return int(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _uses(node: Node) -> tuple[tuple[str, str], ...]:
    found = {
        (each.operand.name, each.field)
        for each in walk(node)
        if isinstance(each, Select) and isinstance(each.operand, Name) and each.operand.name in GROUPS
    }
    return tuple(sorted(found))


def _patterns(node: Node) -> list[Objection]:
    """Return the regular expressions that the engine does not take."""
    found = []
    for each in walk(node):
        if isinstance(each, Call) and each.function == "matches" and isinstance(pattern := each.arguments[1], Constant):
            tried = (
                _environment()
                .compile("issue.title.matches(issue.rule)")
                .eval(data={"issue": {"title": "", "rule": pattern.value}})
            )
            if not isinstance(tried.value(), bool):
                found.append(Objection(pattern.at, f"the regular expression is not valid: {tried.value()}"))
    return found


def _objections(text: str, message: str) -> list[Objection]:
    """Return the engine's complaints with their places in the text."""
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:number])) for number in range(len(lines) + 1)]
    found = []
    for line, column, sentence in _MESSAGE.findall(message):
        at = starts[min(int(line), len(starts)) - 1] + int(column) - 1
        undeclared, told = _UNDECLARED.search(sentence), sentence
        if undeclared:
            name = undeclared[1]
            called = text[at : at + 1] in {"(", "."} or text[at:].startswith(f"{name}(")
            if called and "." not in name and name not in GROUPS:
                told = f"there is no function {name}{suggestion(name, _FUNCTIONS)}"
            else:
                told = unknown_name(name)
                at -= len(name.split(".")[0]) if text[at : at + 1] == "." else 0
        found.append(Objection(max(at, 0), _shortened(told)))
    return found or [Objection(0, _shortened(message))]


def _shortened(sentence: str) -> str:
    """Leave out what an engine's sentence says to programs only."""
    sentence = re.sub(r" \(in container '[^']*'\)| \[[A-Z_]+\]$|^[A-Z_]+: ", "", sentence)
    sentence = re.sub(
        r"found no matching overload for '_?(.+?)_?' applied to '\((.*)\)'", r"\1 does not take \2", sentence
    )
    return re.sub(r"expecting \{.*", "something is missing here", sentence)
