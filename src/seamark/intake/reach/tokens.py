"""Source files as rows of words, strings and signs, without comments: what all languages have in common."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from tree_sitter import Node, Tree

WORD: Final = re.compile(r"[^\W\d][\w$]*|[$@#][\w$]+")
ANY_WORD: Final = re.compile(r"[A-Za-z_$][\w$]*")
NAMING: Final = re.compile(r"[\w.$/:@#~\-\[\]*^]{2,300}")
"""Strings of this form may name something; sentences do not."""
MOST_TOKENS: Final = 600_000
_STRINGS: Final = frozenset({"string", "string_literal", "interpreted_string_literal", "raw_string_literal", "template_string", "multiline_string_literal", "character_literal"})  # fmt: skip
_CONTENT: Final = frozenset({"string_content", "string_fragment", "interpreted_string_literal_content", "raw_string_literal_content", "multiline_string_fragment"})  # fmt: skip
_EDGES: Final = frozenset({"string_start", "string_end", '"', "'", "`", '"""'})


_STARTERS: Final = frozenset({"system", "popen", "Popen", "subprocess", "child_process", "execSync", "spawn", "spawnSync", "execFile", "execa", "check_call", "check_output", "ProcessBuilder"})  # fmt: skip
"""Names by which programs are started: beside them, sentences may be commands."""


class Token(NamedTuple):
    """A word (`w`), a constant string (`s`), a string with values in it (`t`, its text up to the first), or a sign (`p`)."""

    text: str
    line: int
    sort: str
    at: int = 0
    """Where it begins, in bytes."""


class TooLong(Exception):
    """The file has more tokens than are looked at."""


def tokens(tree: Tree) -> list[Token]:
    """Return the tokens of a file in order. Raises `TooLong`."""
    found: list[Token] = []
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None  # noqa: S101 - a cursor always stands somewhere
        below = False
        if "comment" in node.type:
            pass
        elif node.type in _STRINGS and (content := _constant(node.children)) is not None:
            found.append(Token(content, node.start_point.row + 1, "s", node.start_byte))
        elif node.child_count:
            if node.type in _STRINGS:
                found.append(Token(_head(node.children), node.start_point.row + 1, "t", node.start_byte))
            below = True
        elif text := (node.text or b"").decode("utf-8", "replace"):
            sort = "s" if node.type in _CONTENT or node.type in _STRINGS else "w" if WORD.fullmatch(text) else "p"
            found.append(
                Token(
                    text.strip("'\"`") if node.type in _STRINGS else text,
                    node.start_point.row + 1,
                    sort,
                    node.start_byte,
                )
            )
        if len(found) > MOST_TOKENS:
            raise TooLong
        if below and cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return found


def _constant(children: Sequence[object]) -> str | None:
    parts = [each for each in children if getattr(each, "type", "") not in _EDGES]
    if not children or any(getattr(each, "type", "") not in _CONTENT for each in parts):
        return None
    return "".join((getattr(each, "text", b"") or b"").decode("utf-8", "replace") for each in parts)


def _head(children: Sequence[object]) -> str:
    """Return the text of a string up to the first value in it."""
    head = ""
    for each in children:
        kind = getattr(each, "type", "")
        if kind in _CONTENT:
            head += (getattr(each, "text", b"") or b"").decode("utf-8", "replace")
        elif kind not in _EDGES:
            break
    return head


def words_of(row: Sequence[Token]) -> frozenset[str]:
    """Return all names of a file: its words, and what strings name that are no sentences."""
    found = {each.text for each in row if each.sort == "w"}
    for each in row:
        if each.sort != "w" and (each.sort == "p" or NAMING.fullmatch(each.text)):
            found.update(ANY_WORD.findall(each.text))
    return frozenset(found)


def strings_of(row: Sequence[Token]) -> dict[str, int]:
    """Return the strings that may name something, with their first lines."""
    found: dict[str, int] = {}
    starts = any(each.sort == "w" and each.text in _STARTERS for each in row)
    for each in row:
        if each.sort in "st" and NAMING.fullmatch(each.text):
            found.setdefault(each.text, each.line)
        elif each.sort in "st" and starts and len(each.text) < 1_000:
            for word in each.text.split():
                found.setdefault(word, each.line)
    return found


def argument(row: Sequence[Token], place: int) -> tuple[str, str] | None:
    """Return the first argument of the call whose name stands at a place: (`s`, text), (`t`, head), or (`?`, "") for what is worked out.

    None where the name is not called there. `require?.(x)` and `import<T>(x)` are calls too.
    """
    here = place + 1
    while here < len(row) and row[here].text in {"?.", "!"}:
        here += 1
    if here >= len(row) or row[here].text != "(":
        return None
    if here + 2 < len(row) and row[here + 2].text in {")", ","} and row[here + 1].sort == "s":
        return "s", row[here + 1].text
    if here + 1 < len(row) and row[here + 1].sort in "st":
        return "t", row[here + 1].text
    return "?", ""


def following(row: Sequence[Token], *texts: str) -> Iterator[int]:
    """Yield the places of words with one of some texts."""
    wanted = frozenset(texts)
    return (place for place, each in enumerate(row) if each.sort == "w" and each.text in wanted)


class Inside:
    """Tells which tokens stand inside of some nodes."""

    def __init__(self, nodes: Iterable[Node]) -> None:
        self._ranges = sorted((each.start_byte, each.end_byte) for each in nodes)
        self._starts = [start for start, _ in self._ranges]

    def __contains__(self, token: object) -> bool:
        if not isinstance(token, Token):
            return False
        place = bisect_right(self._starts, token.at) - 1
        return place >= 0 and token.at < self._ranges[place][1]
