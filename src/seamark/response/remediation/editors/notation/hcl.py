"""HCL with the place of every block and attribute."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tree_sitter import Node

from seamark.intake.discovery.syntax import parse, text
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit


class Block(NamedTuple):
    """A block with its labels, its body (as a node) and its whole."""

    type: str
    labels: tuple[str, ...]
    body: Node
    node: Node


def read_hcl(source: Source) -> Node:
    """Return the body of a file. Raises `UnsafeEdit` for what is no HCL."""
    root = parse(source.utf8, "hcl").root_node
    if root.has_error:
        raise UnsafeEdit(f"{source.path} is no HCL that can be read.")
    return next((each for each in root.children if each.type == "body"), root)


def blocks(body: Node) -> Iterator[Block]:
    """Yield the blocks that stand directly in a body."""
    for node in body.named_children:
        if node.type != "block":
            continue
        inner = next((each for each in node.named_children if each.type == "body"), node)
        words = [each for each in node.named_children if each.type in {"identifier", "string_lit"}]
        yield Block(text(words[0]), tuple(text(each).strip('"') for each in words[1:]), inner, node)


def attributes(body: Node) -> dict[str, Node]:
    """Return the expressions of the attributes that stand directly in a body."""
    return {
        text(node.named_children[0]): node.named_children[1]
        for node in body.named_children
        if node.type == "attribute" and len(node.named_children) > 1
    }


def members(node: Node) -> dict[str, Node]:
    """Return the expressions of an object by key, nothing where an expression is none."""
    found: dict[str, Node] = {}
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.type == "object_elem":
            key, value = each.child_by_field_name("key"), each.child_by_field_name("val")
            if key is not None and value is not None:
                found[text(key).strip('"')] = value
        elif each.type in {"expression", "collection_value", "object"}:
            waiting += each.named_children
    return found


def string(node: Node | None) -> str:
    """Return the text of a string without anything to be filled in, empty for anything else."""
    written = text(node).strip()
    plain = (
        len(written) > 1
        and written[0] == written[-1] == '"'
        and not any(sign in written[1:-1] for sign in ('"', "${", "%{", "\\"))
    )
    return written[1:-1] if plain else ""


def set_string(source: Source, node: Node, value: str) -> Splice:
    """Return the piece that makes a string say something else."""
    if not string(node) or any(sign in value for sign in ('"', "\\", "${", "%{", "\n")):
        raise UnsafeEdit(
            f"{source.path} writes line {source.line(source.at(node.start_byte))} in a way that cannot be edited."
        )
    return source.splice(source.at(node.start_byte) + 1, source.at(node.end_byte) - 1, value)
