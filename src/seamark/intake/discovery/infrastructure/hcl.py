"""HCL, read into plain values: blocks with their labels and lines, and expressions worked out as far as they can be.

What cannot be worked out stays as text in `${…}`, as JSON configuration writes it: `"${aws_s3_bucket.logs.arn}"`.
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct, field
from tree_sitter import Node

from seamark.intake.discovery.infrastructure.hclfunctions import FUNCTIONS, Unknown
from seamark.intake.discovery.infrastructure.values import MOST_PARTS, fits
from seamark.intake.discovery.syntax import parse, text

LARGEST: Final = 2_000_000
_DEEPEST, _MOST_STEPS, _MOST_BLOCKS = 80, 400_000, 20_000
_LONGEST: Final = 200_000

_SIGNS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "&&": lambda one, other: bool(one and other), "||": lambda one, other: bool(one or other), "+": operator.add, "-": operator.sub, "*": operator.mul,
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
}  # fmt: skip

Lookup = Callable[[list[Any]], Any]
"""Gives the value of a way (`["var", "region"]`, `["aws_s3_bucket", "logs", "arn"]`); raises `Unknown` for what it does not know."""


class Block(Struct):
    """A block: its type, labels, line, and what is inside; nothing is worked out yet."""

    type: str
    labels: list[str]
    line: int
    attributes: dict[str, Node]
    blocks: list[Block] = field(default_factory=list)


def read_hcl(source: bytes) -> list[Block]:
    """Return the blocks of a file; of a broken one those that can be read. Attributes on top are in a block without type."""
    if len(source) > LARGEST:
        return []
    root = parse(source, "hcl").root_node
    body = next((each for each in root.named_children if each.type == "body"), None)
    if body is None:
        return []
    outer = _block(body, "", [], 1, 0, [_MOST_BLOCKS])
    return [*outer.blocks, Block("", [], 1, outer.attributes)] if outer.attributes else outer.blocks


def _block(body: Node, name: str, labels: list[str], line: int, depth: int, left: list[int]) -> Block:
    found = Block(name, labels, line, {})
    for each in body.named_children:
        left[0] -= 1
        if left[0] < 0:
            break
        if each.type == "attribute":
            parts = each.named_children
            if len(parts) > 1 and parts[1].type == "expression":
                found.attributes[text(parts[0])] = parts[1]
        elif each.type == "block" and depth < _DEEPEST:
            heads = [part for part in each.named_children if part.type in {"identifier", "string_lit"}]
            inner = next((part for part in each.named_children if part.type == "body"), None)
            names = [text(part).strip('"') for part in heads]
            if names:
                line = each.start_point.row + 1
                found.blocks.append(
                    _block(inner, names[0], names[1:], line, depth + 1, left)
                    if inner is not None
                    else Block(names[0], names[1:], line, {})
                )
    return found


class Evaluator:
    """Works out expressions with the help of a lookup for names."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._steps = 0

    def value(self, node: Node, scope: dict[str, Any] | None = None) -> Any:
        """Return the value of an expression, `${…}` for what is not known."""
        try:
            return self._of(node, scope or {}, 0)
        except Unknown as unknown:
            return unknown.text or _kept(node)

    def body(self, block: Block, scope: dict[str, Any] | None = None, depth: int = 0) -> dict[str, Any]:
        """Return what is inside of a block: attributes by name, and inner blocks as lists; dynamic ones unfolded."""
        found: dict[str, Any] = {name: self.value(node, scope) for name, node in block.attributes.items()}
        for each in block.blocks if depth < _DEEPEST else ():
            if each.type == "dynamic" and each.labels:
                found.setdefault(each.labels[0], [])
                if isinstance(found[each.labels[0]], list):
                    found[each.labels[0]] += self._dynamic(each, scope or {}, depth)
            elif isinstance(found.setdefault(each.type, []), list):
                inner = self.body(each, scope, depth + 1)
                found[each.type].append({each.labels[0]: inner} if each.labels else inner)
        return found

    def _dynamic(self, block: Block, scope: dict[str, Any], depth: int) -> list[Any]:
        name = block.labels[0]
        if "iterator" in block.attributes:
            name = text(block.attributes["iterator"]).strip() or name
        content = next((each for each in block.blocks if each.type == "content"), None)
        given = self.value(block.attributes["for_each"], scope) if "for_each" in block.attributes else []
        if content is None:
            return []
        if isinstance(given, (dict, list)):
            pairs = list(given.items()) if isinstance(given, dict) else [(each, each) for each in given]
            return [
                self.body(content, {**scope, name: {"key": key, "value": each}}, depth + 1) for key, each in pairs[:100]
            ]
        return [self.body(content, scope, depth + 1)]

    def _of(self, node: Node, scope: dict[str, Any], depth: int) -> Any:
        self._steps += 1
        if depth > _DEEPEST or self._steps > _MOST_STEPS:
            raise Unknown("")
        kids = node.named_children
        match node.type:
            case "expression":
                return self._steps_of(kids, scope, depth)
            case (
                "literal_value" | "template_expr" | "collection_value" | "operation" | "for_expr" | "parenthesized_expr"
            ):
                return self._of(kids[0], scope, depth + 1) if kids else None
            case "string_lit":
                return "".join(_unescaped(text(each)) for each in kids if each.type == "template_literal")
            case "numeric_lit":
                return _number(text(node))
            case "bool_lit":
                return text(node) == "true"
            case "null_lit":
                return None
            case "quoted_template" | "heredoc_template":
                return self._template(node, scope, depth)
            case "tuple":
                return [self._known(each, scope, depth) for each in kids if each.type == "expression"]
            case "object":
                return self._object(kids, scope, depth)
            case "function_call":
                return self._call(kids, scope, depth)
            case "conditional":
                return self._conditional(kids, scope, depth)
            case "binary_operation":
                return self._binary(node, scope, depth)
            case "unary_operation":
                value = self._of(kids[0], scope, depth + 1)
                return not value if text(node).startswith("!") else -value if isinstance(value, (int, float)) else value
            case "for_tuple_expr" | "for_object_expr":
                return self._for(node, scope, depth)
            case "variable_expr":
                return self._steps_of([node], scope, depth + 1)
        raise Unknown("")

    def _known(self, node: Node, scope: dict[str, Any], depth: int) -> Any:
        """As `_of`, but with what is not known kept as text: a part of a whole that is known."""
        try:
            return self._of(node, scope, depth + 1)
        except Unknown as unknown:
            return unknown.text or _kept(node)

    def _steps_of(self, kids: list[Node], scope: dict[str, Any], depth: int) -> Any:
        """Return the value of a name or another operand with the fields and positions that are taken of it."""
        head, after = kids[0], kids[1:]
        if head.type != "variable_expr":
            value = self._of(head, scope, depth + 1)
            way: list[Any] = []
        else:
            way = [text(head)]
        for each in after:
            way += self._access(each, scope, depth)
        if head.type == "variable_expr":
            name = way[0]
            if name in scope:
                return _taken(scope[name], way[1:])
            return self._lookup(way)
        return _taken(value, way)

    def _access(self, node: Node, scope: dict[str, Any], depth: int) -> list[Any]:
        if node.type == "get_attr":
            return [text(node.named_children[0])] if node.named_children else []
        if node.type == "index":
            inner = node.named_children[0] if node.named_children else None
            expression = inner.named_children[0] if inner is not None and inner.named_children else None
            if expression is None:
                return [text(node).strip(".[]")]
            found = self._known(expression, scope, depth)
            return ["*" if isinstance(found, (str,)) and found.startswith("${") else found]
        if node.type == "splat":
            return [
                "*",
                *(
                    step
                    for inner in node.named_children
                    for part in inner.named_children
                    for step in self._access(part, scope, depth)
                ),
            ]
        return []

    def _template(self, node: Node, scope: dict[str, Any], depth: int) -> Any:
        parts = [
            each
            for each in node.named_children
            if each.type in {"template_literal", "template_interpolation", "template_directive"}
        ]
        if len(parts) == 1 and parts[0].type == "template_interpolation" and node.type == "quoted_template":
            inner = _inside(parts[0])
            return self._of(inner, scope, depth + 1) if inner is not None else ""
        out: list[str] = []
        size = 0
        # The grammar leaves white space out between the parts: what counts is the text itself.
        whole, start = node.text or b"", node.start_byte
        ends = [
            each
            for each in node.named_children
            if each.type in {"quoted_template_start", "heredoc_identifier", "heredoc_start"}
        ]
        here = node.type == "heredoc_template"
        at = whole.find(b"\n") + 1 if here else (ends[0].end_byte - start if ends else 0)
        last = node.named_children[-1].start_byte - start if node.named_children else len(whole)
        for each in [*parts, None]:
            upto = each.start_byte - start if each is not None else last
            literal = whole[at:upto].decode("utf-8", "replace") if upto > at else ""
            piece = literal if here else _unescaped(literal)
            if each is not None and each.type == "template_literal":
                piece += text(each) if here else _unescaped(text(each))
            elif each is not None and each.type == "template_interpolation":
                inner = _inside(each)
                value = self._known(inner, scope, depth) if inner is not None else ""
                piece += value if isinstance(value, str) else _shown(value)
            at = max(at, each.end_byte - start) if each is not None else at
            size += len(piece)
            if size > _LONGEST:
                raise Unknown("")
            out.append(piece)
        return "".join(out)

    def _object(self, kids: list[Node], scope: dict[str, Any], depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for each in kids:
            pair = (
                [part for part in each.named_children if part.type == "expression"]
                if each.type == "object_elem"
                else []
            )
            if len(pair) == 2:
                inner = pair[0].named_children[0] if pair[0].named_children else None
                name = (
                    text(inner)
                    if inner is not None and inner.type == "variable_expr" and len(pair[0].named_children) == 1
                    else _shown(self._known(pair[0], scope, depth))
                )
                found[name] = self._known(pair[1], scope, depth)
        return found

    def _call(self, kids: list[Node], scope: dict[str, Any], depth: int) -> Any:
        name = text(kids[0]).rpartition("::")[2]
        given = next((each for each in kids if each.type == "function_arguments"), None)
        nodes = [each for each in given.named_children if each.type == "expression"] if given is not None else []
        if name in {"try", "can"}:
            for each in nodes:
                try:
                    return self._of(each, scope, depth + 1) if name == "try" else True
                except Unknown:
                    continue
            raise Unknown(_kept(nodes[0]) if nodes and name == "try" else "")
        function = FUNCTIONS.get(name)
        arguments = [self._known(each, scope, depth) for each in nodes]
        if function is None:
            # What goes in tells what the result has to do with.
            raise Unknown(next((each for each in arguments if isinstance(each, str) and each.startswith("${")), ""))
        if given is not None and text(given).rstrip().endswith("...") and arguments and isinstance(arguments[-1], list):
            arguments = [*arguments[:-1], *arguments[-1][:1_000]]
        if not fits(arguments, MOST_PARTS // 10):
            raise Unknown("")
        try:
            return function(*arguments)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, RecursionError, OverflowError):
            raise Unknown("") from None

    def _conditional(self, kids: list[Node], scope: dict[str, Any], depth: int) -> Any:
        if len(kids) != 3:
            raise Unknown("")
        try:
            said = self._of(kids[0], scope, depth + 1)
        except Unknown:
            said = None
        if not isinstance(said, bool):
            raise Unknown("")
        return self._known(kids[1 if said else 2], scope, depth)

    def _binary(self, node: Node, scope: dict[str, Any], depth: int) -> Any:
        sign = next((each.type for each in node.children if not each.is_named), "")
        kids = node.named_children
        left, right = (self._of(each, scope, depth + 1) for each in (kids[0], kids[-1]))
        if any(isinstance(each, str) and "${" in each for each in (left, right)):
            raise Unknown("")
        if sign in {"==", "!="}:
            return (left == right) is (sign == "==")
        if sign not in _SIGNS or not all(isinstance(each, (int, float)) for each in (left, right)):
            raise Unknown("")
        return _SIGNS[sign](left, right)

    def _for(self, node: Node, scope: dict[str, Any], depth: int) -> Any:
        intro = next((each for each in node.named_children if each.type == "for_intro"), None)
        if intro is None:
            raise Unknown("")
        names = [text(each) for each in intro.named_children if each.type == "identifier"]
        source = next((each for each in intro.named_children if each.type == "expression"), None)
        condition = next((each for each in node.named_children if each.type == "for_cond"), None)
        results = [each for each in node.named_children if each.type == "expression"]
        given = self._of(source, scope, depth + 1) if source is not None else None
        if not isinstance(given, (list, dict)) or not names or not results:
            raise Unknown(given if isinstance(given, str) and given.startswith("${") else "")
        pairs = list(given.items()) if isinstance(given, dict) else list(enumerate(given))
        made: list[tuple[Any, Any]] = []
        for key, value in pairs[:500]:
            inner = {**scope, names[-1]: value} | ({names[0]: key} if len(names) > 1 else {})
            if (
                condition is not None
                and condition.named_children
                and self._known(condition.named_children[-1], inner, depth) is False
            ):
                continue
            made.append((self._known(results[0], inner, depth), self._known(results[-1], inner, depth)))
        return (
            {_shown(key): value for key, value in made}
            if node.type == "for_object_expr"
            else [value for _, value in made]
        )


def _taken(value: Any, way: list[Any]) -> Any:
    for at, step in enumerate(way):
        if step == "*":
            if isinstance(value, list):
                return [_taken(each, way[at + 1 :]) for each in value[:500]]
            continue
        if isinstance(value, dict) and str(step) in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and -1 < step < len(value):
            value = value[step]
        elif isinstance(value, str) and value.startswith("${") and value.endswith("}"):
            rest = "".join(f".{each}" for each in way[at:] if isinstance(each, str) and each != "*")
            return value[:-1] + rest + "}"
        else:
            raise Unknown("")
    return value


def _inside(node: Node) -> Node | None:
    return next((each for each in node.named_children if each.type == "expression"), None)


def _kept(node: Node) -> str:
    return (
        "${" + re.sub(r"\s+", " ", text(node)).strip()[:500].replace("${", "").replace("}", "").replace('"', "") + "}"
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)[:_LONGEST]
    return json.dumps(value, default=str) if value is not None and fits(value, MOST_PARTS // 10) else ""


def _number(digits: str) -> int | float:
    try:
        return int(digits) if len(digits) < 40 else 0
    except ValueError:
        try:
            return float(digits[:60])
        except ValueError:
            return 0


def _unescaped(literal: str) -> str:
    if "\\" not in literal and "$$" not in literal:
        return literal
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), literal).replace("$${", "${")
