"""How a mapping file takes a value out of a row: paths, alternatives, words and bounded patterns. No code is ever run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NamedTuple

LONGEST_PATH: Final = 300
LONGEST_PATTERN: Final = 200
LONGEST_INPUT: Final = 2_000
"""Characters of a value that a pattern looks at."""
MOST_VALUES: Final = 1_000
"""Values of one row that one field takes."""


class InvalidExpression(ValueError):
    """A path or pattern that cannot be; the message is one sentence."""


class Many(Enum):
    """Steps of a path that lead to many values."""

    EACH = "[*]"
    """Every element of a list."""
    VALUES = "*"
    """Every value of an object."""


Step = str | int | Many
ROOT: Final = -1


class Path(NamedTuple):
    """A way to values: `up` says where it starts (0 the row, 1 the object around it and so on, -1 the report)."""

    up: int
    steps: tuple[Step, ...]


class Row(NamedTuple):
    """One row of a report, what paths that start outside of it lead to, and its place for messages."""

    value: Any
    outside: Mapping[Path, list[Any]]
    where: str


_TOKEN = re.compile(r'\[(?P<number>\d{1,6})\]|\[(?P<each>\*)\]|\["(?P<quoted>[^"]+)"\]|(?P<name>[^.\[\]"]+)')


def parse_path(text: str) -> Path:
    """Return the path of a text such as `a.b[0].c`, `a[*]["x.y"]`, `^.file` or `$.tool.version`. Raises `InvalidExpression`."""
    if not text.strip() or len(text) > LONGEST_PATH:
        raise InvalidExpression(f"A path has 1 to {LONGEST_PATH} characters")
    up, rest = 0, text.strip()
    if rest.startswith("$"):
        up, rest = ROOT, rest[1:]
    while up != ROOT and rest.startswith("^"):
        up, rest = up + 1, rest[1:]
    if up and rest.startswith("."):
        rest = rest[1:]
    steps: list[Step] = []
    at = 0
    while at < len(rest):
        if steps and rest[at] == ".":
            at += 1
        elif steps and rest[at] != "[":
            raise InvalidExpression(f"{text!r} is no path: a point is missing before {rest[at:]!r}")
        found = _TOKEN.match(rest, at)
        if found is None:
            raise InvalidExpression(f"{text!r} is no path; write it as a.b[0].c")
        steps.append(_step(found))
        at = found.end()
    if not steps:
        raise InvalidExpression(f"{text!r} leads nowhere")
    return Path(up, tuple(steps))


def _step(found: re.Match[str]) -> Step:
    if found["number"]:
        return int(found["number"])
    if found["each"]:
        return Many.EACH
    if found["quoted"]:
        return found["quoted"]
    name = found["name"].strip()
    return Many.VALUES if name == "*" else name


def column(text: str) -> Path:
    """Return the path to a table's column, whatever marks its name holds."""
    if not text.strip() or len(text) > LONGEST_PATH:
        raise InvalidExpression(f"A column's name has 1 to {LONGEST_PATH} characters")
    return Path(0, (text.strip().lower(),))


