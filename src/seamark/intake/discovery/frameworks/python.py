"""Flask, Quart, FastAPI, Starlette, Django Ninja and aiohttp."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import (
    NOWHERE,
    VERBS,
    Declared,
    Facts,
    Import,
    Mount,
    Source,
    join,
    span,
    string,
    strings,
)
from seamark.intake.discovery.syntax import ancestors, field, find, text

HINTS = (
    b"route",
    b"Route",
    b"APIRouter",
    b"FastAPI",
    b"Ninja",
    b"Flask",
    b"Quart",
    b"Blueprint",
    b"add_get",
    b"add_post",
    b"web.",
)

_ROUTERS = {
    "Flask": "flask", "Blueprint": "flask", "Quart": "quart", "FastAPI": "fastapi", "APIRouter": "fastapi", "Starlette": "starlette",
    "Router": "starlette", "NinjaAPI": "ninja", "RouteTableDef": "aiohttp", "Application": "aiohttp",
}  # fmt: skip
_FRAMEWORKS = ("fastapi", "quart", "flask", "starlette", "ninja", "aiohttp")


class Call(NamedTuple):
    """A call with its arguments by place and by name."""

    node: Node
    owner: str
    """What the function is an attribute of: `app.router` of `app.router.add_get`."""
    name: str
    given: list[Node]
    named: dict[str, Node]

    def argument(self, place: int, *names: str) -> Node | None:
        """Return an argument by its place or one of its names."""
        if place < len(self.given):
            return self.given[place]
        return next((self.named[name] for name in names if name in self.named), None)


def read_call(node: Node) -> Call:
    """Return a `call` node's parts."""
    function, arguments = field(node, "function"), field(node, "arguments")
    children = [child for child in arguments.named_children if child.type != "comment"] if arguments is not None else []
    named = {
        text(field(child, "name")): value
        for child in children
        if child.type == "keyword_argument" and (value := field(child, "value")) is not None
    }
    given = [child for child in children if child.type not in {"keyword_argument", "dictionary_splat"}]
    if function is not None and function.type == "attribute":
        return Call(node, text(field(function, "object")), text(field(function, "attribute")), given, named)
    return Call(node, "", text(function), given, named)


def imports(source: Source) -> dict[str, Import]:
    """Return the names that a file imports."""
    found: dict[str, Import] = {}
    for statement in find(source.root, "python", "import_statement", "import_from_statement"):
        module = text(field(statement, "module_name"))
        for name in statement.children_by_field_name("name"):
            alias = text(field(name, "alias"))
            original = text(field(name, "name")) if alias else text(name)
            if module:
                found[alias or original] = Import(module, original)
            else:
                found[alias or original] = Import(original)
    return found


def read(source: Source) -> Facts:
    """Return the routes that a Python file declares."""
    facts = Facts(imports=imports(source))
    calls = [read_call(node) for node in find(source.root, "python", "call")]
    used = {each.module.partition(".")[0] for each in facts.imports.values()}
    fallback = next((name for name in _FRAMEWORKS if name in used), "")
    origins = _routers(calls, facts)
    for call in calls:
        origin = origins.get(call.owner.partition(".")[0], fallback)
        if decorated := _decorated(call):
            facts.declared += _decorator(call, decorated, origin)
        else:
            facts.declared += _called(call, origin, fallback)
            facts.mounts += _mounted(call)
    return facts


def _routers(calls: list[Call], facts: Facts) -> dict[str, str]:
    origins = {}
    for call in calls:
        holder = call.node.parent
        if call.name in _ROUTERS and holder is not None and holder.type == "assignment":
            name = text(field(holder, "left"))
            root = facts.imports[call.name].module.partition(".")[0] if call.name in facts.imports else ""
            origins[name] = root if root in _FRAMEWORKS else _ROUTERS[call.name]
            prefix = call.named.get("url_prefix") or call.named.get("prefix")
            facts.routers[name] = string(prefix) or ""
    return origins


