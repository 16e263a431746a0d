"""The template language of charts, parsed: text, actions and blocks, with their pipelines."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct, field

_ACTION: Final = re.compile(
    r"\{\{(-\s)?\s*(/\*.*?\*/|(?:\"(?:\\.|[^\"\\])*+\"|`[^`]*+`|[^\"`}]|\}(?!\}))*+)(-)?\}\}", re.DOTALL
)
_TOKEN: Final = re.compile(
    r"\s*(?:(\"(?:\\.|[^\"\\])*+\"|`[^`]*+`|'(?:\\.|[^'\\])')|(-?[0-9]+(?:\.[0-9]+)?)|(:=|[()|=,])|(\$[A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*|(?:\.[A-Za-z0-9_]+)+|\.|[A-Za-z_][A-Za-z0-9_]*))"
)
_DEEPEST: Final = 60
MOST_NODES: Final = 50_000


class TemplateFailure(Exception):
    """A template that cannot be parsed or takes too much."""


class Call(Struct):
    """A command: a word with arguments, or a single operand. `then` are the fields taken of the result."""

    head: Any
    arguments: list[Any] = field(default_factory=list)


class Pipeline(Struct):
    """Commands that pass their result on as the last argument; may set variables."""

    commands: list[Call]
    names: list[str] = field(default_factory=list)


class Path(Struct):
    """A way of fields from the dot (root empty), a variable, or a parenthesis."""

    root: Any
    steps: list[str]


class Literal(Struct):
    """A constant."""

    value: Any


class Word(Struct):
    """The name of a function."""

    name: str


class Node(Struct):
    """A part of a template: `text`, `action`, `if`, `with`, `range`, `template`."""

    kind: str
    text: str = ""
    pipeline: Pipeline | None = None
    body: list[Node] = field(default_factory=list)
    otherwise: list[Node] = field(default_factory=list)


def parse(source: str) -> tuple[list[Node], dict[str, list[Node]]]:
    """Return the nodes of a template, and those of the templates that it defines. Raises `TemplateFailure`."""
    defined: dict[str, list[Node]] = {}
    nodes = _Parser(_pieces(source), defined).block(0)[0]
    return nodes, defined


def _pieces(source: str) -> list[tuple[str, str]]:
    """Split into texts and the insides of actions, white space trimmed where the actions say so."""
    found: list[tuple[str, str]] = []
    at, trim = 0, False
    while (start := source.find("{{", at)) >= 0:
        match = _ACTION.match(source, start)
        if match is None:
            raise TemplateFailure("an action is not closed")
        text = source[at : match.start()]
        text = text.lstrip() if trim else text
        inside = match[2].strip()
        trims_after = bool(match[3]) or inside.endswith(" -")
        inside = inside.removesuffix("-").rstrip() if trims_after and inside.endswith("-") else inside
        found.append(("text", text.rstrip() if match[1] else text))
        if not inside.startswith("/*"):
            found.append(("action", inside))
        at, trim = match.end(), trims_after
        if len(found) > MOST_NODES:
            raise TemplateFailure("too long")
    rest = source[at:]
    found.append(("text", rest.lstrip() if trim else rest))
    return found


class _Parser:
    def __init__(self, pieces: list[tuple[str, str]], defined: dict[str, list[Node]]) -> None:
        self._pieces, self._defined, self._at = pieces, defined, 0

    def block(self, depth: int) -> tuple[list[Node], str]:
        """Return the nodes up to an `end` or `else`, and that."""
        if depth > _DEEPEST:
            raise TemplateFailure("nested too deeply")
        nodes: list[Node] = []
        while self._at < len(self._pieces):
            sort, text = self._pieces[self._at]
            self._at += 1
            if sort == "text":
                if text:
                    nodes.append(Node("text", text))
                continue
            word, _, rest = text.partition(" ")
            if word in {"end", "else"}:
                return nodes, text
            if word in {"if", "with", "range"}:
                nodes.append(self._choice(word, rest, depth))
            elif word in {"define", "block"}:
                name, _, after = rest.strip().partition(" ")
                body, _ = self.block(depth + 1)
                self._defined.setdefault(name.strip('"`'), body)
                if word == "block":
                    nodes.append(Node("template", name.strip('"`'), pipeline(after or ".")))
            elif word == "template":
                name, _, after = rest.strip().partition(" ")
                nodes.append(Node("template", name.strip('"`'), pipeline(after) if after.strip() else None))
            elif text and word not in {"break", "continue"}:
                nodes.append(Node("action", pipeline=pipeline(text)))
        return nodes, ""

    def _choice(self, word: str, rest: str, depth: int) -> Node:
        node = Node(word, pipeline=pipeline(rest))
        node.body, ended = self.block(depth + 1)
        if ended.startswith("else"):
            after = ended.removeprefix("else").strip()
            if after:
                inner, _, condition = after.partition(" ")
                node.otherwise = [self._choice(inner if inner in {"if", "with"} else "if", condition, depth + 1)]
            else:
                node.otherwise, _ = self.block(depth + 1)
        return node


def pipeline(text: str) -> Pipeline:
    """Parse the inside of an action."""
    tokens: list[tuple[str, Any]] = []
    at = 0
    text = text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.end() == at or len(tokens) > 2_000:
            raise TemplateFailure("not understood")
        glued = match.start() == match.start(match.lastindex or 0)
        if match[1] is not None:
            tokens.append(("value", _string(match[1])))
        elif match[2] is not None:
            tokens.append(("value", float(match[2]) if "." in match[2] else int(match[2])))
        elif match[3] is not None:
            tokens.append((match[3], ""))
        else:
            tokens.append(
                (
                    "field" if glued and tokens and tokens[-1][0] == ")" and match[4].startswith(".") else "name",
                    match[4],
                )
            )
        at = match.end()
    reader = _Reader(tokens)
    found = reader.pipeline(0)
    if reader.at != len(tokens):
        raise TemplateFailure("not understood")
    return found


def _string(text: str) -> str:
    if text[0] == "`":
        return text[1:-1]
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), text[1:-1])


class _Reader:
    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._tokens, self.at = tokens, 0

    def pipeline(self, depth: int) -> Pipeline:
        if depth > _DEEPEST:
            raise TemplateFailure("nested too deeply")
        names = self._names()
        commands = [self._command(depth)]
        while self._peek() == "|":
            self.at += 1
            commands.append(self._command(depth))
        return Pipeline(commands, names)

    def _peek(self) -> str:
        return self._tokens[self.at][0] if self.at < len(self._tokens) else ""

    def _names(self) -> list[str]:
        """Return the variables before `:=` or `=`, none where there is no such sign."""
        start, names = self.at, []
        while self._peek() == "name" and str(self._tokens[self.at][1]).startswith("$"):
            names.append(str(self._tokens[self.at][1]))
            self.at += 1
            if self._peek() == ",":
                self.at += 1
                continue
            if self._peek() in {":=", "="}:
                self.at += 1
                return names
            break
        self.at = start
        return []

    def _command(self, depth: int) -> Call:
        operands = []
        while self._peek() in {"value", "name", "("}:
            operands.append(self._operand(depth))
        if not operands:
            raise TemplateFailure("a command is missing")
        return Call(operands[0], operands[1:])

    def _operand(self, depth: int) -> Any:
        sort, value = self._tokens[self.at]
        self.at += 1
        if sort == "value":
            return Literal(value)
        if sort == "(":
            inner: Any = self.pipeline(depth + 1)
            if self._peek() != ")":
                raise TemplateFailure("a parenthesis is not closed")
            self.at += 1
            if self._peek() == "field":
                inner = Path(inner, str(self._tokens[self.at][1]).strip(".").split("."))
                self.at += 1
            return inner
        if value in {"true", "false", "nil"}:
            return Literal({"true": True, "false": False}.get(value))
        if value.startswith("."):
            return Path("", [step for step in value.split(".") if step])
        if value.startswith("$"):
            root, _, steps = value.partition(".")
            return Path(root, steps.split(".") if steps else [])
        return Word(value)
