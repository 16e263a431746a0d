"""Go: net/http, gin, echo, chi, gorilla/mux, fiber."""

from __future__ import annotations

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
)
from seamark.intake.discovery.syntax import ancestors, field, find, text

HINTS = (b"net/http", b"gin-gonic", b"labstack/echo", b"go-chi", b"gorilla/mux", b"gofiber")

_ORIGINS = (
    ("gin-gonic/gin", "gin"),
    ("labstack/echo", "echo"),
    ("go-chi/chi", "chi"),
    ("gorilla/mux", "gorilla"),
    ("gofiber/fiber", "fiber"),
)
_ANY = frozenset({"Any", "All", "Handle", "HandleFunc"})
_VERBS = {spelt: verb.upper() for verb in VERBS for spelt in (verb.upper(), verb.capitalize())}


def read(source: Source) -> Facts:
    """Return the routes that a Go file registers."""
    facts = Facts()
    used = []
    for spec in find(source.root, "go", "import_spec"):
        path = string(field(spec, "path")) or ""
        used.append(path)
        last = path.rpartition("/")[2]
        facts.imports[text(field(spec, "name")) or last] = Import(path)
    origin = next((name for module, name in _ORIGINS if any(module in path for path in used)), "net/http")
    for call in find(source.root, "go", "call_expression"):
        _call(call, origin, facts)
    return facts


def _arguments(call: Node) -> list[Node]:
    arguments = field(call, "arguments")
    return [each for each in arguments.named_children if each.type != "comment"] if arguments is not None else []


def _call(call: Node, origin: str, facts: Facts) -> None:
    function = field(call, "function")
    name, operand = text(field(function, "field")), field(function, "operand")
    given = _arguments(call)
    path = string(given[0]) if given else None
    if operand is None or path is None:
        return
    if name in {"Group", "Subrouter", "PathPrefix"} and (made := _assigned(call)):
        facts.routers[made] = ""
        facts.mounts.append(Mount(text(operand), path, made))
        return
    if name == "Mount" and len(given) > 1:
        facts.mounts.append(Mount(text(operand), join(_around(call), path), text(given[1]).partition("(")[0]))
        return
    if len(given) < 2 or (name not in _VERBS and name not in _ANY) or (origin == "net/http" and name in _VERBS):
        return
    handler = given[1] if origin in {"echo", "net/http", "chi", "gorilla"} else given[-1]
    methods = [_VERBS[name]] if name in _VERBS else _chained(call)
    verb, _, rest = path.partition(" ")
    if verb.isupper() and rest.startswith("/"):  # net/http since Go 1.22: "GET /orders/{id}"
        methods, path = [verb], rest
    if origin == "gin" and name == "Handle" and len(given) > 2 and (inner := string(given[1])) is not None:
        methods, path = [path], inner
    if path and not path.startswith("/"):
        return
    while handler.type == "call_expression" and (inside := _arguments(handler)):  # http.HandlerFunc(x), wrap(x)
        handler = inside[-1]
    literal = handler.type == "func_literal"
    written = text(handler) if handler.type in {"identifier", "selector_expression"} else ""
    for method in methods or [""]:
        where = span(handler) if literal else NOWHERE
        facts.declared.append(Declared(join(_around(call), path), origin, method, text(operand), written, span=where))


def _chained(call: Node) -> list[str]:
    """gorilla/mux: `HandleFunc("/x", h).Methods("GET")`."""
    selector = call.parent
    outer = selector.parent if selector is not None else None
    if outer is None or selector is None or text(field(selector, "field")) != "Methods":
        return []
    return [
        value if value is not None else text(each).removeprefix("http.Method").upper()
        for each in _arguments(outer)
        for value in [string(each)]
    ]


def _around(call: Node) -> str:
    """chi: the prefixes of the `Route("/x", func(r chi.Router) {…})` that a call stands in."""
    found: list[str] = []
    for each in ancestors(call):
        if each.type == "call_expression" and text(field(each, "function", "field")) == "Route":
            given = _arguments(each)
            if len(given) > 1 and given[1].type == "func_literal" and (path := string(given[0])) is not None:
                found.insert(0, path)
    return join(*found) if found else ""


def _assigned(call: Node) -> str:
    for each in ancestors(call):
        if each.type in {"short_var_declaration", "assignment_statement"}:
            return text(field(each, "left"))
        if each.type in {"block", "func_literal"}:
            break
    return ""
