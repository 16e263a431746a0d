"""Secrets taken out of a file before anything of it is sent, so that they can be put back into what comes back.

Each secret gets a mark of its own (the same secret the same one), lines stay lines, and a file without secrets stays as it is. What a
secret looks like is known in two places already, which are asked here; added is how secrets are written in source code. What looks like
none of these is not found: see docs/suggestions.md.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import Final

from msgspec import Struct

from seamark.insight.analytics.exchange import LONGEST_BODY, message
from seamark.intake.discovery.syntax import language_of
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches.secrets import KINDS

MARK: Final = "SEAMARK_REDACTED_"
_MARKED: Final = re.compile(rf"{MARK}(\d+)_")
_FORMS: Final = tuple(re.compile(one.hook) for one in KINDS if one.hook and "BEGIN" not in one.hook)
_NAME: Final = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|account[_-]?key|signing[_-]?key"
    r"|encryption[_-]?key|credential|conn(?:ection)?[_-]?str(?:ing)?|dsn)[\w.\-\[\]]{0,40}"
)
_ASSIGNED: Final = re.compile(
    rf"(?i){_NAME}[\"']?\s{{0,9}}(?::\s{{0,9}}[\w\[\], .|]{{1,40}})?(?:=>|:=|==|!=|=|:|,)\s{{0,9}}[bruf]{{0,2}}(?P<quote>[\"'`])(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)"
)
_BARE: Final = re.compile(rf"(?i){_NAME}\s{{0,9}}(?:=|:\s)\s{{0,9}}(?P<value>[^\s\"'#${{(<\[|>&*]\S*)")
_QUOTED: Final = re.compile(r"(?P<quote>[\"'`])(?P<value>(?:\\.|(?!(?P=quote))[^\\])+)(?P=quote)")
_LONG: Final = re.compile(r"(?<![\w+/=.-])[A-Za-z0-9+/_=-]{32,}(?![\w+/=-])")
_CODE: Final = re.compile(r"[A-Za-z_][A-Za-z_.]*(?:[(\[].*)?[,;:)\]}]*")
"""An expression of code: names are given away in it, no secret."""
_PLAIN_HEX: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f-]{36}")
"""Commits, digests and numbers of records, which say nothing."""
_TELLING: Final = 4
"""Characters from which on a piece of text is taken for the secret, wherever it stands."""
_LEAST_BITS: Final = 3.5
_KEY_BEGINS: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")
_KEY_ENDS: Final = re.compile(r"-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----")
_MOST_KEY_LINES: Final = 200


class Redacted(Struct, frozen=True):
    """A text without its secrets."""

    text: str
    secrets: tuple[str, ...] = ()
    """What the marks stand for, the first for mark 1."""

    def restored(self, text: str) -> str:
        """Return a text with the secrets in the place of their marks."""
        return _MARKED.sub(self._secret, text)

    def hidden(self, text: str) -> str:
        """Return words about the file without its secrets: tools quote what they find."""
        for number, secret in sorted(enumerate(self.secrets, start=1), key=lambda one: -len(one[1])):
            pieces = [secret] if len(secret) >= _TELLING else [f"{sign}{secret}{sign}" for sign in "'\"`"]
            for piece in pieces:
                text = text.replace(piece, f"{MARK}{number}_")
        return text if MARK in text or not redacted("", text).secrets else "…"

    def _secret(self, found: re.Match[str]) -> str:
        number = int(found[1]) if len(found[1]) < 9 else 0
        return self.secrets[number - 1] if 0 < number <= len(self.secrets) else found[0]


def marks(text: str) -> list[str]:
    """Return the marks that stand in a text, in order."""
    return [found[0] for found in _MARKED.finditer(text)]


def redacted(path: str, text: str, hidden: tuple[int, int] | None = None) -> Redacted:
    """Return a file's text without its secrets. Of the lines `hidden` (first and last, from 1) no literal is told at all.

    Raises `UnsafeEdit` where the file has text that looks like our marks.
    """
    if MARK in text:
        raise UnsafeEdit(f"{path} has text that looks like our own marks of secrets.")
    found: dict[str, int] = {}
    inside = 0
    told = []
    for number, line in enumerate(text.split("\n"), start=1):
        begins = _KEY_BEGINS.search(line)
        spans = []
        if inside or begins:
            start = begins.end() if begins and not inside else len(line) - len(line.lstrip())
            ends = _KEY_ENDS.search(line, start)
            inside = 0 if ends else inside + 1 if inside < _MOST_KEY_LINES else 0
            spans = [(start, ends.start() if ends else len(line.rstrip()))]
        if hidden is not None and hidden[0] <= number <= hidden[1]:
            spans += [each.span("value") for each in _QUOTED.finditer(line)]
        told.append(_marked(line, [*spans, *_spans(path, line)], found))
    return Redacted("\n".join(told), tuple(found))


def _spans(path: str, line: str) -> list[tuple[int, int]]:
    if len(line) > LONGEST_BODY - 2 or "\0" in line:
        return [(0, len(line))]
    code = language_of(path) not in {"", "yaml"}
    spans = [each.span() for form in _FORMS for each in form.finditer(line)]
    spans += [each.span("value") for each in _ASSIGNED.finditer(line)]
    spans += [] if code else [each.span("value") for each in _BARE.finditer(line)]
    spans += [each.span() for each in _LONG.finditer(line) if _is_random(each[0])]
    return spans + [one for one in _of_exchanges(line) if not (code and _CODE.fullmatch(line[slice(*one)]))]


def _of_exchanges(line: str) -> list[tuple[int, int]]:
    """Return from where to where the masking of requests and answers changes a line."""
    masked = message(f"\n\n{line}").body.removeprefix("\n\n")
    if masked == line:
        return []
    pairs = list(zip(line, masked, strict=False))
    start = next((at for at, (one, other) in enumerate(pairs) if one != other), len(pairs))
    # A mask may begin with signs of the secret.
    start = max(line.rfind(sign, 0, start) + 1 for sign in " =:\"'/")
    back = list(zip(reversed(line[start:]), reversed(masked[start:]), strict=False))
    same = next((at for at, (one, other) in enumerate(back) if one != other), len(back))
    return [(start, len(line) - same)]


def _is_random(text: str) -> bool:
    if _PLAIN_HEX.fullmatch(text) or not any(map(str.isdigit, text)) or not any(map(str.isalpha, text)):
        return False
    bits = -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
    return bits >= _LEAST_BITS


def _marked(line: str, spans: list[tuple[int, int]], found: dict[str, int]) -> str:
    """Return a line with marks in the place of its spans; spans that overlap become one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(one for one in spans if one[1] > one[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    parts: list[str] = []
    at = 0
    for start, end in joined:
        number = found.setdefault(line[start:end], len(found) + 1)
        parts += (line[at:start], f"{MARK}{number}_")
        at = end
    return "".join([*parts, line[at:]])
