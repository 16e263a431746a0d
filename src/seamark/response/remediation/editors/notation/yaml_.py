"""YAML with the place of every value, several documents and anchors included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import yaml
from msgspec import Struct

from seamark.intake.discovery.bounded import Bounded, load_all
from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit

LARGEST: Final = 3_000_000
"""Characters. Composing with places is slow: a second for every 500,000."""
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*[ \t]+)*")
_SAFE: Final = re.compile(r"[A-Za-z0-9_./@:+^~<>=*|, ()!#-]*")
Path = tuple[str | int, ...]


class _Composer(Bounded, yaml.SafeLoader):
    """Composes nodes with their places, bounded."""


class Entry(Struct, frozen=True):
    """A value of a document: its path below the document's root, its key (None in a list) and its node."""

    document: int
    path: Path
    key: yaml.Node | None
    node: yaml.Node

    @property
    def value(self) -> str:
        """The text of a scalar as it is written, quotes and escapes read; empty for anything else."""
        return str(self.node.value) if isinstance(self.node, yaml.ScalarNode) else ""


def read_yaml(source: Source) -> list[yaml.Node]:
    """Return the roots of a file's documents. Raises `UnsafeEdit` for what is no YAML, templates included."""
    if len(source.text) > LARGEST:
        raise UnsafeEdit(f"{source.path} is too large to be edited.")
    try:
        loader = _Composer(source.text)
        roots: list[yaml.Node] = []
        while loader.check_node():
            root = loader.get_node()
            if root is not None:
                roots.append(root)
    except (yaml.YAMLError, ValueError, RecursionError):
        template = ", which may be because it is a template" if "{{" in source.text else ""
        raise UnsafeEdit(f"{source.path} is no YAML that can be read{template}.") from None
    return roots


def entries(roots: list[yaml.Node]) -> Iterator[Entry]:
    """Yield every value with its path, keys as text. What an alias points at comes once for the anchor, and not again."""
    seen: set[int] = set()
    for number, root in enumerate(roots):
        yield from _below(number, (), root, seen)


def _below(document: int, path: Path, node: yaml.Node, seen: set[int]) -> Iterator[Entry]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if id(value) not in seen:
                yield Entry(document, (*path, name), key, value)
                yield from _below(document, (*path, name), value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            if id(value) not in seen:
                yield Entry(document, (*path, number), None, value)
                yield from _below(document, (*path, number), value, seen)


def uses(roots: list[yaml.Node], wanted: yaml.Node) -> int:
    """Return in how many places a node is read: more than one where it, or what it stands in, has an anchor and aliases."""
    known: dict[int, int] = {}

    def count(node: yaml.Node) -> int:
        if node is wanted:
            return 1
        if id(node) not in known:
            known[id(node)] = 0  # what stands in itself ends here
            below: list[yaml.Node] = []
            if isinstance(node, yaml.MappingNode):
                below = [each for pair in node.value for each in pair]
            elif isinstance(node, yaml.SequenceNode):
                below = node.value
            known[id(node)] = sum(count(each) for each in below)
        return known[id(node)]

    return sum(count(each) for each in roots)


def is_shared(source: Source, node: yaml.Node) -> bool:
    """Tell whether a value has an anchor of its own."""
    return source.text[node.start_mark.index : node.start_mark.index + 1] == "&"


def child(node: yaml.Node | None, *names: str) -> yaml.Node | None:
    """Return the value under a way of keys, None where a step is missing."""
    for name in names:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((value for key, value in node.value if key.value == name), None)
    return node


def text_of(node: yaml.Node | None) -> str:
    """Return the text of a scalar, empty for anything else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def span(source: Source, node: yaml.Node) -> tuple[int, int]:
    """Return where a scalar is written, quotes included, its anchor and tag not."""
    start, end = node.start_mark.index, node.end_mark.index
    found = _PROPERTIES.match(source.text, start, end)
    return (found.end() if found else start), end


def set_scalar(source: Source, roots: list[yaml.Node], node: yaml.Node, value: str) -> Splice:
    """Return the piece that makes a scalar say something else, quoted as it was, or quoted where it would read as a number."""
    if not isinstance(node, yaml.ScalarNode) or node.style in {"|", ">"} or not _SAFE.fullmatch(value):
        raise UnsafeEdit(f"{source.path} writes line {node.start_mark.line + 1} in a way that cannot be edited.")
    start, end = span(source, node)
    count = uses(roots, node)
    if node.style in {"'", '"'}:
        return source.splice(start, end, f"{node.style}{value}{node.style}", count)
    plain = yaml.SafeLoader(value)
    try:
        same = plain.get_single_data() == value and "#" not in value
    except (yaml.YAMLError, ValueError):
        same = False
    return source.splice(start, end, value if same else f'"{value}"', count)


def loaded(text: str) -> Any:
    """Return the plain values of a text. Raises `ValueError` where it cannot be read."""
    try:
        return load_all(text)
    except (yaml.YAMLError, TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None
