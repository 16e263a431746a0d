"""Proof that an edit changed what it meant to and nothing else: the values of the file before and after, compared."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any

from seamark.response.remediation.editors.notation.source import Splice, UnsafeEdit
from seamark.response.remediation.editors.registry import Read

_NOTHING = object()


def differences(before: Any, after: Any) -> Iterator[tuple[Any, Any]]:
    """Yield the values that differ, of what is new or gone the whole of it as one; what aliases repeat comes once."""
    waiting, seen = [(before, after)], set[tuple[int, int]]()
    while waiting:
        old, new = waiting.pop()
        if isinstance(old, dict | list | tuple):
            if (id(old), id(new)) in seen:
                continue
            seen.add((id(old), id(new)))
        if isinstance(old, dict) and isinstance(new, dict):
            waiting += [(old.get(key, _NOTHING), new.get(key, _NOTHING)) for key in {**old, **new}]
        elif isinstance(old, list | tuple) and isinstance(new, list | tuple):
            waiting += _paired(list(old), list(new))
        elif type(old) is not type(new) or isinstance(old, dict | list | tuple) or old != new:
            yield old, new


def _paired(old: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    """Return the items of two lists side by side; of lines those that came or went have no other side."""
    if len(old) == len(new) or not all(isinstance(each, str) for each in (*old, *new)):
        return list(zip_longest(old, new, fillvalue=_NOTHING))
    short = min(len(old), len(new))
    head = next((at for at in range(short) if old[at] != new[at]), short)
    tail = next((at for at in range(short - head) if old[-1 - at] != new[-1 - at]), short - head)
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    pairs: list[tuple[Any, Any]] = []
    for sort, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if sort != "equal":
            pairs += zip_longest(old[a:b], new[c:d], fillvalue=_NOTHING)
    return pairs


def check(path: str, read: Read, before: str, after: str, splices: list[Splice]) -> None:
    """Raise `UnsafeEdit` where a file cannot be read after an edit, or more of its values changed than were meant to."""
    try:
        was = read(before)
    except (ValueError, RecursionError):
        return  # what could not be read before says nothing; editors that need it have refused already
    try:
        now = read(after)
    except (ValueError, RecursionError):
        raise UnsafeEdit(f"{path} could not be read any more after the change.") from None
    changed = sum(1 for _ in differences(was, now))
    if changed > sum(each.leaves for each in splices):
        raise UnsafeEdit(f"{path} would have changed in more places than were meant to.")
