"""Path patterns of owners' files: compiled to segments, matched in linear time, and indexed so that thousands cost little."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Protocol


class Glob:
    """A pattern for one segment of a path: `*`, `?`, a backslash before a character, and where the dialect has them `[a-z]`.

    Between two stars the leftmost match is taken, so that no pattern makes matching slower than text times pattern.
    """

    def __init__(self, pattern: str, *, classes: bool) -> None:
        pieces: list[list[str]] = [[]]
        position = 0
        while position < len(pattern):
            if pattern[position] == "*":
                if pieces[-1] or len(pieces) == 1:
                    pieces.append([])
                position += 1
                continue
            token, position = _token(pattern, position, classes=classes)
            pieces[-1].append(token)
        self.literal = max(re.split(r"[*?]|\\.|\[[^\]]*\]" if classes else r"[*?]|\\.", pattern), key=len)
        """Text that whatever fits contains."""
        self._pieces = [_compiled("".join(piece)) for piece in pieces]
        self._tail = len(pieces[-1])

    def __call__(self, text: str) -> bool:
        """Tell whether the segment fits."""
        head, *middle = self._pieces
        if not middle:
            return head.fullmatch(text) is not None
        begun, end = head.match(text), len(text) - self._tail
        if begun is None or end < begun.end() or self._pieces[-1].fullmatch(text, end) is None:
            return False
        position = begun.end()
        for piece in middle[:-1]:
            found = piece.search(text, position, end)
            if found is None:
                return False
            position = found.end()
        return True


def _compiled(expression: str, flags: int = re.DOTALL) -> re.Pattern[str]:
    """Compile what a file says. What may mean something else in Python to come is no business of ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(expression, flags)


def _token(pattern: str, position: int, *, classes: bool) -> tuple[str, int]:
    """Return the expression for one character of a pattern, and where the next one begins."""
    char = pattern[position]
    if char == "?":
        return ".", position + 1
    if char == "\\" and position + 1 < len(pattern):
        return re.escape(pattern[position + 1]), position + 2
    if classes and char == "[" and (end := pattern.find("]", position + 2)) > 0:
        inside = pattern[position + 1 : end]
        negated = inside[0] in "!^"
        try:
            token = f"[{'^' if negated else ''}{_CLASS.sub(_escaped, inside[negated:])}]"
            _compiled(token)
        except re.error:
            return "(?!)", end + 1
        return token, end + 1
    return re.escape(char), position + 1


_CLASS: Final = re.compile(r"[\[\]\\^&~|]")


def _escaped(match: re.Match[str]) -> str:
    return "\\" + match[0]


class _Wild:
    """Stands for segments: any one, or any number of them."""

    def __init__(self, name: str) -> None:
        self.name = name


ANY: Final = _Wild("any")
MANY: Final = _Wild("many")
Part = str | Glob | _Wild


@lru_cache(maxsize=50_000)
def _part(segment: str, *, classes: bool) -> Part:
    if segment and not segment.strip("*"):
        return ANY
    special = "*?\\[" if classes else "*?\\"
    return Glob(segment, classes=classes) if any(char in segment for char in special) else segment


class Pattern:
    """A compiled pattern; `key` is where the index looks for it."""

    def __init__(self, parts: Sequence[Part], text: str) -> None:
        self.parts, self.text = tuple(parts), text
        self.key = self._key()
        texts = [part if isinstance(part, str) else part.literal for part in self.parts if isinstance(part, str | Glob)]
        self.needs = max(texts, key=len, default="")
        """Text that a path that fits contains: the quickest way to say no."""

    @property
    def weight(self) -> int:
        """Return how much the pattern says: the segments that it names."""
        return sum(2 if isinstance(part, str) else isinstance(part, Glob) for part in self.parts)

    def matches(self, segments: Sequence[str]) -> bool:
        """Tell whether a path, split at its slashes, fits."""
        parts, count = self.parts, len(segments)
        at = position = 0
        back = resume = -1
        while position < count:
            part = parts[at] if at < len(parts) else None
            if part is MANY:
                back, resume, at = at, position, at + 1
            elif part is not None and (
                part is ANY
                or (
                    part == segments[position]
                    if isinstance(part, str)
                    else isinstance(part, Glob) and part(segments[position])
                )
            ):
                at, position = at + 1, position + 1
            elif back >= 0:
                resume += 1
                at, position = back + 1, resume
            else:
                return False
        return all(part is MANY for part in parts[at:])

    def _key(self) -> tuple[str, str]:
        leading = []
        for part in self.parts:
            if not isinstance(part, str):
                break
            leading.append(part)
        if leading:
            return "below", "/".join(leading)
        named = [part for part in self.parts if isinstance(part, str)]
        if named:
            return "segment", max(named, key=len)
        # What is left has stars in every segment; `*.py` at the end still says how the segment ends.
        ending = re.search(r"\.([\w-]+)/?$", self.text)
        return ("ending", ending[1]) if ending else ("", "")


