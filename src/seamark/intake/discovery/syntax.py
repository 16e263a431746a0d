"""Syntax trees of source files, by tree-sitter. A grammar is loaded when the first file of its language is read."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import PurePosixPath

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

LARGEST_FILE = 2_000_000
"""Bytes; larger files are generated or data, and are not parsed."""
DEEPEST = 500
"""Levels of a tree that are looked at. People's code stays far above; asking a node for its parent costs its depth."""

_GRAMMARS = {
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "go": ("tree_sitter_go", "language"),
    "hcl": ("tree_sitter_hcl", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "kotlin": ("tree_sitter_kotlin", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "python": ("tree_sitter_python", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
}

_ENDINGS = {
    "c": "c",
    "cpp": "cc cpp cxx h hh hpp hxx",
    "csharp": "cs",
    "go": "go",
    "hcl": "hcl tf tofu",
    "java": "java",
    "javascript": "cjs js jsx mjs",
    "kotlin": "kt kts",
    "php": "php phtml",
    "python": "py pyi",
    "ruby": "rake rb",
    "rust": "rs",
    "tsx": "tsx",
    "typescript": "cts mts ts",
    "yaml": "yaml yml",
}
_LANGUAGES = {f".{ending}": language for language, endings in _ENDINGS.items() for ending in endings.split()}


def language_of(path: str) -> str:
    """Return the language of a file by its ending, empty where it is none that is read."""
    return _LANGUAGES.get(PurePosixPath(path).suffix.lower(), "")


def is_binary(source: bytes) -> bool:
    """Tell whether a file is no text."""
    return b"\0" in source[:8000]


@cache
def _grammar(language: str) -> Language:
    module, function = _GRAMMARS[language]
    return Language(getattr(importlib.import_module(module), function)())


@lru_cache(maxsize=256)
def _query(language: str, query: str) -> Query:
    return Query(_grammar(language), query)


_OTHERS = bytes(set(range(256)) - set(b"()[]{}<>;"))
_OPEN, _CLOSE = frozenset(b"([{"), frozenset(b")]}")
_MOST_OPEN_ANGLES = 100
_PREFIX = rb"(?:[!*~&+^@-]|\[\]|(?:not|lambda|typeof|void|await|new|defined|begin)\b:?)"
"""Words and signs before an operand nest without brackets."""
_PREFIXES = re.compile(rb"(?:" + _PREFIX + rb"\s*+){20,}+")
_EACH_PREFIX = re.compile(_PREFIX)
_STATEMENT = re.compile(rb"[;{}]")


def is_tangled(source: bytes) -> bool:
    """Tell whether code is nested far deeper than people nest it: such files take a parser quadratic time, or crash it."""
    for run in _PREFIXES.finditer(source):
        if len(_EACH_PREFIX.findall(run[0])) > DEEPEST:
            return True
    brackets = source.translate(None, _OTHERS)
    depth = 0
    for each in brackets if len(brackets) > DEEPEST else b"":
        if each in _OPEN:
            depth += 1
            if depth > DEEPEST:
                return True
        elif each in _CLOSE and depth:
            depth -= 1
    if brackets.count(b"<") <= _MOST_OPEN_ANGLES:
        return False
    return any(part.count(b"<") - part.count(b">") > _MOST_OPEN_ANGLES for part in _STATEMENT.split(brackets))


def parse(source: bytes, language: str) -> Tree:
    """Return the syntax tree of a file. Broken code gives a tree with the parts that could be read, a tangled file an empty one."""
    return Parser(_grammar(language)).parse(b"" if is_tangled(source) else source)


def find(node: Node, language: str, *types: str) -> list[Node]:
    """Return the nodes of some types under a node, in the order of the text, outer ones first; those nested too deeply are left out."""
    query = _query(language, "[" + " ".join(f"({type})" for type in types) + "] @found")
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(DEEPEST)
    found = cursor.captures(node).get("found", [])
    return sorted(found, key=lambda each: (each.start_byte, -each.end_byte))


def field(node: Node | None, *names: str) -> Node | None:
    """Return the child under a way of field names, None where a step is missing."""
    for name in names:
        if node is None:
            return None
        node = node.child_by_field_name(name)
    return node


def first(node: Node | None) -> Node | None:
    """Return the first named child of a node, None where there is none."""
    return node.named_child(0) if node is not None and node.named_child_count else None


def text(node: Node | None) -> str:
    """Return the source of a node, empty for none."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def line(node: Node) -> int:
    """Return a node's first line, counted from 1, decorators and attributes before it included."""
    parent = node.parent
    if parent is not None and parent.type == "decorated_definition":
        node = parent
    before = node.prev_named_sibling
    while before is not None and before.type in {"decorator", "attribute_item"}:
        node, before = before, before.prev_named_sibling
    return node.start_point.row + 1


def end_line(node: Node) -> int:
    """Return a node's last line, counted from 1."""
    row, column = node.end_point
    return row if column == 0 and row > node.start_point.row else row + 1


def ancestors(node: Node) -> Iterator[Node]:
    """Yield what a node stands in, from the inside out."""
    above = node.parent
    while above is not None:
        yield above
        above = above.parent
