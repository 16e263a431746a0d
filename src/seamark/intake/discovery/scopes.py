"""Which function, class or resource a line of source belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from tree_sitter import Node

from seamark.intake.discovery import syntax
from seamark.intake.discovery.syntax import field, first, text

DEEPEST = 16
"""Scopes nested deeper than this belong to the one around them."""
LONGEST_NAME = 100
"""Characters kept of one part of a name."""


class Scope(NamedTuple):
    """A function, method, class, resource or document."""

    name: str
    """Qualified by dots: `Orders.search`, `aws_s3_bucket.invoices`, `Deployment/orders`."""
    first: int
    last: int
    """First and last line, counted from 1."""
    depth: int = 0
    """How many scopes stand around it."""


class ScopeTable:
    """The scopes of one file by line: one bisection a question."""

    def __init__(self, scopes: Sequence[Scope]) -> None:
        self._lines: list[int] = []
        self._names: list[str] = []
        begin: defaultdict[int, list[int]] = defaultdict(list)
        end: defaultdict[int, list[int]] = defaultdict(list)
        for number, scope in enumerate(scopes):
            begin[scope.first].append(number)
            end[scope.last + 1].append(number)
        active: list[set[int]] = [set() for _ in range(DEEPEST + 1)]
        for line in sorted({*begin, *end}):
            for number in end[line]:
                active[scopes[number].depth].discard(number)
            for number in begin[line]:
                active[scopes[number].depth].add(number)
            self._lines.append(line)
            self._names.append(_innermost(scopes, active))

    def at(self, line: int) -> str:
        """Return the innermost scope of a line, empty where there is none.

        A line that two neighbours share, as in minified code, belongs to the scope around both.
        """
        index = bisect_right(self._lines, line) - 1
        return self._names[index] if index >= 0 else ""


def _innermost(scopes: Sequence[Scope], active: Sequence[set[int]]) -> str:
    name = ""
    for level in active:
        if len(level) != 1:
            break
        name = scopes[next(iter(level))].name
    return name


def scopes_of(source: bytes, language: str) -> list[Scope]:
    """Return the scopes of a file in the order of the text; none where the language is not known.

    Broken code gives what can be read of it.
    """
    if language == "yaml":
        return _documents(source)
    types = _TYPES.get(language)
    if types is None:
        return []
    found: list[Scope] = []
    around: list[tuple[int, str]] = []
    root = syntax.parse(source, language).root_node
    for node in syntax.find(root, language, *types):
        while around and around[-1][0] <= node.start_byte:
            around.pop()
        name = _short(types[node.type](node)) if len(around) < DEEPEST else ""
        if not name:
            continue
        if around:
            name = f"{around[-1][1]}.{name}"
        found.append(Scope(name, syntax.line(node), syntax.end_line(node), len(around)))
        around.append((node.end_byte, name))
    return found


_SPACE = re.compile(r"\s+")


def _short(name: str) -> str:
    return _SPACE.sub(" ", name).strip()[:LONGEST_NAME]


_Namer = Callable[[Node], str]


def _name(node: Node) -> str:
    return text(field(node, "name"))


def _with_body(node: Node) -> str:
    """A type that is only mentioned (`struct order *next`) is no scope."""
    return text(field(node, "name")) if field(node, "body") is not None else ""


def _path(node: Node) -> str:
    return _name(node).replace("::", ".")


def _companion(node: Node) -> str:
    return _name(node) or "Companion"


_GENERIC = re.compile(r"[<\[].*", re.DOTALL)


def _go_method(node: Node) -> str:
    receiver = field(node, "receiver")
    parameter = first(receiver)
    owner = _GENERIC.sub("", text(field(parameter, "type")).lstrip("*( "))
    return f"{owner}.{_name(node)}" if owner else _name(node)


def _rust_impl(node: Node) -> str:
    return _GENERIC.sub("", text(field(node, "type")).lstrip("&")).rpartition("::")[2]


_AROUND_DECLARATORS = frozenset({"reference_declarator", "parenthesized_declarator"})


def _c_function(node: Node) -> str:
    declarator = node
    for _ in range(DEEPEST):
        inner = field(declarator, "declarator") or (
            first(declarator) if declarator.type in _AROUND_DECLARATORS else None
        )
        if inner is None:
            break
        declarator = inner
    return text(declarator).replace("::", ".") if declarator is not node else ""


def _hcl_block(node: Node) -> str:
    if node.parent is None or node.parent.parent is None or node.parent.parent.type != "config_file":
        return ""
    words = [text(each).strip('"') for each in node.named_children if each.type in {"identifier", "string_lit"}]
    if not words:
        return ""
    type, *labels = words
    return ".".join(labels if type == "resource" and labels else [_TERRAFORM.get(type, type), *labels])


_TERRAFORM = {"variable": "var"}
"""Blocks whose address has another first word than they have themselves."""

_EXPORTS = re.compile(r"^(?:module\.exports\.|exports\.|this\.)")


def _js_function(node: Node) -> str:
    """A function without a name goes by what holds it: a variable, a property, or the call that it is handed to."""
    if own := _name(node):
        return own
    inner, holder = node, node.parent
    while holder is not None and holder.type in {"parenthesized_expression", "as_expression", "await_expression"}:
        inner, holder = holder, holder.parent
    if holder is None:
        return ""
    match holder.type:
        case "variable_declarator" | "public_field_definition":
            return _name(holder)
        case "field_definition":
            return text(field(holder, "property"))
        case "pair":
            return text(field(holder, "key")).strip("'\"")
        case "assignment_expression":
            left = text(field(holder, "left"))
            return "" if left == "module.exports" else _EXPORTS.sub("", left).replace(".prototype.", ".")
        case "arguments":
            return _handed_to(inner)
        case _:
            return ""


def _handed_to(node: Node) -> str:
    """`router.get("/search", wrap(async () => …))` makes `get /search`."""
    for _ in range(3):
        arguments = node.parent
        call = arguments.parent if arguments is not None else None
        if arguments is None or call is None or arguments.type != "arguments" or call.type != "call_expression":
            return ""
        given = first(arguments)
        if given is not None and given.type == "string":
            called = field(call, "function")
            word = text(field(called, "property")) or (text(called) if called and called.type == "identifier" else "")
            return f"{word} {text(given)[1:-1]}" if word else ""
        node = call
    return ""


def _named(*types: str) -> dict[str, _Namer]:
    return dict.fromkeys(types, _name)


_SCRIPT: dict[str, _Namer] = {
    **_named(
        "class", "class_declaration", "function_declaration", "generator_function_declaration", "method_definition"
    ),
    **dict.fromkeys(("arrow_function", "function_expression", "generator_function"), _js_function),
}
_TYPED_SCRIPT: dict[str, _Namer] = {
    **_SCRIPT,
    **_named("abstract_class_declaration", "interface_declaration", "enum_declaration", "internal_module"),
}
_TYPES: dict[str, dict[str, _Namer]] = {
    "c": {"function_definition": _c_function, "struct_specifier": _with_body},
    "cpp": {"function_definition": _c_function, "struct_specifier": _with_body, "class_specifier": _with_body},
    "csharp": _named(
        "class_declaration", "constructor_declaration", "enum_declaration", "interface_declaration", "local_function_statement",
        "method_declaration", "property_declaration", "record_declaration", "struct_declaration",
    ),
    "go": {**_named("function_declaration", "type_spec"), "method_declaration": _go_method},
    "hcl": {"block": _hcl_block},
    "java": _named(
        "annotation_type_declaration", "class_declaration", "compact_constructor_declaration", "constructor_declaration",
        "enum_declaration", "interface_declaration", "method_declaration", "record_declaration",
    ),
    "javascript": _SCRIPT,
    "kotlin": {**_named("class_declaration", "function_declaration", "object_declaration"), "companion_object": _companion},
    "php": _named(
        "class_declaration", "enum_declaration", "function_definition", "interface_declaration", "method_declaration",
        "trait_declaration",
    ),
    "python": _named("class_definition", "function_definition"),
    "ruby": {**_named("method", "singleton_method"), "class": _path, "module": _path},
    "rust": {**_named("enum_item", "function_item", "struct_item", "trait_item"), "impl_item": _rust_impl},
    "tsx": _TYPED_SCRIPT,
    "typescript": _TYPED_SCRIPT,
}  # fmt: skip
"""Per language: the node types that make a scope, and how each is named."""


_KIND = re.compile(r"""kind:\s+["']?([\w.-]+)""")
_NAME = re.compile(r"""\s+name:\s+["']?([^\s"'#,}]+)""")
_FLOW_NAME = re.compile(r"""metadata:\s*\{(?:.*[\s,{])?name:\s*["']?([^\s"'#,}]+)""")


