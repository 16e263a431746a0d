"""Spring MVC and JAX-RS, by their annotations."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import Declared, Facts, Source, join, span, string
from seamark.intake.discovery.syntax import ancestors, field, find, text

HINTS = (b"Mapping", b"@Path")

_SPRING = {f"{verb.capitalize()}Mapping": verb for verb in ("GET", "POST", "PUT", "PATCH", "DELETE")} | {
    "RequestMapping": ""
}
_JAX_RS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_CLASSES = frozenset({"class_declaration", "interface_declaration", "record_declaration"})


def read(source: Source) -> Facts:
    """Return the routes that the annotated methods of a Java file answer at."""
    facts = Facts()
    for method in find(source.root, "java", "method_declaration"):
        marks = _annotations(method)
        if not marks.keys() & (_SPRING.keys() | _JAX_RS | {"Path"}):
            continue
        owner = next((each for each in ancestors(method) if each.type in _CLASSES), None)
        above = _annotations(owner) if owner is not None else {}
        if "FeignClient" not in above:
            facts.declared += [*_spring(method, marks, above), *_jax_rs(method, marks, above)]
    return facts


def _annotations(node: Node) -> dict[str, Node]:
    modifiers = next((each for each in node.named_children if each.type == "modifiers"), None)
    marks = modifiers.named_children if modifiers is not None else []
    return {text(field(each, "name")).rpartition(".")[2]: each for each in marks if each.type.endswith("annotation")}


def _values(annotation: Node | None, *keys: str) -> list[Node]:
    """Return the values of an annotation: the one without a name, or those under a name, lists opened."""
    arguments = field(annotation, "arguments")
    found: list[Node] = []
    for each in arguments.named_children if arguments is not None else ():
        if each.type == "element_value_pair":
            value = field(each, "value") if text(field(each, "key")) in keys else None
        else:
            value = each if "value" in keys else None
        if value is not None:
            found += value.named_children if value.type == "element_value_array_initializer" else [value]
    return found


def _paths(annotation: Node | None) -> list[str]:
    return [path for each in _values(annotation, "value", "path") if (path := string(each)) is not None] or [""]


def _methods(annotation: Node | None) -> list[str]:
    return [text(each).rpartition(".")[2] for each in _values(annotation, "method")]


def _spring(method: Node, marks: dict[str, Node], above: dict[str, Node]) -> Iterator[Declared]:
    base = above.get("RequestMapping")
    for name in marks.keys() & _SPRING.keys():
        verbs = [_SPRING[name]] if _SPRING[name] else _methods(marks[name]) or _methods(base) or [""]
        for prefix in _paths(base):
            for path in _paths(marks[name]):
                for verb in verbs:
                    yield Declared(join(prefix, path), "spring", verb, span=span(method))


def _jax_rs(method: Node, marks: dict[str, Node], above: dict[str, Node]) -> Iterator[Declared]:
    if "Path" not in marks and "Path" not in above:
        return
    path = join(_paths(above.get("Path"))[0], _paths(marks.get("Path"))[0])
    for verb in sorted(marks.keys() & _JAX_RS):
        yield Declared(path, "jax-rs", verb, span=span(method))
