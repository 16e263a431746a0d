"""Templates of charts, filled in with values."""

from __future__ import annotations

from typing import Any, Final

from seamark.intake.discovery.infrastructure.helm.functions import FUNCTIONS, shown
from seamark.intake.discovery.infrastructure.helm.syntax import (
    Call,
    Literal,
    Node,
    Path,
    Pipeline,
    TemplateFailure,
    Word,
    parse,
)
from seamark.intake.discovery.infrastructure.values import MOST_PARTS, fits

_MOST_STEPS, _MOST_TEXT, _DEEPEST = 300_000, 4_000_000, 40
_MOST_ROUNDS: Final = 1_000


class Renderer:
    """Renders templates that may include each other. `unknown` tells which functions were asked for that there are not."""

    def __init__(self, defined: dict[str, list[Node]]) -> None:
        self._defined = defined
        self.unknown: set[str] = set()
        self._steps = self._size = 0

    def render(self, nodes: list[Node], context: dict[str, Any]) -> str:
        """Return the text of a template. Raises `TemplateFailure` for what takes too much."""
        out: list[str] = []
        self._run(nodes, context, {"$": context}, out, 0)
        return "".join(out)

    def _run(self, nodes: list[Node], dot: Any, scope: dict[str, Any], out: list[str], depth: int) -> None:
        if depth > _DEEPEST:
            raise TemplateFailure("nested too deeply")
        for node in nodes:
            self._step()
            if node.kind == "text":
                self._put(node.text, out)
            elif node.kind == "action":
                pipeline = node.pipeline
                value = self._value(pipeline, dot, scope, depth)
                if pipeline is not None and not pipeline.names:
                    self._put(shown(value), out)
            elif node.kind == "template":
                value = self._value(node.pipeline, dot, scope, depth) if node.pipeline else None
                self._put(self._include(node.text, value, depth), out)
            elif node.kind == "range":
                self._range(node, dot, scope, out, depth)
            else:
                inner = dict(scope) if node.pipeline and node.pipeline.names else scope
                value = self._value(node.pipeline, dot, inner, depth)
                body = node.body if value else node.otherwise
                self._run(body, value if node.kind == "with" and value else dot, _Inner(inner), out, depth + 1)

    def _range(self, node: Node, dot: Any, scope: dict[str, Any], out: list[str], depth: int) -> None:
        names = node.pipeline.names if node.pipeline else []
        value = self._value(Pipeline(node.pipeline.commands) if node.pipeline else None, dot, scope, depth)
        pairs: list[tuple[Any, Any]] = []
        if isinstance(value, dict):
            pairs = sorted(value.items(), key=lambda pair: str(pair[0]))
        elif isinstance(value, list):
            pairs = list(enumerate(value))
        elif isinstance(value, int) and not isinstance(value, bool):
            pairs = [(each, each) for each in range(min(value, _MOST_ROUNDS))]
        if not pairs:
            self._run(node.otherwise, dot, _Inner(scope), out, depth + 1)
        for key, each in pairs[:_MOST_ROUNDS]:
            inner = _Inner(scope)
            if names:
                dict.__setitem__(inner, names[-1], each)
            if len(names) > 1:
                dict.__setitem__(inner, names[0], key)
            self._run(node.body, each, inner, out, depth + 1)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise TemplateFailure("takes too long")

    def _put(self, text: str, out: list[str]) -> None:
        self._size += len(text)
        if self._size > _MOST_TEXT:
            raise TemplateFailure("too large")
        out.append(text)

    def _include(self, name: str, dot: Any, depth: int) -> str:
        nodes = self._defined.get(name)
        if nodes is None:
            self.unknown.add(f"template {name}")
            return ""
        out: list[str] = []
        self._run(nodes, dot, {"$": dot}, out, depth + 1)
        return "".join(out)

    def _value(self, pipeline: Pipeline | None, dot: Any, scope: dict[str, Any], depth: int) -> Any:
        value: Any = None
        if pipeline is None or depth > _DEEPEST:
            return None
        for index, command in enumerate(pipeline.commands):
            self._step()
            value = self._call(command, [value] if index else [], dot, scope, depth)
        for name in pipeline.names[-1:]:
            scope[name] = value
        return value

    def _call(self, command: Call, piped: list[Any], dot: Any, scope: dict[str, Any], depth: int) -> Any:
        head = command.head
        if not isinstance(head, Word):
            return self._operand(head, dot, scope, depth)
        arguments = [self._operand(each, dot, scope, depth) for each in command.arguments] + piped
        name = head.name
        if name == "include":
            return (
                self._include(shown(arguments[0]), arguments[1] if len(arguments) > 1 else None, depth)
                if arguments
                else ""
            )
        if name == "tpl":
            return self._tpl(
                shown(arguments[0]) if arguments else "", arguments[1] if len(arguments) > 1 else dot, depth
            )
        function = FUNCTIONS.get(
            name.removeprefix("must")[:1].lower() + name.removeprefix("must")[1:]
            if name.startswith("must") and name not in FUNCTIONS
            else name
        )
        if function is None:
            self.unknown.add(name)
            return None
        if not fits(arguments, MOST_PARTS // 10):
            raise TemplateFailure("too large")
        try:
            value = function(*arguments)
        except (
            TypeError,
            ValueError,
            KeyError,
            IndexError,
            AttributeError,
            RecursionError,
            OverflowError,
            MemoryError,
        ):
            return None
        if isinstance(value, str):
            self._size += len(value) // 16  # texts that only pass through count as well
            if len(value) > _MOST_TEXT or self._size > _MOST_TEXT:
                raise TemplateFailure("too large")
        return value

    def _tpl(self, text: str, dot: Any, depth: int) -> str:
        if "{{" not in text:
            return text
        try:
            nodes, _ = parse(text)
        except TemplateFailure:
            return ""
        out: list[str] = []
        self._run(nodes, dot, {"$": dot}, out, depth + 1)
        return "".join(out)

    def _operand(self, each: Any, dot: Any, scope: dict[str, Any], depth: int) -> Any:
        if isinstance(each, Literal):
            return each.value
        if isinstance(each, Pipeline):
            return self._value(each, dot, scope, depth + 1)
        if isinstance(each, Word):
            return self._call(Call(each), [], dot, scope, depth + 1) if depth < _DEEPEST else None
        if not isinstance(each, Path):
            return None
        value = (
            dot
            if each.root == ""
            else scope.get(each.root)
            if isinstance(each.root, str)
            else self._value(each.root, dot, scope, depth + 1)
        )
        for step in each.steps:
            value = value.get(step) if isinstance(value, dict) else None
        return value


class _Inner(dict[str, Any]):
    """The variables of a block: those from outside can be set from within, new ones end with it."""

    def __init__(self, outer: dict[str, Any]) -> None:
        super().__init__(outer)
        self._outer = outer

    def __setitem__(self, name: str, value: Any) -> None:
        if name in self._outer:
            self._outer[name] = value
        super().__setitem__(name, value)