def _documents(source: bytes) -> list[Scope]:
    """Name the documents of a YAML file that are Kubernetes objects, templates of charts among them.

    Line by line: what makes a document an object stands in its outermost keys, whatever is broken further in.
    """
    found = []
    lines = source.removesuffix(b"\n").decode("utf-8", "replace").split("\n")
    begins = [0, *(number + 1 for number, line in enumerate(lines) if line.startswith("---")), len(lines) + 1]
    for begin, after in pairwise(begins):
        document = lines[begin : after - 1]
        if document and (name := _object(document)):
            found.append(Scope(_short(name), begin + 1, min(after - 1, len(lines))))
    return found


def _object(document: Sequence[str]) -> str:
    """Return `Kind/name` of a Kubernetes object, empty for any other document."""
    kind = name = outer = ""
    versioned, indent = False, 0
    for line in document:
        text = line.strip()
        if not text or text.startswith(("#", "{{")):
            continue
        if not line[0].isspace():
            outer, indent = text.partition(":")[0], 0
            versioned = versioned or outer == "apiVersion"
            if match := _KIND.match(line):
                kind = kind or match[1]
            elif match := _FLOW_NAME.match(line):
                name = name or match[1]
        elif outer == "metadata" and not name:
            depth = len(line) - len(line.lstrip())
            indent = indent or depth
            if depth == indent and (match := _NAME.match(line)):
                name = match[1]
    return f"{kind}/{name}" if kind and name and versioned else ""
