"""The orders of PyPI (PEP 440), Maven, RubyGems and Composer."""

from __future__ import annotations

import re
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any

Key = tuple[object, ...]

_PEP_440 = re.compile(
    r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?([0-9]*))?"
    r"(?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?"
    r"(?:[-_.]?(dev)[-_.]?([0-9]*))?"
    r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?"
)
_LETTERS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


def pypi(text: str) -> Key | None:
    """Return the key of PEP 440: epochs, developments, pre- and post-releases, local versions."""
    found = _PEP_440.fullmatch(text.strip().lower())
    if found is None:
        return None
    release = [int(part) for part in found[2].split(".")]
    while release and release[-1] == 0:
        release.pop()
    post = found[5] if found[5] is not None else found[7] or "0" if found[6] else None
    development = int(found[9] or 0) if found[8] else None
    before: Key = (1,)
    if found[3]:
        before = (0, _LETTERS.get(found[3], found[3]), int(found[4] or 0))
    elif post is None and development is not None:
        before = (-1,)
    local = [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.split(r"[-_.]", found[10] or "")]
    return (
        int(found[1] or 0),
        tuple(release),
        before,
        (-1,) if post is None else (0, int(post)),
        (1,) if development is None else (0, development),
        tuple(local) if found[10] else (),
    )


_MAVEN_TOKEN = re.compile(r"[0-9]+|[^0-9.-]+|[.-]")
_MAVEN_RANKS = {"alpha": 0, "beta": 1, "milestone": 2, "rc": 3, "cr": 3, "snapshot": 4, "": 5, "final": 5, "ga": 5, "release": 5, "sp": 6}  # fmt: skip
_MAVEN_SHORT = {"a": "alpha", "b": "beta", "m": "milestone"}
_OTHER = 7
_Token = tuple[str, int | str]
"""What separates it from the one before (`.` or `-`), and a number or a qualifier."""


def _maven_tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    prefix, pending = "", True
    parts = _MAVEN_TOKEN.findall(text.lower())
    for at, part in enumerate(parts):
        if part in ".-":
            if pending:
                tokens.append((prefix, 0))
            prefix, pending = "." if part == "." else "-", True
            continue
        value: int | str = part
        if part.isdigit():
            value = int(part)
        elif at + 1 < len(parts) and parts[at + 1].isdigit():
            value = _MAVEN_SHORT.get(part, part)
        behind_dot = pending and prefix != "-"
        if tokens and isinstance(value, str) and (at + 1 == len(parts) or parts[at + 1].isdigit()):
            # `1.rc1` is `1-rc1`, but only at the end and in front of digits.
            behind_dot = False
        # From letters to digits, or back, is a hyphen.
        tokens.append((prefix if behind_dot else "-", value))
        pending = False
    if pending and tokens:
        tokens.append((prefix, 0))
    return _maven_trimmed(tokens)


def _is_null(token: _Token) -> bool:
    return token[1] == 0 or (isinstance(token[1], str) and _MAVEN_RANKS.get(token[1]) == 5)


def _maven_trimmed(tokens: list[_Token]) -> list[_Token]:
    """Drop what means nothing at the end, and in front of each hyphen."""
    at = len(tokens) - 1
    while at > 0:
        if _is_null(tokens[at]):
            del tokens[at]
            at -= 1
            continue
        while at > 0 and tokens[at][0] != "-":
            at -= 1
        at -= 1
    return tokens


def _maven_weight(token: _Token | None, other: _Token) -> tuple[int, int, int, str]:
    """Return what a token weighs beside another one; one that is missing is the nothing of that other one's sort.

    A qualifier behind a dot is below all that stands behind a hyphen, that below a number behind a dot.
    """
    if token is None:
        token = other if other[1] == 0 else (other[0], 0 if other[0] != "-" and isinstance(other[1], int) else "")
    prefix, value = token
    if isinstance(value, int):
        return (1, 1, value, "") if prefix == "-" else (2, value, 0, "")
    rank, rest = _MAVEN_RANKS.get(value, _OTHER), "" if value in _MAVEN_RANKS else value
    return (1, 0, rank, rest) if prefix == "-" else (0, rank, 0, rest)


def _compare_maven(left: list[_Token], right: list[_Token]) -> int:
    for one, two in zip_longest(left, right):
        mine, theirs = _maven_weight(one, two or one), _maven_weight(two, one or two)
        if mine != theirs:
            return -1 if mine < theirs else 1
    return 0


_MavenKey: Any = cmp_to_key(_compare_maven)


def maven(text: str) -> Any:
    """Return the key of Maven's own comparison, in which `1.0`, `1.0.0`, `1.0-ga` and `1.0.RELEASE` are one version."""
    tokens = _maven_tokens(text)
    return _MavenKey(tokens) if tokens else None


_GEM = re.compile(r"[0-9]+(?:\.[0-9a-z]+)*(?:-[0-9a-z-]+(?:\.[0-9a-z-]+)*)?", re.IGNORECASE)
_GEM_PART = re.compile(r"[0-9]+|[a-z]+", re.IGNORECASE)


def _compare_gems(left: list[int | str], right: list[int | str]) -> int:
    for one, two in zip_longest(left, right, fillvalue=0):
        if one == two:
            continue
        if isinstance(one, int) and isinstance(two, int):
            return -1 if one < two else 1
        if isinstance(one, str) and isinstance(two, str):
            return -1 if one < two else 1
        # Letters mark what is not released yet: they are below any number.
        return -1 if isinstance(one, str) else 1
    return 0


_GemKey: Any = cmp_to_key(_compare_gems)


def gem(text: str) -> Any:
    """Return the key of RubyGems, in which letters make a pre-release; None where it is no gem's version."""
    if not _GEM.fullmatch(text):
        return None
    parts = _GEM_PART.findall(text.replace("-", ".pre."))
    return _GemKey([int(part) if part.isdigit() else part for part in parts])


_COMPOSER = re.compile(
    r"v?([0-9]+(?:\.[0-9]+)*)(?:[._-]?(stable|beta|b|rc|alpha|a|patch|pl|p)((?:[.-]?[0-9]+)*))?([.-]?dev)?(?:\+.*)?"
)
_STABILITY = {"alpha": 0, "a": 0, "beta": 1, "b": 1, "rc": 2, "stable": 3, "": 3, "patch": 4, "pl": 4, "p": 4}


def composer(text: str) -> Key | None:
    """Return the key of Composer; branches (`dev-main`) are below all versions."""
    text = text.strip().lower()
    if text.startswith("dev-"):
        return (-1, text)
    found = _COMPOSER.fullmatch(text.removesuffix(".x-dev") + (".9999999-dev" if text.endswith(".x-dev") else ""))
    if found is None:
        return None
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    more = tuple(int(part) for part in re.findall(r"[0-9]+", found[3] or ""))
    stability = -1 if found[4] and not found[2] else _STABILITY[found[2] or ""]
    return 0, tuple(numbers), stability, more, 0 if found[4] else 1
