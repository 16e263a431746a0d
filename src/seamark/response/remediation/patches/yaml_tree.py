"""Setting values in YAML that may not be there yet, in the layout of what is around them."""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import child, span, uses


def put(
    source: Source, roots: list[yaml.Node], node: yaml.MappingNode, way: tuple[str, ...], value: str
) -> Iterator[Splice]:
    """Yield the piece that sets what stands under a way of keys to a value, given as it is written; nothing where it is that already.

    Raises `UnsafeEdit` for values with anchors, which stand for other places too, and for what is no mapping on the way.
    """
    if uses(roots, node) > 1:
        raise UnsafeEdit(f"{source.path} uses line {node.start_mark.line + 1} in several places (an anchor).")
    found = child(node, way[0])
    if found is None:
        _refuse_merged(source, node)
        yield add(source, node, way, value)
    elif len(way) > 1:
        if _is_null(found) or not isinstance(found, yaml.MappingNode):
            raise UnsafeEdit(f"{source.path} has no mapping under {way[0]} on line {found.start_mark.line + 1}.")
        if not found.value:
            start, end = span(source, found)
            yield source.splice(start, end, _flow(way[1:], value))
            return
        yield from put(source, roots, found, way[1:], value)
    else:
        if not isinstance(found, yaml.ScalarNode) or found.style in {"|", ">"} or uses(roots, found) > 1:
            raise UnsafeEdit(
                f"{source.path} writes {way[0]} on line {found.start_mark.line + 1} in a way that cannot be changed."
            )
        start, end = span(source, found)
        if found.value.lower() != value.lower():
            yield source.splice(start, end, value if start != end else f" {value}")


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def _refuse_merged(source: Source, node: yaml.MappingNode) -> None:
    if any(key.value == "<<" for key, _ in node.value):
        raise UnsafeEdit(
            f"{source.path} takes values from an anchor on line {node.start_mark.line + 1}, which may have what would be added."
        )


def _flow(way: tuple[str, ...], value: str) -> str:
    return "{" + f"{way[0]}: {_flow(way[1:], value) if len(way) > 1 else value}" + "}"


def add(source: Source, node: yaml.MappingNode, way: tuple[str, ...], value: str) -> Splice:
    """Return the piece that adds what is missing at the end of a mapping that is not empty."""
    if not node.value:
        raise UnsafeEdit(f"{source.path} has an empty mapping on line {node.start_mark.line + 1}.")
    last = node.value[-1][1]
    if is_flow(node):
        end = _end(last)
        return source.splice(end, end, f", {way[0]}: " + (_flow(way[1:], value) if len(way) > 1 else value))
    indent = " " * node.value[0][0].start_mark.column
    lines = [f"{indent}{'  ' * depth}{key}:" for depth, key in enumerate(way)]
    lines[-1] += f" {value}"
    end, scalar = _end(last), _deepest(last)
    if isinstance(scalar, yaml.ScalarNode) and scalar.style in {"|", ">"}:
        text = source.newline.join(lines)
        stop = (
            source.text.rstrip(" \t\r\n") if end >= len(source.text.rstrip()) else source.text[:end].rstrip(" \t\r\n")
        )
        at = len(stop)
        return source.splice(at, at, source.newline + text)
    at = source.end_of_line(end)
    return source.splice(at, at, source.newline + source.newline.join(lines))


def is_flow(node: yaml.Node) -> bool:
    """Tell whether a list or mapping is written in brackets."""
    return isinstance(node, yaml.CollectionNode) and bool(node.flow_style)


def _deepest(node: yaml.Node) -> yaml.Node:
    while not isinstance(node, yaml.ScalarNode) and node.value and not is_flow(node):
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    return node


def _end(node: yaml.Node) -> int:
    """Return where a value really ends: a block's own mark stands before what follows it, comments and all."""
    return int(_deepest(node).end_mark.index)