def shown(steps: Iterable[Step]) -> str:
    """Return steps as they are written."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step is Many.EACH:
            text += "[*]"
        else:
            name = "*" if isinstance(step, Many) else step
            plain = isinstance(step, Many) or (
                _TOKEN.fullmatch(step) and step == step.strip() and step[:1] not in "$^*["
            )
            text += (f".{name}" if text else name) if plain else f'["{name}"]'
    return text


def select(value: Any, steps: tuple[Step, ...]) -> list[Any]:
    """Return what steps lead to, without nulls. A name is looked up in every element of a list: XML has one or many."""
    found = [value]
    for step in steps:
        found = [each for one in found for each in _after(one, step) if each is not None][:MOST_VALUES]
    return found


def _after(value: Any, step: Step) -> Iterable[Any]:
    if isinstance(step, str):
        if isinstance(value, dict):
            return (value[step],) if step in value else ()
        return [one[step] for one in value if isinstance(one, dict) and step in one] if isinstance(value, list) else ()
    if isinstance(step, int):
        if isinstance(value, list):
            return value[step : step + 1]
        return () if step else (value,)
    if step is Many.VALUES:
        return value.values() if isinstance(value, dict) else ()
    return value if isinstance(value, list) else (value,)


def texts(values: Iterable[Any]) -> Iterator[str]:
    """Yield plain values as trimmed text; lists are opened, objects give their own text (`#text`), nothing else."""
    for value in values:
        if isinstance(value, str):
            text = value.strip()
        elif isinstance(value, bool):
            text = "true" if value else "false"
        elif isinstance(value, int | float):
            text = str(value)
        elif isinstance(value, list):
            yield from texts(value)
            continue
        else:
            text = str(value.get("#text", "")).strip() if isinstance(value, dict) else ""
        if text:
            yield text


class Expression:
    """Takes the texts of one field out of a row."""

    def __init__(
        self, paths: Iterable[Path], *, words: Mapping[str, str] | None = None, split: str = "", join: str | None = None,
        default: str = "", pattern: str = "",
    ) -> None:  # fmt: skip
        self.paths = tuple(paths)
        self._words = {key.strip().lower(): word for key, word in (words or {}).items()}
        self._split = split
        self._join = join
        self._default = default
        self._pattern = compiled(pattern) if pattern else None

    def all(self, row: Row) -> list[str]:
        """Return the texts of the first path that leads to any; the default where none does."""
        for path in self.paths:
            values = select(row.value, path.steps) if path.up == 0 else row.outside.get(path, ())
            found = [text for text in self._cut(texts(values)) if text]
            if found:
                return [self._join.join(found)] if self._join is not None else found
        return [self._default] if self._default else []

    def one(self, row: Row) -> str:
        """Return the first text, or an empty one."""
        found = self.all(row)
        return found[0] if found else ""

    def _cut(self, given: Iterable[str]) -> Iterator[str]:
        for text in given:
            for part in text.split(self._split) if self._split else (text,):
                piece = self._matched(part.strip())
                yield self._words.get(piece.lower(), self._words.get("*", piece)) if self._words and piece else piece

    def _matched(self, text: str) -> str:
        if self._pattern is None:
            return text
        found = self._pattern.search(text[:LONGEST_INPUT])
        if found is None:
            return ""
        return ((found[1] if self._pattern.groups else found[0]) or "").strip()


_ATOM = re.compile(r"\\[^0-9kgpPX]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()\[\]{}*+?|]")
_QUANTIFIER = re.compile(r"[*+?]|\{(\d{1,3})(?:,(\d{1,3})?)?\}")


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern that cannot hang: what it has taken it never gives back. Raises `InvalidExpression`.

    Repetitions are made possessive and groups atomic, so that each place of the text is tried once. Groups may not be
    repeated; there are no references back and no looking around.
    """
    if len(pattern) > LONGEST_PATTERN:
        raise InvalidExpression(f"A pattern has at most {LONGEST_PATTERN} characters")
    parts: list[str] = []
    at, repeatable = 0, False
    while at < len(pattern):
        if quantifier := _QUANTIFIER.match(pattern, at):
            if not repeatable:
                raise InvalidExpression("Only single characters and classes of them can be repeated in a pattern")
            if any(int(number) > 200 for number in quantifier.groups() if number):
                raise InvalidExpression("A pattern repeats at most 200 times, or without bound")
            parts.append(quantifier[0] + "+")
            at, repeatable = quantifier.end(), False
        elif pattern[at] == "(":
            named = pattern.startswith("(?:", at)
            if not named and pattern.startswith("(?", at):
                raise InvalidExpression("Of the groups that start with (? only (?: can be used in a pattern")
            parts.append("(?:(?>" if named else "((?>")
            at, repeatable = at + (3 if named else 1), False
        elif pattern[at] in ")|":
            parts.append("))" if pattern[at] == ")" else "|")
            at, repeatable = at + 1, False
        elif atom := _ATOM.match(pattern, at):
            parts.append(atom[0])
            at, repeatable = atom.end(), atom[0] not in {"^", "$"}
        else:
            raise InvalidExpression(f"A pattern cannot have {pattern[at : at + 2]!r} there")
    try:
        return re.compile("".join(parts), re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidExpression(f"Not a pattern: {error}") from None
