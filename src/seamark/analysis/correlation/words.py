"""What a rule is about by its own words: its id, its name, its title. Pure.

For rules that neither the table of rules nor a CWE explains. A text says something only where its words speak of one
problem: what could mean two things means nothing.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

import yaml

from seamark.analysis.correlation.equivalence import Meaning

_MOST: Final = 240
"""Letters of a text that are looked at: titles are short, and messages tell stories."""
_GAP: Final = r"(?: [a-z0-9]+){0,3}"
_STEM: Final = 3

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z]{2})(?=[A-Z][a-z]{2})")
_WORD = re.compile(r"[a-z0-9]+")


class _Phrase(NamedTuple):
    rank: int
    """Place of its family, specific before general, and its own place in it."""
    pattern: re.Pattern[str]
    meaning: Meaning


class _Book(NamedTuple):
    phrases: dict[str, list[_Phrase]]
    """By the first letters of their longest word."""
    imports: re.Pattern[str]
    after: re.Pattern[str]


@cache
def _book() -> _Book:
    text = files("seamark.analysis.correlation").joinpath("data/words.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe loaders
    phrases: dict[str, list[_Phrase]] = {}
    rank = 0
    for family, entry in data["families"].items():
        meaning = Meaning(family, int(entry["cwe"]))
        for phrase in sorted(entry["words"], key=len, reverse=True):
            rank += 1
            anchor = max((word.rstrip("*") for word in phrase.split() if word != ".."), key=len)
            phrases.setdefault(anchor[:_STEM], []).append(_Phrase(rank, _compiled(phrase), meaning))
    return _Book(phrases, _any_of(data["imports"]), _any_of(data["after"]))


def _compiled(phrase: str) -> re.Pattern[str]:
    parts = [
        _GAP if word == ".." else " " + re.escape(word.rstrip("*")) + ("[a-z0-9]*" if word.endswith("*") else "")
        for word in phrase.split()
    ]
    return re.compile("".join(parts) + "(?= )")


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    return re.compile(f" (?:{'|'.join(map(re.escape, phrases))})(?= )")


def _plain(text: str) -> str:
    """Return the words of a text in lower case, one space before and behind each; `SQLInjection` is two."""
    return f" {' '.join(_WORD.findall(_CAMEL.sub(' ', text[:_MOST]).lower()))} "


def _found(plain: str) -> tuple[set[Meaning], str]:
    """Return what a text speaks of, and what is left of it. What a phrase has matched, less special families do not see."""
    phrases = _book().phrases
    rows = {phrase for stem in {word[:_STEM] for word in plain.split()} for phrase in phrases.get(stem, ())}
    found = set()
    for row in sorted(rows, key=_rank):
        rest = row.pattern.sub(" |", plain)
        if rest != plain:
            found.add(row.meaning)
            plain = rest
    return found, plain


def _rank(phrase: _Phrase) -> int:
    return phrase.rank


@lru_cache(maxsize=65536)
def _said(text: str) -> tuple[int, Meaning | None]:
    """Return of how many problems a text speaks, and the one where it is one."""
    plain = _plain(text)
    book = _book()
    told = book.after.search(plain)
    found, rest = _found(plain[: told.start()] + " ") if told else (set(), "")
    if not found:
        found, rest = _found(plain)
    if len(found) != 1:
        return len(found), None
    meaning = found.pop()
    return 1, meaning._replace(role="imports") if book.imports.search(rest) else meaning


def by_words(rule: str, title: str = "") -> Meaning | None:
    """Return what a rule is about by its id, else by its title; None where neither names one problem.

    The last part of an id comes first: `java.lang.audit.xss.no-direct-writer` is told by its end where that says anything.
    `title` is the rule's name and title, or what it says of a finding.
    """
    for text in dict.fromkeys((re.split(r"[./:]", rule)[-1], rule, title)):
        count, meaning = _said(text)
        if count:
            return meaning
    return None
