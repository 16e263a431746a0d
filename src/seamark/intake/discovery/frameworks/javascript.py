"""Express, Koa's router and Fastify."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import (
    ALL_ROUTERS,
    VERBS,
    Declared,
    Facts,
    Import,
    Mount,
    Source,
    span,
    string,
)
from seamark.intake.discovery.syntax import field, find, first, text

HINTS = (b"express", b"Router", b"router", b"fastify", b"Fastify", b"koa", b"app.")

_FRAMEWORKS = (
    ("fastify", "fastify"),
    ("koa", "koa"),
    ("@koa/router", "koa"),
    ("koa-router", "koa"),
    ("express", "express"),
)
_MAKERS = re.compile(
    r"(?:new\s+)?(?:(?:\w+\.)?(?:express|Router|fastify|Fastify|Koa|KoaRouter)\b"
    r"|require\(['\"](?:express|fastify|koa|koa-router|@koa/router)['\"]\)(?:\.Router)?\()"
)
_HANDED_IN = frozenset({"app", "router", "server", "fastify", "api", "routes"})
"""Names by which files get the application or a router handed in."""
_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
_LONGEST_CHAIN = 20
"""Links of `router.route("/x").get(h).post(h)` that are followed."""
_REFERENCES = frozenset({"identifier", "member_expression"})


def read(source: Source) -> Facts:
    """Return the routes that a JavaScript or TypeScript file declares."""
    facts = Facts()
    for node in find(source.root, source.language, "variable_declarator", "import_statement"):
        _import(node, source.language, facts)
        _router(node, facts)
    used = {each.module for each in facts.imports.values()}
    origin = next((name for module, name in _FRAMEWORKS if module in used), "")
    for node in find(source.root, source.language, "call_expression"):
        function, arguments = field(node, "function"), _arguments(node)
        word, owner = text(field(function, "property")), field(function, "object")
        if owner is None:
            continue
        name = text(owner)
        if (word in VERBS or word in {"all", "del"}) and (routed := _routed(owner, name, arguments, facts)):
            router, path, handlers = routed
            method = {"all": "", "del": "DELETE"}.get(word, word.upper())
            facts.declared.append(_declare(path, origin, method, router, handlers[-1]))
        elif word == "route" and arguments and arguments[0].type == "object" and _is_router(name, facts):
            facts.declared += _described(arguments[0], name)
        elif word in {"use", "register", "prefix"} and _is_router(name, facts):
            facts.mounts += _mounted(word, name, arguments, facts)
    return facts


def _arguments(call: Node) -> list[Node]:
    arguments = field(call, "arguments")
    return [each for each in arguments.named_children if each.type != "comment"] if arguments is not None else []


def _import(node: Node, language: str, facts: Facts) -> None:
    if node.type == "variable_declarator":
        _take_required(node, facts)
        return
    module = string(field(node, "source")) or ""
    for each in find(node, language, "import_specifier"):
        original = text(field(each, "name"))
        facts.imports[text(field(each, "alias")) or original] = Import(module, original)
    clause = next((each for each in node.named_children if each.type == "import_clause"), None)
    for each in clause.named_children if clause is not None else ():
        if each.type == "identifier":
            facts.imports[text(each)] = Import(module, ALL_ROUTERS)
        elif each.type == "namespace_import" and (inner := first(each)) is not None:
            facts.imports[text(inner)] = Import(module)


def _take_required(declarator: Node, facts: Facts) -> None:
    """`const x = require("./y")` and `const {a: b} = require("./y")`."""
    module, names = _required(field(declarator, "value")), field(declarator, "name")
    if not module or names is None:
        return
    if names.type == "identifier":
        facts.imports[text(names)] = Import(module, ALL_ROUTERS)
        return
    for each in names.named_children:
        key, value = text(field(each, "key")) or text(each), text(field(each, "value")) or text(each)
        facts.imports[value] = Import(module, key)


def _required(node: Node | None) -> str:
    """Return the module of `require("./x")`, also where it is called or a member of it is taken."""
    for _ in range(_LONGEST_CHAIN):
        if node is None or node.type not in {"call_expression", "member_expression"}:
            break
        if text(field(node, "function")) == "require":
            return string(next(iter(_arguments(node)), None)) or ""
        node = field(node, "function") or field(node, "object")
    return ""


def _router(node: Node, facts: Facts) -> None:
    value = field(node, "value")
    if value is not None and value.type in {"call_expression", "new_expression"} and _MAKERS.match(text(value)):
        options = next((each for each in _arguments(value) if each.type == "object"), None)
        facts.routers[text(field(node, "name"))] = string(_property(options, "prefix")) or ""


def _property(options: Node | None, name: str) -> Node | None:
    for pair in options.named_children if options is not None else ():
        if pair.type == "pair" and text(field(pair, "key")).strip("'\"") == name:
            return field(pair, "value")
    return None


def _is_router(name: str, facts: Facts) -> bool:
    return name in facts.routers or name in _HANDED_IN


def _routed(owner: Node, name: str, arguments: list[Node], facts: Facts) -> tuple[str, str, list[Node]] | None:
    """Return router, path and handlers of `router.get("/x", h)` and of `router.route("/x").get(h)`."""
    if _is_router(name, facts):
        path = string(arguments[0]) if arguments else None
        handlers = [each for each in arguments[1:] if each.type != "object"]
        return (name, path, handlers) if path is not None and handlers and path[:1] in {"/", "*", ""} else None
    for _ in range(_LONGEST_CHAIN):
        function = field(owner, "function")
        below = field(function, "object")
        if below is None:
            break
        if text(field(function, "property")) == "route":
            path = string(next(iter(_arguments(owner)), None))
            found = path is not None and bool(arguments) and _is_router(text(below), facts)
            return (text(below), path or "", arguments) if found else None
        owner = below
    return None


def _declare(path: str, origin: str, method: str, router: str, handler: Node) -> Declared:
    for _ in range(3):  # wrap(async () => …)
        if handler.type != "call_expression" or not (inner := _arguments(handler)):
            break
        handler = inner[-1]
    if handler.type in _FUNCTIONS:
        return Declared(path, origin or "express", method, router, span=span(handler))
    return Declared(path, origin or "express", method, router, text(handler) if handler.type in _REFERENCES else "")


def _described(options: Node, router: str) -> Iterator[Declared]:
    """Fastify's `route({method, url, handler})`."""
    path = string(_property(options, "url")) or string(_property(options, "path"))
    method, handler = _property(options, "method"), _property(options, "handler")
    if path is None:
        return
    methods = [string(method)] if method is not None and method.type == "string" else []
    methods += [string(each) for each in method.named_children] if method is not None and method.type == "array" else []
    for each in methods or [""]:
        if handler is None:
            yield Declared(path, "fastify", (each or "").upper(), router)
        else:
            yield _declare(path, "fastify", (each or "").upper(), router, handler)


def _mounted(word: str, router: str, arguments: list[Node], facts: Facts) -> Iterator[Mount]:
    if word == "prefix":  # koa: router.prefix("/v1")
        if router in facts.routers and arguments:
            facts.routers[router] = string(arguments[0]) or facts.routers[router]
        return
    prefix = (string(arguments[0]) if arguments else None) or ""
    if word == "register":
        options = next((each for each in arguments if each.type == "object"), None)
        prefix = string(_property(options, "prefix")) or ""
        arguments = arguments[:1]
    for each in arguments:
        if module := _required(each):
            yield Mount(router, prefix, f"{module}:{ALL_ROUTERS}")
        elif each.type in _REFERENCES:
            yield Mount(router, prefix, text(each))
        elif each.type == "call_expression" and text(field(each, "function")).endswith(".routes"):
            yield Mount(router, prefix, text(field(each, "function", "object")))
