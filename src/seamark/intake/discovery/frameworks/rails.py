"""Rails' `config/routes.rb`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import VERBS, Declared, Facts, Source, join
from seamark.intake.discovery.syntax import ancestors, field, find, text

HINTS = (b"routes.draw",)

_COLLECTION = (("index", "GET", ""), ("create", "POST", ""), ("new", "GET", "new"))
_MEMBER = (
    ("show", "GET", ""),
    ("update", "PATCH", ""),
    ("update", "PUT", ""),
    ("destroy", "DELETE", ""),
    ("edit", "GET", "edit"),
)


class _Call(NamedTuple):
    name: str
    given: list[str]
    named: dict[str, Node]
    points: tuple[str, str]
    """`"x" => "c#a"` as (path, action)."""

    def option(self, name: str) -> str:
        return _word(self.named.get(name))

    def options(self, name: str) -> list[str]:
        node = self.named.get(name)
        if node is None:
            return []
        return (
            text(node)[3:-1].split()
            if text(node).startswith("%")
            else [_word(each) for each in node.named_children] or [_word(node)]
        )


def read(source: Source) -> Facts:
    """Return the routes that a routes file draws."""
    facts = Facts()
    for node in find(source.root, "ruby", "call"):
        call = _read(node)
        if call.name in VERBS or call.name in {"root", "match", "resource", "resources"}:
            outer = [_read(each) for each in reversed(list(ancestors(node))) if each.type == "call"]
            own = call.name in {"resource", "resources"}
            facts.declared += _resources(call, _place(outer)) if own else _single(call, outer)
    return facts


def _word(node: Node | None) -> str:
    return text(node).strip("\"':")


def _read(node: Node) -> _Call:
    given, named, points = [], {}, ("", "")
    arguments = field(node, "arguments")
    for each in arguments.named_children if arguments is not None else ():
        key, value = field(each, "key"), field(each, "value")
        if each.type != "pair":
            given.append(_word(each))
        elif value is not None and key is not None and key.type == "string":
            points = (_word(key), _word(value))
        elif value is not None:
            named[text(key).strip(":")] = value
    return _Call(text(field(node, "method")), given, named, points)


class _Place(NamedTuple):
    path: str
    module: str
    controller: str


def _place(outer: list[_Call], on: str = "") -> _Place:
    """Return path, module and controller that the blocks around a call add up to; `on` is what it says of its own place."""
    path, module, controller = "", "", ""
    for number, call in enumerate(outer):
        name = call.given[0] if call.given else ""
        if call.name == "namespace":
            path, module = join(path, call.option("path") or name), f"{module}{call.option('module') or name}/"
        elif call.name == "scope":
            path = join(path, call.option("path") or name)
            module += f"{call.option('module')}/" if call.option("module") else ""
        elif call.name in {"resources", "resource"}:
            below = outer[number + 1].name if number + 1 < len(outer) else on
            own = "" if call.name == "resource" or below == "collection" else _key(call, name, member=below == "member")
            path = join(path, call.option("path") or name, own)
            controller = call.option("controller") or _plural(name, call.name)
        elif call.name == "controller":
            controller = name
    return _Place(path, module, controller)


def _key(call: _Call, name: str, *, member: bool) -> str:
    key = call.option("param") or "id"
    return f"{{{key}}}" if member else f"{{{name.removesuffix('s')}_{key}}}"


def _plural(name: str, kind: str) -> str:
    return name if kind == "resources" or name.endswith("s") else f"{name}s"


def _handler(module: str, controller: str, action: str) -> str:
    return f"controllers/{module}{controller}_controller.rb:{action}" if controller and action else ""


def _resources(call: _Call, place: _Place) -> Iterator[Declared]:
    only, never = call.options("only"), call.options("except")
    for name in call.given:
        path = join(place.path, call.option("path") or name)
        controller = call.option("controller") or _plural(name, call.name)
        module = place.module + (f"{call.option('module')}/" if call.option("module") else "")
        each = join(path, "{" + (call.option("param") or "id") + "}") if call.name == "resources" else path
        actions = [(path, *rest) for rest in _COLLECTION if rest[0] != "index" or call.name == "resources"]
        actions += [(each, *rest) for rest in _MEMBER]
        for base, action, verb, ending in actions:
            if (not only or action in only) and action not in never:
                yield Declared(join(base, ending), "rails", verb, handler=_handler(module, controller, action))


def _single(call: _Call, outer: list[_Call]) -> Iterator[Declared]:
    place = _place(outer, call.option("on"))
    path, target = call.points if call.points[0] else (call.given[0] if call.given else "", "")
    target = target or call.option("to") or (path if call.name == "root" else "")
    path = "" if call.name == "root" else path
    controller, _, action = target.rpartition("#")
    controller = controller or call.option("controller") or place.controller
    if "/" in path.strip("/") and not target:
        controller, _, action = path.strip("/").rpartition("/")
    verbs = (
        ["GET"]
        if call.name == "root"
        else [verb.upper() for verb in call.options("via")]
        if call.name == "match"
        else [call.name.upper()]
    )
    for verb in verbs or [""]:
        handler = _handler(place.module, controller, action or call.option("action") or path.strip("/"))
        yield Declared(
            join(place.path, path.removesuffix("(.:format)")), "rails", "" if verb == "ALL" else verb, handler=handler
        )
