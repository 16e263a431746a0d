"""NestJS, by its decorators."""

from __future__ import annotations

from tree_sitter import Node

from seamark.intake.discovery.frameworks.facts import VERBS, Declared, Facts, Source, join, span, string, strings
from seamark.intake.discovery.syntax import ancestors, field, find, first, text

HINTS = (b"@Controller",)

_VERBS = {verb.capitalize(): verb.upper() for verb in VERBS} | {"All": ""}


def read(source: Source) -> Facts:
    """Return the routes of the controllers in a TypeScript file."""
    facts = Facts()
    for method in find(source.root, source.language, "method_definition"):
        marks = _decorators(method)
        if not marks.keys() & _VERBS.keys():
            continue
        owner = next((each for each in ancestors(method) if each.type.endswith("class_declaration")), None)
        base = _decorators(owner).get("Controller") if owner is not None else None
        if base is None:
            continue
        for name in sorted(marks.keys() & _VERBS.keys()):
            facts.declared += [
                Declared(join(prefix, path), "nestjs", _VERBS[name], span=span(method))
                for prefix in _paths(base)
                for path in _paths(marks[name])
            ]
    return facts


def _decorators(node: Node) -> dict[str, Node]:
    """Return the called decorators of a class or method: its children, those of its export, or the siblings before it."""
    above = node.parent
    marks = [
        *node.named_children,
        *(above.named_children if above is not None and above.type == "export_statement" else ()),
    ]
    before = node.prev_named_sibling
    while before is not None and before.type == "decorator":
        marks.append(before)
        before = before.prev_named_sibling
    calls = [call for each in marks if each.type == "decorator" and (call := first(each)) is not None]
    return {text(field(call, "function")): call for call in calls if call.type == "call_expression"}


def _paths(call: Node) -> list[str]:
    arguments = field(call, "arguments")
    given = first(arguments)
    if given is not None and given.type == "object":
        pairs = [each for each in given.named_children if each.type == "pair"]
        given = next((field(each, "value") for each in pairs if text(field(each, "key")) == "path"), None)
    value = string(given)
    return [value] if value is not None else strings(given) or [""]
