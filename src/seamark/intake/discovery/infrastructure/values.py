"""Decoded YAML, JSON and HCL, taken apart without trust in its shape."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from seamark.intake.discovery.tree import Document, Tree

MOST_STEPS: Final = 20_000
"""Values looked at in one object: files may be made to be large."""


MOST_PARTS: Final = 500_000
"""Parts of one document, aliases written out."""


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping with text keys, an empty one where the value is none."""
    return {str(key): each for key, each in value.items()} if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """Return a list as it is, an empty one for anything else."""
    return value if isinstance(value, list) else []


def listed(value: Any) -> list[Any]:
    """Return a list as it is, nothing for None, and any other value as a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def plain(value: Any) -> str:
    """Return text, numbers and truths as text, empty for all else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, (str, int, float)) else ""


def dig(value: Any, *path: Any) -> Any:
    """Return what stands under a way of keys and positions, None where a step is missing."""
    for step in path:
        if (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value)
        ):
            value = value[step]
        else:
            return None
    return value


def is_true(value: Any) -> bool:
    """Tell whether a value says yes, as a truth or as text."""
    return value is True or (isinstance(value, str) and value.strip().lower() in {"true", "yes", "on", "enabled", "1"})


def is_false(value: Any) -> bool:
    """Tell whether a value says no, as a truth or as text. None says nothing."""
    return value is False or (
        isinstance(value, str) and value.strip().lower() in {"false", "no", "off", "disabled", "0"}
    )


def texts(value: Any) -> Iterator[tuple[str, str]]:
    """Yield all texts inside a value, each with the last key above it, at most `MOST_STEPS` values deep and wide."""
    waiting: list[tuple[str, Any]] = [("", value)]
    for _ in range(MOST_STEPS):
        if not waiting:
            return
        key, each = waiting.pop()
        if isinstance(each, str):
            yield key, each
        elif isinstance(each, dict):
            waiting += [(str(inner), below) for inner, below in reversed(each.items())]
        elif isinstance(each, list):
            waiting += [(key, below) for below in reversed(each)]


def fits(value: Any, most: int) -> bool:
    """Tell whether a value has at most so many parts when everything that it shares is written out; long texts count for more than one."""
    waiting, left = [value], most
    while waiting:
        each = waiting.pop()
        left -= 1 + (len(each) >> 6 if isinstance(each, str) else 0)
        if left < 0:
            return False
        if isinstance(each, dict):
            left -= len(each)
            waiting += each.values()
        elif isinstance(each, list):
            if len(each) > left:
                return False
            waiting += each
    return True


def documents(tree: Tree, path: str) -> list[Document]:
    """Return the documents of a YAML or JSON file of the tree; none that its aliases blow up."""
    read = _json(tree, path) if path.endswith(".json") else tree.documents(path)
    found = [each for each in read if fits(each.value, MOST_PARTS)]
    if len(found) < len(read):
        tree.trouble(path, "is not read whole: aliases make it too large")
    return found


def _json(tree: Tree, path: str) -> list[Document]:
    """Return what a JSON file holds: the reader of YAML could do it too, in a hundred times the time."""
    text = tree.text(path)
    try:
        return [Document(1, json.loads(text))] if text is not None else []
    except (ValueError, RecursionError):
        tree.trouble(path, "is not valid JSON")
        return []


def first_document(tree: Tree, path: str) -> dict[str, Any]:
    """Return the first document of a file where it is a mapping, an empty one otherwise."""
    found = documents(tree, path)
    return mapping(found[0].value) if found else {}


def without_empty(facts: dict[str, Any]) -> dict[str, Any]:
    """Return facts without those that say nothing: None, empty text, empty lists and mappings. False and zero stay."""
    return {key: value for key, value in facts.items() if value is not None and value != "" and value not in ([], {})}