def github(pattern: str) -> Pattern | None:
    """Compile a pattern of GitHub's dialect, which is .gitignore's without `!` and `[ ]`; None where it can match nothing.

    `docs/*` names the files in `docs` and not those further below, unlike in .gitignore.
    """
    body = pattern.removeprefix("/")
    if not body:
        return None
    segments = body.split("/")
    below = segments[-1] == ""
    if below:
        segments.pop()
    anchored = pattern.startswith("/") or len(segments) > 1
    parts: list[Part] = [] if anchored else [MANY]
    for index, segment in enumerate(segments):
        if segment == "**" and len(segments) > 1:
            parts += [MANY] if index < len(segments) - 1 else [ANY, MANY]
        else:
            parts.append(_part(segment, classes=False))
    if below:
        parts += [ANY, MANY]
    elif not (segments[-1] in {"*", "**"} and len(segments) > 1) and pattern != "/*":
        parts.append(MANY)
    return Pattern(parts, pattern)


def gitlab(pattern: str) -> Pattern | None:
    """Compile a pattern of GitLab's dialect, which is Ruby's `File.fnmatch`: without a leading slash it matches at any depth.

    A folder's content is meant only where the pattern ends with a slash.
    """
    whole = pattern if pattern.startswith("/") else f"/**/{pattern}"
    if pattern == "*":
        whole = "/**/*"
    if whole.endswith("/"):
        whole += "**/*"
    segments = whole[1:].split("/")
    last = len(segments) - 1
    parts: list[Part] = [
        MANY if segment == "**" and index < last else _part(segment, classes=True)
        for index, segment in enumerate(segments)
    ]
    return Pattern(parts, pattern)


class Matcher(Protocol):
    """What the index holds: something with a place to look for it and a test."""

    @property
    def key(self) -> tuple[str, str]:
        """Return where the index looks for it: a kind of place and a name."""

    @property
    def needs(self) -> str:
        """Return text that every path that fits contains."""

    def matches(self, segments: Sequence[str], /) -> bool:
        """Tell whether a path, split at its slashes, fits."""


class Index:
    """Many patterns in the order of their file; asked for a path, it tries only those that can match it, the last first."""

    def __init__(self, patterns: Sequence[Matcher]) -> None:
        self._patterns = patterns
        self._places: dict[tuple[str, str], list[int]] = {}
        for number, pattern in enumerate(patterns):
            self._places.setdefault(pattern.key, []).append(number)
        self._folders: dict[str, tuple[int, ...]] = {}

    def matching(self, path: str) -> Iterator[int]:
        """Yield the numbers of the patterns that a file's path matches, from the last to the first."""
        folder, _, name = path.rpartition("/")
        segments = path.split("/")
        candidates = set(self._of_folder(folder))
        for key in (("below", path), ("segment", name), ("ending", name.rpartition(".")[2])):
            candidates.update(self._places.get(key, ()))
        for number in sorted(candidates, reverse=True):
            pattern = self._patterns[number]
            if pattern.needs in path and pattern.matches(segments):
                yield number

    def _of_folder(self, folder: str) -> tuple[int, ...]:
        known = self._folders.get(folder)
        if known is not None:
            return known
        found = set(self._places.get(("", ""), ()))
        segments = folder.split("/") if folder else []
        for depth, segment in enumerate(segments, start=1):
            for key in (
                ("below", "/".join(segments[:depth])),
                ("segment", segment),
                ("ending", segment.rpartition(".")[2]),
            ):
                found.update(self._places.get(key, ()))
        if len(self._folders) > 50_000:
            self._folders.clear()
        self._folders[folder] = result = tuple(found)
        return result


MOST_OPEN: Final = 2
"""Open repetitions (`*`, `+`) that an expression may have: more make matching slow on paths made for that."""
LONGEST_PATH: Final = 1024


class Expression:
    """A regular expression of a file that nobody vouches for: it has few repetitions, none inside another, and sees short paths only."""

    key = ("", "")
    needs = ""

    def __init__(self, text: str, *, negated: bool = False) -> None:
        """Compile. Raises `ValueError` where the expression is broken or not simple enough."""
        bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "x", text)
        if (
            len(text) > 500
            or len(re.findall(r"[*+]|\{\d*,\d*\}", bare)) > MOST_OPEN
            or re.search(r"\)\s*[*+{]|\(\?", bare)
        ):
            raise ValueError("is too complex")
        try:
            self._expression, self._negated = _compiled(text, 0), negated
        except (re.error, OverflowError, RecursionError):
            raise ValueError("is no regular expression") from None

    def matches(self, segments: Sequence[str], /) -> bool:
        """Tell whether the whole path fits."""
        path = "/".join(segments)
        return len(path) <= LONGEST_PATH and (self._expression.fullmatch(path) is not None) is not self._negated

    def found_in(self, path: str) -> bool:
        """Tell whether a part of the path fits."""
        return len(path) <= LONGEST_PATH and self._expression.search(path) is not None