def _decorated(call: Call) -> Node | None:
    decorator = call.node.parent
    if decorator is None or decorator.type != "decorator" or decorator.parent is None:
        return None
    return field(decorator.parent, "definition")


def _decorator(call: Call, handler: Node, origin: str) -> Iterator[Declared]:
    path = string(call.argument(0, "path", "rule"))
    if path is None or not call.owner or (path and not path.startswith("/")):
        return
    if call.name in VERBS:
        methods = [call.name.upper()]
    elif call.name in {"route", "api_route"}:
        methods = [method.upper() for method in strings(call.named.get("methods"))] or (
            ["GET"] if origin in {"flask", "quart", ""} else [""]
        )
    else:
        return
    for method in methods:
        yield Declared(path, origin or "flask", method, call.owner, span=span(handler))


def _called(call: Call, origin: str, fallback: str) -> Iterator[Declared]:
    """Routes that are registered by a call: a function, or an entry of Starlette's and aiohttp's tables."""
    name, owner = call.name, call.owner
    if name == "add_url_rule" and owner:
        path, handler, methods = call.argument(0, "rule"), call.argument(2, "view_func"), call.named.get("methods")
        default = "GET"
    elif name == "add_api_route" and owner:
        path, handler, methods, default = (
            call.argument(0, "path"),
            call.argument(1, "endpoint"),
            call.named.get("methods"),
            "GET",
        )
    elif name == "Route" and fallback in {"starlette", "fastapi"}:
        path, handler, methods = call.argument(0, "path"), call.argument(1, "endpoint"), call.named.get("methods")
        owner, origin, default = "", "starlette", ""
    elif name == "add_route" and fallback == "aiohttp":
        path, handler, methods, default = (
            call.argument(1),
            call.argument(2),
            None,
            (string(call.argument(0)) or "").upper(),
        )
    elif fallback == "aiohttp" and name.removeprefix("add_") in VERBS and (name.startswith("add_") or owner == "web"):
        path, handler, methods, default = call.argument(0), call.argument(1), None, name.removeprefix("add_").upper()
    else:
        return
    value = string(path)
    if value is None or not value.startswith("/"):
        return
    if name == "Route":
        value = join(*_mounts_around(call.node), value)
    if fallback == "aiohttp":
        owner = owner.removesuffix(".router") if owner != "web" else ""
    for method in [each.upper() for each in strings(methods)] or [default]:
        written = handler is not None and handler.type in {"identifier", "attribute", "call"}
        yield Declared(
            value, origin or fallback or "flask", method, owner, _view(text(handler)) if written else "",
            span=span(handler) if handler is not None and handler.type == "lambda" else NOWHERE,
        )  # fmt: skip


def _view(expression: str) -> str:
    """`Orders.as_view("orders")` is the class."""
    return expression.partition(".as_view(")[0].partition("(")[0]


def _mounts_around(node: Node) -> list[str]:
    calls = [read_call(each) for each in ancestors(node) if each.type == "call"]
    return [string(call.argument(0, "path")) or "" for call in reversed(calls) if call.name == "Mount"]


def _mounted(call: Call) -> Iterator[Mount]:
    if call.name in {"register_blueprint", "include_router"} and call.given and call.owner:
        prefix = call.named.get("url_prefix") or call.named.get("prefix")
        yield Mount(call.owner, string(prefix) or "", text(call.given[0]))
    elif call.name in {"mount", "add_subapp"} and len(call.given) > 1 and call.owner:
        yield Mount(call.owner, string(call.given[0]) or "", text(call.given[1]))
    elif call.name == "add_router" and len(call.given) > 1 and call.owner:  # Ninja takes a router or its dotted name
        module, _, name = (string(call.given[1]) or "").rpartition(".")
        yield Mount(call.owner, string(call.given[0]) or "", f"{module}:{name}" if module else text(call.given[1]))
