"""Filters of SCIM (RFC 7644, 3.4.2.2) and the paths of its changes, read into plain values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from seamark.core.errors import SeamarkError

LONGEST: Final = 2000
_DEEPEST: Final = 20
OPERATORS: Final = frozenset({"eq", "ne", "co", "sw", "ew", "pr"})
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[()\[\]])|(?P<word>[^\s()\[\]"]+))""",
)


class ScimError(SeamarkError):
    """A request that is refused; `kind` is one of the `scimType` of RFC 7644, 3.12."""

    def __init__(self, reason: str, *, status: int = 400, kind: str = "") -> None:
        self.status, self.kind = status, kind
        super().__init__(reason)


class Comparison(NamedTuple):
    """One comparison. `path` is in lower case, without the schema: `emails.value`."""

    path: str
    operator: str
    value: str | bool | None
    within: Filter | None = None
    """What the value of a list has to fit as well: `type eq "work"` of `emails[type eq "work"].value`."""


class Several(NamedTuple):
    """Filters of which all (`and`), one (`or`) or none (`not`) has to fit."""

    word: str
    parts: tuple[Filter, ...]


Filter = Comparison | Several


class Path(NamedTuple):
    """What a change is about: `members[value eq "3"]` is `members` with a filter, `name.givenName` has a part."""

    name: str
    within: Filter | None = None
    part: str = ""


def read_filter(text: str) -> Filter:
    """Return a filter. Raises `ScimError`."""
    reader = _Reader(text, "invalidFilter")
    found = reader.either(0)
    reader.end()
    return found


def read_path(text: str) -> Path:
    """Return the path of a change. Raises `ScimError`."""
    reader = _Reader(text, "invalidPath")
    word = reader.word()
    within = reader.bracketed(0)
    name, _, part = word.partition(".")
    if within is not None and reader.peek() is not None:
        rest = reader.word()
        if part or not rest.startswith("."):
            raise reader.wrong()
        part = rest[1:]
    reader.end()
    return Path(name, within, part)


class _Reader:
    def __init__(self, text: str, kind: str) -> None:
        if len(text) > LONGEST:
            raise ScimError(f"A filter or path has at most {LONGEST:,} characters", kind=kind)
        self._text, self._kind = text, kind
        self._tokens = list(self._split())
        self._at = 0

    def _split(self) -> Iterator[str]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:
                raise self.wrong()
            yield found[0].strip()
            at = found.end()

    def wrong(self) -> ScimError:
        """Return the refusal of what is not understood."""
        return ScimError(f"{self._text[:200]!r} is not understood", kind=self._kind)

    def peek(self) -> str | None:
        """Return the token that comes next."""
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def take(self) -> str:
        """Return a token, and go on."""
        found = self.peek()
        if found is None:
            raise self.wrong()
        self._at += 1
        return found

    def end(self) -> None:
        """Refuse what is left over."""
        if self.peek() is not None:
            raise self.wrong()

    def word(self) -> str:
        """Return the name of an attribute, in lower case, without its schema."""
        found = self.take()
        if found[0] in '"()[]':
            raise self.wrong()
        return found.rpartition(":")[2].lower() if found.lower().startswith("urn:") else found.lower()

    def either(self, depth: int) -> Filter:
        """Read parts that `or` stands between."""
        return self._joined("or", depth)

    def _joined(self, word: str, depth: int) -> Filter:
        if depth > _DEEPEST:
            raise self.wrong()
        parts = [self._part(word, depth)]
        while (self.peek() or "").lower() == word:
            self.take()
            parts.append(self._part(word, depth))
        return parts[0] if len(parts) == 1 else Several(word, tuple(parts))

    def _part(self, word: str, depth: int) -> Filter:
        if word == "or":
            return self._joined("and", depth)
        if (self.peek() or "").lower() == "not":
            self.take()
            return Several("not", (self._closed("(", ")", depth),))
        return self._closed("(", ")", depth) if self.peek() == "(" else self._test(depth)

    def _closed(self, start: str, end: str, depth: int) -> Filter:
        if self.take() != start:
            raise self.wrong()
        found = self.either(depth + 1)
        if self.take() != end:
            raise self.wrong()
        return found

    def bracketed(self, depth: int) -> Filter | None:
        """Read what stands in brackets, if anything does."""
        return self._closed("[", "]", depth) if self.peek() == "[" else None

    def _test(self, depth: int) -> Filter:
        path = self.word()
        within = self.bracketed(depth)
        if within is not None:
            if not (self.peek() or "").startswith("."):
                return Comparison(path, "pr", None, within)
            path += self.word()
        operator = self.take().lower()
        if operator not in OPERATORS:
            raise self.wrong()
        return Comparison(path, operator, None if operator == "pr" else self._value(), within)

    def _value(self) -> str | bool | None:
        text = self.take()
        if text.startswith('"'):
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        words: dict[str, bool | None] = {"true": True, "false": False, "null": None}
        if text.lower() in words:
            return words[text.lower()]
        if not re.fullmatch(r"-?[0-9.]+", text):
            raise self.wrong()
        return text


def fits(found: Filter, value: dict[str, object]) -> bool:
    """Tell whether one value of a list, `{"value": "3", "type": "work"}`, is as a filter says. Texts are compared in any case."""
    if isinstance(found, Several):
        several = [fits(part, value) for part in found.parts]
        return {"and": all(several), "or": any(several), "not": not several[0]}[found.word]
    held = next((one for name, one in value.items() if name.lower() == found.path), None)
    if found.operator == "pr":
        return held is not None and held != ""
    if isinstance(found.value, bool) or isinstance(held, bool) or held is None or found.value is None:
        return (held == found.value) == (found.operator == "eq")
    one, other = str(held).lower(), str(found.value).lower()
    return {
        "eq": one == other, "ne": one != other, "co": other in one, "sw": one.startswith(other), "ew": one.endswith(other)
    }[found.operator]  # fmt: skip
