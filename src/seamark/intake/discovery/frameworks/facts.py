"""What one file says about routes, before the files of a tree are put together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from tree_sitter import Node

from seamark.intake.discovery import syntax

ALL_ROUTERS = "*"
"""Stands for whatever routers a file has."""

NOWHERE = (0, 0)
"""The span of a handler that stands elsewhere."""

VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options"})


class Source(NamedTuple):
    """A parsed file."""

    path: str
    root: Node
    language: str
    data: bytes


class Declared(NamedTuple):
    """A route as its file declares it."""

    path: str
    """As written, below the prefixes of its router."""
    origin: str
    method: str = ""
    router: str = ""
    """Name of the router in its file, empty where the path is whole."""
    handler: str = ""
    """Name of the handler as the file writes it, where it stands elsewhere."""
    span: tuple[int, int] = (0, 0)
    """First and last line of the handler, where it stands in this file."""


class Mount(NamedTuple):
    """A router hung below another one."""

    router: str
    prefix: str
    target: str
    """The other one, as this file names it."""


class Import(NamedTuple):
    """Where a name of a file comes from."""

    module: str
    name: str = ""
    """Its name there; empty for the module itself."""


@dataclass(slots=True)
class Facts:
    """What one file says about routes."""

    declared: list[Declared] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    routers: dict[str, str] = field(default_factory=dict)
    """Routers made in this file with the prefix that they carry themselves."""
    imports: dict[str, Import] = field(default_factory=dict)


_STRING = re.compile(r"""[rRbBuU@]*("{3}|'{3}|["'`])(.*)\1""", re.DOTALL)
_STRINGS = frozenset(
    {
        "string", "string_literal", "interpreted_string_literal", "raw_string_literal", "encapsed_string", "template_string",
        "verbatim_string_literal",
    }
)  # fmt: skip
_FILLED = frozenset({"interpolation", "template_substitution", "variable_name"})


def string(node: Node | None) -> str | None:
    """Return the value of a plain string literal; None for anything else, strings with values filled in among them."""
    if node is None or node.type not in _STRINGS or any(child.type in _FILLED for child in node.named_children):
        return None
    match = _STRING.fullmatch(syntax.text(node))
    return match[2] if match else None


def strings(node: Node | None) -> list[str]:
    """Return the plain strings directly inside a list or set."""
    children: Iterable[Node] = node.named_children if node is not None else ()
    return [value for child in children if (value := string(child)) is not None]


def join(*parts: str) -> str:
    """Put pieces of a path together with exactly one slash between them."""
    return "/" + "/".join(piece for part in parts if (piece := part.strip("/")))


def span(node: Node) -> tuple[int, int]:
    """Return a handler's first and last line."""
    return syntax.line(node), syntax.end_line(node)
