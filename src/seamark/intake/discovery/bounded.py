"""YAML from files that nobody vouches for: bounded in depth and size, without objects of a program's choice."""

from __future__ import annotations

import sys
from typing import Any, Final

import yaml
from yaml.resolver import BaseResolver

DEEPEST: Final = 200
"""Levels of nesting. What composes YAML recurses in C, which ends the process where nobody stops it."""
MOST_NODES: Final = 500_000


class Bounded(BaseResolver):
    """What stops a loader that it is mixed into: `ValueError` for what is nested too deeply or has too many nodes."""

    most_nodes = MOST_NODES

    def __init__(self, *stream: Any) -> None:
        super().__init__(*stream)
        self._depth = self._nodes = 0

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """Count a node. The composers in C and in Python both call this before they go into one."""
        self._depth += 1
        self._nodes += 1
        if self._depth > DEEPEST or self._nodes > self.most_nodes:
            raise ValueError("nested too deeply, or too large")
        super().descend_resolver(current_node, current_index)

    def ascend_resolver(self) -> None:
        """Count the way back."""
        self._depth -= 1
        super().ascend_resolver()


class Shallow(Bounded, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Loads plain values of texts whose length is bounded already, and which may have many: only the depth is bounded."""

    most_nodes = sys.maxsize


class Loader(Bounded, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Loads plain values, bounded.

    Tags that programs define (`!Ref`, `!reference`) come as `{"Ref": …}` with their value, dates as they are written.
    """


def _tagged(loader: Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix: value}


def _as_written(loader: Loader, node: yaml.Node) -> Any:
    """Keep dates as they are written: JSON has none."""
    return loader.construct_scalar(node)


Loader.add_multi_constructor("!", _tagged)
Loader.add_constructor("tag:yaml.org,2002:timestamp", _as_written)


def load(text: str) -> Any:
    """Return the one document of a YAML text. Raises `yaml.YAMLError`, `ValueError`, `TypeError` or `RecursionError` for what is none."""
    return yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader


def load_all(text: str) -> list[Any]:
    """Return all documents of a YAML text. Raises as `load` does."""
    return list(yaml.load_all(text, Loader=Loader))
