"""Where things stand: lines of keys in YAML, and the environment that folders and names speak of."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from seamark.intake.discovery import bounded

_ENVIRONMENTS: Final = {
    "prod": "production", "production": "production", "prd": "production", "live": "production",
    "staging": "staging", "stage": "staging", "stg": "staging", "preprod": "staging", "preproduction": "staging", "uat": "staging",
    "dev": "development", "develop": "development", "development": "development", "local": "development", "devcontainer": "development",
    "test": "test", "tests": "test", "testing": "test", "qa": "test", "e2e": "test", "ci": "test", "integration": "test",
    "sandbox": "sandbox", "preview": "preview", "demo": "demo",
}  # fmt: skip
_PARTS: Final = re.compile(r"[^a-z0-9]+")


def environment_of(*names: str) -> str:
    """Return the environment that a path, a namespace or a label names, empty where none does. The last part that says something wins."""
    for name in names:
        for part in reversed(_PARTS.split(name.lower())):
            if part in _ENVIRONMENTS:
                return _ENVIRONMENTS[part]
    return ""


def key_lines(text: str, *path: str) -> dict[str, int]:
    """Return the line of each key of the mapping that stands under a way of keys in the first document, from 1."""
    try:
        loader = bounded.Loader(text)
        try:
            node = loader.get_node() if loader.check_node() else None
        finally:
            loader.dispose()
    except (yaml.YAMLError, RecursionError, ValueError, TypeError):
        return {}
    for step in path:
        node = next((below for key, below in _pairs(node) if key.value == step), None)
    return {str(key.value): key.start_mark.line + 1 for key, _ in _pairs(node) if isinstance(key, yaml.ScalarNode)}


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return list(node.value) if isinstance(node, yaml.MappingNode) else []
