"""ASP.NET: controllers by their attributes, and minimal APIs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import (
    NOWHERE,
    Declared,
    Facts,
    Mount,
    Source,
    join,
    span,
    string,
    strings,
)
from seamark.intake.discovery.syntax import ancestors, field, find, first, text

HINTS = (b"Http", b"[Route", b".Map")

_VERBS = ("Get", "Post", "Put", "Patch", "Delete", "Head", "Options")
_ATTRIBUTES = {f"Http{verb}": verb.upper() for verb in _VERBS}
_CALLS = {f"Map{verb}": verb.upper() for verb in _VERBS} | {"Map": ""}


def read(source: Source) -> Facts:
    """Return the routes that a C# file declares."""
    facts = Facts()
    for method in find(source.root, "csharp", "method_declaration"):
        facts.declared += _action(method)
    for call in find(source.root, "csharp", "invocation_expression"):
        _minimal(call, facts)
    return facts


def _attributes(node: Node) -> list[tuple[str, str, Node]]:
    """Return name, first string and node of each attribute."""
    found = []
    for each in (
        mark
        for attributes in node.named_children
        if attributes.type == "attribute_list"
        for mark in attributes.named_children
    ):
        arguments = next((child for child in each.named_children if child.type == "attribute_argument_list"), None)
        given = [first(child) for child in arguments.named_children] if arguments is not None else []
        value = next((value for child in given if (value := string(child)) is not None), "")
        found.append((text(field(each, "name")).rpartition(".")[2].removesuffix("Attribute"), value, each))
    return found


def _action(method: Node) -> Iterator[Declared]:
    marks = _attributes(method)
    verbs = [(_ATTRIBUTES[name], path) for name, path, _ in marks if name in _ATTRIBUTES]
    routes = [path for name, path, _ in marks if name == "Route"]
    owner = next((each for each in ancestors(method) if each.type in {"class_declaration", "record_declaration"}), None)
    if owner is None or not (verbs or routes):
        return
    controller = text(field(owner, "name")).removesuffix("Controller")
    bases = [path for name, path, _ in _attributes(owner) if name == "Route"] or [""]
    for base in bases:
        for verb, own in verbs or [("", "")]:
            for path in [own] if own or not routes else routes:
                whole = path.removeprefix("~") if path.startswith(("/", "~/")) else join(base, path)
                whole = whole.replace("[controller]", controller).replace("[action]", text(field(method, "name")))
                yield Declared(whole, "aspnet", verb, span=span(method))


def _minimal(call: Node, facts: Facts) -> None:
    function = field(call, "function")
    name, owner = text(field(function, "name")), text(field(function, "expression"))
    arguments = field(call, "arguments")
    given = (
        [first(each) for each in arguments.named_children if each.type == "argument"] if arguments is not None else []
    )
    path = string(given[0]) if given else None
    if path is None or not owner:
        return
    if name == "MapGroup":
        group = next((each for each in ancestors(call) if each.type == "variable_declarator"), None)
        if group is not None:
            made = text(field(group, "name"))
            facts.routers[made] = ""
            facts.mounts.append(Mount(owner, path, made))
        return
    verbs = (
        [_CALLS[name]]
        if name in _CALLS
        else [verb.upper() for verb in strings(_list(given))]
        if name == "MapMethods"
        else []
    )
    handler = given[-1] if len(given) > 1 else None
    if handler is None:
        return
    for verb in verbs:
        inline = handler.type in {"lambda_expression", "anonymous_method_expression"}
        written = handler.type in {"identifier", "member_access_expression"}
        where = span(handler) if inline else NOWHERE
        facts.declared.append(Declared(path, "aspnet", verb, owner, text(handler) if written else "", span=where))


def _list(given: Sequence[Node | None]) -> Node | None:
    node = given[1] if len(given) > 2 else None
    inner = node.named_children[-1] if node is not None and node.named_children else None
    return inner if inner is not None and inner.type == "initializer_expression" else node
