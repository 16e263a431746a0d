"""Changes single values of a policy's YAML and leaves the rest of the text as it is, comments and layout included."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from seamark.governance.policy.document import compose

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_. /-]*")
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~"})
_WIDE: Final = 110


class NotOnePolicy(ValueError):
    """A text in which the value has no place."""


def put(text: str, path: tuple[str, ...], value: Any) -> str:
    """Return a policy's text with another value at a path of one or two keys; None or an empty mapping takes the key away.

    Values are texts, truth values and mappings of texts. Raises `NotOnePolicy`.
    """
    try:
        node = compose(text)
    except ValueError as error:
        raise NotOnePolicy(str(error)) from None
    if not isinstance(node, yaml.MappingNode):
        raise NotOnePolicy("the text is not one policy")
    for step in path[:-1]:
        inner = _pair(node, step)
        if inner is None:
            if value is None or value == {}:
                return text
            return put(text, (step,), {path[-1]: value})
        if not isinstance(inner[1], yaml.MappingNode):
            raise NotOnePolicy(f"{step} is no mapping")
        node = inner[1]
    found = _pair(node, path[-1])
    if value is None or value == {}:
        return _without(text, node, path[-1]) if found is not None else text
    if found is None:
        return _added(text, node, path[-1], value)
    old = found[1]
    if _same(old, value):
        return text
    return _replaced(
        text, old, _written(value, old.start_mark.column, flow=bool(node.flow_style), indent=node.start_mark.column)
    )


def _pair(node: yaml.MappingNode, key: str) -> tuple[yaml.Node, yaml.Node] | None:
    return next((pair for pair in node.value if pair[0].value == key), None)


def _same(old: yaml.Node, value: Any) -> bool:
    if isinstance(old, yaml.ScalarNode):
        said = {"true": True, "false": False}.get(old.value, old.value) if old.style is None else old.value
        return bool(said == value if isinstance(value, bool) else old.value.split() == str(value).split())
    if isinstance(old, yaml.MappingNode) and isinstance(value, Mapping):
        return [(key.value, one.value) for key, one in old.value] == list(value.items())
    return False


def _end(text: str, node: yaml.Node) -> int:
    """Return where a value ends, without the blanks, line breaks and comments behind it."""
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return len(text[: node.end_mark.index].rstrip())
    if not isinstance(node, yaml.CollectionNode) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1]
    return _end(text, last[1] if isinstance(node, yaml.MappingNode) else last)


def _replaced(text: str, old: yaml.Node, new: str) -> str:
    start, end = old.start_mark.index, _end(text, old)
    if isinstance(old, yaml.CollectionNode) and not old.flow_style:
        # A block stands on lines of its own; what takes its place goes behind the key.
        start = len(text[:start].rstrip())
        new = f" {new}"
    return text[:start] + new + text[end:]


def _added(text: str, node: yaml.MappingNode, key: str, value: Any) -> str:
    if node.flow_style:
        at = node.start_mark.index + 1
        rest = ", " if node.value else ""
        return f"{text[:at]}{key}: {_written(value, 0, flow=True)}{rest}{text[at:]}"
    indent = node.start_mark.column
    last = node.value[-1][1]
    at = _end(text, last)
    # Behind the comment that may stand on that line.
    at = found if (found := text.find("\n", at)) >= 0 else len(text)
    return f"{text[:at]}\n{' ' * indent}{key}: {_written(value, indent, indent=indent)}{text[at:]}"


def _without(text: str, node: yaml.MappingNode, key: str) -> str:
    number = next(number for number, (one, _) in enumerate(node.value) if one.value == key)
    begin, value = node.value[number]
    start, end = begin.start_mark.index, _end(text, value)
    if node.flow_style:
        after = re.match(r"\s*,\s*", text[end:])
        if after:
            return text[:start] + text[end + after.end() :]
        return re.sub(r",\s*$", "", text[:start]) + text[end:]
    if len(node.value) == 1:
        raise NotOnePolicy(f"{key} is all there is")
    line = text.rfind("\n", 0, start) + 1
    after_line = text.find("\n", end)
    if text[line:start].strip():
        # The first key of an item in a list: the next one moves up.
        return text[:start] + text[node.value[number + 1][0].start_mark.index :]
    return text[:line] + (text[after_line + 1 :] if after_line >= 0 else "")


def _written(value: Any, column: int, *, flow: bool = False, indent: int = 0) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_written(one, 0, flow=True)}" for key, one in value.items()) + "}"
    words = str(value)
    if not flow and ("\n" in words or len(words) + column > _WIDE) and words.strip() == words and "\t" not in words:
        lines = [line.rstrip() for line in words.splitlines()]
        if all(line == line.lstrip() for line in lines):
            return ">-\n" + "\n".join(f"{' ' * (indent + 2)}{line}" if line else "" for line in lines)
    if _PLAIN.fullmatch(words) and words.lower() not in _WORDS and words == words.strip():
        return words
    # A text in JSON is one in YAML as well.
    return json.dumps(words, ensure_ascii=False)
