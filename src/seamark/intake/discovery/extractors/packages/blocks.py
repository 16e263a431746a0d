"""The plain part of YAML that lock files are written in, read in one pass: general readers take ten times as long."""

from __future__ import annotations

import re
from typing import Any, Final

_DEEPEST: Final = 20
_LONGEST_FLOW: Final = 5_000
_FLOW = re.compile(r"""('(?:[^']|'')*+'|"[^"]*+"|[^\s:,{}'"][^\s:,{}]*+)\s*+:\s*+('(?:[^']|'')*+'|"[^"]*+"|[^,{}]*+)""")


def blocks(text: str) -> dict[str, Any]:
    """Return nested objects by indentation; values are texts, lists of texts, or objects. What is more than that is left out."""
    root: dict[str, Any] = {}
    # Where lines of an indentation go: the object, and its key under which deeper lines belong.
    levels: list[tuple[int, dict[str, Any]]] = [(0, root)]
    last: tuple[int, dict[str, Any], str] = (-1, root, "")
    folded = -1
    long = ""
    for line in text.split("\n"):
        body = line.strip()
        depth = len(line) - len(line.lstrip(" "))
        if not body or body[0] == "#" or body == "---":
            continue
        if folded >= 0:
            if depth > folded:
                continue
            folded = -1
        if body.startswith("- "):
            if last[2] and isinstance(kept := last[1].setdefault(last[2], []), list):
                kept.append(scalar(body[2:]))
            continue
        if body.startswith("? "):
            long = scalar(body[2:])
            continue
        key, value = (long, body[1:].strip()) if long and body[0] == ":" else _pair(body)
        long = ""
        if depth > last[0] and last[2] and len(levels) < _DEEPEST:
            deeper = last[1].setdefault(last[2], {})
            if isinstance(deeper, dict):
                levels.append((depth, deeper))
        while len(levels) > 1 and levels[-1][0] > depth:
            levels.pop()
        into = levels[-1][1]
        if value[:1] in {"|", ">"}:
            folded = depth
            last = (depth, into, "")
        elif value:
            into[key] = _value(value)
            last = (depth, into, "")
        else:
            # The next line shows whether it is an object or a list.
            last = (depth, into, key)
    return root


def scalar(text: str) -> str:
    """Return a text without its quotes."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in {'"', "'"}:
        return text[1:-1].replace("''", "'") if text[0] == "'" else text[1:-1]
    return text


def _pair(body: str) -> tuple[str, str]:
    if body[0] in {'"', "'"} and (end := body.find(body[0], 1)) > 0:
        return body[1:end], body[end + 1 :].lstrip(": ").strip()
    key, colon, value = body.partition(": ")
    return (key, value.strip()) if colon else (body.removesuffix(":"), "")


def _value(text: str) -> Any:
    if text[0] == "{" and len(text) < _LONGEST_FLOW:
        return {scalar(key): scalar(value) for key, value in _FLOW.findall(text)}
    if text[0] == "[":
        return [scalar(each) for each in text[1:-1].split(",") if each.strip()]
    return scalar(text)
