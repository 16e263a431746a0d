"""Laravel's route files."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import NOWHERE, VERBS, Declared, Facts, Source, join, span, string
from seamark.intake.discovery.syntax import ancestors, field, find, first, text

HINTS = (b"Route::",)

_FUNCTIONS = frozenset({"anonymous_function", "arrow_function"})
_LONGEST_CHAIN = 20
"""Links of `Route::prefix("x")->middleware("y")->group(…)` that are followed."""
_COLLECTION = (("index", "GET", ""), ("store", "POST", ""))
_MEMBER = (("show", "GET", ""), ("update", "PUT", ""), ("update", "PATCH", ""), ("destroy", "DELETE", ""))
_FORMS = (("create", "GET", "create"),), (("edit", "GET", "edit"),)


def read(source: Source) -> Facts:
    """Return the routes that a route file declares. Those of `routes/api.php` answer below `/api`."""
    facts = Facts()
    base = "api" if source.path.endswith("routes/api.php") else ""
    for call in find(source.root, "php", "scoped_call_expression", "member_call_expression"):
        name = text(field(call, "name"))
        if name not in VERBS and name not in {"any", "match", "resource", "apiResource"}:
            continue
        if not _on_route(call):
            continue
        given = _arguments(call)
        prefix = join(base, *reversed(_prefixes(call)))
        facts.declared += _resource(name, given, prefix) if name.endswith("esource") else _route(name, given, prefix)
    return facts


def _arguments(call: Node) -> list[Node]:
    arguments = field(call, "arguments")
    given = arguments.named_children if arguments is not None else []
    return [each.named_children[-1] for each in given if each.named_children]


def _links(call: Node) -> Iterator[Node]:
    """Yield the calls of a chain from the last to the first."""
    node: Node | None = call
    for _ in range(_LONGEST_CHAIN):
        if node is None or node.type not in {"member_call_expression", "scoped_call_expression"}:
            return
        yield node
        node = field(node, "object")


def _on_route(call: Node) -> bool:
    """Tell whether a chain of calls begins at the class `Route`."""
    *_, begin = _links(call)
    return text(field(begin, "scope")).rpartition("\\")[2] == "Route"


def _own_prefixes(call: Node) -> Iterator[str]:
    """Yield what `prefix("x")` says in the chain that a call ends, the last first."""
    for link in _links(call):
        given, name = _arguments(link), text(field(link, "name"))
        if name == "prefix" and given and (value := string(given[0])) is not None:
            yield value
        if name == "group" and len(given) > 1 and given[0].type == "array_creation_expression":
            yield from _array_prefix(given[0])


def _array_prefix(array: Node) -> Iterator[str]:
    """`Route::group(["prefix" => "admin"], …)`."""
    for each in array.named_children:
        if each.named_child_count == 2 and string(first(each)) == "prefix" and (value := string(each.named_child(1))):
            yield value


def _prefixes(call: Node) -> list[str]:
    """Return the prefixes around a call, from the inside out."""
    found = [*_own_prefixes(call)]
    for each in ancestors(call):
        if each.type in {"member_call_expression", "scoped_call_expression"} and text(field(each, "name")) == "group":
            found += _own_prefixes(each)
    return found


def _route(name: str, given: list[Node], prefix: str) -> Iterator[Declared]:
    verbs = ["" if name == "any" else name.upper()]
    if name == "match" and given:
        verbs = [value.upper() for each in given[0].named_children if (value := string(first(each))) is not None]
        given = given[1:]
    path = string(given[0]) if given else None
    if path is None:
        return
    handler = given[1] if len(given) > 1 else None
    where = span(handler) if handler is not None and handler.type in _FUNCTIONS else NOWHERE
    for verb in verbs:
        yield Declared(
            join(prefix, path), "laravel", verb, handler="" if where != NOWHERE else _action(handler), span=where
        )


def _action(handler: Node | None) -> str:
    """Return `OrdersController.php:OrdersController.index` of `[OrdersController::class, "index"]` and of its older spellings."""
    if handler is None:
        return ""
    if (whole := string(handler)) is not None:
        owner, _, action = whole.partition("@")
    elif handler.type == "array_creation_expression" and handler.named_child_count == 2:
        controller, method = (first(each) for each in handler.named_children)
        owner, action = text(controller).partition("::")[0], string(method) or ""
    else:
        owner, action = text(handler).partition("::")[0], "__invoke"
    return _method(owner, action)


def _method(owner: str, action: str) -> str:
    owner = owner.rpartition("\\")[2]
    return f"{owner}.php:{owner}.{action}" if owner.isidentifier() and action else ""


def _resource(name: str, given: list[Node], prefix: str) -> Iterator[Declared]:
    path = string(given[0]) if given else None
    if path is None or len(given) < 2:
        return
    single = path.rpartition("/")[2].rpartition(".")[2].removesuffix("s").replace("-", "_")
    collection = [*_COLLECTION, *(_FORMS[0] if name == "resource" else ())]
    member = [*_MEMBER, *(_FORMS[1] if name == "resource" else ())]
    owner = text(given[1]).partition("::")[0].strip("'\"")
    for base, actions in ((join(prefix, path), collection), (join(prefix, path, f"{{{single}}}"), member)):
        for action, verb, ending in actions:
            yield Declared(join(base, ending), "laravel", verb, handler=_method(owner, action))
