"""The instructions of a Dockerfile with their places: lines that go on, comments between them and here-documents included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_WORD: Final = re.compile(r"[ \t]*([A-Za-z]+)(?:[ \t]+|(?=\\)|(?=\r?\n)|\Z)")
_HEREDOC: Final = re.compile(r"<<(-?)([\"']?)([A-Za-z_]\w*)\2")
_ESCAPE: Final = re.compile(r"\A\ufeff?(?:#[ \t]*\w+[ \t]*=[^\n]*\n)*?#[ \t]*escape[ \t]*=[ \t]*`", re.IGNORECASE)


class Instruction(NamedTuple):
    """An instruction: its word in capitals, where its line starts, where its arguments start and end, where the next one may start."""

    word: str
    line: int
    start: int
    end: int
    after: int


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions of a file in their order."""
    escape = "`" if _ESCAPE.match(text) else "\\"
    at = 1 if text.startswith("\ufeff") else 0
    while at < len(text):
        end = _end(text, at)
        found = _WORD.match(text, at, end)
        if found is None:
            at = end
            continue
        last = at
        while _content(text[last:end]).endswith(escape) and end < len(text):
            last, end = end, _end(text, end)
            while end < len(text) and (not text[last:end].strip() or text[last:end].lstrip().startswith("#")):
                last, end = end, _end(text, end)
        word = found[1].upper()
        stop = last + len(_content(text[last:end])) if last > at else at + len(_content(text[at:end]))
        after = end
        if word in {"RUN", "COPY", "ADD"}:
            after = _after_documents(text, found.end(), stop, end)
        yield Instruction(word, at, min(found.end(), stop), stop, after)
        at = after


def _end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return found + 1 if found >= 0 else len(text)


def _content(line: str) -> str:
    return line.rstrip()


def _after_documents(text: str, start: int, stop: int, after: int) -> int:
    for match in list(_HEREDOC.finditer(text, start, stop))[:20]:
        dash = r"\t*" if match[1] else ""
        closing = re.compile(rf"^{dash}{re.escape(match[3])}[ \t]*\r?$\n?", re.MULTILINE).search(text, after)
        after = closing.end() if closing is not None else after
    return after
